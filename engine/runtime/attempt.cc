// One phase of an attempt: calls the action and makes its answer an input of the state machine.
#include <algorithm>
#include <exception>
#include <future>

#include "engine/base/fail_point.h"
#include "engine/runtime/job.h"
#include "engine/runtime/stored_form.h"

namespace recourse::runtime {
namespace {

using machine::Phase;
using std::chrono::steady_clock;

// As far away as an action is told that its deadline is: centuries have no count of nanoseconds.
constexpr auto kDeadlineMax = std::chrono::hours(24 * 365);
constexpr auto kNewsPause =
    std::chrono::milliseconds(100);  // between two of one attempt's progress

class AttemptJob final : public Job {
 public:
  AttemptJob(const Surroundings& surroundings, RunId run,
             std::shared_ptr<const definition::Workflow> workflow, machine::StartPhase start)
      : Job(run, start.at, start.deadline),
        surroundings_(surroundings),
        workflow_(std::move(workflow)),
        start_(std::move(start)) {}

  machine::Input Perform() override;

  bool MustNotBeLeft() const override {
    const auto& kind = workflow_->steps[static_cast<std::size_t>(at().step)];
    const auto* step = definition::ActionOf(kind, at().item);
    return start_.phase == Phase::kApply && step != nullptr && step->repeat == RepeatClass::kOnce;
  }

 private:
  machine::Input CallPhase(const Action& action);
  machine::Input Prepare(const Action& action, const Context& context);
  machine::Input Apply(const Action& action, const Context& context);
  machine::Input Verify(const Action& action, const Context& context, Value output);
  machine::Input Probe(const Action& action, const Context& context);
  machine::Input Compensate(const Action& action, const Context& context);
  Outcome ApplyInstead(const Action& action, Context context);

  // Reads what the inputs refer to. An error: the phase cannot begin.
  Result<void> ReadSecrets();
  // Why the phase should not begin at all, if so.
  std::optional<Error> ReasonNotToBegin(const Action& action, const Context& context) const;
  machine::Input NotBegun(Error reason, std::string_view advice = {}) const;
  Context MakeContext(const ActionSpec& spec);
  void Tell(std::string_view line, std::int64_t done, std::int64_t total);
  Result<void> SaveProgress(Value checkpoint);

  // The failure as it goes into the journal: its evidence cut down, its code saying who stopped it.
  Failure Told(Failure failure) const;
  machine::Input Broke(Failure failure) const;

