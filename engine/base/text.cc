#include "engine/base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <vector>

namespace recourse {
namespace {

using std::chrono::microseconds;

struct Unit {
  std::string_view name;
  double microseconds;
  int rank;  // larger units must come first
};

constexpr std::array kUnits = {
    Unit{"ms", 1e3, 2},   Unit{"us", 1, 1},   Unit{"ns", 1e-3, 0}, Unit{"d", 86400e6, 6},
    Unit{"h", 3600e6, 5}, Unit{"m", 60e6, 4}, Unit{"s", 1e6, 3},
};

const Unit* UnitAt(std::string_view text) {
  for (const Unit& unit : kUnits) {
    if (text.substr(0, unit.name.size()) == unit.name) return &unit;
  }
  return nullptr;
}

std::string Fraction(std::int32_t nanos) {
  if (nanos == 0) return {};
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, ".%09d", nanos);
  std::string text(buffer);
  // Three, six or nine digits, as protobuf's JSON has them.
  while (text.size() > 4 && text.ends_with("000")) text.resize(text.size() - 3);
  return text;
}

std::string Printed(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

// Reads exactly `digits` digits at `position` and moves it; -1 when they are not there.
int ReadDigits(std::string_view text, std::size_t& position, std::size_t digits) {
  if (position + digits > text.size()) return -1;
  int number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[position + i];
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  position += digits;
  return number;
}

bool ReadChar(std::string_view text, std::size_t& position, std::string_view any_of) {
  if (position >= text.size() || any_of.find(text[position]) == any_of.npos) return false;
  ++position;
  return true;
}

}  // namespace

Result<microseconds> ParseDuration(std::string_view text) {
  const auto bad = [&] {
    return InvalidArgument("\"" + std::string(text) +
                           "\" is not a duration; write for example 90s, 15m, 1h30m or 250ms");
  };
  if (text.empty()) return bad();
  double total = 0;
  int last_rank = 100;
  std::string_view rest = text;
  while (!rest.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (error != std::errc() || number < 0 || rest.front() == '-') return bad();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const Unit* unit = UnitAt(rest);
    if (unit == nullptr || unit->rank >= last_rank) return bad();
    last_rank = unit->rank;
    total += number * unit->microseconds;
    rest.remove_prefix(unit->name.size());
  }
  constexpr double kHundredYears = 100 * 366 * 86400e6;
  if (!(total <= kHundredYears)) return bad();
  return microseconds(static_cast<std::int64_t>(std::llround(total)));
}

std::string FormatDuration(microseconds duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string out;
  if (rest < 0) {
    out = "-";
    rest = -rest;
  }
  struct Step {
    std::int64_t microseconds;
    const char* name;
  };
  static constexpr Step kSteps[] = {{86400000000, "d"}, {3600000000, "h"}, {60000000, "m"},
                                    {1000000, "s"},     {1000, "ms"},      {1, "us"}};
  for (const Step& step : kSteps) {
    if (rest < step.microseconds) continue;
    out += std::to_string(rest / step.microseconds) + step.name;
    rest %= step.microseconds;
  }
  return out;
}

std::string HumanDuration(microseconds duration) {
  const double ms = static_cast<double>(duration.count()) / 1000.0;
  if (ms < 0) return "-" + HumanDuration(-duration);
  if (ms < 9.95) return Printed("%.1f ms", ms);
  if (ms < 999.5) return Printed("%.0f ms", ms);
  if (ms < 59950) return Printed("%.1f s", ms / 1000);
  const std::int64_t seconds = std::llround(ms / 1000);
  if (seconds < 3600) {
    std::string out = std::to_string(seconds / 60) + " min";
    if (seconds % 60 != 0) out += " " + std::to_string(seconds % 60) + " s";
    return out;
  }
  const std::int64_t minutes = seconds / 60;
  if (minutes < 48 * 60) {
    std::string out = std::to_string(minutes / 60) + " h";
    if (minutes % 60 != 0) out += " " + std::to_string(minutes % 60) + " min";
    return out;
  }
  return std::to_string(minutes / 1440) + " days " + std::to_string(minutes / 60 % 24) + " h";
}

std::string FormatDuration(Duration duration) {
  const bool negative = duration.seconds < 0 || duration.nanos < 0;
  const std::uint64_t seconds = duration.seconds < 0
                                    ? 0 - static_cast<std::uint64_t>(duration.seconds)
                                    : static_cast<std::uint64_t>(duration.seconds);
  return (negative ? "-" : "") + std::to_string(seconds) + Fraction(std::abs(duration.nanos)) + "s";
}

std::string FormatTimestamp(Timestamp timestamp) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): the calendar's words
  const sys_seconds time{seconds(timestamp.seconds)};
  const sys_days day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                int(clock.minutes().count()), int(clock.seconds().count()));
  return buffer + Fraction(timestamp.nanos) + "Z";
}

