#include "actions/host/host.h"
#include "tests/unit/actions/host/program.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::RunningProgram;
using testing::World;

TEST_CASE("host.processes finds processes by their command line, and what they use",
          "[actions][host]") {
  World world(AddHostActions);
  const RunningProgram idle("echo ready; tail -f /dev/null; : marker_of_test_47");
  const RunningProgram busy("echo ready; while :; do : marker_of_test_47; done");
  const auto inputs = [](const std::string& more) {
    return R"({"command": "^bash .*marker_of_test_\\d+", "over": "300ms")" + more + "}";
  };
  const Outcome told = world.DoJson("host.processes", inputs(R"(, "sort": "cpu")"));
  INFO(MessageOf(told));
  REQUIRE(told);
  CHECK(told.output()["count"] == Value(2));
  const Value& first = told.output()["processes"].as_list()[0];
  CHECK(first["pid"] == Value(busy.pid()));
  CHECK(first["start_time"] == Value(busy.start_time()));
  CHECK(first["cpu_percent"].as_double() > 1);
  CHECK(first.IntOr("memory_bytes", 0) > 100'000);
  CHECK(first["memory_percent"].as_double() < 100);
  CHECK(told.output().IntOr("memory_bytes", 0) > first.IntOr("memory_bytes", 0));

  const Outcome top = world.DoJson("host.processes", inputs(R"(, "top": 1, "sort": "age")"));
  REQUIRE(top);
  REQUIRE(top.output()["processes"].as_list().size() == 1);
  CHECK(top.output()["processes"].as_list()[0]["pid"] == Value(idle.pid()));

  const Outcome few = world.DoJson("host.processes", inputs(R"(, "fail": {"count_below": 100})"));
  REQUIRE_FALSE(few);
  CHECK(few.failure().error.code == Code::kUnavailable);
  const Outcome large =
      world.DoJson("host.processes", inputs(R"(, "fail": {"largest_bytes": 1000})"));
  REQUIRE_FALSE(large);
  CHECK(large.failure().error.code == Code::kResourceExhausted);
}

TEST_CASE("host.processes tells mistakes in what it is asked for", "[actions][host]") {
  World world(AddHostActions);
  const Outcome wrong = world.DoJson("host.processes", R"({"command": "(app"})");
  REQUIRE_FALSE(wrong);
  CHECK_THAT(wrong.failure().error.message, Catch::Contains("is no regular expression"));
  const Outcome nobody = world.DoJson("host.processes", R"({"user": "no_such_user_47"})");
  REQUIRE_FALSE(nobody);
  CHECK(nobody.failure().error.code == Code::kInvalidArgument);
}

}  // namespace
}  // namespace recourse
