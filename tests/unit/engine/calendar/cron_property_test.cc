// Next() against a walk over every minute that knows nothing of how it works.
#include <random>

#include "tests/unit/engine/calendar/calendar_support.h"

namespace recourse::calendar {
namespace {

using namespace std::chrono_literals;

constexpr int kExpressions = 120;

// A field as text, and as the numbers that it stands for.
struct RandomField {
  std::string text;
  std::vector<bool> numbers;
  bool star = false;
};

class Source {
 public:
  explicit Source(unsigned seed) : random_(seed) {}

  int Pick(int least, int most) { return std::uniform_int_distribution(least, most)(random_); }

  RandomField Field(int least, int most) {
    RandomField field;
    field.numbers.resize(static_cast<std::size_t>(most) + 1);
    const auto set = [&](int first, int last, int step) {
      for (int i = first; i <= last; i += step) field.numbers[static_cast<std::size_t>(i)] = true;
    };
    const int kind = Pick(0, 4);
    if (kind == 0) {
      const int step = Pick(1, 5);
      field.text = step == 1 ? "*" : "*/" + std::to_string(step);
      field.star = true;
      set(least, most, step);
      return field;
    }
    for (int items = Pick(1, 3); items > 0; --items) {
      const int first = Pick(least, most);
      const int last = Pick(first, most);
      const int step = Pick(1, 3);
      if (!field.text.empty()) field.text += ",";
      if (kind == 1) {
        field.text +=
            std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(step);
        set(first, last, step);
      } else {
        field.text += std::to_string(first);
        set(first, first, 1);
      }
    }
    return field;
  }

 private:
  std::mt19937 random_;
};

struct RandomCron {
  RandomField minute, hour, day, month, week_day;

  std::string text() const {
    return minute.text + " " + hour.text + " " + day.text + " " + month.text + " " + week_day.text;
  }
  bool Fits(LocalTime local) const {
    const auto date = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day ymd{std::chrono::local_days(date.time_since_epoch())};
    const std::chrono::hh_mm_ss time(local - date);
    const bool by_day = day.numbers[static_cast<unsigned>(ymd.day())];
    const bool by_week_day = week_day.numbers[std::chrono::weekday(date).c_encoding()];
    return minute.numbers[static_cast<std::size_t>(time.minutes().count())] &&
           hour.numbers[static_cast<std::size_t>(time.hours().count())] &&
           month.numbers[static_cast<unsigned>(ymd.month())] &&
           (day.star || week_day.star ? by_day && by_week_day : by_day || by_week_day);
  }
};

// Every minute of real time from `begin` to `end`: what clocks show, and, unless a star says that
// real time counts, what they show for the first time or have just skipped.
std::vector<Time> Walk(const RandomCron& cron, const Zone& zone, Time begin, Time end) {
  std::vector<Time> times;
  LocalTime seen = zone.LocalOf(begin);
  for (Time time = begin + 1min; time <= end; time += 1min) {
    const LocalTime now = zone.LocalOf(time);
    bool fires = false;
    if (cron.minute.star || cron.hour.star) {
      fires = cron.Fits(now);
    } else {
      for (LocalTime each = seen + 1min; each <= now; each += 1min) fires |= cron.Fits(each);
    }
    if (fires) times.push_back(time);
    seen = std::max(seen, now);
  }
  return times;
}

}  // namespace

TEST_CASE("Next is what a walk over every minute finds", "[calendar]") {
  const unsigned seed = Catch::rngSeed();
  INFO("seed " << seed);
  Source source(seed);
  struct Stretch {
    const char* zone;
    const char* begin;
  };
  const Stretch stretches[] = {
      {"Europe/Berlin", "2026-03-27T00:00:00Z"},
      {"Europe/Berlin", "2026-10-23T00:00:00Z"},
      {"America/New_York", "2026-03-06T00:00:00Z"},
      {"America/New_York", "2026-10-30T00:00:00Z"},
      {"Australia/Lord_Howe", "2026-04-02T00:00:00Z"},
      {"Australia/Lord_Howe", "2026-10-01T00:00:00Z"},
      {"UTC", "2027-12-30T00:00:00Z"},
      {"Asia/Kolkata", "2028-02-27T00:00:00Z"},
      {"Pacific/Apia", "2011-12-28T00:00:00Z"},
  };
  std::size_t fired = 0;
  for (int i = 0; i < kExpressions; ++i) {
    RandomCron random{source.Field(0, 59), source.Field(0, 23), source.Field(1, 31),
                      source.Field(1, 12), source.Field(0, 6)};
    const Stretch& stretch = stretches[i % std::size(stretches)];
    const Zone zone = ZoneOf(stretch.zone);
    const auto cron = Cron::Parse(random.text(), zone);
    if (!cron) {
      CHECK_THAT(cron.error().message, Catch::Contains("never fires"));
      continue;
    }
    const Time begin = At(stretch.begin);
    const Time end = begin + 4 * 24h;
    std::vector<Time> found;
    for (auto time = cron->Next(begin); time && *time <= end; time = cron->Next(*time)) {
      REQUIRE((found.empty() || *time > found.back()));
      found.push_back(*time);
    }
    INFO(random.text() << " in " << stretch.zone << " from " << stretch.begin);
    REQUIRE(found == Walk(random, zone, begin, end));
    REQUIRE(cron->Newest(begin, end, 100'000) == found);
    fired += found.size();
  }
  CHECK(fired > 100);  // The stretches are not empty.
}

TEST_CASE("Next answers the same wherever between two times it is asked", "[calendar]") {
  const unsigned seed = Catch::rngSeed();
  INFO("seed " << seed);
  Source source(seed);
  for (const char* text :
       {"30 2 * * *", "*/7 * * * *", "0 0 L * *", "0 2 * * SUN#1", "@every 7m"}) {
    const Cron cron = CronOf(text, "Europe/Berlin");
    Time time = At("2026-03-01T00:00:00Z");
    for (int i = 0; i < 30; ++i) {
      const Time next = *cron.Next(time);
      const auto gap = next - time;
      REQUIRE(gap > 0s);
      const Time between = time + gap * source.Pick(0, 999) / 1000;
      REQUIRE(cron.Next(between) == next);
      time = next;
    }
  }
}

}  // namespace recourse::calendar