  const Surroundings& surroundings_;
  const std::shared_ptr<const definition::Workflow> workflow_;
  const machine::StartPhase start_;
  Secrets secrets_;  // read before the action is called, from whatever thread it answers
  steady_clock::time_point progress_told_;
};

machine::Input AttemptJob::Perform() {
  const Action* action = surroundings_.registry.FindAction(start_.action);
  if (action == nullptr) {
    return NotBegun(FailedPrecondition("this server has no action " + start_.action),
                    ". Start one that has it and retry, or skip the step");
  }
  try {
    return CallPhase(*action);
  } catch (const std::exception& thrown) {
    return Broke({Internal(start_.action + " threw an exception: " + thrown.what()),
                  {},
                  LeftBehind::kUnknown});
  } catch (...) {
    return Broke({Internal(start_.action + " threw something that is no exception"),
                  {},
                  LeftBehind::kUnknown});
  }
}

machine::Input AttemptJob::CallPhase(const Action& action) {
  if (auto read = ReadSecrets(); !read) return NotBegun(read.error());
  const Context context = MakeContext(action.Spec());
  switch (start_.phase) {
    case Phase::kPrepare:
      return Prepare(action, context);
    case Phase::kApply:
      return Apply(action, context);
    case Phase::kProbe:
      return Probe(action, context);
    case Phase::kCompensate:
      return Compensate(action, context);
  }
  return Broke({Internal("no such phase"), {}, LeftBehind::kNothing});
}

machine::Input AttemptJob::Prepare(const Action& action, const Context& context) {
  if (auto reason = ReasonNotToBegin(action, context)) return NotBegun(*std::move(reason));
  const Outcome outcome = action.Prepare(context);
  RECOURSE_FAIL_POINT("after_prepare");
  if (!outcome) return Broke(outcome.failure());
  if (!FitsAsJson(outcome.output(), surroundings_.blobs.bytes_max())) {
    return Broke({Error{Code::kResourceExhausted, "the undo record is too large for the journal"},
                  {},
                  LeftBehind::kNothing});
  }
  // One without it could not put back what it says.
  if (secrets_.StandIn(outcome.output())) {
    return NotBegun(FailedPrecondition("the undo record of " + start_.action +
                                       " holds a secret, which must not be stored"));
  }
  return machine::Prepared{at(), start_.number, AsStored(outcome.output())};
}

machine::Input AttemptJob::Apply(const Action& action, const Context& context) {
  if (auto reason = ReasonNotToBegin(action, context)) return NotBegun(*std::move(reason));
  RECOURSE_FAIL_POINT("before_apply");
  Outcome outcome = action.Apply(context);
  RECOURSE_FAIL_POINT("after_apply");
  if (!outcome) return Broke(outcome.failure());
  return Verify(action, context, outcome.output());
}

machine::Input AttemptJob::Verify(const Action& action, const Context& context, Value output) {
  Verification verification;
  if (action.Spec().has_verify) {
    RECOURSE_FAIL_POINT("before_verify");
    verification = action.Verify(context, output);
  }
  // It is done, whatever becomes of its output.
  Value shortened = surroundings_.blobs.ShortenAnyway(secrets_.Scrubbed(output));
  switch (verification.verdict) {
    case Verification::Verdict::kPassed:
      return machine::Applied{at(), start_.number, std::move(shortened),
                              secrets_.Scrubbed(verification.message)};
    case Verification::Verdict::kFailed:
      return Broke({FailedPrecondition("done, but the proof failed: " + verification.message),
                    verification.evidence, LeftBehind::kPartial});
    case Verification::Verdict::kInconclusive:
      break;
  }
  Failure failure{
      Error{Code::kUnknown, "done, but it could not be proved: " + verification.message},
      verification.evidence, LeftBehind::kUnknown};
  return machine::AttemptBroke{at(), start_.number,       start_.phase, Told(std::move(failure)),
                               true, std::move(shortened)};
}

machine::Input AttemptJob::Probe(const Action& action, const Context& context) {
  RECOURSE_FAIL_POINT("before_probe");
  ProbeAnswer answer = action.Probe(context);
  answer.message = secrets_.Scrubbed(std::move(answer.message));
  answer.output = surroundings_.blobs.ShortenAnyway(secrets_.Scrubbed(answer.output));
  return machine::Probed{at(), start_.number, std::move(answer)};
}

machine::Input AttemptJob::Compensate(const Action& action, const Context& context) {
  RECOURSE_FAIL_POINT("before_compensate");
  Outcome outcome =
      start_.instead ? ApplyInstead(action, context) : action.Compensate(context, start_.output);
  RECOURSE_FAIL_POINT("after_compensate");
  if (!outcome) return Broke(outcome.failure());
  return machine::Compensated{
      at(), start_.number, surroundings_.blobs.ShortenAnyway(secrets_.Scrubbed(outcome.output()))};
}

// Another action is what undoes the step. It may have been at work before: a crash, or another try.
Outcome AttemptJob::ApplyInstead(const Action& action, Context context) {
  if (action.Spec().repeat == RepeatClass::kProbed) {
    ProbeAnswer found = action.Probe(context);
    if (found.verdict == ProbeAnswer::Verdict::kApplied) return Outcome(std::move(found.output));
    if (found.verdict == ProbeAnswer::Verdict::kUnknown) {
      return Failure{
          Error{Code::kUnknown, "whether it took effect before is not known: " + found.message},
          {},
          LeftBehind::kUnknown};
    }
  }
  if (action.Spec().has_prepare) {
    Outcome prepared = action.Prepare(context);
    if (!prepared) return prepared;
    context.undo = prepared.output();
  }
  Outcome applied = action.Apply(context);
  if (!applied || !action.Spec().has_verify) return applied;
  const Verification proof = action.Verify(context, applied.output());
  if (proof.verdict == Verification::Verdict::kPassed) return applied;
  return Failure{FailedPrecondition("done, but not proved: " + proof.message), proof.evidence,
                 LeftBehind::kUnknown};
}

Result<void> AttemptJob::ReadSecrets() {
  const auto& step = workflow_->steps[static_cast<std::size_t>(at().step)];
  const definition::ActionStep* own = definition::ActionOf(step, at().item);
  if (own != nullptr && start_.instead) own = own->compensation.get();
  const auto left = std::min<Time::duration>(deadline() - surroundings_.clock.Now(), kDeadlineMax);
  auto read = Secrets::Read(surroundings_.secrets, start_.inputs,
                            own == nullptr ? std::vector<std::string>() : own->with.Secrets(),
                            stop_token(), steady_clock::now() + left);
  if (!read) return std::move(read).error();
  secrets_ = *std::move(read);
  if (workflow_->secrets.empty()) return {};
  surroundings_.seen.Add(secrets_.values());
  secrets_.AlsoTakeOut(surroundings_.seen.Others(workflow_->secrets, secrets_.values(),
                                                 surroundings_.secrets, stop_token(),
                                                 steady_clock::now() + left));
  return {};
}

std::optional<Error> AttemptJob::ReasonNotToBegin(const Action& action,
                                                  const Context& context) const {
  if (stopped_by() != StoppedBy::kNobody) {
    return Error{Code::kCancelled, "stopped before it began"};
  }
  if (surroundings_.clock.Now() >= deadline()) {
    return Error{Code::kDeadlineExceeded, "its time was over before a worker was free"};
  }
  auto fits = CheckAgainstSchema(context.inputs, action.Spec().inputs, "inputs");
  if (!fits) return fits.error().In(start_.action);
  return std::nullopt;
}

machine::Input AttemptJob::NotBegun(Error reason, std::string_view advice) const {
  // What was at work when the server stopped may have had effects then, whatever keeps it from
  // going on now.
  const bool resumed = start_.phase == Phase::kApply && start_.resumed;
  reason.message +=
      resumed ? "; what it did before the server stopped is not known" : "; nothing was done";
  reason.message += advice;
  return Broke({std::move(reason), {}, resumed ? LeftBehind::kUnknown : LeftBehind::kNothing});
}

Context AttemptJob::MakeContext(const ActionSpec& spec) {
  Context context{
      .inputs = secrets_.PutInto(WithDefaults(AsStored(start_.inputs), spec.inputs)),
      .key = start_.key,
      .undo = start_.undo,
      .checkpoint = start_.checkpoint,
      .fencing_token = start_.fencing_token,
      .clock = surroundings_.clock,
      .deadline = steady_clock::now() +
                  std::min<Time::duration>(deadline() - surroundings_.clock.Now(), kDeadlineMax),
      .stop = stop_token(),
      .policy = surroundings_.policy};
  context.log = [this](std::string_view line) { Tell(line, 0, 0); };
  context.progress = [this](std::int64_t done, std::int64_t total, std::string_view what) {
    const auto now = steady_clock::now();
    if (done != total && now - progress_told_ < kNewsPause) return;
    progress_told_ = now;
    Tell(what, done, total);
  };
  context.save_progress = [this](Value checkpoint) { return SaveProgress(std::move(checkpoint)); };
  return context;
}

void AttemptJob::Tell(std::string_view line, std::int64_t done, std::int64_t total) {
  if (!surroundings_.listeners.any()) return;
  surroundings_.listeners.News({run(), machine::NameOf(*workflow_, at()),
                                secrets_.Scrubbed(std::string(line)), done, total});
}

Result<void> AttemptJob::SaveProgress(Value checkpoint) {
  if (!FitsAsJson(checkpoint, surroundings_.blobs.bytes_max())) {
    return Error{Code::kResourceExhausted, "the checkpoint is too large for the journal"};
  }
  // One without it could not be resumed from.
  if (secrets_.StandIn(checkpoint)) {
    return FailedPrecondition("the checkpoint holds a secret, which must not be stored");
  }
  std::promise<Result<void>> saved;
  surroundings_.mailbox.Post(EngineMessage{
      run(), machine::Progressed{at(), start_.number, AsStored(std::move(checkpoint))}, nullptr,
      [&saved](Result<void> result) { saved.set_value(std::move(result)); }});
  return saved.get_future().get();
}

Failure AttemptJob::Told(Failure failure) const {
  if (stopped_by() == StoppedBy::kDeadline && failure.error.code == Code::kCancelled) {
    failure.error.code = Code::kDeadlineExceeded;
  }
  failure.error = secrets_.Scrubbed(std::move(failure.error));
  auto evidence = surroundings_.blobs.Shorten(secrets_.Scrubbed(failure.evidence));
  failure.evidence = evidence ? *std::move(evidence) : Value(evidence.error().ToString());
  return failure;
}

machine::Input AttemptJob::Broke(Failure failure) const {
  failure = Told(std::move(failure));
  switch (start_.phase) {
    case Phase::kProbe:
      return machine::Probed{
          at(), start_.number, {ProbeAnswer::Verdict::kUnknown, failure.error.ToString(), {}}};
    case Phase::kCompensate:
      return machine::CompensationBroke{at(), start_.number, std::move(failure)};
    case Phase::kPrepare:
      failure.left = LeftBehind::kNothing;  // A prepare changes nothing.
      break;
    case Phase::kApply:
      break;
  }
  return machine::AttemptBroke{at(), start_.number, start_.phase, std::move(failure), false, {}};
}

}  // namespace

std::shared_ptr<Job> MakeAttemptJob(const Surroundings& surroundings, RunId run,
                                    std::shared_ptr<const definition::Workflow> workflow,
                                    machine::StartPhase start) {
  return std::make_shared<AttemptJob>(surroundings, run, std::move(workflow), std::move(start));
}

}  // namespace recourse::runtime
