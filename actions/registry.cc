#include "actions/registry.h"

namespace recourse {

void Registry::Add(std::unique_ptr<const Action> action) {
  const std::string name = action->Spec().name;
  RECOURSE_CHECK(actions_.emplace(name, std::move(action)).second);
}

const Action* Registry::FindAction(std::string_view name) const {
  const auto found = actions_.find(name);
  return found == actions_.end() ? nullptr : found->second.get();
}

const ActionSpec* Registry::Find(std::string_view name) const {
  const Action* action = FindAction(name);
  return action == nullptr ? nullptr : &action->Spec();
}

std::vector<const ActionSpec*> Registry::All() const {
  std::vector<const ActionSpec*> specs;
  for (const auto& [name, action] : actions_) specs.push_back(&action->Spec());
  return specs;
}

}  // namespace recourse
