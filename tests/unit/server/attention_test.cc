#include "server/attention.h"

#include <catch2/catch.hpp>

#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

journal::RunRow Row(std::int64_t number, machine::RunStatus status, const std::string& severity,
                    const std::string& lock = "", std::int64_t token = 0) {
  journal::RunRow row;
  row.run = RunId{number};
  row.status = static_cast<int>(status);
  row.severity = severity;
  row.lock = lock;
  row.fencing_token = token;
  row.waits_since = Time() + std::chrono::seconds(number);
  row.waits_for = "something";
  return row;
}

// "R-2: R-3 R-1, R-4": what a person can act on, with what waits behind it.
std::string Told(const std::vector<Need>& needs) {
  std::string text;
  for (const Need& need : needs) {
    text += (text.empty() ? "" : ", ") + need.run.run.ToString();
    for (std::size_t i = 0; i < need.behind.size(); ++i) {
      text += (i == 0 ? ": " : " ") + need.behind[i].run.ToString();
    }
  }
  return text;
}

}  // namespace

TEST_CASE("what a person can act on comes before what waits for its lock, however urgent that is",
          "[server]") {
  using enum machine::RunStatus;
  CHECK(Told(MostUrgentFirst({Row(1, kNeedsAttention, "low", "database/a", 1),
                              Row(2, kQueued, "critical", "database/a"), Row(3, kPaused, "high"),
                              Row(4, kQueued, "low", "database/a")})) == "R-1: R-2 R-4, R-3");
}

TEST_CASE("of what needs a person the most severe comes first, then what has waited longest",
          "[server]") {
  using enum machine::RunStatus;
  CHECK(Told(MostUrgentFirst({Row(4, kPaused, "low"), Row(3, kPaused, ""), Row(2, kPaused, "high"),
                              Row(1, kPaused, "high")})) == "R-1, R-2, R-4, R-3");
}

TEST_CASE("a run that is queued on hold is acted on itself", "[server]") {
  journal::RunRow held = Row(2, machine::RunStatus::kQueued, "high", "database/a");
  held.waits_for = std::string(machine::kHoldReason) + "ana: look first";
  CHECK(Told(MostUrgentFirst(
            {Row(1, machine::RunStatus::kPaused, "low", "database/a", 1), held})) == "R-2, R-1");
}

TEST_CASE("runs that ended badly are listed for a day, and need nobody", "[server]") {
  RunningServer running;
  REQUIRE(running.Start("fails").status() == v1::RUN_STATUS_FAILED);
  running.Start("echo");
  auto reader = running.journal->OpenReader();
  REQUIRE(reader);
  const auto at = [&](std::chrono::hours later) {
    return ReadAttention({}, *running.engine, running.clock.Now() + later, **reader, nullptr);
  };
  const auto now = at(std::chrono::hours(0));
  REQUIRE(now);
  CHECK(now->runs_size() == 0);
  REQUIRE(now->ended_badly_size() == 1);
  CHECK(now->ended_badly(0).workflow() == "fails");
  CHECK(now->ended_badly(0).error().code() == "DATA_LOSS");
  const auto later = at(std::chrono::hours(25));
  REQUIRE(later);
  CHECK(later->ended_badly_size() == 0);
}

}  // namespace recourse::server
