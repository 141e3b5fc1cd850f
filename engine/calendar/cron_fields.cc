#include "engine/calendar/cron_fields.h"

#include <bit>
#include <cctype>
#include <span>
#include <string>
#include <vector>

namespace recourse::calendar {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr auto kHorizon = days(50 * 366);

struct FieldKind {
  std::string_view name;
  int least;
  int most;
  std::span<const std::string_view> words = {};  // the first one means `least`
};

constexpr std::string_view kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                        "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::string_view kWeekDays[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

constexpr FieldKind kMinute = {"minute", 0, 59};
constexpr FieldKind kHour = {"hour", 0, 23};
constexpr FieldKind kDay = {"day of the month", 1, 31};
constexpr FieldKind kMonth = {"month", 1, 12, kMonths};
constexpr FieldKind kWeekDay = {"day of the week", 0, 7, kWeekDays};

constexpr std::uint64_t Bit(int number) { return std::uint64_t{1} << number; }

struct Field {
  std::string_view text;
  int column = 1;
};

// Reads one field; an error names the column that was reached.
class FieldReader {
 public:
  FieldReader(Field field, const FieldKind& kind) : field_(field), kind_(kind) {}

  bool Next(char c) {
    if (at_ == field_.text.size() || std::toupper(Byte(at_)) != c) return false;
    ++at_;
    return true;
  }
  // Whether `c` ends an item of the list here.
  bool NextEndsItem(char c) {
    const std::size_t before = at_;
    if (Next(c) && (at_ == field_.text.size() || field_.text[at_] == ',')) return true;
    at_ = before;
    return false;
  }
  bool done() const { return at_ == field_.text.size(); }

  Result<int> Number(std::string_view what, int least, int most) {
    const std::size_t begin = at_;
    int number = 0;
    while (at_ < field_.text.size() && std::isdigit(Byte(at_)) && number < 1'000'000) {
      number = number * 10 + (field_.text[at_++] - '0');
    }
    if (at_ == begin) return Expected("a number");
    if (number < least || number > most) {
      at_ = begin;
      return Problem("the " + std::string(what) + " " + std::to_string(number) + " is not within " +
                     std::to_string(least) + " to " + std::to_string(most));
    }
    return number;
  }

  // A number, or a word such as JAN or SUN.
  Result<int> Read() {
    const std::size_t begin = at_;
    std::string word;
    while (at_ < field_.text.size() && std::isalpha(Byte(at_)) && word.size() < 3) {
      word += static_cast<char>(std::toupper(Byte(at_++)));
    }
    if (word.empty() || kind_.words.empty()) {
      at_ = begin;
      return Number(kind_.name, kind_.least, kind_.most);
    }
    for (std::size_t i = 0; i < kind_.words.size(); ++i) {
      if (kind_.words[i] == word) return kind_.least + static_cast<int>(i);
    }
    at_ = begin;
    return Expected("a " + std::string(kind_.name) + " such as " + std::string(kind_.words[1]));
  }

  Error Problem(const std::string& message) const {
    return InvalidArgument("column " + std::to_string(field_.column + static_cast<int>(at_)) +
                           ": " + message);
  }
  Error Expected(const std::string& what) const {
    return Problem(
        "expected " + what + " for the " + std::string(kind_.name) + ", found " +
        (done() ? "the end of the field" : "\"" + std::string(field_.text.substr(at_, 16)) + "\""));
  }

 private:
  unsigned char Byte(std::size_t at) const { return static_cast<unsigned char>(field_.text[at]); }

