// Small texts that people and files share: durations, times, sizes, bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse {

// "90s", "1h30m", "250ms", "1.5h", "2d". Units: d, h, m, s, ms, us, ns, largest first.
// kInvalidArgument: anything else, a negative one, or one beyond 100 years.
Result<std::chrono::microseconds> ParseDuration(std::string_view text);

// The shortest exact form that ParseDuration reads: "1h30m", "0s".
std::string FormatDuration(std::chrono::microseconds duration);

// As a person reads it, at most two units: "1.2 s", "340 ms", "4 min 10 s", "3 h 5 min".
std::string HumanDuration(std::chrono::microseconds duration);

// CEL's text of a duration: seconds with a fraction, "1.500s".
std::string FormatDuration(Duration duration);

// RFC 3339 in UTC: "2026-11-21T03:04:05.123Z"; the fraction only as long as needed.
std::string FormatTimestamp(Timestamp timestamp);

// RFC 3339 with any offset. kInvalidArgument: not one, or outside years 1 to 9999.
Result<Timestamp> ParseTimestamp(std::string_view text);

// "1.4 MiB", "512 B".
std::string HumanBytes(std::int64_t bytes);

std::string Base64(std::string_view bytes);
std::string Hex(std::string_view bytes);
// Of lower-case digits. Nothing: it is something else.
std::optional<std::string> FromHex(std::string_view hex);

// The text as one word of a command that a shell reads: as it is where that does, else in quotes.
std::string ShellWord(std::string_view text);

// Whether `text` is well-formed UTF-8 (RFC 3629).
bool IsUtf8(std::string_view text);

// The name of `names` that is nearest to `name` when it is near enough to be a slip of the keys
// (edit distance at most 2, less for short names); empty when none is.
template <class Names>
std::string Nearest(std::string_view name, const Names& names);

// The number of insertions, deletions, replacements and swaps of neighbours from `a` to `b`
// (optimal string alignment distance).
std::size_t EditDistance(std::string_view a, std::string_view b);

template <class Names>
std::string Nearest(std::string_view name, const Names& names) {
  std::string best;
  std::size_t best_distance = name.size() < 4 ? 2 : 3;  // exclusive
  for (const auto& candidate : names) {
    const std::size_t distance = EditDistance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace recourse
