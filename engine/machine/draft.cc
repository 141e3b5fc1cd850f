#include "engine/machine/draft.h"

namespace recourse::machine {

RunScope Draft::Scope(StepRef at) const {
  const auto found = state_.steps.find(at.step);
  return RunScope(workflow_, state_, facts_.now, at,
                  found == state_.steps.end() ? nullptr : &found->second.items);
}

void Draft::Emit(Event event) {
  Envelope envelope;
  envelope.run = state_.run;
  envelope.sequence = state_.revision + 1;
  envelope.position = state_.position + 1;  // the caller gives the true one when it applies
  envelope.time = facts_.now;
  envelope.principal = facts_.principal;
  Apply(state_, envelope, event);
  decision_.events.push_back(std::move(event));
}

}  // namespace recourse::machine
