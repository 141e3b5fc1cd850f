#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "engine/base/text.h"
#include "engine/record/payload.h"
#include "engine/record/record.h"
#include "engine/record/stored_types.h"

namespace recourse::record {
namespace {

using machine::StepRef;

template <class Message>
StepRef At(const Message& from) {
  return {from.step(), from.has_item() ? from.item() : -1};
}

machine::RunStarted Read(const pb::RunStarted& from, Reading& in) {
  machine::RunStarted event{.workflow = from.workflow(),
                            .digest = from.digest(),
                            .inputs = in.Json(from.inputs_json()),
                            .request_id = from.request_id(),
                            .severity = from.severity(),
                            .lock = from.lock(),
                            .deadline = {},
                            .window = in.Json(from.window_json()),
                            .policy = in.Json(from.policy_json()),
                            .hold = from.hold()};
  if (from.has_deadline()) event.deadline = TimeOf(from.deadline());
  return event;
}

machine::LockQueued Read(const pb::LockQueued& from, Reading&) { return {RunId{from.holder()}}; }

machine::LockAcquired Read(const pb::LockAcquired&, Reading&) { return {}; }

machine::StepSkipped Read(const pb::StepSkipped& from, Reading& in) {
  return {.at = At(from),
          .by = in.Source(from.by()),
          .output = in.Json(from.output_json()),
          .reason = from.reason()};
}

machine::ForEachStarted Read(const pb::ForEachStarted& from, Reading& in) {
  return {.step = from.step(),
          .items = in.Json(from.items_json()),
          .parallel_max = std::max(from.parallel_max(), 1)};
}

machine::AttemptStarted Read(const pb::AttemptStarted& from, Reading& in) {
  machine::AttemptStarted event{.at = At(from),
                                .number = from.number(),
                                .phase = in.Phase(from.phase()),
                                .inputs = in.Json(from.inputs_json()),
                                .deadline = TimeOf(from.deadline()),
                                .rollback_by = {}};
  if (from.has_rollback_by()) event.rollback_by = TimeOf(from.rollback_by());
  return event;
}

machine::AttemptPrepared Read(const pb::AttemptPrepared& from, Reading& in) {
  return {.at = At(from), .number = from.number(), .undo = in.Json(from.undo_json())};
}

machine::AttemptProgressed Read(const pb::AttemptProgressed& from, Reading& in) {
  return {.at = At(from), .number = from.number(), .checkpoint = in.Json(from.checkpoint_json())};
}

machine::AttemptResumed Read(const pb::AttemptResumed& from, Reading& in) {
  return {.at = At(from), .number = from.number(), .phase = in.Phase(from.phase())};
}

machine::AttemptSucceeded Read(const pb::AttemptSucceeded& from, Reading& in) {
  return {.at = At(from),
          .number = from.number(),
          .output = in.Json(from.output_json()),
          .by = in.Source(from.by()),
          .note = from.note()};
}

machine::AttemptFailed Read(const pb::AttemptFailed& from, Reading& in) {
  machine::AttemptFailed event{
      .at = At(from),
      .number = from.number(),
      .error = in.ErrorOf(from.error()),
      .evidence = in.Json(from.evidence_json()),
      .left = in.Known<LeftBehind>(from.left(), pb::LeftBehind_IsValid, "left behind"),
      .retry_at = {}};
  if (from.has_retry_at()) event.retry_at = TimeOf(from.retry_at());
  return event;
}

machine::StepFailed Read(const pb::StepFailed& from, Reading& in) {
  return {.at = At(from), .error = in.ErrorOf(from.error())};
}

machine::RetryRequested Read(const pb::RetryRequested& from, Reading&) {
  return {.at = At(from), .reason = from.reason()};
}

machine::FailureHandled Read(const pb::FailureHandled& from, Reading&) {
  machine::FailureHandled event{.at = At(from), .go_to = {}};
  if (from.has_go_to()) event.go_to = from.go_to();
  return event;
}

machine::SwitchTaken Read(const pb::SwitchTaken& from, Reading&) {
  return {.step = from.step(), .go_to = from.go_to()};
}

machine::CheckpointReached Read(const pb::CheckpointReached& from, Reading&) {
  return {.step = from.step()};
}

machine::WaitStarted Read(const pb::WaitStarted& from, Reading&) {
  machine::WaitStarted event{.step = from.step(),
                             .until = {},
                             .signal = from.signal(),
                             .pause_stops_clock = from.pause_stops_clock()};
  if (from.has_until()) event.until = TimeOf(from.until());
  return event;
}

machine::WaitEnded Read(const pb::WaitEnded& from, Reading& in) {
  return {.step = from.step(), .output = in.Json(from.output_json())};
}

machine::PlanStarted Read(const pb::PlanStarted& from, Reading&) { return {.step = from.step()}; }

machine::StopRequested Read(const pb::StopRequested& from, Reading& in) {
  machine::StopRequested event{
      .kind = in.Known<machine::StopKind>(from.kind(), pb::StopKind_IsValid, "kind of stop"),
      .rollback = from.rollback(),
      .rollback_to = {},
      .reason = from.reason()};
  if (from.has_rollback_to()) event.rollback_to = from.rollback_to();
  return event;
}

machine::AttentionNeeded Read(const pb::AttentionNeeded& from, Reading& in) {
  return {
      .question = in.Known<machine::Question>(from.question(), pb::Question_IsValid, "question"),
      .at = At(from),
      .error = in.ErrorOf(from.error())};
}

machine::EffectResolved Read(const pb::EffectResolved& from, Reading& in) {
  return {.at = At(from),
          .finding = in.Known<machine::Finding>(from.finding(), pb::Finding_IsValid, "finding"),
          .reason = from.reason()};
}

machine::RollbackStarted Read(const pb::RollbackStarted& from, Reading& in) {
  machine::RollbackStarted event{
      .checkpoint = {},
      .then = in.Known<machine::Afterwards>(from.then(), pb::Afterwards_IsValid, "afterwards"),
      .go_to = {},
      .cause = in.ErrorOf(from.cause())};
  if (from.has_checkpoint()) event.checkpoint = from.checkpoint();
  if (from.has_go_to()) event.go_to = from.go_to();
  return event;
}

machine::CompensationStarted Read(const pb::CompensationStarted& from, Reading&) {
  return {.at = At(from), .number = from.number()};
}

machine::CompensationSucceeded Read(const pb::CompensationSucceeded& from, Reading& in) {
  return {.at = At(from),
          .output = in.Json(from.output_json()),
          .by = in.Source(from.by()),
          .note = from.note()};
}

machine::CompensationFailed Read(const pb::CompensationFailed& from, Reading& in) {
  machine::CompensationFailed event{.at = At(from),
                                    .number = from.number(),
                                    .error = in.ErrorOf(from.error()),
                                    .evidence = in.Json(from.evidence_json()),
                                    .retry_at = {}};
  if (from.has_retry_at()) event.retry_at = TimeOf(from.retry_at());
  return event;
}

machine::CompensationSkipped Read(const pb::CompensationSkipped& from, Reading&) {
  return {.at = At(from), .reason = from.reason()};
}

machine::RollbackEnded Read(const pb::RollbackEnded&, Reading&) { return {}; }

machine::RunSucceeded Read(const pb::RunSucceeded& from, Reading& in) {
  return {in.Json(from.outputs_json())};
}

machine::RunFailed Read(const pb::RunFailed& from, Reading& in) {
  return {in.ErrorOf(from.error())};
}

machine::RunCancelled Read(const pb::RunCancelled& from, Reading&) { return {from.reason()}; }

machine::RunRolledBack Read(const pb::RunRolledBack& from, Reading& in) {
  return {in.ErrorOf(from.cause())};
}

// Takes what an event of any type may carry out of the fields that its own message does not know.
void TakeCarried(google::protobuf::UnknownFieldSet& unknown, std::string& via) {
  constexpr int kVia = pb::Carried::kViaFieldNumber;
  for (int i = 0; i < unknown.field_count(); ++i) {
    const google::protobuf::UnknownField& field = unknown.field(i);
    const bool is_text = field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED;
    if (field.number() != kVia || !is_text || !IsUtf8(field.length_delimited())) continue;
    via = field.length_delimited();
  }
  if (!via.empty()) unknown.DeleteByNumber(kVia);
}

// Answers what is wrong with the payload; empty: nothing.
template <class Message>
std::string ReadPayload(const std::string& payload, Recorded& recorded) {
  Message message;
  if (!message.ParseFromString(payload)) return "it cannot be parsed";
  google::protobuf::UnknownFieldSet& unknown =
      *message.GetReflection()->MutableUnknownFields(&message);
  TakeCarried(unknown, recorded.envelope.via);
  if (!unknown.empty()) return "it has a field that this binary does not know";
  Reading in;
  recorded.event = Read(message, in);
  return in.problem();
}

struct StoredForm {
  int type = 0;
  std::string (*read)(const std::string& payload, Recorded& recorded) = nullptr;
  const google::protobuf::Descriptor* (*descriptor)() = nullptr;
};

template <class Message>
constexpr StoredForm FormOf() {
  using Event = decltype(Read(std::declval<const Message&>(), std::declval<Reading&>()));
  return {kStoredType<Event>, &ReadPayload<Message>, &Message::descriptor};
}

template <class... Messages>
struct Forms {
  static constexpr std::array<StoredForm, sizeof...(Messages)> kAll = {FormOf<Messages>()...};
};

using AllForms =
    Forms<pb::RunStarted, pb::LockQueued, pb::LockAcquired, pb::StepSkipped, pb::ForEachStarted,
          pb::AttemptStarted, pb::AttemptPrepared, pb::AttemptProgressed, pb::AttemptResumed,
          pb::AttemptSucceeded, pb::AttemptFailed, pb::StepFailed, pb::RetryRequested,
          pb::FailureHandled, pb::SwitchTaken, pb::CheckpointReached, pb::WaitStarted,
          pb::WaitEnded, pb::PlanStarted, pb::ApprovalRequested, pb::VoteCast, pb::ApprovalSettled,
          pb::RunPaused, pb::RunResumed, pb::StopRequested, pb::AttentionNeeded, pb::EffectResolved,
          pb::RollbackStarted, pb::CompensationStarted, pb::CompensationSucceeded,
          pb::CompensationFailed, pb::CompensationSkipped, pb::RollbackEnded, pb::RunSucceeded,
          pb::RunFailed, pb::RunCancelled, pb::RunRolledBack, pb::RunAnnotated, pb::SignalReceived,
          pb::ParallelStarted, pb::BranchEnded, pb::SubWorkflowStarted, pb::StepCompleted,
          pb::ManualStarted, pb::ItemAnswered, pb::ApprovalEscalated, pb::FinishStarted,
          pb::WindowAwaited, pb::ApprovalRevoked, pb::InputOverridden, pb::Escalated,
          pb::RunAcknowledged, pb::DefinitionAdopted>;

static_assert(AllForms::kAll.size() == std::variant_size_v<machine::Event::variant>,
              "an event cannot be read back: it has no Read() or is not in AllForms");

const StoredForm* FindForm(int type) {
  for (const StoredForm& form : AllForms::kAll) {
    if (form.type == type) return &form;
  }
  return nullptr;
}

}  // namespace

Result<Recorded> Decode(const journal::StoredEvent& stored) {
  const StoredForm* form = FindForm(stored.type);
  std::string problem;
  Recorded recorded{
      {stored.run, stored.sequence, stored.position, stored.time, stored.principal, {}}, {}};
  if (form == nullptr) {
    problem = "this binary does not know the type; a newer one may have written it";
  } else {
    problem = form->read(stored.payload, recorded);
  }
  if (problem.empty()) return recorded;
  return DataLoss("event " + std::to_string(stored.position) + " (" + stored.run.ToString() +
                  ", sequence " + std::to_string(stored.sequence) + ", " + NameOfType(stored.type) +
                  ") cannot be read: " + problem);
}

std::string NameOfType(int type) {
  const StoredForm* form = FindForm(type);
  return form == nullptr ? "type " + std::to_string(type) : form->descriptor()->name();
}

}  // namespace recourse::record
