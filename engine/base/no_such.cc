#include "engine/base/no_such.h"

#include <utility>

#include "engine/base/text.h"

namespace recourse {

Error NoSuch(std::string_view kind, const std::string& name,
             const std::vector<std::string>& names) {
  std::string message = "there is no " + std::string(kind) + " \"" + name + "\"";
  if (const std::string nearest = Nearest(name, names); !nearest.empty()) {
    message += "; did you mean \"" + nearest + "\"?";
  }
  return NotFound(std::move(message));
}

}  // namespace recourse
