#include "engine/definition/problems.h"

#include <algorithm>
#include <tuple>

namespace recourse::definition {

std::string Quoted(std::string_view name) {
  constexpr std::size_t kShown = 80;
  if (name.size() <= kShown) return "\"" + std::string(name) + "\"";
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return "\"" + std::string(name.substr(0, end)) + "...\"";
}

void Problems::Add(Place place, std::string message) {
  if (full()) return;
  problems_.push_back({place, std::move(message)});
}

std::vector<Problem> Problems::Take() && {
  const bool cut = full();
  std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
  if (cut) {
    problems_.push_back(
        {problems_.back().place, "there may be more problems; these are the first " +
                                     std::to_string(kMax) + " that were found"});
  }
  return std::move(problems_);
}

}  // namespace recourse::definition
