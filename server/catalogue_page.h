// What services that list named things share: a page of them, and the error for a name that none
// has.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/no_such.h"
#include "server/convert.h"

namespace recourse::server {

// kInvalidArgument: no name was given.
inline Error NoSuchIn(std::string_view field, const std::string& name,
                      const std::vector<std::string>& names) {
  if (name.empty()) return InvalidArgument(std::string(field) + ": must be set");
  return NoSuch(field, name, names);
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
  if (!page_token.empty() && std::none_of(entries.begin(), entries.end(), [&](const auto& entry) {
        return name_of(entry) == page_token;
      })) {
    return InvalidArgument("page_token: \"" + page_token + "\" was not given by this server");
  }
  for (const auto& entry : entries) {
    if (name_of(entry) <= page_token) continue;
    if (left-- == 0) return last;
    add(entry);
    last = name_of(entry);
  }
  return std::string();
}

}  // namespace recourse::server
