// host.memory, host.cpu, host.load: of the machine that runs the test.
#include "actions/host/host.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

double Number(const Outcome& outcome, std::string_view name) {
  REQUIRE(outcome);
  const Value& number = outcome.output()[name];
  return number.is_double() ? number.as_double() : static_cast<double>(number.as_int());
}

TEST_CASE("host.memory tells what is used, and fails with the facts beyond a threshold",
          "[actions][host]") {
  World world(AddHostActions);
  const Outcome measured = world.DoJson("host.memory", "{}");
  INFO(MessageOf(measured));
  CHECK(Number(measured, "used_bytes") + Number(measured, "available_bytes") ==
        Number(measured, "total_bytes"));
  CHECK(Number(measured, "used_percent") > 0);
  CHECK(Number(measured, "used_percent") < 100);
  CHECK(measured.output()["level"] == Value("ok"));

  const Outcome failed = world.DoJson("host.memory", R"({"fail": {"used_percent": 0.001}})");
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().error.code == Code::kResourceExhausted);
  CHECK_THAT(failed.failure().error.message,
             Catch::Contains("of the memory is used; the threshold is 0.0 %"));
  CHECK(failed.failure().evidence.IntOr("total_bytes", 0) > 0);

  const Outcome warned =
      world.DoJson("host.memory", R"({"warn": {"available_bytes": 1000000000000000}})");
  REQUIRE(warned);
  CHECK(warned.output()["level"] == Value("warn"));
}

TEST_CASE("host.cpu measures over the time that it is given", "[actions][host]") {
  World world(AddHostActions);
  const Outcome measured = world.DoJson("host.cpu", R"({"over": "100ms"})");
  INFO(MessageOf(measured));
  CHECK(Number(measured, "used_percent") >= 0);
  CHECK(Number(measured, "used_percent") <= 100);
  CHECK(Number(measured, "cores") >= 1);
  CHECK(Number(measured, "over_ms") == 100);

  const Outcome failed =
      world.DoJson("host.cpu", R"({"over": "100ms", "fail": {"used_percent": 0}})");
  REQUIRE_FALSE(failed);
  CHECK_THAT(failed.failure().error.message,
             Catch::Contains("of the processors' time was used over 100 ms"));
  CHECK(world.DoJson("host.cpu", R"({"over": "1ms"})").failure().error.code ==
        Code::kInvalidArgument);
}

TEST_CASE("host.cpu ends when it is stopped", "[actions][host]") {
  World world(AddHostActions);
  world.time_given = std::chrono::milliseconds(50);
  const Outcome stopped = world.DoJson("host.cpu", R"({"over": "1h"})");
  REQUIRE_FALSE(stopped);
  CHECK(stopped.failure().error.code == Code::kDeadlineExceeded);
}

TEST_CASE("host.load tells the averages, whole and for each core", "[actions][host]") {
  World world(AddHostActions);
  const Outcome measured = world.DoJson("host.load", "{}");
  INFO(MessageOf(measured));
  CHECK(Number(measured, "load_5m") ==
        Approx(Number(measured, "per_core_5m") * Number(measured, "cores")));
  const Outcome failed = world.DoJson("host.load", R"({"fail": {"per_core_15m": 0}})");
  REQUIRE_FALSE(failed);
  CHECK_THAT(failed.failure().error.message, Catch::Contains("is the load of each of"));
  CHECK(failed.failure().evidence["level"] == Value("fail"));
}

}  // namespace
}  // namespace recourse
