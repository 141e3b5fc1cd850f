// The rule by which a time zone changes to summer time and back each year, as POSIX writes it in TZ
// and RFC 8536 at the end of time zone files: "CST6CDT,M3.2.0,M11.1.0".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace recourse::expression {

// When, in each year, an offset begins to hold.
struct YearlyChange {
  enum class Form {
    kWeekday,         // M3.2.0: the second Sunday of March (week 5 is the last)
    kDayWithoutLeap,  // J60: the first of March, 1 to 365
    kDay,             // 59: the same but in leap years, 0 to 365
  };
  Form form = Form::kWeekday;
  int month = 1;
  int week = 1;
  int day = 0;
  std::int64_t time = 7200;  // seconds after midnight, local

  // In local seconds since 1970.
  std::int64_t In(int year) const;
};

struct TimeZoneRule {
  // Seconds to add to UTC.
  std::int64_t standard = 0;
  std::int64_t summer = 0;
  bool has_summer = false;
  YearlyChange summer_begins;
  YearlyChange summer_ends;

  std::int64_t OffsetAt(std::int64_t time) const;
};

// Nothing when `text` is no rule.
std::optional<TimeZoneRule> ReadTimeZoneRule(std::string_view text);

}  // namespace recourse::expression
