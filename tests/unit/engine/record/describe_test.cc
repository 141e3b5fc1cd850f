#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "engine/record/record.h"
#include "tests/unit/engine/record/samples.h"

namespace recourse::record {
namespace {

definition::Workflow TenSteps() {
  definition::Workflow workflow;
  for (const char* id : {"choose", "rehearse", "confirm", "stop", "decide", "contained", "restore",
                         "start", "older", "give_up"}) {
    definition::Step step;
    step.id = id;
    workflow.steps.push_back(std::move(step));
  }
  definition::Input target;
  target.name = "target";
  target.type = definition::InputType::kTarget;
  workflow.inputs.push_back(target);
  return workflow;
}

TimelineEntry Described(const machine::Event& event) {
  return Describe(TenSteps(), {{RunId{1042}, 3, 17, At(1'795'230'250'000'000), "kim"}, event});
}

TEST_CASE("every event is one plain line", "[record]") {
  std::string lines;
  for (const machine::Event& event : SampleEvents()) {
    const TimelineEntry entry = Described(event);
    CHECK(entry.text.find('\n') == std::string::npos);
    lines += entry.type + " | " + entry.step + " | " + entry.text + "\n";
  }
  CHECK(lines ==
        "RunStarted |  | started by kim: recovery, to be over by 2026-11-21 03:04:05 UTC, "
        "on hold: look first\n"
        "LockQueued |  | waits for its lock, which R-7 holds\n"
        "LockAcquired |  | holds its lock, with fencing token 17\n"
        "StepSkipped | stop[2] | stop[2] skipped by kim: not needed\n"
        "ForEachStarted | decide | decide begins, for 2 items\n"
        "AttemptStarted | stop[2] | attempt 2 of stop[2] started\n"
        "AttemptPrepared | stop[2] | stop[2] is prepared: what undoes it is recorded\n"
        "AttemptProgressed | stop[2] | stop[2] saved its progress\n"
        "AttemptResumed | stop[2] | attempt 2 of stop[2]: finding out whether it took effect\n"
        "AttemptSucceeded | stop[2] | stop[2] had taken effect: 50,000 rows\n"
        "AttemptFailed | stop[2] | attempt 2 of stop[2] failed: ABORTED: locked by 4711; "
        "whether it took effect is not known; tried again at 03:04:05 UTC\n"
        "StepFailed | stop[2] | stop[2] failed: ABORTED: locked by 4711\n"
        "RetryRequested | stop[2] | stop[2] is tried again, by kim: disk is free again\n"
        "FailureHandled | stop[2] | stop[2] failed, so the run goes on at give_up\n"
        "SwitchTaken | decide | decide goes on at restore\n"
        "CheckpointReached | decide | decide reached: a checkpoint to roll back to\n"
        "WaitStarted | decide | decide waits for the signal go until 2026-11-21 03:04:05 UTC\n"
        "WaitEnded | decide | decide has its signal, from \n"
        "PlanStarted | decide | decide: making the plan of what follows\n"
        "ApprovalRequested | decide | decide asks dba or lead for approval A-381 (2 of them, "
        "until 2026-11-21 03:04:05 UTC): Restore?\n"
        "VoteCast |  | A-381 rejected by kim with a one-time code: too old\n"
        "ApprovalSettled |  | A-381 expired: nobody decided in time\n"
        "RunPaused |  | quarantined by kim: lunch\n"
        "RunResumed |  | resumed by kim: back\n"
        "StopRequested |  | rollback requested by kim, to contained: wrong target\n"
        "AttentionNeeded | stop[2] | needs attention: stop[2]: going back would cross an "
        "irreversible step: ABORTED: locked by 4711\n"
        "EffectResolved | stop[2] | stop[2] took effect in part, says kim: half of the files\n"
        "RollbackStarted |  | rolling back to contained: locked by 4711\n"
        "CompensationStarted | stop[2] | undoing stop[2], attempt 2\n"
        "CompensationSucceeded | stop[2] | stop[2] was undone by hand, says kim: by hand\n"
        "CompensationFailed | stop[2] | undoing stop[2], attempt 2, failed: ABORTED: locked "
        "by 4711; tried again at 03:04:05 UTC\n"
        "CompensationSkipped | stop[2] | stop[2] is not undone: no way back\n"
        "RollbackEnded |  | rolled back as far as asked\n"
        "RunSucceeded |  | succeeded\n"
        "RunFailed |  | failed: ABORTED: locked by 4711\n"
        "RunCancelled |  | cancelled: wrong one\n"
        "RunRolledBack |  | rolled back: locked by 4711\n"
        "RunAnnotated |  | kim tells of A-381 in slack: C024/1700.123\n"
        "SignalReceived |  | signal go from kim\n"
        "ParallelStarted | decide | decide begins its branches: web, db\n"
        "BranchEnded | decide | decide: item 1 failed: ABORTED: locked by 4711\n"
        "SubWorkflowStarted | decide | decide begins its workflow\n"
        "StepCompleted | decide | decide is done\n"
        "ManualStarted | decide | decide asks dba for a checklist (phone): Call them\n"
        "ItemAnswered | decide | decide: phone cannot be done: nobody answers\n"
        "ApprovalEscalated |  | A-381 is overdue: level-2 is told\n"
        "FinishStarted |  | before it ends as rolled back, what is to run at last\n"
        "WindowAwaited | stop[2] | stop[2] waits for the window, which opens at 2026-11-21 "
        "03:04:05 UTC\n"
        "ApprovalRevoked | decide | A-381 taken back by kim: the plan is wrong; it is asked anew "
        "before anything goes on\n"
        "InputOverridden | restore | path of restore overridden by ann, allowed by A-382: "
        "\"/backups/b.db\", because the newest is damaged\n"
        "Escalated |  | nobody has acknowledged it: level-2 is told and may decide what is open\n"
        "RunAcknowledged |  | acknowledged by kim: I am on it\n"
        "DefinitionAdopted |  | another definition adopted by kim: the last step was wrong\n");
}

TEST_CASE("a line says only what there is to say", "[record]") {
  using namespace machine;  // NOLINT: every name below is an event
  const auto text = [](const Event& event) { return Described(event).text; };
  const StepRef at{6, -1};
  const Error error{Code::kUnavailable, "line one\nline two"};

  CHECK(text(RunStarted{"recovery",
                        "d",
                        Value::Object({{"target", Value::Object({{"name", "health"}})}}),
                        "",
                        "",
                        "",
                        {}}) == "started by kim: recovery on health");
  CHECK(text(AttemptSucceeded{at, 1, Value(), Source::kApply, "50,000 rows"}) ==
        "restore succeeded: 50,000 rows");
  CHECK(text(AttemptSucceeded{at, 1, Value(), Source::kApply, ""}) == "restore succeeded");
  CHECK(text(AttemptFailed{at, 1, error, Value(), LeftBehind::kNothing, {}}) ==
        "attempt 1 of restore failed: UNAVAILABLE: line one line two");
  CHECK(text(AttemptPrepared{at, 1, Value()}) == "restore is prepared: its preconditions hold");
  CHECK(text(StepSkipped{at, Source::kApply, Value(), ""}) == "restore skipped");
  CHECK(text(FailureHandled{at, {}}) == "restore failed, and the run goes on without it");
  CHECK(text(VoteCast{ApprovalId{381}, Vote::kApprove, "", "cli"}) == "A-381 approved by kim");
  CHECK(text(RollbackStarted{{}, Afterwards::kRolledBack, {}, Error{}}) ==
        "rolling back to the start");
  CHECK(text(CompensationSucceeded{at, Value(), Source::kApply, ""}) == "restore undone");
  CHECK(text(ApprovalRequested{
            2, ApprovalId{1}, "Go?", {}, 1, false, {}, OnExpiry::kHold, Value(), ""}) ==
        "confirm asks nobody for approval A-1: Go?");
}

TEST_CASE("the details have the facts for programs", "[record]") {
  using namespace machine;  // NOLINT: every name below is an event
  CHECK(ToJson(Described(AttemptFailed{{6, -1},
                                       2,
                                       {Code::kAborted, "locked"},
                                       7,
                                       LeftBehind::kPartial,
                                       At(1'795'230'245'000'000)})
                   .details) ==
        R"({"attempt":2,"error":{"code":"ABORTED","message":"locked"},"evidence":7,)"
        R"("left":"partial","retry_at":"2026-11-21T03:04:05Z"})");
  CHECK(ToJson(Described(FailureHandled{{6, -1}, 8}).details) == R"({"go_to":"older"})");
  CHECK(Described(RollbackEnded{}).details.is_map());
}

// A forged event may name a step that the definition does not have.
TEST_CASE("a step that is not there does no harm", "[record]") {
  CHECK(Described(machine::SwitchTaken{-1, 4000}).text == "end goes on at end");
}

}  // namespace
}  // namespace recourse::record
