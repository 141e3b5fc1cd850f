#include "engine/runtime/schedule_decision.h"

#include <catch2/catch.hpp>
#include <set>

#include "engine/base/text.h"

namespace recourse::runtime {
namespace {

using definition::CatchUp;
using definition::Overlap;
using namespace std::chrono_literals;

Time At(const std::string& text) { return FromTimestamp(*ParseTimestamp(text)); }

// "02:00 03:00", of a day.
std::string Show(const std::vector<Time>& times) {
  std::string text;
  for (const Time time : times) {
    text += (text.empty() ? "" : " ") + FormatTimestamp(ToTimestamp(time)).substr(11, 5);
  }
  return text;
}

definition::Schedule Hourly(Overlap overlap, CatchUp catch_up, int limit = 10) {
  definition::Schedule schedule;
  schedule.name = "hourly";
  schedule.cron = *calendar::Cron::Parse("0 * * * *", calendar::Zone());
  schedule.overlap = overlap;
  schedule.catch_up = catch_up;
  schedule.catch_up_limit = limit;
  return schedule;
}

journal::ScheduleRow RowAt(const std::string& decided) {
  journal::ScheduleRow row;
  row.name = "hourly";
  row.decided = At(decided);
  row.last_run = RunId{7};
  return row;
}

struct Case {
  CatchUp catch_up;
  Overlap overlap;
  const char* now;
  bool open;
  const char* started;  // empty: nothing
  const char* queued;
  int not_started;
};

}  // namespace

TEST_CASE("what a schedule does after 00:00, by its rules and the time", "[runtime]") {
  constexpr auto kNone = CatchUp::kNone;
  constexpr auto kLast = CatchUp::kLast;
  constexpr auto kAll = CatchUp::kAll;
  constexpr auto kSkip = Overlap::kSkip;
  constexpr auto kQueue = Overlap::kQueue;
  const Case cases[] = {
      // In time.
      {kNone, kSkip, "2026-11-25T00:59:59Z", false, "", "", 0},
      {kNone, kSkip, "2026-11-25T01:00:00Z", false, "01:00", "", 0},
      {kNone, kSkip, "2026-11-25T01:00:59Z", false, "01:00", "", 0},
      {kNone, kSkip, "2026-11-25T01:00:00Z", true, "", "", 1},
      {kNone, kQueue, "2026-11-25T01:00:00Z", true, "", "01:00", 0},
      // Late.
      {kNone, kSkip, "2026-11-25T01:01:01Z", false, "", "", 1},
      {kNone, kSkip, "2026-11-25T05:30:00Z", false, "", "", 5},
      {kNone, kSkip, "2026-11-25T05:00:30Z", false, "05:00", "", 4},
      {kLast, kSkip, "2026-11-25T05:30:00Z", false, "05:00", "", 4},
      {kLast, kSkip, "2026-11-25T05:30:00Z", true, "", "", 5},
      {kLast, kQueue, "2026-11-25T05:30:00Z", true, "", "05:00", 4},
      {kAll, kQueue, "2026-11-25T05:30:00Z", false, "01:00", "02:00 03:00 04:00 05:00", 0},
      {kAll, kQueue, "2026-11-25T05:30:00Z", true, "", "01:00 02:00 03:00 04:00 05:00", 0},
      {kAll, kQueue, "2026-11-25T13:30:00Z", false, "04:00",
       "05:00 06:00 07:00 08:00 09:00 10:00 11:00 12:00 13:00", 3},
  };
  for (const Case& of : cases) {
    INFO(ToString(of.catch_up) << ", " << ToString(of.overlap) << ", " << of.now << ", "
                               << (of.open ? "open" : "over"));
    const auto row = RowAt("2026-11-25T00:00:00Z");
    const auto schedule = Hourly(of.overlap, of.catch_up);
    const auto decision = DecideSchedule(schedule, row, At(of.now), of.open);
    CHECK(Show(decision.start ? std::vector{*decision.start} : std::vector<Time>()) == of.started);
    CHECK(Show(decision.row.queued) == of.queued);
    CHECK(decision.row.not_started == of.not_started);
    CHECK(decision.changed == (of.now > std::string("2026-11-25T01")));
    // Whatever it was, it is decided once.
    journal::ScheduleRow after = decision.row;
    CHECK_FALSE(DecideSchedule(schedule, after, At(of.now), true).changed);
  }
}

TEST_CASE("a time for which nothing is started says why", "[runtime]") {
  const auto skip = Hourly(Overlap::kSkip, CatchUp::kNone);
  const auto row = RowAt("2026-11-25T00:00:00Z");
  const auto open = DecideSchedule(skip, row, At("2026-11-25T01:00:00Z"), true).row;
  CHECK(open.not_started_why == "R-7 was still open (overlap: skip)");
  CHECK(open.not_started_time == At("2026-11-25T01:00:00Z"));
  const auto late = DecideSchedule(skip, row, At("2026-11-25T01:30:00Z"), false).row;
  CHECK(late.not_started_why == "nobody was there to start it in time (catch_up: none)");
}

TEST_CASE("times that wait are started one after another, the oldest first", "[runtime]") {
  const auto schedule = Hourly(Overlap::kQueue, CatchUp::kNone);
  auto row = RowAt("2026-11-25T00:00:00Z");
  row = DecideSchedule(schedule, row, At("2026-11-25T01:00:00Z"), true).row;
  row = DecideSchedule(schedule, row, At("2026-11-25T02:00:00Z"), true).row;
  CHECK(Show(row.queued) == "01:00 02:00");
  // However late it has become: they were there in time.
  auto decision = DecideSchedule(schedule, row, At("2026-11-25T02:40:00Z"), false);
  CHECK(Show({*decision.start}) == "01:00");
  decision = DecideSchedule(schedule, decision.row, At("2026-11-25T03:00:00Z"), false);
  CHECK(Show({*decision.start}) == "02:00");
  CHECK(Show(decision.row.queued) == "03:00");
}

TEST_CASE("no more than a hundred times wait", "[runtime]") {
  auto schedule = Hourly(Overlap::kQueue, CatchUp::kNone);
  auto row = RowAt("2026-11-20T00:00:00Z");
  for (Time now = row.decided + 1h; now <= At("2026-11-24T06:00:00Z"); now += 1h) {
    row = DecideSchedule(schedule, row, now, true).row;
  }
  CHECK(row.queued.size() == kQueueMax);
  CHECK(row.not_started == 2);
}

TEST_CASE("a schedule that comes back after years looks at its newest times only", "[runtime]") {
  auto schedule = Hourly(Overlap::kQueue, CatchUp::kAll, 3);
  schedule.cron = *calendar::Cron::Parse("@every 1s", calendar::Zone());
  const auto decision =
      DecideSchedule(schedule, RowAt("2001-01-01T00:00:00Z"), At("2026-11-25T00:00:10Z"), false);
  CHECK(*decision.start == At("2026-11-25T00:00:08Z"));
  CHECK(decision.row.queued.size() == 2);
  CHECK(decision.row.decided == At("2026-11-25T00:00:10Z"));
}

TEST_CASE("jitter is the same for the same time, and no more than it may be", "[runtime]") {
  auto schedule = Hourly(Overlap::kSkip, CatchUp::kNone);
  schedule.jitter = 10min;
  auto other = schedule;
  other.name = "other";
  std::set<Time> starts;
  for (Time time = At("2026-11-25T00:00:00Z"); time < At("2026-11-26T00:00:00Z"); time += 1h) {
    const Time start = schedule.StartOf(time);
    CHECK(start >= time);
    CHECK(start <= time + 10min);
    CHECK(start == schedule.StartOf(time));
    CHECK(start != other.StartOf(time));
    starts.insert(Time() + (start - time));
  }
  CHECK(starts.size() == 24);
  const auto row = RowAt("2026-11-25T00:00:00Z");
  const Time start = schedule.StartOf(At("2026-11-25T01:00:00Z"));
  CHECK(NextDecision(schedule, row) == start);
  CHECK_FALSE(DecideSchedule(schedule, row, start - 1us, false).changed);
  CHECK(DecideSchedule(schedule, row, start, false).start == At("2026-11-25T01:00:00Z"));
}

TEST_CASE("a paused schedule decides nothing, and begins anew when it is resumed", "[runtime]") {
  const auto schedule = Hourly(Overlap::kQueue, CatchUp::kAll);
  auto row = RowAt("2026-11-25T00:00:00Z");
  row.queued = {At("2026-11-24T23:00:00Z")};
  row = RowWhenSteered(row, true, "ann", "disk is full", At("2026-11-25T00:30:00Z"));
  CHECK(row.paused);
  CHECK(row.queued.empty());
  CHECK(row.not_started_why == "the schedule was paused by ann while it waited");
  CHECK_FALSE(NextDecision(schedule, row));
  CHECK_FALSE(DecideSchedule(schedule, row, At("2026-11-25T05:00:00Z"), false).changed);
  CHECK(RowWhenSteered(row, true, "bob", "", At("2026-11-25T01:00:00Z")) == row);

  row = RowWhenSteered(row, false, "bob", "there is room", At("2026-11-25T05:10:00Z"));
  CHECK(row.changed_by == "bob");
  CHECK(row.changed_why == "there is room");
  CHECK(NextDecision(schedule, row) == At("2026-11-25T06:00:00Z"));
}

TEST_CASE("what a schedule has come to outlives its file, unless its times change", "[runtime]") {
  auto schedule = Hourly(Overlap::kSkip, CatchUp::kLast);
  const Time now = At("2026-11-25T12:30:00Z");
  const auto first = RowWhenLoaded(schedule, std::nullopt, now);
  CHECK(first.decided == now);  // Nothing before is made up for.

  const auto later = now + 24h;
  CHECK(RowWhenLoaded(schedule, first, later) == first);
  schedule.cron = *calendar::Cron::Parse("*/5 * * * *", calendar::Zone());
  CHECK(RowWhenLoaded(schedule, first, later).decided == later);

  schedule.paused = true;
  auto paused = RowWhenLoaded(schedule, first, later);
  CHECK(paused.paused);
  // Resumed by hand: it stays so until the file says something else than before.
  auto resumed = RowWhenSteered(paused, false, "ann", "", later);
  CHECK_FALSE(RowWhenLoaded(schedule, resumed, later).paused);
  schedule.paused = false;
  CHECK_FALSE(RowWhenLoaded(schedule, resumed, later).paused);
  const auto by_hand = RowWhenSteered(first, true, "ann", "", later);
  CHECK(RowWhenLoaded(schedule, by_hand, later).changed_by == "ann");
  schedule.paused = true;
  CHECK(RowWhenLoaded(schedule, by_hand, later).changed_by == "");  // the file's word
}

}  // namespace recourse::runtime