  const Field field_;
  const FieldKind& kind_;
  std::size_t at_ = 0;
};

// `*`, `5`, `5-10`, each with `/3` after it.
Result<std::uint64_t> ReadRange(FieldReader& reader, const FieldKind& kind, int first) {
  int last = first;
  const bool star = first < 0;
  if (star) {
    first = kind.least;
    last = &kind == &kWeekDay ? 6 : kind.most;
  } else if (reader.Next('-')) {
    auto end = reader.Read();
    if (!end) return std::move(end).error();
    last = *end;
    if (&kind == &kWeekDay && last == 0 && first > 0) last = 7;  // FRI-SUN
    if (last < first) {
      return reader.Problem("the range runs backwards, from " + std::to_string(first) + " to " +
                            std::to_string(last) + "; write two ranges with a comma");
    }
  } else {
    last = -1;
  }
  int step = 1;
  if (reader.Next('/')) {
    auto read = reader.Number("step", 1, kind.most);
    if (!read) return std::move(read).error();
    step = *read;
    if (last < 0) last = &kind == &kWeekDay ? 6 : kind.most;  // 5/15: from 5 on
  }
  if (last < 0) last = first;
  std::uint64_t set = 0;
  for (int number = first; number <= last; number += step) set |= Bit(number);
  return set;
}

// What only days of the month may be: L, LW, 15W. False: it is none of these.
Result<bool> ReadDayWord(FieldReader& reader, CronFields& fields) {
  if (!reader.Next('L')) return false;
  (reader.Next('W') ? fields.last_working_day : fields.last_day) = true;
  return true;
}

// What may follow a day of the week: 5L, SUN#1. False: neither does.
Result<bool> ReadWeekDaySuffix(FieldReader& reader, int day, CronFields& fields) {
  if (reader.NextEndsItem('L')) {
    fields.last_week_days |= Bit(day % 7);
    return true;
  }
  if (!reader.Next('#')) return false;
  auto nth = reader.Number("week of the month", 1, 5);
  if (!nth) return std::move(nth).error();
  fields.nth[static_cast<std::size_t>(day % 7)] |= static_cast<std::uint8_t>(Bit(*nth));
  return true;
}

Result<void> ReadItem(FieldReader& reader, const FieldKind& kind, std::uint64_t& set,
                      CronFields& fields) {
  int first = -1;
  if (!reader.Next('*')) {
    if (&kind == &kDay) {
      auto word = ReadDayWord(reader, fields);
      if (!word) return std::move(word).error();
      if (*word) return {};
    }
    auto read = reader.Read();
    if (!read) return std::move(read).error();
    first = *read;
    if (&kind == &kDay && reader.NextEndsItem('W')) {
      fields.nearest_to |= Bit(first);
      return {};
    }
    if (&kind == &kWeekDay) {
      auto suffix = ReadWeekDaySuffix(reader, first, fields);
      if (!suffix) return std::move(suffix).error();
      if (*suffix) return {};
    }
  }
  auto range = ReadRange(reader, kind, first);
  if (!range) return std::move(range).error();
  set |= *range;
  return {};
}

Result<std::uint64_t> ReadField(Field field, const FieldKind& kind, CronFields& fields) {
  FieldReader reader(field, kind);
  std::uint64_t set = 0;
  do {
    if (auto item = ReadItem(reader, kind, set, fields); !item) return item.error();
  } while (reader.Next(','));
  if (!reader.done()) return reader.Expected("a comma or the end");
  return set;
}

std::vector<Field> Split(std::string_view text) {
  std::vector<Field> fields;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \t", i);
    if (begin == text.npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
    fields.push_back({text.substr(begin, end - begin), static_cast<int>(begin) + 1});
    i = end;
  }
  return fields;
}

int WeekDayOf(LocalDay day) { return static_cast<int>(std::chrono::weekday(day).c_encoding()); }

int LastDayOf(const std::chrono::year_month_day& date) {
  const std::chrono::year_month_day_last last(date.year(), date.month() / std::chrono::last);
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

// The working day nearest to day `wanted` of the month, without leaving the month.
int NearestWorkingDay(const std::chrono::year_month_day& date, int wanted, int last) {
  if (wanted > last) return 0;
  const LocalDay first(std::chrono::local_days(date.year() / date.month() / 1));
  const int week_day = WeekDayOf(first + days(wanted - 1));
  if (week_day == 6) return wanted == 1 ? 3 : wanted - 1;
  if (week_day == 0) return wanted == last ? wanted - 2 : wanted + 1;
  return wanted;
}

}  // namespace

Result<CronFields> ParseCronFields(std::string_view text) {
  const std::vector<Field> split = Split(text);
  if (split.size() != 5) {
    return InvalidArgument(
        "column " + std::to_string(split.size() < 6 ? text.size() + 1 : split[5].column) +
        ": expected five fields (minute, hour, day of the month, month, day of the week), found " +
        std::to_string(split.size()));
  }
  CronFields fields;
  const std::pair<const FieldKind*, std::uint64_t*> sets[] = {{&kMinute, &fields.minutes},
                                                              {&kHour, &fields.hours},
                                                              {&kDay, &fields.days},
                                                              {&kMonth, &fields.months},
                                                              {&kWeekDay, &fields.week_days}};
  for (std::size_t i = 0; i < 5; ++i) {
    auto set = ReadField(split[i], *sets[i].first, fields);
    if (!set) return std::move(set).error();
    *sets[i].second = *set;
  }
  if (fields.week_days & Bit(7)) fields.week_days = (fields.week_days | 1) & ~Bit(7);
  fields.any_minute = split[0].text.starts_with('*');
  fields.any_hour = split[1].text.starts_with('*');
  fields.any_day = split[2].text.starts_with('*');
  fields.any_week_day = split[4].text.starts_with('*');
  if (!fields.NextAt(LocalDay(std::chrono::local_days(std::chrono::year(2000) / 1 / 1)))) {
    return InvalidArgument("column " + std::to_string(split[2].column) +
                           ": never fires: no month has such a day");
  }
  return fields;
}

bool CronFields::Matches(LocalDay day) const {
  const std::chrono::year_month_day date{std::chrono::local_days(day.time_since_epoch())};
  const int number = static_cast<int>(static_cast<unsigned>(date.day()));
  if (!(months & Bit(static_cast<int>(static_cast<unsigned>(date.month()))))) return false;
  const int last = LastDayOf(date);
  const int week_day = WeekDayOf(day);

  bool by_day = (days & Bit(number)) || (last_day && number == last) ||
                (last_working_day && number == NearestWorkingDay(date, last, last));
  for (std::uint64_t left = nearest_to; left != 0 && !by_day; left &= left - 1) {
    by_day = number == NearestWorkingDay(date, std::countr_zero(left), last);
  }
  const bool by_week_day = (week_days & Bit(week_day)) ||
                           (nth[static_cast<std::size_t>(week_day)] & Bit((number - 1) / 7 + 1)) ||
                           ((last_week_days & Bit(week_day)) && number + 7 > last);
  return any_day || any_week_day ? by_day && by_week_day : by_day || by_week_day;
}

std::optional<LocalTime> CronFields::NextAt(LocalTime from) const {
  LocalDay day = std::chrono::floor<std::chrono::days>(from);
  const LocalDay end = day + kHorizon;
  int minute = static_cast<int>(std::chrono::ceil<std::chrono::minutes>(from - day).count());
  while (day <= end) {
    const std::chrono::year_month_day date{std::chrono::local_days(day.time_since_epoch())};
    if (!(months & Bit(static_cast<int>(static_cast<unsigned>(date.month()))))) {
      const auto next = date.year() / date.month() / 1 + std::chrono::months(1);
      day = LocalDay(std::chrono::local_days(next));
      minute = 0;
      continue;
    }
    if (minute < 24 * 60 && Matches(day)) {
      for (int hour = minute / 60, least = minute % 60; hour < 24; ++hour, least = 0) {
        const std::uint64_t left = minutes >> least;
        if ((hours & Bit(hour)) && left != 0) {
          return day + std::chrono::hours(hour) +
                 std::chrono::minutes(least + std::countr_zero(left));
        }
      }
    }
    day += std::chrono::days(1);
    minute = 0;
  }
  return std::nullopt;
}

}  // namespace recourse::calendar
