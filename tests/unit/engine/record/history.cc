#include "tests/unit/engine/record/history.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "engine/record/record.h"
#include "tests/unit/engine/journal/sqlite/raw.h"
#include "tests/unit/engine/machine/player.h"
#include "tests/unit/engine/record/samples.h"

namespace recourse::record {

using machine::StartPhase;

History::History(const std::string& path)
    : now(At(1'795'230'245'000'000)), journal_(journal::MustOpen(path)) {}

RunId History::Start(std::string_view yaml, machine::Start start, const std::string& principal) {
  const RunId run{journal_->heads().run.number + 1};
  Run& created = runs_[run];
  created.workflow = machine::WorkflowOf(yaml);
  created.state.run = run;
  Send(run, std::move(start), principal);
  return run;
}

void History::Send(RunId id, const machine::Input& input, const std::string& principal) {
  Run& run = runs_.at(id);
  const journal::Heads heads = journal_->heads();
  now += std::chrono::seconds(1);
  const machine::RunState before = run.state;
  const machine::Facts facts{now, principal, 0.5, ApprovalId{heads.approval.number + 1}};
  auto decision = machine::Decide(*run.workflow, run.state, input, facts);
  INFO((decision ? std::string() : decision.error().ToString()));
  REQUIRE(decision);

  journal::RunChange change;
  std::vector<Recorded> events;
  for (const machine::Event& event : decision->events) {
    const machine::Envelope envelope{id, run.state.revision + 1,
                                     heads.position + 1 + std::int64_t(events.size()), now,
                                     principal};
    machine::Apply(run.state, envelope, event);
    change.events.push_back(Encode(envelope, event));
    events.push_back({envelope, event});
  }
  run.last.reset();
  for (const machine::Effect& effect : decision->effects) {
    if (const auto* start = std::get_if<StartPhase>(&effect)) run.last = *start;
  }
  if (events.empty()) return;
  change.row = RowOf(*run.workflow, run.state);
  change.approvals = ApprovalRowsOf(*run.workflow, before, events);
  change.timers = TimerRowsOf(run.state);
  if (before.revision == 0) {
    change.definition = {run.workflow->digest, run.workflow->name, run.workflow->canonical};
  }
  const auto appended = journal_->Append({&change, 1});
  INFO((appended ? std::string() : appended.error().ToString()));
  REQUIRE(appended);
}

const StartPhase& History::Last(RunId run) const {
  REQUIRE(runs_.at(run).last);
  return *runs_.at(run).last;
}

void History::Succeed(RunId run, Value output, const std::string& note) {
  const StartPhase start = Last(run);
  if (start.phase == machine::Phase::kCompensate) {
    Send(run, machine::Compensated{start.at, start.number, std::move(output)});
  } else {
    Send(run, machine::Applied{start.at, start.number, std::move(output), note});
  }
}

void History::Prepare(RunId run, Value undo) {
  const StartPhase start = Last(run);
  Send(run, machine::Prepared{start.at, start.number, std::move(undo)});
}

void History::Fail(RunId run, Code code, LeftBehind left) {
  const StartPhase start = Last(run);
  Send(run, machine::AttemptBroke{start.at, start.number, start.phase,
                                  Failure{{code, "broken on purpose"}, "evidence", left}, false,
                                  Value()});
}

void History::Fire(RunId run, machine::TimerKind kind) {
  for (const machine::Timer& timer : machine::TimersOf(state(run))) {
    if (timer.kind != kind) continue;
    now = std::max(now, timer.due);
    return Send(run, machine::TimerFired{timer});
  }
  FAIL("no such timer");
}

void History::Vote(RunId run, const std::string& principal, machine::Vote vote) {
  const auto& awaiting = std::get<machine::AwaitingApproval>(*machine::ActivityOf(state(run)));
  machine::CastVote cast;
  cast.id = awaiting.request.id;
  cast.vote = vote;
  cast.reason = "looked at it";
  cast.channel = "cli";
  cast.roles = {"dba"};
  Send(run, cast, principal);
}

void WriteRunsOfEveryKind(History& history) {
  constexpr std::string_view kLong = R"(
name: long
severity: high
inputs:
  target: {type: target, requires: [database]}
lock: "database/${inputs.target.name}"
deadline: 1h
outputs: {rows: "${steps.restore.output.rows}"}
steps:
  - {id: look, action: read.it}
  - {id: stop, action: do.it, for_each: "${['a', 'b']}"}
  - {id: contained, checkpoint: true}
  - {id: restore, action: undo.it, retry: {attempts: 2, delay: 2s, on: [ABORTED]}}
  - id: confirm
    approval: {prompt: "Go on?", approvers: [dba, owner], quorum: 2, expires: 15m}
  - {id: rest, wait: {for: 90s}}
  - {id: last, action: probe.it, on_failure: pause}
)";
  const Value inputs =
      Value::Object({{"target", Value::Object({{"name", "health"}, {"database", Value::Map()}})}});
  const auto start = [&](const std::string& request, RunId holder = {}) {
    return history.Start(kLong, machine::Start{request, inputs, "database/health", holder});
  };
  const auto to_restore = [&](RunId run) {
    for (int step = 0; step < 3; ++step) history.Succeed(run, Value::Object({{"step", step}}));
    history.Prepare(run, Value::Object({{"moved", "/q/1"}}));
  };
  const auto to_approval = [&](RunId run) {
    to_restore(run);
    history.Succeed(run, Value::Object({{"rows", 50'000}}), "50,000 rows");
    history.Send(run, machine::PlanMade{4, Value::Object({{"bytes_needed", 5}})});
  };

  const RunId finished = start("req-1");
  to_approval(finished);
  history.Vote(finished, "ada", machine::Vote::kApprove);
  history.Vote(finished, "bob", machine::Vote::kApprove);
  history.Fire(finished, machine::TimerKind::kWait);
  history.Succeed(finished);
  history.Send(finished, machine::Annotate{"well done"}, "kim");

  const RunId rolled_back = start("req-2");
  to_restore(rolled_back);
  history.Fail(rolled_back, Code::kInternal, LeftBehind::kPartial);
  history.Succeed(rolled_back);  // undoes the restore

  const RunId retrying = start("req-3");
  to_restore(retrying);
  history.Fail(retrying, Code::kAborted);

  start("req-4", retrying);  // waits for the lock

  const RunId asking = start("req-5");
  to_approval(asking);
  history.Vote(asking, "ada", machine::Vote::kApprove);

  const RunId paused = start("req-6");
  to_approval(paused);
  history.Send(paused, machine::Pause{"lunch"}, "kim");
  history.Vote(paused, "ada", machine::Vote::kApprove);

  const RunId expired = start("req-7");
  to_approval(expired);
  history.Fire(expired, machine::TimerKind::kApprovalExpiry);

  const RunId rejected = start("req-8");
  to_approval(rejected);
  history.Vote(rejected, "ada", machine::Vote::kReject);  // rolling back

  const RunId cancelled = start("");
  to_approval(cancelled);
  history.Send(cancelled, machine::Cancel{"wrong one", false, {}}, "kim");

  const RunId failed = history.Start(
      "name: short\nsteps:\n  - {id: no, fail: {code: DATA_LOSS, message: 'gone'}, "
      "on_failure: fail}\n",
      machine::Start{"", Value::Map(), "", {}});
  REQUIRE(machine::StatusOf(history.state(failed)) == machine::RunStatus::kFailed);
}

}  // namespace recourse::record
