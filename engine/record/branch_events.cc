// The stored form of what happens to steps with steps inside, and of what people are asked beside
// approvals.
#include "engine/record/payload.h"

namespace recourse::record {

pb::SignalReceived Stored(const machine::SignalReceived& event) {
  pb::SignalReceived to;
  to.set_name(StoredText(event.name));
  to.set_payload_json(StoredJson(event.payload));
  return to;
}

machine::SignalReceived Read(const pb::SignalReceived& from, Reading& in) {
  return {.name = from.name(), .payload = in.Json(from.payload_json())};
}

pb::ParallelStarted Stored(const machine::ParallelStarted& event) {
  pb::ParallelStarted to;
  to.set_step(event.step);
  for (const auto& branch : event.branches) {
    pb::ParallelStarted::Branch* one = to.add_branches();
    one->set_name(StoredText(branch.name));
    one->set_first(branch.first);
    one->set_end(branch.end);
  }
  to.set_stops_others(event.stops_others);
  return to;
}

machine::ParallelStarted Read(const pb::ParallelStarted& from, Reading&) {
  machine::ParallelStarted event{
      .step = from.step(), .branches = {}, .stops_others = from.stops_others()};
  for (const auto& branch : from.branches()) {
    event.branches.push_back({branch.name(), branch.first(), branch.end()});
  }
  return event;
}

pb::BranchEnded Stored(const machine::BranchEnded& event) {
  pb::BranchEnded to;
  to.set_step(event.step);
  to.set_branch(event.branch);
  if (event.error) Write(*event.error, to.mutable_error());
  to.set_stopped(event.stopped);
  return to;
}

machine::BranchEnded Read(const pb::BranchEnded& from, Reading& in) {
  machine::BranchEnded event{
      .step = from.step(), .branch = from.branch(), .error = {}, .stopped = from.stopped()};
  if (from.has_error()) event.error = in.ErrorOf(from.error());
  return event;
}

pb::SubWorkflowStarted Stored(const machine::SubWorkflowStarted& event) {
  pb::SubWorkflowStarted to;
  to.set_step(event.step);
  to.set_first(event.first);
  to.set_end(event.end);
  to.set_inputs_json(StoredJson(event.inputs));
  return to;
}

machine::SubWorkflowStarted Read(const pb::SubWorkflowStarted& from, Reading& in) {
  return {.step = from.step(),
          .first = from.first(),
          .end = from.end(),
          .inputs = in.Json(from.inputs_json())};
}

pb::StepCompleted Stored(const machine::StepCompleted& event) {
  pb::StepCompleted to;
  to.set_step(event.step);
  if (!event.output.is_null()) to.set_output_json(StoredJson(event.output));
  return to;
}

machine::StepCompleted Read(const pb::StepCompleted& from, Reading& in) {
  return {.step = from.step(), .output = in.Json(from.output_json())};
}

pb::ManualStarted Stored(const machine::ManualStarted& event) {
  pb::ManualStarted to;
  to.set_step(event.step);
  to.set_prompt(StoredText(event.prompt));
  for (const auto& item : event.items) {
    pb::ManualStarted::Item* one = to.add_items();
    one->set_id(StoredText(item.id));
    one->set_text(StoredText(item.text));
  }
  for (const std::string& role : event.by) to.add_by(StoredText(role));
  if (event.expires) to.set_expires(Micros(*event.expires));
  to.set_pause_stops_clock(event.pause_stops_clock);
  return to;
}

machine::ManualStarted Read(const pb::ManualStarted& from, Reading&) {
  machine::ManualStarted event{.step = from.step(),
                               .prompt = from.prompt(),
                               .items = {},
                               .by = {from.by().begin(), from.by().end()},
                               .expires = {}};
  for (const auto& item : from.items()) event.items.push_back({item.id(), item.text()});
  if (from.has_expires()) event.expires = TimeOf(from.expires());
  event.pause_stops_clock = from.pause_stops_clock();
  return event;
}

pb::ItemAnswered Stored(const machine::ItemAnswered& event) {
  pb::ItemAnswered to;
  to.set_step(event.step);
  to.set_item(StoredText(event.item));
  to.set_done(event.done);
  to.set_checked(event.checked);
  to.set_note(StoredText(event.note));
  return to;
}

machine::ItemAnswered Read(const pb::ItemAnswered& from, Reading&) {
  return {.step = from.step(),
          .item = from.item(),
          .done = from.done(),
          .checked = from.checked(),
          .note = from.note()};
}

pb::ApprovalEscalated Stored(const machine::ApprovalEscalated& event) {
  pb::ApprovalEscalated to;
  to.set_approval(event.id.number);
  to.set_to(StoredText(event.to));
  to.set_expired(event.expired);
  return to;
}

machine::ApprovalEscalated Read(const pb::ApprovalEscalated& from, Reading&) {
  return {.id = ApprovalId{from.approval()}, .to = from.to(), .expired = from.expired()};
}

pb::FinishStarted Stored(const machine::FinishStarted& event) {
  pb::FinishStarted to;
  to.set_first(event.first);
  to.set_ending(As<pb::Ending>(event.ending));
  const bool failed =
      event.ending == machine::Ending::kFailed || event.ending == machine::Ending::kRolledBack;
  if (failed) Write(event.error, to.mutable_error());
  to.set_reason(StoredText(event.reason));
  if (!event.outputs.is_null()) to.set_outputs_json(StoredJson(event.outputs));
  return to;
}

machine::FinishStarted Read(const pb::FinishStarted& from, Reading& in) {
  machine::FinishStarted event{
      .first = from.first(),
      .ending = in.Known<machine::Ending>(from.ending(), pb::Ending_IsValid, "ending"),
      .error = {},
      .reason = from.reason(),
      .outputs = in.Json(from.outputs_json())};
  if (from.has_error()) event.error = in.ErrorOf(from.error());
  return event;
}

pb::WindowAwaited Stored(const machine::WindowAwaited& event) {
  pb::WindowAwaited to;
  to.set_step(event.at.step);
  if (event.at.item >= 0) to.set_item(event.at.item);
  to.set_opens(Micros(event.opens));
  return to;
}

machine::WindowAwaited Read(const pb::WindowAwaited& from, Reading&) {
  return {.at = {from.step(), from.has_item() ? from.item() : -1}, .opens = TimeOf(from.opens())};
}

}  // namespace recourse::record
