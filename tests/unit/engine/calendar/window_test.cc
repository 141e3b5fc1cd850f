#include "engine/calendar/window.h"

#include "tests/unit/engine/calendar/calendar_support.h"

namespace recourse::calendar {
namespace {

using namespace std::chrono_literals;

std::string Told(const Window& window, std::string_view now) {
  const auto state = window.At(At(now));
  if (const auto* open = std::get_if<Window::Open>(&state))
    return "open until " + Show(open->until);
  const auto& closed = std::get<Window::Closed>(state);
  return closed.opens ? "opens " + Show(*closed.opens) : "never";
}

}  // namespace

TEST_CASE("a window is open from its start until its duration is over", "[calendar]") {
  const Window window{CronOf("0 2 * * SUN#1"), 2h};  // the first Sunday of the month
  CHECK(Told(window, "2026-12-05T12:00:00Z") == "opens 2026-12-06T02:00:00Z");
  CHECK(Told(window, "2026-12-06T01:59:59.999999Z") == "opens 2026-12-06T02:00:00Z");
  CHECK(Told(window, "2026-12-06T02:00:00Z") == "open until 2026-12-06T04:00:00Z");
  CHECK(Told(window, "2026-12-06T03:59:59.999999Z") == "open until 2026-12-06T04:00:00Z");
  CHECK(Told(window, "2026-12-06T04:00:00Z") == "opens 2027-01-03T02:00:00Z");
}

TEST_CASE("a window lasts as long in the night when clocks are changed", "[calendar]") {
  const Window window{CronOf("0 2 * * SUN", "Europe/Berlin"), 2h};
  // 02:00 does not exist: the window opens at 03:00 CEST.
  CHECK(Told(window, "2026-03-29T00:59:59Z") == "opens 2026-03-29T01:00:00Z");
  CHECK(Told(window, "2026-03-29T01:00:00Z") == "open until 2026-03-29T03:00:00Z");
  // 02:00 exists twice: it opens the first time, and not again.
  CHECK(Told(window, "2026-10-25T00:30:00Z") == "open until 2026-10-25T02:00:00Z");
  CHECK(Told(window, "2026-10-25T02:00:00Z") == "opens 2026-11-01T01:00:00Z");
}

TEST_CASE("of windows that overlap the newest counts", "[calendar]") {
  const Window window{CronOf("0 * * * *"), 90min};
  CHECK(Told(window, "2026-11-25T02:10:00Z") == "open until 2026-11-25T03:30:00Z");
}

TEST_CASE("what fits into a window leaves room for its undo", "[calendar]") {
  const Time closes = At("2026-12-06T04:00:00Z");
  CHECK(Show(LatestRollbackStart(closes, 25min)) == "2026-12-06T03:35:00Z");
  CHECK(Fits(At("2026-12-06T03:25:00Z"), closes, 10min, 25min));
  CHECK_FALSE(Fits(At("2026-12-06T03:25:01Z"), closes, 10min, 25min));
}

}  // namespace recourse::calendar
