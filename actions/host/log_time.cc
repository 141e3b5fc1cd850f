#include "actions/host/log_time.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace recourse::host {
namespace {

using re2::StringPiece;
using Seconds = std::chrono::seconds;

constexpr std::size_t kSearched = 200;

// What is found of a time; a year of 0 is not said.
struct Parts {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::string fraction, month_name, offset;
};

#define RECOURSE_MONTHS "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
#define RECOURSE_CLOCK R"((\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?)"

const RE2& Numeric() {
  static const RE2 pattern(R"((\d{4})[-/](\d\d)[-/](\d\d)[T ])" RECOURSE_CLOCK
                           R"((?: ?(Z\b|[+-]\d\d:?\d\d\b))?)");
  return pattern;
}
const RE2& DayFirst() {
  static const RE2 pattern(R"((\d{1,2})[/ ])" RECOURSE_MONTHS R"([/ ](\d{4})[: ])" RECOURSE_CLOCK
                           R"(( [+-]\d{4}\b)?)");
  return pattern;
}
const RE2& YearLast() {
  static const RE2 pattern(RECOURSE_MONTHS R"( {1,2}(\d{1,2}) )" RECOURSE_CLOCK R"( (\d{4})\b)");
  return pattern;
}
const RE2& WithoutYear() {
  static const RE2 pattern(RECOURSE_MONTHS R"( {1,2}(\d{1,2}) )" RECOURSE_CLOCK);
  return pattern;
}

#undef RECOURSE_MONTHS
#undef RECOURSE_CLOCK

bool FindParts(const StringPiece& text, Parts& p) {
  if (RE2::PartialMatch(text, Numeric(), &p.year, &p.month, &p.day, &p.hour, &p.minute, &p.second,
                        &p.fraction, &p.offset)) {
    return true;
  }
  if (RE2::PartialMatch(text, DayFirst(), &p.day, &p.month_name, &p.year, &p.hour, &p.minute,
                        &p.second, &p.fraction, &p.offset) ||
      RE2::PartialMatch(text, YearLast(), &p.month_name, &p.day, &p.hour, &p.minute, &p.second,
                        &p.fraction, &p.year) ||
      RE2::PartialMatch(text, WithoutYear(), &p.month_name, &p.day, &p.hour, &p.minute, &p.second,
                        &p.fraction)) {
    constexpr std::string_view kNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
    p.month = static_cast<int>(kNames.find(p.month_name) / 3) + 1;
    return true;
  }
  return false;
}

std::optional<Time> Combine(const Parts& p, int year, Seconds utc_offset) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(p.month)),
                                         std::chrono::day(static_cast<unsigned>(p.day))};
  if (!date.ok() || p.hour > 23 || p.minute > 59 || p.second > 60) return std::nullopt;
  std::string fraction = p.fraction.substr(0, 6);
  fraction.resize(6, '0');
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(p.hour) +
         std::chrono::minutes(p.minute) + Seconds(p.second) +
         std::chrono::microseconds(std::atoi(fraction.c_str())) - utc_offset;
}

}  // namespace

std::optional<Time> LogClock::TimeOf(std::string_view line) const {
  Parts parts;
  if (!FindParts(StringPiece(line.data(), std::min(line.size(), kSearched)), parts)) {
    return std::nullopt;
  }
  Seconds offset = utc_offset_;
  if (!parts.offset.empty()) {
    const std::string text = parts.offset.substr(parts.offset.find_first_not_of(' '));
    if (const auto said = ParseUtcOffset(text)) offset = *said;
  }
  if (parts.year != 0) return Combine(parts, parts.year, offset);
  const auto today = std::chrono::floor<std::chrono::days>(now_);
  const int this_year = static_cast<int>(std::chrono::year_month_day(today).year());
  const auto time = Combine(parts, this_year, offset);
  // A day ahead can be a clock that is not ours, a month ahead is last year's.
  if (time && *time <= now_ + std::chrono::days(1)) return time;
  return Combine(parts, this_year - 1, offset);
}

Result<Seconds> ParseUtcOffset(std::string_view text) {
  if (text == "Z") return Seconds(0);
  static const RE2 kOffset(R"(([+-])(\d\d):?(\d\d))");
  std::string sign;
  int hours = 0, minutes = 0;
  if (!RE2::FullMatch(StringPiece(text.data(), text.size()), kOffset, &sign, &hours, &minutes) ||
      hours > 18 || minutes > 59) {
    return InvalidArgument("expected an offset from UTC such as +02:00, found \"" +
                           std::string(text) + "\"");
  }
  return Seconds((sign == "-" ? -1 : 1) * (hours * 3600 + minutes * 60));
}

std::string FoldMessage(std::string_view line) {
  struct Fold {
    RE2 pattern;
    const char* word;
  };
  static const std::array<Fold, 5> kFolds = {{
      {RE2(R"(\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)"),
       "<id>"},
      {RE2(R"(\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d+)?\b)"), "<address>"},
      {RE2(R"(\b\d+(?:\.\d+)?\b)"), "<n>"},
      {RE2(R"(\b(?:0x)?[0-9a-fA-F]{8,}\b)"), "<id>"},
      {RE2(R"(\d+)"), "<n>"},
  }};
  std::string message(line);
  for (const RE2* time : {&Numeric(), &DayFirst(), &YearLast(), &WithoutYear()}) {
    RE2::GlobalReplace(&message, *time, "<time>");
  }
  for (const Fold& fold : kFolds) RE2::GlobalReplace(&message, fold.pattern, fold.word);
  return message;
}

}  // namespace recourse::host
