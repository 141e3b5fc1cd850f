// What services that list named things share: a page of them, and the error for a name that none
// has.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/text.h"
#include "server/convert.h"

namespace recourse::server {

inline Error NoSuch(std::string_view field, std::string_view kind, const std::string& name,
                    const std::vector<std::string>& names) {
  if (name.empty()) return InvalidArgument(std::string(field) + ": must be set");
  std::string message = "there is no " + std::string(kind) + " \"" + name + "\"";
  if (const std::string nearest = Nearest(name, names); !nearest.empty()) {
    message += "; did you mean \"" + nearest + "\"?";
  }
  return NotFound(std::move(message));
}

// One page of what stands in the order of its names: the page token is the last name given.
// `add` takes an entry and answers its name.
template <class Entries, class NameOf, class Add>
Result<std::string> Page(const Entries& entries, int page_size, const std::string& page_token,
                         NameOf name_of, Add add) {
  const auto size = PageSize(page_size);
  if (!size) return size.error();
  int left = *size;
  std::string last;
  for (const auto& entry : entries) {
    if (name_of(entry) <= page_token) continue;
    if (left-- == 0) return last;
    add(entry);
    last = name_of(entry);
  }
  return std::string();
}

}  // namespace recourse::server
