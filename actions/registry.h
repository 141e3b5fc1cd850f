// The actions that a server offers, by name.
#pragma once

#include <map>
#include <memory>

#include "actions/action.h"

namespace recourse {

// Filled before the server starts, read from any thread afterwards.
class Registry final : public ActionCatalogue {
 public:
  // REQUIRES: no action of that name is there yet.
  void Add(std::unique_ptr<const Action> action);

  // Null when there is none of that name.
  const Action* FindAction(std::string_view name) const;

  const ActionSpec* Find(std::string_view name) const override;
  std::vector<const ActionSpec*> All() const override;

 private:
  std::map<std::string, std::unique_ptr<const Action>, std::less<>> actions_;
};

}  // namespace recourse