Result<Timestamp> ParseTimestamp(std::string_view text) {
  const auto bad = [&] {
    return InvalidArgument("\"" + std::string(text) +
                           "\" is not a time; write it as 2026-11-21T03:04:05Z");
  };
  std::size_t at = 0;
  const int year = ReadDigits(text, at, 4);
  if (year < 1 || !ReadChar(text, at, "-")) return bad();
  const int month = ReadDigits(text, at, 2);
  if (!ReadChar(text, at, "-")) return bad();
  const int day = ReadDigits(text, at, 2);
  if (!ReadChar(text, at, "Tt ")) return bad();
  const int hour = ReadDigits(text, at, 2);
  if (!ReadChar(text, at, ":")) return bad();
  const int minute = ReadDigits(text, at, 2);
  if (!ReadChar(text, at, ":")) return bad();
  const int second = ReadDigits(text, at, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return bad();

  std::int32_t nanos = 0;
  if (ReadChar(text, at, ".")) {
    std::int32_t scale = 100'000'000;
    const std::size_t start = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      nanos += (text[at] - '0') * scale;
    }
    if (at == start || at - start > 9) return bad();
  }

  int offset_seconds = 0;
  if (!ReadChar(text, at, "Zz")) {
    const bool west = at < text.size() && text[at] == '-';
    if (!ReadChar(text, at, "+-")) return bad();
    const int offset_hour = ReadDigits(text, at, 2);
    if (!ReadChar(text, at, ":")) return bad();
    const int offset_minute = ReadDigits(text, at, 2);
    if (offset_hour < 0 || offset_hour > 23 || offset_minute < 0 || offset_minute > 59)
      return bad();
    offset_seconds = (offset_hour * 60 + offset_minute) * 60 * (west ? -1 : 1);
  }
  if (at != text.size()) return bad();

  using namespace std::chrono;  // NOLINT(google-build-using-namespace): the calendar's words
  const year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(month)),
                            std::chrono::day(unsigned(day))};
  if (month < 1 || day < 1 || !date.ok()) return bad();
  const sys_seconds time =
      sys_days(date) + hours(hour) + minutes(minute) + seconds(second) - seconds(offset_seconds);
  const Timestamp timestamp{time.time_since_epoch().count(), nanos};
  if (timestamp.seconds < -62135596800 || timestamp.seconds > 253402300799) return bad();
  return timestamp;
}

std::string HumanBytes(std::int64_t bytes) {
  static constexpr const char* kNames[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double size = static_cast<double>(bytes);
  std::size_t name = 0;
  for (size /= 1024; size >= 1023.95 && name + 1 < std::size(kNames); ++name) size /= 1024;
  return Printed("%.1f ", size) + kNames[name];
}

std::string ShellWord(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
  if (!text.empty() && text.find_first_not_of(kPlain) == text.npos) return std::string(text);
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string Base64(std::string_view bytes) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) -> unsigned {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
    };
    const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    out += kAlphabet[group >> 18 & 63];
    out += kAlphabet[group >> 12 & 63];
    out += i + 1 < bytes.size() ? kAlphabet[group >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kAlphabet[group & 63] : '=';
  }
  return out;
}

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    out += kDigits[static_cast<unsigned char>(byte) >> 4];
    out += kDigits[byte & 0xf];
  }
  return out;
}

std::optional<std::string> FromHex(std::string_view hex) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const auto high = kDigits.find(hex[i]);
    const auto low = kDigits.find(hex[i + 1]);
    if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  if (hex.size() % 2 != 0) return std::nullopt;
  return bytes;
}

bool IsUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t k) -> unsigned {
      return k < text.size() ? static_cast<unsigned char>(text[k]) : 0;
    };
    const unsigned lead = byte(i);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xc2 && lead < 0xe0 ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    const unsigned second = byte(i + 1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
      return false;
    }
    i += length;
  }
  return true;
}

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace recourse
