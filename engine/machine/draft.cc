#include "engine/machine/draft.h"

#include "engine/base/json.h"

namespace recourse::machine {

RunScope Draft::Scope(StepRef at) const {
  const auto found = state_.steps.find(at.step);
  return RunScope(workflow_, state_, facts_.now, at,
                  found == state_.steps.end() ? nullptr : &found->second.items);
}

std::string Draft::KeyOf(StepRef at, int number) const {
  return state_.run.ToString() + "@" + std::to_string(state_.started.time_since_epoch().count()) +
         "/" + NameOf(workflow_, at) + "/" + std::to_string(number);
}

Result<Value> AsJournaled(Result<Value> value) {
  if (!value) return value;
  return AsJson(*std::move(value));
}

Error NoSuchAction(const definition::ActionStep& action, std::string_view left) {
  return FailedPrecondition("this server has no action " + action.action + "; " +
                            std::string(left) +
                            ". Start a server that has it and retry, or do by hand what it would "
                            "have done and skip");
}

void Draft::Emit(Event event) {
  Envelope envelope;
  envelope.run = state_.run;
  envelope.sequence = state_.revision + 1;
  envelope.position = state_.position + 1;
  envelope.time = facts_.now;
  envelope.principal = facts_.principal;
  envelope.via = facts_.via;
  Apply(state_, envelope, event);
  decision_.events.push_back(std::move(event));
}

}  // namespace recourse::machine
