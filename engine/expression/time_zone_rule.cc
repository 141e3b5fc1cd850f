#include "engine/expression/time_zone_rule.h"

#include <chrono>

namespace recourse::expression {
namespace {

using namespace std::chrono;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<TimeZoneRule> Read() {
    TimeZoneRule rule;
    if (!Name()) return std::nullopt;
    const auto standard = Time();
    if (!standard) return std::nullopt;
    rule.standard = -*standard;  // POSIX counts westwards
    if (text_.empty()) return rule;

    if (!Name()) return std::nullopt;
    rule.has_summer = true;
    rule.summer = rule.standard + 3600;
    if (!text_.starts_with(',')) {
      const auto summer = Time();
      if (!summer) return std::nullopt;
      rule.summer = -*summer;
    }
    const auto begins = Change();
    const auto ends = Change();
    if (!begins || !ends || !text_.empty()) return std::nullopt;
    rule.summer_begins = *begins;
    rule.summer_ends = *ends;
    return rule;
  }

 private:
  bool Take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  // "CST" or "<+1030>"
  bool Name() {
    const bool quoted = Take('<');
    std::size_t length = 0;
    while (length < text_.size()) {
      const char c = text_[length];
      const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      if (!letter && !(quoted && c != '>')) break;
      ++length;
    }
    text_.remove_prefix(length);
    return length >= 3 && (!quoted || Take('>'));
  }

  std::optional<int> Number() {
    int number = 0;
    std::size_t digits = 0;
    while (digits < 3 && !text_.empty() && text_[0] >= '0' && text_[0] <= '9') {
      number = number * 10 + (text_[0] - '0');
      text_.remove_prefix(1);
      ++digits;
    }
    if (digits == 0) return std::nullopt;
    return number;
  }

  // "6", "-9:30", "+167:59:59", in seconds
  std::optional<std::int64_t> Time() {
    const bool negative = Take('-');
    if (!negative) Take('+');
    std::int64_t total = 0;
    std::int64_t unit = 3600;
    do {
      const auto number = Number();
      if (!number) return std::nullopt;
      total += *number * unit;
      unit /= 60;
    } while (unit > 0 && Take(':'));
    return negative ? -total : total;
  }

  std::optional<YearlyChange> Change() {
    if (!Take(',')) return std::nullopt;
    YearlyChange change;
    std::optional<int> number;
    if (Take('M')) {
      const auto month = Number();
      const auto week = Take('.') ? Number() : std::nullopt;
      number = Take('.') ? Number() : std::nullopt;
      if (!month || !week || !number || *month < 1 || *month > 12 || *week < 1 || *week > 5 ||
          *number > 6) {
        return std::nullopt;
      }
      change.month = *month;
      change.week = *week;
    } else {
      change.form = Take('J') ? YearlyChange::Form::kDayWithoutLeap : YearlyChange::Form::kDay;
      number = Number();
      if (!number || *number > 365) return std::nullopt;
    }
    change.day = *number;
    if (Take('/')) {
      const auto time = Time();
      if (!time) return std::nullopt;
      change.time = *time;
    }
    return change;
  }

  std::string_view text_;
};

}  // namespace

std::int64_t YearlyChange::In(int in_year) const {
  const year y{in_year};
  sys_days date;
  if (form == Form::kWeekday) {
    const weekday on(static_cast<unsigned>(day));
    const auto m = std::chrono::month(static_cast<unsigned>(month));
    date =
        week == 5 ? sys_days(y / m / on[last]) : sys_days(y / m / on[static_cast<unsigned>(week)]);
  } else {
    const sys_days first = y / January / 1;
    // J60 is the first of March in every year.
    const bool skips_leap_day = form == Form::kDayWithoutLeap && y.is_leap() && day >= 60;
    const int after = form == Form::kDay ? day : day - 1 + (skips_leap_day ? 1 : 0);
    date = first + days(after);
  }
  return sys_seconds(date).time_since_epoch().count() + time;
}

std::int64_t TimeZoneRule::OffsetAt(std::int64_t time) const {
  if (!has_summer) return standard;
  const sys_seconds local{seconds(time + standard)};
  const int in_year = static_cast<int>(year_month_day(floor<days>(local)).year());
  const std::int64_t begin = summer_begins.In(in_year) - standard;
  const std::int64_t end = summer_ends.In(in_year) - summer;
  // South of the equator summer goes over the turn of the year.
  const bool is_summer = begin < end ? time >= begin && time < end : time >= begin || time < end;
  return is_summer ? summer : standard;
}

std::optional<TimeZoneRule> ReadTimeZoneRule(std::string_view text) { return Reader(text).Read(); }

}  // namespace recourse::expression
