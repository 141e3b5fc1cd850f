// Timestamps and durations.
#include <chrono>
#include <ctime>
#include <limits>

#include "engine/base/text.h"
#include "engine/expression/functions.h"
#include "engine/expression/operators.h"
#include "engine/expression/time_zone.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

using namespace std::chrono;
using Args = const Arguments&;
// The nanoseconds of all years from 1 to 9999 do not fit 64 bits.
__extension__ using Wide = __int128;

constexpr std::int64_t kNanos = 1'000'000'000;
constexpr std::int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z

Wide NanosOf(const Value& value) {
  if (value.kind() == Value::Kind::kDuration) {
    return Wide{value.as_duration().seconds} * kNanos + value.as_duration().nanos;
  }
  return Wide{value.as_timestamp().seconds} * kNanos + value.as_timestamp().nanos;
}

// CEL's durations have the range of 64 bits of nanoseconds: about 292 years either way.
Result<Value> MakeDuration(Wide nanos) {
  if (nanos > std::numeric_limits<std::int64_t>::max() ||
      nanos < std::numeric_limits<std::int64_t>::min()) {
    return InvalidArgument("the duration is longer than 292 years, which is the limit");
  }
  return Value(Duration{static_cast<std::int64_t>(nanos / kNanos),
                        static_cast<std::int32_t>(nanos % kNanos)});
}

Result<Value> MakeTimestamp(Wide nanos) {
  Wide seconds_part = nanos / kNanos;
  Wide rest = nanos % kNanos;
  if (rest < 0) {
    rest += kNanos;
    --seconds_part;
  }
  if (seconds_part < kFirstSecond || seconds_part > kLastSecond) {
    return InvalidArgument("the timestamp is outside the years 1 to 9999");
  }
  return Value(Timestamp{static_cast<std::int64_t>(seconds_part), static_cast<std::int32_t>(rest)});
}

// --- conversions ---

Error NoDuration(const Value& text) {
  return InvalidArgument("\"" + Shortened(text.as_string(), 80) +
                         "\" is no duration; write for example \"90s\", \"1h30m\" or \"250ms\"");
}

// The length of a unit in nanoseconds, and that many bytes taken from `text`; 0 when there is none.
std::int64_t TakeUnit(std::string_view& text) {
  struct Unit {
    std::string_view name;
    std::int64_t nanos;
  };
  static constexpr Unit kUnits[] = {
      {"ns", 1},          {"us", 1'000},        {"\u00b5s", 1'000},
      {"\u03bcs", 1'000}, {"ms", 1'000'000},    {"s", kNanos},
      {"m", 60 * kNanos}, {"h", 3600 * kNanos}, {"d", 86400 * kNanos}};
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.nanos;
  }
  return 0;
}

