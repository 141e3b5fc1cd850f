#include "engine/machine/decide.h"

namespace recourse::machine {
namespace {

Value ErrorValue(const Error& error, const Value& evidence) {
  return Value::Object({{"code", recourse::ToString(error.code)},
                        {"message", error.message},
                        {"evidence", evidence}});
}

// Only steps that have been entered are there, so that has(steps.x) tells.
Value StepsValue(const definition::Workflow& workflow, const RunState& state, int frame) {
  Value::Map steps;
  for (const auto& [index, step] : state.steps) {
    const definition::Step& defined = workflow.steps[static_cast<std::size_t>(index)];
    if (defined.frame != frame || step.stale) continue;
    Value::Map members;
    members.emplace("skipped", step.skipped);
    if (step.succeeded) members.emplace("output", step.output);
    if (step.error) members.emplace("error", ErrorValue(*step.error, step.evidence));
    steps.emplace(std::string(workflow.NameIn(defined)), std::move(members));
  }
  return steps;
}

}  // namespace

Value RunScope::Steps() const {
  Value steps = StepsValue(workflow_, state_, frame_);
  if (undone_ == nullptr || undone_->kind != Done::Kind::kStep || at_.item >= 0) return steps;
  const auto id = workflow_.NameIn(workflow_.steps[static_cast<std::size_t>(at_.step)]);
  return steps.With(id, steps[id].With("output", undone_->output));
}

std::optional<Value> RunScope::Find(std::string_view name) const {
  if (name == "inputs") {
    if (frame_ < 0) return state_.inputs;
    if (undone_ != nullptr) return undone_->inputs_around;
    const auto owner = state_.steps.find(workflow_.frames[static_cast<std::size_t>(frame_)].owner);
    if (owner == state_.steps.end()) return std::nullopt;  // it has not begun
    return owner->second.inputs;
  }
  if (name == "steps") return Steps();
  if (name == "now") return Value(ToTimestamp(now_));
  if (name == "run") {
    return Value::Object({{"id", state_.run.ToString()},
                          {"requester", state_.requester},
                          {"workflow", state_.workflow},
                          {"started", ToTimestamp(state_.started)},
                          {"fencing_token", state_.fencing_token}});
  }
  if (name == "error" && state_.error) {
    return ErrorValue(*state_.error, state_.error_evidence)
        .With("step", NameOf(workflow_, *state_.error_at));
  }
  if (at_.item >= 0 && undone_ != nullptr) {
    if (name == "index") return Value(at_.item);
    if (name == "item") return undone_->item;
  }
  if (at_.item >= 0 && items_ != nullptr) {
    if (name == "index") return Value(at_.item);
    if (name == "item") return items_->as_list()[static_cast<std::size_t>(at_.item)];
  }
  return std::nullopt;
}

}  // namespace recourse::machine
