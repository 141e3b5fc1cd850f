// The problems found while a YAML file is read.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/text.h"
#include "engine/definition/workflow.h"

namespace recourse::definition {

// `name` in quotes for a message, cut when it is long.
std::string Quoted(std::string_view name);

// Collects problems up to a limit: a person fixes the first ones and loads again.
class Problems {
 public:
  static constexpr std::size_t kMax = 100;

  void Add(Place place, std::string message);

  // `unknown step "chose"; did you mean "choose"?`
  template <class Names>
  void AddUnknown(Place place, std::string_view what, std::string_view name, const Names& names) {
    if (full()) return;
    Add(place, "unknown " + std::string(what) + " " + Quoted(name) + Suggestion(name, names));
  }

  bool empty() const { return problems_.empty(); }
  std::size_t size() const { return problems_.size(); }
  bool full() const { return problems_.size() >= kMax; }
  // In the order of their places.
  std::vector<Problem> Take() &&;

 private:
  template <class Names>
  static std::string Suggestion(std::string_view name, const Names& names) {
    if (name.size() > 64) return "";  // no slip of the keys
    const std::string nearest = Nearest(name, names);
    return nearest.empty() ? "" : "; did you mean " + Quoted(nearest) + "?";
  }

  std::vector<Problem> problems_;
};

}  // namespace recourse::definition