Result<Value> DurationOfString(Args a) {
  std::string_view text = a[0].as_string();
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return MakeDuration(0);
  if (text.empty()) return NoDuration(a[0]);
  constexpr Wide kFarTooLong = Wide{1} << 100;
  Wide total = 0;
  while (!text.empty()) {
    Wide number = 0;  // of units times `scale`
    Wide scale = 1;
    bool digits = false;
    bool point = false;
    for (; !text.empty(); text.remove_prefix(1)) {
      const char c = text.front();
      if (c == '.' && !point) {
        point = true;
      } else if (c >= '0' && c <= '9') {
        digits = true;
        // Digits below a nanosecond of a day change nothing.
        if (point && scale >= Wide{1'000'000'000'000'000}) continue;
        number = number * 10 + (c - '0');
        if (point) scale *= 10;
        if (number > kFarTooLong / kNanos) return MakeDuration(kFarTooLong);
      } else {
        break;
      }
    }
    const std::int64_t unit = digits ? TakeUnit(text) : 0;
    if (unit == 0) return NoDuration(a[0]);
    if (number / scale > kFarTooLong / unit) return MakeDuration(kFarTooLong);
    total += number / scale * unit + number % scale * unit / scale;
    if (total > kFarTooLong) return MakeDuration(kFarTooLong);
  }
  return MakeDuration(negative ? -total : total);
}

Result<Value> TimestampOfString(Args a) {
  Result<Timestamp> timestamp = ParseTimestamp(a[0].as_string());
  if (!timestamp) return std::move(timestamp).error();
  return Value(*timestamp);
}
Result<Value> TimestampOfInt(Args a) { return MakeTimestamp(Wide{a[0].as_int()} * kNanos); }

// --- parts ---

struct LocalTime {
  year_month_day date;
  sys_days day;
  hh_mm_ss<seconds> clock;
  std::int32_t nanos;
};

LocalTime At(Timestamp timestamp, std::int64_t offset) {
  const sys_seconds time{seconds(timestamp.seconds + offset)};
  const sys_days day = floor<days>(time);
  return {year_month_day(day), day, hh_mm_ss<seconds>(time - day), timestamp.nanos};
}

Result<Prepared> PrepareZone(const Value& name) {
  Result<TimeZone> zone = TimeZone::Load(name.as_string());
  if (!zone) return std::move(zone).error();
  return Prepared{nullptr, std::make_shared<const TimeZone>(*std::move(zone))};
}

using Part = std::int64_t (*)(const LocalTime&);

template <Part kPart>
Result<Value> PartOfUtc(Args a) {
  return Value(kPart(At(a[0].as_timestamp(), 0)));
}

template <Part kPart>
Result<Value> PartInZone(Args a) {
  Prepared loaded;
  const TimeZone* zone = a.prepared.zone.get();
  if (zone == nullptr) {
    // The name is not known before the evaluation: each time its file is read anew.
    constexpr std::size_t kLoadSteps = 200;
    RECOURSE_SPEND(a.budget, Spend(kLoadSteps));
    Result<Prepared> prepared = PrepareZone(a[1]);
    if (!prepared) return std::move(prepared).error();
    loaded = *std::move(prepared);
    zone = loaded.zone.get();
  }
  const Timestamp timestamp = a[0].as_timestamp();
  return Value(kPart(At(timestamp, zone->OffsetAt(timestamp.seconds))));
}

std::int64_t FullYear(const LocalTime& t) { return static_cast<int>(t.date.year()); }
std::int64_t Month(const LocalTime& t) { return static_cast<unsigned>(t.date.month()) - 1; }
std::int64_t Date(const LocalTime& t) { return static_cast<unsigned>(t.date.day()); }
std::int64_t DayOfMonth(const LocalTime& t) { return Date(t) - 1; }
std::int64_t DayOfWeek(const LocalTime& t) { return weekday(t.day).c_encoding(); }
std::int64_t DayOfYear(const LocalTime& t) {
  return (t.day - sys_days(t.date.year() / January / 1)).count();
}
std::int64_t Hours(const LocalTime& t) { return t.clock.hours().count(); }
std::int64_t Minutes(const LocalTime& t) { return t.clock.minutes().count(); }
std::int64_t Seconds(const LocalTime& t) { return t.clock.seconds().count(); }
std::int64_t Milliseconds(const LocalTime& t) { return t.nanos / 1'000'000; }

// Of a duration: all of it in that unit, but for the milliseconds, which are those of its second.
template <std::int64_t kUnitSeconds>
Result<Value> WholeUnits(Args a) {
  return Value(a[0].as_duration().seconds / kUnitSeconds);
}
Result<Value> MillisecondsOfDuration(Args a) {
  return Value(std::int64_t{a[0].as_duration().nanos / 1'000'000});
}

// --- strftime ---

// What the C library writes alike everywhere and without a time zone's data.
constexpr std::string_view kConversions = "YCymdejaAbBhHIMSpDFRTuwUWVGgntx";

Result<Value> Strftime(Args a) {
  const Timestamp timestamp = a[0].as_timestamp();
  const LocalTime time = At(timestamp, 0);
  std::tm parts{};
  parts.tm_year = static_cast<int>(FullYear(time)) - 1900;
  parts.tm_mon = static_cast<int>(Month(time));
  parts.tm_mday = static_cast<int>(Date(time));
  parts.tm_wday = static_cast<int>(DayOfWeek(time));
  parts.tm_yday = static_cast<int>(DayOfYear(time));
  parts.tm_hour = static_cast<int>(Hours(time));
  parts.tm_min = static_cast<int>(Minutes(time));
  parts.tm_sec = static_cast<int>(Seconds(time));

  std::string out;
  const std::string& format = a[1].as_string();
  RECOURSE_SPEND(a.budget, Spend(format.size()));
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    const char conversion = ++i < format.size() ? format[i] : '\0';
    if (conversion == '%') {
      out += '%';
    } else if (conversion == 's') {
      out += std::to_string(timestamp.seconds);
    } else if (conversion == 'z') {
      out += "+0000";
    } else if (conversion == 'Z') {
      out += "UTC";
    } else if (conversion != '\0' && kConversions.find(conversion) != kConversions.npos) {
      const char one[] = {'%', conversion, '\0'};
      char buffer[64];
      out.append(buffer, std::strftime(buffer, sizeof buffer, one, &parts));
    } else {
      return InvalidArgument("strftime() has no conversion \"" + format.substr(i - 1, 2) +
                             "\"; common ones are %Y %m %d %H %M %S %j %a %b %F %T %z %%");
    }
  }
  return Value(std::move(out));
}

#define PART_OF_TIMESTAMP(name, part)                              \
  {name, Style::kMember, "t", "i", PartOfUtc<part>}, {             \
    name, Style::kMember, "ts", "i", PartInZone<part>, PrepareZone \
  }

constexpr Overload kTimeTable[] = {
    {"duration", Style::kFunction, "s", "D", DurationOfString},
    {"duration", Style::kFunction, "D", "D", Same},
    {"timestamp", Style::kFunction, "s", "t", TimestampOfString},
    {"timestamp", Style::kFunction, "i", "t", TimestampOfInt},
    {"timestamp", Style::kFunction, "t", "t", Same},
    PART_OF_TIMESTAMP("getFullYear", FullYear),
    PART_OF_TIMESTAMP("getMonth", Month),
    PART_OF_TIMESTAMP("getDate", Date),
    PART_OF_TIMESTAMP("getDayOfMonth", DayOfMonth),
    PART_OF_TIMESTAMP("getDayOfWeek", DayOfWeek),
    PART_OF_TIMESTAMP("getDayOfYear", DayOfYear),
    PART_OF_TIMESTAMP("getHours", Hours),
    PART_OF_TIMESTAMP("getMinutes", Minutes),
    PART_OF_TIMESTAMP("getSeconds", Seconds),
    PART_OF_TIMESTAMP("getMilliseconds", Milliseconds),
    {"getHours", Style::kMember, "D", "i", WholeUnits<3600>},
    {"getMinutes", Style::kMember, "D", "i", WholeUnits<60>},
    {"getSeconds", Style::kMember, "D", "i", WholeUnits<1>},
    {"getMilliseconds", Style::kMember, "D", "i", MillisecondsOfDuration},
    {"strftime", Style::kFunction, "ts", "s", Strftime},
};

}  // namespace

std::span<const Overload> TimeFunctions() { return kTimeTable; }

Result<Value> AddTimes(const Value& left, const Value& right) {
  const Wide sum = NanosOf(left) + NanosOf(right);
  const bool durations = left.kind() == right.kind();
  return durations ? MakeDuration(sum) : MakeTimestamp(sum);
}

Result<Value> SubtractTimes(const Value& left, const Value& right) {
  const Wide difference = NanosOf(left) - NanosOf(right);
  const bool same = left.kind() == right.kind();
  return same ? MakeDuration(difference) : MakeTimestamp(difference);
}

}  // namespace recourse::expression
