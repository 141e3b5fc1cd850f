#include "engine/expression/time_zone.h"

#include "engine/base/text.h"
#include "tests/unit/engine/expression/evaluate.h"

namespace recourse::expression {
namespace {

double HoursAt(std::string_view zone, std::string_view time) {
  const Result<TimeZone> loaded = TimeZone::Load(zone);
  REQUIRE(loaded);
  return static_cast<double>(loaded->OffsetAt(ParseTimestamp(time)->seconds)) / 3600;
}

double HoursByRule(std::string_view rule, std::string_view time) {
  const auto read = ReadTimeZoneRule(rule);
  REQUIRE(read);
  return static_cast<double>(read->OffsetAt(ParseTimestamp(time)->seconds)) / 3600;
}

}  // namespace

TEST_CASE("zones are fixed offsets or names", "[expression]") {
  CHECK(HoursAt("UTC", "2026-07-01T00:00:00Z") == 0);
  CHECK(HoursAt("+05:30", "2026-07-01T00:00:00Z") == 5.5);
  CHECK(HoursAt("-09:30", "2026-07-01T00:00:00Z") == -9.5);
  CHECK(HoursAt("02:00", "2026-07-01T00:00:00Z") == 2);
  CHECK(HoursAt("Europe/Paris", "2026-01-01T00:00:00Z") == 1);
  CHECK(HoursAt("Europe/Paris", "2026-07-01T00:00:00Z") == 2);
  CHECK(HoursAt("America/St_Johns", "2026-01-01T00:00:00Z") == -3.5);

  SECTION("also before the first change and long after the last") {
    CHECK(HoursAt("America/New_York", "1800-01-01T00:00:00Z") == Approx(-4.9339).epsilon(0.001));
    CHECK(HoursAt("America/New_York", "2080-01-01T00:00:00Z") == -5);
    CHECK(HoursAt("America/New_York", "2080-07-01T00:00:00Z") == -4);
  }
}

TEST_CASE("what is no zone is refused, and never a path elsewhere", "[expression]") {
  for (const char* wrong : {"Europe/Pariss", "+1:00", "+25:00", "../zoneinfo/UTC", "/etc/passwd",
                            "Europe", "Europe/", "zone.tab", "a b"}) {
    INFO(wrong);
    CHECK_FALSE(TimeZone::Load(wrong));
  }
  CHECK_FALSE(TimeZone::FromFile(""));
  CHECK_FALSE(TimeZone::FromFile("TZif2" + std::string(200, '\xff')));
}

TEST_CASE("a rule says when summer time is, in both hemispheres", "[expression]") {
  const char* chicago = "CST6CDT,M3.2.0,M11.1.0";
  CHECK(HoursByRule(chicago, "2026-03-08T07:59:59Z") == -6);
  CHECK(HoursByRule(chicago, "2026-03-08T08:00:00Z") == -5);
  CHECK(HoursByRule(chicago, "2026-11-01T06:59:59Z") == -5);
  CHECK(HoursByRule(chicago, "2026-11-01T07:00:00Z") == -6);

  const char* lord_howe = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";
  CHECK(HoursByRule(lord_howe, "2026-01-01T00:00:00Z") == 11);
  CHECK(HoursByRule(lord_howe, "2026-07-01T00:00:00Z") == 10.5);

  const char* nuuk = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0";
  CHECK(HoursByRule(nuuk, "2026-03-29T00:59:59Z") == -2);
  CHECK(HoursByRule(nuuk, "2026-03-29T01:00:00Z") == -1);

  CHECK(HoursByRule("EST5EDT,J60/0,300/0", "2024-03-01T05:00:00Z") == -4);
  CHECK(HoursByRule("EST5EDT,J60/0,300/0", "2024-03-01T04:59:59Z") == -5);
  CHECK(HoursByRule("JST-9", "2026-07-01T00:00:00Z") == 9);
  for (const char* wrong : {"", "EST", "EST5EDT", "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3.2.0"}) {
    CHECK_FALSE(ReadTimeZoneRule(wrong));
  }
}

}  // namespace recourse::expression
