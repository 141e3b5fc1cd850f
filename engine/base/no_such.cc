#include "engine/base/no_such.h"

#include <utility>

#include "engine/base/text.h"

namespace recourse {

Error NoSuch(std::string_view kind, const std::string& name,
             const std::vector<std::string>& names) {
  std::string message = "there is no " + std::string(kind) + " \"" + name + "\"";
  constexpr std::size_t kNamedMax = 10;
  if (const std::string nearest = Nearest(name, names); !nearest.empty()) {
    message += "; did you mean \"" + nearest + "\"?";
  } else if (!names.empty()) {
    message += "; known are: ";
    for (std::size_t i = 0; i < names.size() && i < kNamedMax; ++i) {
      message += (i == 0 ? "" : ", ") + names[i];
    }
    if (names.size() > kNamedMax) {
      message += " and " + std::to_string(names.size() - kNamedMax) + " more";
    }
  }
  return NotFound(std::move(message));
}

}  // namespace recourse
