#include "engine/calendar/cron.h"

#include <algorithm>

#include "engine/base/text.h"

namespace recourse::calendar {
namespace {

using std::chrono::microseconds;
using std::chrono::minutes;

constexpr std::size_t kTextMax = 256;
constexpr auto kEveryMin = std::chrono::seconds(1);
constexpr auto kEveryMax = std::chrono::days(366);
constexpr std::string_view kEvery = "@every";
constexpr Time kLast = std::chrono::sys_days(std::chrono::year(9900) / 1 / 1);
constexpr Time kFirst = std::chrono::sys_days(std::chrono::year(1) / 1 / 2);

struct Macro {
  std::string_view name;
  std::string_view fields;
};
constexpr Macro kMacros[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

Result<microseconds> ParseEvery(std::string_view text) {
  const std::string_view length = Trimmed(text.substr(kEvery.size()));
  auto every = ParseDuration(length);
  const std::string column = "column " + std::to_string(kEvery.size() + 2) + ": ";
  if (!every) {
    return InvalidArgument(column +
                           "@every needs a duration such as 90s or 6h: " + every.error().message);
  }
  if (*every < kEveryMin || *every > kEveryMax) {
    return InvalidArgument(column + "@every " + std::string(length) + " is not within 1s to 366d");
  }
  return *every;
}

Result<std::string_view> FieldsOf(std::string_view macro) {
  std::vector<std::string> names = {std::string(kEvery) + " 6h"};
  for (const Macro& known : kMacros) {
    if (known.name == macro) return known.fields;
    names.emplace_back(known.name);
  }
  std::string message =
      "column 1: unknown word \"" + std::string(macro.substr(0, 32)) + "\"; there are";
  for (const std::string& name : names) message += (name == names[0] ? " " : ", ") + name;
  return InvalidArgument(std::move(message));
}

}  // namespace

Result<Cron> Cron::Parse(std::string_view text, Zone zone) {
  if (text.size() > kTextMax) {
    return InvalidArgument("column " + std::to_string(kTextMax + 1) + ": longer than " +
                           std::to_string(kTextMax) + " characters");
  }
  Cron cron(std::string(text), std::move(zone));
  const std::string_view trimmed = Trimmed(text);
  if (trimmed.substr(0, trimmed.find_first_of(" \t")) == kEvery) {
    auto every = ParseEvery(trimmed);
    if (!every) return std::move(every).error();
    cron.every_ = *every;
    return cron;
  }
  std::string_view fields_text = text;
  if (trimmed.starts_with('@')) {
    auto fields = FieldsOf(trimmed);
    if (!fields) return std::move(fields).error();
    fields_text = *fields;
  }
  auto fields = ParseCronFields(fields_text);
  if (!fields) return std::move(fields).error();
  cron.fields_ = *fields;
  return cron;
}

std::optional<Time> Cron::Next(Time after) const {
  after = std::max(after, kFirst);
  if (after >= kLast) return std::nullopt;
  std::optional<Time> next;
  if (every_.count() > 0) {
    next = NextOfEvery(after);
  } else {
    next = fields_.any_minute || fields_.any_hour ? NextInRealTime(after) : NextOnTheWall(after);
  }
  return next && *next <= kLast ? next : std::nullopt;
}

Time Cron::NextOfEvery(Time after) const {
  const std::int64_t since = after.time_since_epoch().count();
  const std::int64_t past = since / every_.count() - (since % every_.count() < 0 ? 1 : 0);
  return Time(every_ * (past + 1));
}

// Each time on the wall that fits is taken for the instant when clocks first show it. Several may
// fall on one instant, that after a gap; the answer must lie after `after`, so it is given once.
std::optional<Time> Cron::NextOnTheWall(Time after) const {
  LocalTime from = zone_.LocalOf(after);
  for (;;) {
    const auto local = fields_.NextAt(from);
    if (!local) return std::nullopt;
    const Time time = zone_.FirstAt(*local);
    if (time > after) return time;
    from = *local + minutes(1);
  }
}

// Between two changes of the clocks local time runs as real time does.
std::optional<Time> Cron::NextInRealTime(Time after) const {
  Zone::Period period = zone_.At(after);
  LocalTime from = std::chrono::floor<minutes>(zone_.LocalOf(after)) + minutes(1);
  for (;;) {
    const auto local = fields_.NextAt(from);
    if (!local) return std::nullopt;
    const Time time{local->time_since_epoch() - period.offset};
    if (time < period.end) return time;
    if (period.end >= kLast) return std::nullopt;
    from = zone_.LocalOf(period.end);
    period = zone_.At(period.end);
  }
}

std::vector<Time> Cron::Newest(Time after, Time until, std::size_t count) const {
  std::vector<Time> times;
  if (after >= until || count == 0) return times;
  // Nothing but @every happens more often than once a minute; where it is rarer, look further back.
  microseconds span =
      (every_.count() > 0 ? every_ : microseconds(minutes(1))) * static_cast<std::int64_t>(count);
  for (;;) {
    const Time begin = until - after > span ? until - span : after;
    times.clear();
    for (auto time = Next(begin); time && *time <= until; time = Next(*time)) {
      times.push_back(*time);
    }
    if (times.size() >= count || begin == after) break;
    span *= 4;
  }
  if (times.size() > count) {
    times.erase(times.begin(), times.end() - static_cast<std::ptrdiff_t>(count));
  }
  return times;
}

}  // namespace recourse::calendar
