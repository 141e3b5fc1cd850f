#include "actions/host/host.h"
#include "engine/base/text.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

const char* const kFirstSunday = R"("window": {"cron": "0 2 * * SUN#1", "duration": "2h"})";

Outcome Ask(World& world, const std::string& now, const std::string& until) {
  world.clock.now = FromTimestamp(*ParseTimestamp(now));
  return world.DoJson("host.window",
                      std::string("{") + kFirstSunday + ", \"until\": \"" + until + "\"}");
}

TEST_CASE("host.window fails with both times when the window opens too late", "[actions][host]") {
  World world(AddHostActions);
  const Outcome late = Ask(world, "2026-12-04T09:00:00Z", "2026-12-04T13:00:00Z");
  REQUIRE_FALSE(late);
  CHECK(late.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(MessageOf(late), Catch::Contains("opens at 2026-12-06T02:00:00"));
  CHECK_THAT(MessageOf(late), Catch::Contains("not before 2026-12-04T13:00:00"));
  CHECK(late.failure().evidence["open"] == Value(false));
}

TEST_CASE("host.window tells when a window opens in time, and until when an open one is open",
          "[actions][host]") {
  World world(AddHostActions);
  const Outcome soon = Ask(world, "2026-12-06T01:00:00Z", "2026-12-06T05:00:00Z");
  INFO(MessageOf(soon));
  REQUIRE(soon);
  CHECK(soon.output()["open"] == Value(false));
  CHECK_THAT(soon.output()["opens"].as_string(), Catch::StartsWith("2026-12-06T02:00:00"));
  const Outcome open = Ask(world, "2026-12-06T03:00:00Z", "2026-12-06T07:00:00Z");
  REQUIRE(open);
  CHECK(open.output()["open"] == Value(true));
  CHECK_THAT(open.output()["closes"].as_string(), Catch::StartsWith("2026-12-06T04:00:00"));
}

TEST_CASE("host.window refuses what is no window and what is no time", "[actions][host]") {
  World world(AddHostActions);
  const Outcome window = world.DoJson(
      "host.window", R"({"window": {"cron": "0 99 * * *", "duration": "2h"}, "until": "x"})");
  REQUIRE_FALSE(window);
  CHECK(window.failure().error.code == Code::kInvalidArgument);
  REQUIRE_FALSE(Ask(world, "2026-12-06T01:00:00Z", "soon"));
}

}  // namespace
}  // namespace recourse
