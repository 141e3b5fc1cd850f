#include "engine/expression/place.h"

#include <algorithm>

#include "engine/expression/utf8.h"

namespace recourse::expression {

Error InColumn(Mistake mistake, std::string_view text) {
  const std::size_t before = CountCodePoints(text.substr(0, std::min(mistake.offset, text.size())));
  mistake.error.message += " at column " + std::to_string(before + 1);
  return std::move(mistake.error);
}

Place Layout::PlaceOf(std::string_view text, std::size_t offset) const {
  if (runs_.empty()) return {};
  offset = std::min(offset, text.size());
  auto run = std::ranges::upper_bound(runs_, offset, {}, &Run::offset);
  --run;
  Place place = run->place;
  place.column += static_cast<int>(CountCodePoints(text.substr(run->offset, offset - run->offset)));
  return place;
}

Layout Layout::Part(std::string_view text, std::size_t offset, std::size_t length) const {
  if (runs_.empty()) return {};
  std::vector<Run> runs = {{0, PlaceOf(text, offset)}};
  for (const Run& run : runs_) {
    if (run.offset > offset && run.offset <= offset + length) {
      runs.push_back({run.offset - offset, run.place});
    }
  }
  return Layout(std::move(runs));
}

}  // namespace recourse::expression
