#include "engine/calendar/zone.h"

#include "tests/unit/engine/calendar/calendar_support.h"

namespace recourse::calendar {
namespace {

LocalTime Wall(std::string_view text) {
  return LocalTime(std::chrono::floor<std::chrono::seconds>(At(text)).time_since_epoch());
}

}  // namespace

TEST_CASE("a zone tells its offset and when clocks are changed", "[calendar]") {
  const Zone berlin = ZoneOf("Europe/Berlin");
  const auto summer = berlin.At(At("2026-07-01T00:00:00Z"));
  CHECK(summer.offset == std::chrono::hours(2));
  CHECK(summer.abbreviation == "CEST");
  CHECK(Show(summer.begin) == "2026-03-29T01:00:00Z");
  CHECK(Show(summer.end) == "2026-10-25T01:00:00Z");
  CHECK(ZoneOf("Asia/Kolkata").At(At("2026-07-01T00:00:00Z")).offset == std::chrono::minutes(330));
}

TEST_CASE("a time that clocks skip is the first instant after the gap, one shown twice the first",
          "[calendar]") {
  const Zone berlin = ZoneOf("Europe/Berlin");
  CHECK(Show(berlin.FirstAt(Wall("2026-03-29T02:30:00Z"))) == "2026-03-29T01:00:00Z");
  CHECK(Show(berlin.FirstAt(Wall("2026-03-29T03:00:00Z"))) == "2026-03-29T01:00:00Z");
  CHECK(Show(berlin.FirstAt(Wall("2026-10-25T02:30:00Z"))) == "2026-10-25T00:30:00Z");
  CHECK(Show(berlin.FirstAt(Wall("2026-11-25T03:00:00Z"))) == "2026-11-25T02:00:00Z");
}

TEST_CASE("a zone shows a time with its offset and name", "[calendar]") {
  CHECK(ZoneOf("Europe/Berlin").Format(At("2026-11-25T02:00:00Z")) ==
        "2026-11-25T03:00:00+01:00 CET");
  CHECK(ZoneOf("America/New_York").Format(At("2026-07-25T02:00:00Z")) ==
        "2026-07-24T22:00:00-04:00 EDT");
  CHECK(ZoneOf("UTC").Format(At("2026-11-25T02:00:00.5Z")) == "2026-11-25T02:00:00+00:00 UTC");
}

TEST_CASE("an unknown zone is refused with the nearest name", "[calendar]") {
  const auto slip = Zone::Find("Europe/Berlim");
  REQUIRE_FALSE(slip);
  CHECK(slip.error().code == Code::kNotFound);
  CHECK(slip.error().message ==
        "there is no time zone \"Europe/Berlim\"; did you mean \"Europe/Berlin\"?");
  for (const char* none : {"", "../../etc/passwd", "/etc/localtime", "Mars/Olympus_Mons"}) {
    CHECK_FALSE(Zone::Find(none));
  }
}

TEST_CASE("the database tells of the years ahead", "[calendar]") {
  // Files without the transitions themselves ("slim") would make every year a year of winter.
  CHECK(ZoneOf("Europe/Berlin").At(At("2036-07-01T00:00:00Z")).offset == std::chrono::hours(2));
}

}  // namespace recourse::calendar
