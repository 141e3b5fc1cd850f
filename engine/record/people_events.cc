// The stored form of what people say to a run, and of what they are asked.
#include "engine/record/payload.h"

namespace recourse::record {

namespace {

void Write(const machine::InputOverride& change, pb::InputOverride* to) {
  to->set_step(change.step);
  to->set_input(StoredText(change.input));
  to->set_value_json(StoredJson(change.value));
  to->set_reason(StoredText(change.reason));
  to->set_by(StoredText(change.by));
}

machine::InputOverride OverrideIn(const pb::InputOverride& from, Reading& in) {
  return {.step = from.step(),
          .input = from.input(),
          .value = in.Json(from.value_json()),
          .reason = from.reason(),
          .by = from.by()};
}

}  // namespace

pb::ApprovalRequested Stored(const machine::ApprovalRequested& event) {
  pb::ApprovalRequested to;
  to.set_step(event.step);
  to.set_approval(event.id.number);
  to.set_prompt(StoredText(event.prompt));
  for (const std::string& role : event.approvers) to.add_approvers(StoredText(role));
  to.set_quorum(event.quorum);
  to.set_exclude_requester(event.exclude_requester);
  if (event.expires) to.set_expires(Micros(*event.expires));
  to.set_on_expiry(As<pb::OnExpiry>(event.on_expiry));
  for (const auto& escalation : event.escalations) {
    pb::ApprovalRequested::Escalation* one = to.add_escalations();
    one->set_due(Micros(escalation.due));
    one->set_to(StoredText(escalation.to));
  }
  to.set_overrides_window(event.overrides_window);
  to.set_pause_stops_clock(event.pause_stops_clock);
  to.set_second_factor(event.second_factor);
  for (const auto& group : event.groups) {
    pb::ApprovalRequested::Group* one = to.add_groups();
    one->set_role(StoredText(group.role));
    one->set_quorum(group.quorum);
  }
  if (event.overrides) {
    Write(*event.overrides, to.mutable_overrides());
  }
  to.set_plan_json(StoredJson(event.plan));
  to.set_digest(StoredText(event.digest));
  return to;
}

pb::VoteCast Stored(const machine::VoteCast& event) {
  pb::VoteCast to;
  to.set_approval(event.id.number);
  to.set_vote(As<pb::Vote>(event.vote));
  to.set_reason(StoredText(event.reason));
  to.set_channel(StoredText(event.channel));
  for (const std::string& role : event.roles) to.add_roles(StoredText(role));
  to.set_second_factor(event.second_factor);
  return to;
}

pb::ApprovalSettled Stored(const machine::ApprovalSettled& event) {
  pb::ApprovalSettled to;
  to.set_approval(event.id.number);
  to.set_settlement(As<pb::Settlement>(event.settlement));
  return to;
}

pb::RunPaused Stored(const machine::RunPaused& event) {
  pb::RunPaused to;
  to.set_reason(StoredText(event.reason));
  to.set_quarantined(event.quarantined);
  return to;
}

pb::RunResumed Stored(const machine::RunResumed& event) {
  pb::RunResumed to;
  to.set_reason(StoredText(event.reason));
  return to;
}

pb::RunAnnotated Stored(const machine::RunAnnotated& event) {
  pb::RunAnnotated to;
  to.set_text(StoredText(event.text));
  if (event.reference) {
    to.mutable_reference()->set_kind(StoredText(event.reference->kind));
    to.mutable_reference()->set_about(StoredText(event.reference->about));
    to.mutable_reference()->set_place(StoredText(event.reference->place));
  }
  return to;
}

pb::ApprovalRevoked Stored(const machine::ApprovalRevoked& event) {
  pb::ApprovalRevoked to;
  to.set_approval(event.id.number);
  to.set_step(event.step);
  to.set_reason(StoredText(event.reason));
  return to;
}

pb::InputOverridden Stored(const machine::InputOverridden& event) {
  pb::InputOverridden to;
  Write(event.change, to.mutable_change());
  to.set_approval(event.approval.number);
  return to;
}

pb::Escalated Stored(const machine::Escalated& event) {
  pb::Escalated to;
  to.set_level(event.level);
  to.set_to(StoredText(event.to));
  to.set_may_decide(event.may_decide);
  return to;
}

pb::RunAcknowledged Stored(const machine::RunAcknowledged& event) {
  pb::RunAcknowledged to;
  to.set_reason(StoredText(event.reason));
  return to;
}

pb::DefinitionAdopted Stored(const machine::DefinitionAdopted& event) {
  pb::DefinitionAdopted to;
  to.set_digest(StoredText(event.digest));
  to.set_reason(StoredText(event.reason));
  return to;
}

machine::ApprovalRequested Read(const pb::ApprovalRequested& from, Reading& in) {
  machine::ApprovalRequested event{
      .step = from.step(),
      .id = ApprovalId{from.approval()},
      .prompt = from.prompt(),
      .approvers = {from.approvers().begin(), from.approvers().end()},
      .quorum = from.quorum(),
      .exclude_requester = from.exclude_requester(),
      .expires = {},
      .on_expiry = in.Known<machine::OnExpiry>(from.on_expiry(), pb::OnExpiry_IsValid, "on_expiry"),
      .plan = in.Json(from.plan_json()),
      .digest = from.digest(),
      .escalations = {},
      .overrides_window = from.overrides_window(),
      .pause_stops_clock = from.pause_stops_clock(),
      .groups = {},
      .second_factor = from.second_factor(),
      .overrides = {}};
  if (from.has_expires()) event.expires = TimeOf(from.expires());
  for (const auto& one : from.escalations()) {
    event.escalations.push_back({TimeOf(one.due()), one.to()});
  }
  for (const auto& one : from.groups()) event.groups.push_back({one.role(), one.quorum()});
  // What no definition says: of a forged journal.
  const bool to_nobody =
      event.on_expiry == machine::OnExpiry::kEscalate && event.escalations.empty();
  if (to_nobody) event.on_expiry = machine::OnExpiry::kHold;
  if (from.has_overrides()) event.overrides = OverrideIn(from.overrides(), in);
  return event;
}

machine::VoteCast Read(const pb::VoteCast& from, Reading& in) {
  return {.id = ApprovalId{from.approval()},
          .vote = in.Known<machine::Vote>(from.vote(), pb::Vote_IsValid, "vote"),
          .reason = from.reason(),
          .channel = from.channel(),
          .roles = {from.roles().begin(), from.roles().end()},
          .second_factor = from.second_factor()};
}

machine::ApprovalSettled Read(const pb::ApprovalSettled& from, Reading& in) {
  return {.id = ApprovalId{from.approval()},
          .settlement = in.Known<machine::Settlement>(from.settlement(), pb::Settlement_IsValid,
                                                      "settlement")};
}

machine::RunPaused Read(const pb::RunPaused& from, Reading&) {
  return {.reason = from.reason(), .quarantined = from.quarantined()};
}

machine::RunResumed Read(const pb::RunResumed& from, Reading&) { return {from.reason()}; }

machine::RunAnnotated Read(const pb::RunAnnotated& from, Reading&) {
  machine::RunAnnotated event{from.text(), {}};
  if (from.has_reference()) {
    const pb::Reference& stored = from.reference();
    event.reference = machine::Reference{stored.kind(), stored.about(), stored.place()};
  }
  return event;
}

machine::ApprovalRevoked Read(const pb::ApprovalRevoked& from, Reading&) {
  return {.id = ApprovalId{from.approval()}, .step = from.step(), .reason = from.reason()};
}

machine::InputOverridden Read(const pb::InputOverridden& from, Reading& in) {
  return {.change = OverrideIn(from.change(), in), .approval = ApprovalId{from.approval()}};
}

machine::Escalated Read(const pb::Escalated& from, Reading&) {
  return {.level = from.level(), .to = from.to(), .may_decide = from.may_decide()};
}

machine::RunAcknowledged Read(const pb::RunAcknowledged& from, Reading&) { return {from.reason()}; }

machine::DefinitionAdopted Read(const pb::DefinitionAdopted& from, Reading&) {
  return {.digest = from.digest(), .reason = from.reason()};
}

}  // namespace recourse::record
