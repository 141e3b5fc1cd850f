// How a run begins, and how it gets its lock.
#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

// Nothing keeps the run from its first step any more, unless it was started on hold.
void Begin(Draft& draft) {
  const std::string& hold = draft.state().hold;
  if (hold.empty()) return draft.Continue();
  const std::string run = draft.state().run.ToString();
  draft.Do(Notify{"needs_attention", run + " needs attention: it was started on hold: " + hold});
  draft.Emit(RunPaused{hold});
}

}  // namespace

Result<void> On(Draft& draft, const Start& input) {
  const definition::Workflow& workflow = draft.workflow();
  if (input.lock_holder.number != 0 && workflow.on_locked == definition::OnLocked::kReject) {
    return Aborted("the lock " + input.lock + " is held by " + input.lock_holder.ToString() +
                   ", and " + workflow.name + " does not wait for it; nothing was started");
  }
  RunStarted started;
  started.workflow = workflow.name;
  started.digest = workflow.digest;
  started.inputs = input.inputs;
  started.request_id = input.request_id;
  started.severity = input.severity.empty() ? workflow.severity : input.severity;
  started.lock = input.lock;
  started.window = input.window;
  started.policy = input.policy;
  started.hold = input.hold;
  if (workflow.deadline) started.deadline = draft.facts().now + *workflow.deadline;
  draft.Emit(std::move(started));
  if (input.lock_holder.number != 0) {
    if (!input.hold.empty()) {
      draft.Do(Notify{"needs_attention",
                      draft.state().run.ToString() +
                          " needs attention: it was started on hold, and waits for the lock that " +
                          input.lock_holder.ToString() + " has: " + input.hold});
    }
    draft.Emit(LockQueued{input.lock_holder});
    return {};
  }
  if (!input.lock.empty()) draft.Emit(LockAcquired{});
  Begin(draft);
  return {};
}

Result<void> On(Draft& draft, const LockGranted&) {
  draft.Emit(LockAcquired{});
  Begin(draft);
  return {};
}

Result<void> On(Draft& draft, const LockPassed& input) {
  if (std::get<Queued>(draft.state().status).holder == input.holder) return {};
  draft.Emit(LockQueued{input.holder});
  return {};
}

}  // namespace recourse::machine
