#include "engine/base/flag_meant.h"

#include <algorithm>

#include "engine/base/text.h"

namespace recourse {

std::string FlagMeant(std::string_view error, const std::vector<std::string>& flags) {
  const std::size_t at = error.find("--");
  if (at == error.npos) return "";
  const std::string flag(error.substr(at, error.find_first_of(" =,:", at) - at));
  if (std::ranges::find(flags, flag) != flags.end()) return "";
  const std::string nearest = Nearest(flag, flags);
  return nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?";
}

}  // namespace recourse
