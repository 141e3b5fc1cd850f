// The numbers by which people name things: R-1042 is a run, A-381 an approval.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace recourse {

template <char kPrefix>
struct Id {
  std::int64_t number = 0;  // 1 and up; 0 is "none"

  auto operator<=>(const Id&) const = default;

  std::string ToString() const { return std::string(1, kPrefix) + "-" + std::to_string(number); }

  // Reads "R-1042" (also "r-1042" and "1042").
  // kInvalidArgument: anything else.
  static Result<Id> Parse(std::string_view text) {
    std::string_view digits = text;
    if (digits.size() > 2 && (digits[0] | 0x20) == (kPrefix | 0x20) && digits[1] == '-') {
      digits.remove_prefix(2);
    }
    std::int64_t number = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9' || number > INT64_MAX / 10 - 10) {
        number = 0;
        break;
      }
      number = number * 10 + (c - '0');
    }
    if (number == 0) {
      return InvalidArgument("\"" + std::string(text) + "\" is not an id; write it as " + kPrefix +
                             std::string("-12"));
    }
    return Id{number};
  }
};

using RunId = Id<'R'>;
using ApprovalId = Id<'A'>;

}  // namespace recourse

template <char kPrefix>
struct std::hash<recourse::Id<kPrefix>> {
  std::size_t operator()(const recourse::Id<kPrefix>& id) const noexcept {
    return std::hash<std::int64_t>()(id.number);
  }
};
