#include <chrono>
#include <utility>

#include "engine/record/payload.h"
#include "engine/record/record.h"
#include "engine/record/stored_types.h"

namespace recourse::record {
namespace {

using machine::StepRef;

template <class Message>
void WriteAt(StepRef at, Message& to) {
  to.set_step(at.step);
  if (at.item >= 0) to.set_item(at.item);
}

pb::RunStarted Stored(const machine::RunStarted& event) {
  pb::RunStarted to;
  to.set_workflow(StoredText(event.workflow));
  to.set_digest(StoredText(event.digest));
  to.set_inputs_json(StoredJson(event.inputs));
  to.set_request_id(StoredText(event.request_id));
  to.set_severity(StoredText(event.severity));
  to.set_lock(StoredText(event.lock));
  if (event.deadline) to.set_deadline(Micros(*event.deadline));
  if (!event.window.is_null()) to.set_window_json(StoredJson(event.window));
  if (!event.policy.is_null()) to.set_policy_json(StoredJson(event.policy));
  to.set_hold(StoredText(event.hold));
  return to;
}

pb::LockQueued Stored(const machine::LockQueued& event) {
  pb::LockQueued to;
  to.set_holder(event.holder.number);
  return to;
}

pb::LockAcquired Stored(const machine::LockAcquired&) { return {}; }

pb::StepSkipped Stored(const machine::StepSkipped& event) {
  pb::StepSkipped to;
  WriteAt(event.at, to);
  to.set_by(As<pb::Source>(event.by));
  to.set_output_json(StoredJson(event.output));
  to.set_reason(StoredText(event.reason));
  return to;
}

pb::ForEachStarted Stored(const machine::ForEachStarted& event) {
  pb::ForEachStarted to;
  to.set_step(event.step);
  to.set_items_json(StoredJson(event.items));
  if (event.parallel_max > 1) to.set_parallel_max(event.parallel_max);
  return to;
}

pb::AttemptStarted Stored(const machine::AttemptStarted& event) {
  pb::AttemptStarted to;
  WriteAt(event.at, to);
  to.set_number(event.number);
  to.set_phase(As<pb::Phase>(event.phase));
  to.set_inputs_json(StoredJson(event.inputs));
  to.set_deadline(Micros(event.deadline));
  if (event.rollback_by) to.set_rollback_by(Micros(*event.rollback_by));
  return to;
}

pb::AttemptPrepared Stored(const machine::AttemptPrepared& event) {
  pb::AttemptPrepared to;
  WriteAt(event.at, to);
  to.set_number(event.number);
  to.set_undo_json(StoredJson(event.undo));
  return to;
}

pb::AttemptProgressed Stored(const machine::AttemptProgressed& event) {
  pb::AttemptProgressed to;
  WriteAt(event.at, to);
  to.set_number(event.number);
  to.set_checkpoint_json(StoredJson(event.checkpoint));
  return to;
}

pb::AttemptResumed Stored(const machine::AttemptResumed& event) {
  pb::AttemptResumed to;
  WriteAt(event.at, to);
  to.set_number(event.number);
  to.set_phase(As<pb::Phase>(event.phase));
  return to;
}

pb::AttemptSucceeded Stored(const machine::AttemptSucceeded& event) {
  pb::AttemptSucceeded to;
  WriteAt(event.at, to);
  to.set_number(event.number);
  to.set_output_json(StoredJson(event.output));
  to.set_by(As<pb::Source>(event.by));
  to.set_note(StoredText(event.note));
  return to;
}

pb::AttemptFailed Stored(const machine::AttemptFailed& event) {
  pb::AttemptFailed to;
  WriteAt(event.at, to);
  to.set_number(event.number);
  Write(event.error, to.mutable_error());
  to.set_evidence_json(StoredJson(event.evidence));
  to.set_left(As<pb::LeftBehind>(event.left));
  if (event.retry_at) to.set_retry_at(Micros(*event.retry_at));
  return to;
}

pb::StepFailed Stored(const machine::StepFailed& event) {
  pb::StepFailed to;
  WriteAt(event.at, to);
  Write(event.error, to.mutable_error());
  return to;
}

pb::RetryRequested Stored(const machine::RetryRequested& event) {
  pb::RetryRequested to;
  WriteAt(event.at, to);
  to.set_reason(StoredText(event.reason));
  return to;
}

pb::FailureHandled Stored(const machine::FailureHandled& event) {
  pb::FailureHandled to;
  WriteAt(event.at, to);
  if (event.go_to) to.set_go_to(*event.go_to);
  return to;
}

pb::SwitchTaken Stored(const machine::SwitchTaken& event) {
  pb::SwitchTaken to;
  to.set_step(event.step);
  to.set_go_to(event.go_to);
  return to;
}

pb::CheckpointReached Stored(const machine::CheckpointReached& event) {
  pb::CheckpointReached to;
  to.set_step(event.step);
  return to;
}

pb::WaitStarted Stored(const machine::WaitStarted& event) {
  pb::WaitStarted to;
  to.set_step(event.step);
  if (event.until) to.set_until(Micros(*event.until));
  to.set_signal(StoredText(event.signal));
  to.set_pause_stops_clock(event.pause_stops_clock);
  return to;
}

pb::WaitEnded Stored(const machine::WaitEnded& event) {
  pb::WaitEnded to;
  to.set_step(event.step);
  if (!event.output.is_null()) to.set_output_json(StoredJson(event.output));
  return to;
}

pb::PlanStarted Stored(const machine::PlanStarted& event) {
  pb::PlanStarted to;
  to.set_step(event.step);
  return to;
}

pb::StopRequested Stored(const machine::StopRequested& event) {
  pb::StopRequested to;
  to.set_kind(As<pb::StopKind>(event.kind));
  to.set_rollback(event.rollback);
  if (event.rollback_to) to.set_rollback_to(*event.rollback_to);
  to.set_reason(StoredText(event.reason));
  return to;
}

pb::AttentionNeeded Stored(const machine::AttentionNeeded& event) {
  pb::AttentionNeeded to;
  WriteAt(event.at, to);
  to.set_question(As<pb::Question>(event.question));
  Write(event.error, to.mutable_error());
  return to;
}

pb::EffectResolved Stored(const machine::EffectResolved& event) {
  pb::EffectResolved to;
  WriteAt(event.at, to);
  to.set_finding(As<pb::Finding>(event.finding));
  to.set_reason(StoredText(event.reason));
  return to;
}

pb::RollbackStarted Stored(const machine::RollbackStarted& event) {
  pb::RollbackStarted to;
  if (event.checkpoint) to.set_checkpoint(*event.checkpoint);
  to.set_then(As<pb::Afterwards>(event.then));
  if (event.go_to) to.set_go_to(*event.go_to);
  Write(event.cause, to.mutable_cause());
  return to;
}

pb::CompensationStarted Stored(const machine::CompensationStarted& event) {
  pb::CompensationStarted to;
  WriteAt(event.at, to);
  to.set_number(event.number);
  return to;
}

pb::CompensationSucceeded Stored(const machine::CompensationSucceeded& event) {
  pb::CompensationSucceeded to;
  WriteAt(event.at, to);
  to.set_output_json(StoredJson(event.output));
  to.set_by(As<pb::Source>(event.by));
  to.set_note(StoredText(event.note));
  return to;
}

pb::CompensationFailed Stored(const machine::CompensationFailed& event) {
  pb::CompensationFailed to;
  WriteAt(event.at, to);
  to.set_number(event.number);
  Write(event.error, to.mutable_error());
  to.set_evidence_json(StoredJson(event.evidence));
  if (event.retry_at) to.set_retry_at(Micros(*event.retry_at));
  return to;
}

pb::CompensationSkipped Stored(const machine::CompensationSkipped& event) {
  pb::CompensationSkipped to;
  WriteAt(event.at, to);
  to.set_reason(StoredText(event.reason));
  return to;
}

pb::RollbackEnded Stored(const machine::RollbackEnded&) { return {}; }

pb::RunSucceeded Stored(const machine::RunSucceeded& event) {
  pb::RunSucceeded to;
  to.set_outputs_json(StoredJson(event.outputs));
  return to;
}

pb::RunFailed Stored(const machine::RunFailed& event) {
  pb::RunFailed to;
  Write(event.error, to.mutable_error());
  return to;
}

pb::RunCancelled Stored(const machine::RunCancelled& event) {
  pb::RunCancelled to;
  to.set_reason(StoredText(event.reason));
  return to;
}

pb::RunRolledBack Stored(const machine::RunRolledBack& event) {
  pb::RunRolledBack to;
  Write(event.cause, to.mutable_cause());
  return to;
}

}  // namespace

journal::StoredEvent Encode(const machine::Envelope& envelope, const machine::Event& event) {
  journal::StoredEvent stored;
  stored.position = envelope.position;
  stored.run = envelope.run;
  stored.sequence = envelope.sequence;
  stored.time = envelope.time;
  stored.principal = envelope.principal;
  std::visit(
      [&stored](const auto& alternative) {
        constexpr int kType = kStoredType<std::decay_t<decltype(alternative)>>;
        static_assert(kType > 0, "the event has no number in stored_types.h");
        stored.type = kType;
        stored.payload = Stored(alternative).SerializeAsString();
      },
      event);
  if (!envelope.via.empty()) {
    // One message behind another is both: their field numbers differ.
    pb::Carried carried;
    carried.set_via(StoredText(envelope.via));
    stored.payload += carried.SerializeAsString();
  }
  return stored;
}

}  // namespace recourse::record
