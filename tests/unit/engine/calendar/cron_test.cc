#include "engine/calendar/cron.h"

#include "tests/unit/engine/calendar/calendar_support.h"

namespace recourse::calendar {
namespace {

struct Case {
  const char* cron;
  const char* zone;
  const char* after;
  std::vector<std::string> next;  // one after the other
};

void Check(const std::vector<Case>& cases) {
  for (const Case& of : cases) {
    const Cron cron = CronOf(of.cron, of.zone);
    Time time = At(of.after);
    std::vector<std::string> found;
    for (std::size_t i = 0; i < of.next.size(); ++i) {
      const auto next = cron.Next(time);
      REQUIRE(next);
      time = *next;
      found.push_back(Show(time));
    }
    INFO(of.cron << " in " << of.zone << " after " << of.after);
    CHECK(found == of.next);
  }
}

std::string ErrorOf(std::string_view text) {
  const auto cron = Cron::Parse(text, ZoneOf("UTC"));
  return cron ? "no error" : cron.error().message;
}

}  // namespace

TEST_CASE("the next time of an expression", "[calendar]") {
  Check({
      {"30 4 * * *", "UTC", "2026-11-25T04:30:00Z", {"2026-11-26T04:30:00Z"}},
      {"30 4 * * *", "UTC", "2026-11-25T04:29:59.999999Z", {"2026-11-25T04:30:00Z"}},
      {"*/20 * * * *",
       "UTC",
       "2026-11-25T04:30:01Z",
       {"2026-11-25T04:40:00Z", "2026-11-25T05:00:00Z", "2026-11-25T05:20:00Z"}},
      {"0 */6 * * *",
       "UTC",
       "2026-11-25T00:00:00Z",
       {"2026-11-25T06:00:00Z", "2026-11-25T12:00:00Z", "2026-11-25T18:00:00Z",
        "2026-11-26T00:00:00Z"}},
      {"5/25 1 * * *",
       "UTC",
       "2026-11-25T00:00:00Z",
       {"2026-11-25T01:05:00Z", "2026-11-25T01:30:00Z", "2026-11-25T01:55:00Z",
        "2026-11-26T01:05:00Z"}},
      {"0 9-17/4,20 * * mon-fri",
       "UTC",
       "2026-11-27T12:00:00Z",
       {"2026-11-27T13:00:00Z", "2026-11-27T17:00:00Z", "2026-11-27T20:00:00Z",
        "2026-11-30T09:00:00Z"}},
      {"0 0 1 JAN,jul *",
       "UTC",
       "2026-03-01T00:00:00Z",
       {"2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"}},
      {"59 23 31 12 *", "UTC", "2026-12-31T23:59:00Z", {"2027-12-31T23:59:00Z"}},
      {" 0\t0  *  * 7 ", "UTC", "2026-11-25T00:00:00Z", {"2026-11-29T00:00:00Z"}},
      {"0 0 * * FRI-SUN",
       "UTC",
       "2026-11-25T00:00:00Z",
       {"2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z",
        "2026-12-04T00:00:00Z"}},
  });
}

TEST_CASE("the nth and the last days of a month", "[calendar]") {
  Check({
      {"0 2 * * SUN#1",
       "UTC",
       "2026-11-25T00:00:00Z",
       {"2026-12-06T02:00:00Z", "2027-01-03T02:00:00Z"}},
      {"0 2 * * 1#5",
       "UTC",
       "2026-11-25T00:00:00Z",
       {"2026-11-30T02:00:00Z", "2027-03-29T02:00:00Z"}},
      {"0 2 * * 0#2,3#4",
       "UTC",
       "2026-11-01T00:00:00Z",
       {"2026-11-08T02:00:00Z", "2026-11-25T02:00:00Z"}},
      {"0 0 L * *",
       "UTC",
       "2028-01-31T00:00:00Z",
       {"2028-02-29T00:00:00Z", "2028-03-31T00:00:00Z", "2028-04-30T00:00:00Z"}},
      {"0 0 15,L * *",
       "UTC",
       "2026-02-15T00:00:00Z",
       {"2026-02-28T00:00:00Z", "2026-03-15T00:00:00Z"}},
      {"0 0 * * 5L",
       "UTC",
       "2026-11-25T00:00:00Z",
       {"2026-11-27T00:00:00Z", "2026-12-25T00:00:00Z"}},
      {"0 0 * * FRIL", "UTC", "2026-11-27T00:00:00Z", {"2026-12-25T00:00:00Z"}},
      {"0 0 15W * *",
       "UTC",
       "2026-08-01T00:00:00Z",  // the 15th is a Saturday
       {"2026-08-14T00:00:00Z", "2026-09-15T00:00:00Z", "2026-10-15T00:00:00Z",
        "2026-11-16T00:00:00Z"}},
      {"0 0 1W * *", "UTC", "2026-07-31T00:00:00Z", {"2026-08-03T00:00:00Z"}},  // never in July
      {"0 0 LW * *",
       "UTC",
       "2026-05-01T00:00:00Z",  // the 31st is a Sunday
       {"2026-05-29T00:00:00Z", "2026-06-30T00:00:00Z"}},
  });
}

TEST_CASE("days of the month and of the week are alternatives when both are restricted",
          "[calendar]") {
  Check({
      {"0 0 1,15 * WED",
       "UTC",
       "2026-11-25T00:00:00Z",
       {"2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", "2026-12-09T00:00:00Z",
        "2026-12-15T00:00:00Z"}},
      // A field that begins with a star restricts nothing in this sense: both must fit.
      {"0 0 */2 * MON",
       "UTC",
       "2026-11-25T00:00:00Z",
       {"2026-12-07T00:00:00Z", "2026-12-21T00:00:00Z"}},
      {"0 0 13 * *", "UTC", "2026-11-25T00:00:00Z", {"2026-12-13T00:00:00Z"}},
  });
}

TEST_CASE("leap years and the ends of years", "[calendar]") {
  Check({
      {"0 0 29 2 *",
       "UTC",
       "2026-01-01T00:00:00Z",
       {"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
      {"0 0 29 2 *", "UTC", "2096-02-29T00:00:00Z", {"2104-02-29T00:00:00Z"}},  // 2100 is none
      {"0 0 29 2 *", "UTC", "1999-01-01T00:00:00Z", {"2000-02-29T00:00:00Z"}},  // 2000 is one
      {"0 0 * 2 SUN#5", "UTC", "2026-01-01T00:00:00Z", {"2032-02-29T00:00:00Z"}},
      {"* * * * *", "UTC", "2026-12-31T23:59:00Z", {"2027-01-01T00:00:00Z"}},
      {"@yearly", "America/New_York", "2026-12-31T23:59:00Z", {"2027-01-01T05:00:00Z"}},
  });
}

TEST_CASE("when clocks are put forward, a time that is skipped fires once, after the gap",
          "[calendar]") {
  Check({
      {"30 2 * * *",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
      {"0,15,30 2,3 * * *",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z", "2026-03-29T01:30:00Z",
        "2026-03-30T00:00:00Z"}},
      {"30 2 * * *",
       "America/New_York",
       "2026-03-07T12:00:00Z",
       {"2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"}},
      // Half an hour, from 02:00 to 02:30.
      {"15 2 * * *",
       "Australia/Lord_Howe",
       "2026-10-03T12:00:00Z",
       {"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
      {"45 2 * * *",
       "Australia/Lord_Howe",
       "2026-10-03T12:00:00Z",
       {"2026-10-03T15:45:00Z", "2026-10-04T15:45:00Z"}},
      // A whole day that Samoa never had.
      {"0 12 * * *",
       "Pacific/Apia",
       "2011-12-29T21:00:00Z",
       {"2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"}},
  });
}

TEST_CASE("when clocks are put back, a time that comes twice fires the first time", "[calendar]") {
  Check({
      {"30 2 * * *",
       "Europe/Berlin",
       "2026-10-24T12:00:00Z",
       {"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
      {"30 1 * * *",
       "America/New_York",
       "2026-10-31T12:00:00Z",
       {"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
      {"45 1 * * *",
       "Australia/Lord_Howe",
       "2026-04-04T00:00:00Z",
       {"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}},
      // Asked in the second of the two hours.
      {"30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", {"2026-10-26T01:30:00Z"}},
  });
}

TEST_CASE("stars in minute or hour fire in real time when clocks are changed", "[calendar]") {
  Check({
      {"0 * * * *",
       "Europe/Berlin",
       "2026-03-28T23:30:00Z",
       {"2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"}},
      {"0 * * * *",
       "Europe/Berlin",
       "2026-10-24T23:30:00Z",
       {"2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"}},
      {"*/30 2 * * *",
       "Europe/Berlin",
       "2026-10-24T12:00:00Z",
       {"2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z",
        "2026-10-25T01:30:00Z", "2026-10-26T01:00:00Z"}},
      {"*/30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", {"2026-03-30T00:00:00Z"}},
      {"*/15 * * * *",
       "Australia/Lord_Howe",
       "2026-04-04T14:40:00Z",
       {"2026-04-04T14:45:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:15:00Z"}},
  });
}

TEST_CASE("words for common expressions", "[calendar]") {
  Check({
      {"@hourly", "UTC", "2026-11-25T00:10:00Z", {"2026-11-25T01:00:00Z"}},
      {"@daily", "UTC", "2026-11-25T00:10:00Z", {"2026-11-26T00:00:00Z"}},
      {"@midnight", "Europe/Berlin", "2026-11-25T00:10:00Z", {"2026-11-25T23:00:00Z"}},
      {"@weekly", "UTC", "2026-11-25T00:10:00Z", {"2026-11-29T00:00:00Z"}},
      {"@monthly", "UTC", "2026-11-25T00:10:00Z", {"2026-12-01T00:00:00Z"}},
      {"@annually", "UTC", "2026-11-25T00:10:00Z", {"2027-01-01T00:00:00Z"}},
      {"@every 90s",
       "Europe/Berlin",
       "2026-11-25T00:00:00Z",
       {"2026-11-25T00:01:30Z", "2026-11-25T00:03:00Z"}},
      {"@every 6h",
       "UTC",
       "2026-11-25T05:59:59Z",
       {"2026-11-25T06:00:00Z", "2026-11-25T12:00:00Z"}},
      {"@every 1.5s",
       "UTC",
       "1969-12-31T23:59:57Z",
       {"1969-12-31T23:59:58.500Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:01.500Z"}},
  });
}

TEST_CASE("the newest times are found without walking through all", "[calendar]") {
  const Cron minutely = CronOf("* * * * *");
  const auto newest = minutely.Newest(At("1970-01-01T00:00:00Z"), At("2026-11-25T02:00:30Z"), 3);
  REQUIRE(newest.size() == 3);
  CHECK(Show(newest.front()) == "2026-11-25T01:58:00Z");
  CHECK(Show(newest.back()) == "2026-11-25T02:00:00Z");

  const Cron yearly = CronOf("@yearly");
  const auto years = yearly.Newest(At("2019-01-01T00:00:00Z"), At("2026-11-25T00:00:00Z"), 100);
  REQUIRE(years.size() == 7);
  CHECK(Show(years.front()) == "2020-01-01T00:00:00Z");
  CHECK(yearly.Newest(At("2020-01-01T00:00:00Z"), At("2021-01-01T00:00:00Z"), 5).size() == 1);
  CHECK(yearly.Newest(At("2020-01-01T00:00:00Z"), At("2020-01-01T00:00:00Z"), 5).empty());
  CHECK(CronOf("@every 1s")
            .Newest(At("1970-01-01T00:00:00Z"), At("2026-11-25T00:00:00Z"), 4)
            .size() == 4);
}

TEST_CASE("there is an end to looking ahead", "[calendar]") {
  CHECK_FALSE(CronOf("* * * * *").Next(Time::max()));
  CHECK_FALSE(CronOf("@every 1s").Next(Time::max()));
  CHECK(CronOf("* * * * *").Next(Time::min()));
  CHECK(CronOf("0 0 * * *", "Europe/Berlin").Next(Time::min()));
}

TEST_CASE("an error names the column and what is wrong", "[calendar]") {
  CHECK(ErrorOf("0 25 * * *") == "column 3: the hour 25 is not within 0 to 23");
  CHECK(ErrorOf("60 * * * *") == "column 1: the minute 60 is not within 0 to 59");
  CHECK(ErrorOf("0 0 0 * *") == "column 5: the day of the month 0 is not within 1 to 31");
  CHECK(ErrorOf("0 0 * FOO *") ==
        "column 7: expected a month such as FEB for the month, found \"FOO\"");
  CHECK(ErrorOf("0 0 * * SUN#6") == "column 13: the week of the month 6 is not within 1 to 5");
  CHECK(ErrorOf("0 0 * * MON#") ==
        "column 13: expected a number for the day of the week, found the end of the "
        "field");
  CHECK(ErrorOf("0 17-9 * * *") ==
        "column 7: the range runs backwards, from 17 to 9; write two ranges with a comma");
  CHECK(ErrorOf("*/0 * * * *") == "column 3: the step 0 is not within 1 to 59");
  CHECK(ErrorOf("0 0 1,, * *") ==
        "column 7: expected a number for the day of the month, found \",\"");
  CHECK(ErrorOf("0 0 * * 1x") ==
        "column 10: expected a comma or the end for the day of the week, found \"x\"");
  CHECK(ErrorOf("0 0 * *") ==
        "column 8: expected five fields (minute, hour, day of the month, month, day of the week), "
        "found 4");
  CHECK(ErrorOf("0 0 0 * * *") ==
        "column 11: expected five fields (minute, hour, day of the month, month, day of the "
        "week), found 6");
  CHECK(ErrorOf("") ==
        "column 1: expected five fields (minute, hour, day of the month, month, day of the week), "
        "found 0");
  for (const char* never : {"0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 31W 2 *"}) {
    CHECK(ErrorOf(never) == "column 5: never fires: no month has such a day");
  }
  CHECK(ErrorOf("0 0 30 2 MON") == "no error");  // Mondays in February
  CHECK(ErrorOf("@reboot") ==
        "column 1: unknown word \"@reboot\"; there are @every 6h, @yearly, @annually, @monthly, "
        "@weekly, @daily, @midnight, @hourly");
  CHECK_THAT(ErrorOf("@every"), Catch::StartsWith("column 8: @every needs a duration such as 90s"));
  CHECK(ErrorOf("@every 10ms") == "column 8: @every 10ms is not within 1s to 366d");
  CHECK(ErrorOf(std::string(300, '*')) == "column 257: longer than 256 characters");
}

}  // namespace recourse::calendar
