#include "actions/debug/debug.h"

#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::World;

TEST_CASE("debug.echo answers its value, after a delay if it is given one", "[actions][debug]") {
  World world(AddDebugActions);
  const Value value = Value(Value::List{1, "two", Value::Object({{"three", 3.5}})});
  const Outcome echoed = world.Do("debug.echo", Value::Object({{"value", value}}));
  REQUIRE(echoed);
  CHECK(echoed.output()["value"] == value);
  CHECK(world.DoJson("debug.echo", R"({"delay": "1ms"})"));

  world.stop.request_stop();
  const Outcome stopped = world.DoJson("debug.echo", R"({"delay": "1h"})");
  REQUIRE_FALSE(stopped);
  CHECK(stopped.failure().error.code == Code::kCancelled);
}

TEST_CASE("debug.fail fails as it is told, for as many attempts as it is told",
          "[actions][debug]") {
  World world(AddDebugActions);
  const std::string inputs =
      R"({"code": "ABORTED", "message": "busy", "left_behind": "partial", "times": 2})";
  world.key = "R-7/parent/step/2";
  const Outcome failed = world.DoJson("debug.fail", inputs);
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().error == Error{Code::kAborted, "busy"});
  CHECK(failed.failure().left == LeftBehind::kPartial);

  world.key = "R-7/parent/step/3";
  const Outcome succeeded = world.DoJson("debug.fail", inputs);
  REQUIRE(succeeded);
  CHECK(succeeded.output()["attempt"] == Value(3));

  world.key = "R-7/step/900";
  CHECK_FALSE(world.DoJson("debug.fail", "{}"));
  CHECK_FALSE(world.DoJson("debug.fail", R"({"code": "NO_SUCH_CODE"})"));
}

TEST_CASE("debug.append leaves one line an attempt, which a probe finds and compensation removes",
          "[actions][debug]") {
  World world(AddDebugActions);
  const Action& append = world.Find("debug.append");
  const Value inputs = Value::Object({{"path", world.Path("effects")}});
  using Verdict = ProbeAnswer::Verdict;

  CHECK(append.Probe(world.MakeContext(inputs)).verdict == Verdict::kNotApplied);
  world.key = "R-1/a/11";
  REQUIRE(world.Do("debug.append", inputs));
  world.key = "R-1/a/1";  // part of a line that is there, and not a line
  CHECK(append.Probe(world.MakeContext(inputs)).verdict == Verdict::kNotApplied);
  const Outcome applied = world.Do("debug.append", inputs);
  REQUIRE(applied);
  CHECK(world.Read("effects") == "R-1/a/11\nR-1/a/1\n");

  const ProbeAnswer probed = append.Probe(world.MakeContext(inputs));
  CHECK(probed.verdict == Verdict::kApplied);
  CHECK(probed.output == applied.output());
  REQUIRE(world.Do("debug.append", inputs));
  CHECK(world.Read("effects") == "R-1/a/11\nR-1/a/1\n");

  for (int time = 1; time <= 2; ++time) {  // safe to repeat
    REQUIRE(append.Compensate(world.MakeContext(inputs, world.undo), {}));
    CHECK(world.Read("effects") == "R-1/a/11\n");
  }
  std::filesystem::remove(world.Path("effects"));
  CHECK(append.Compensate(world.MakeContext(inputs, world.undo), {}));
}

TEST_CASE("debug.append loses no line when many append and compensate at once",
          "[actions][debug]") {
  World world(AddDebugActions);
  const Action& append = world.Find("debug.append");
  const Value inputs = Value::Object({{"path", world.Path("effects")}});
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < 4; ++number) {
      std::vector<Context> contexts;
      for (int each = 0; each < 10; ++each) {
        world.key = "R-" + std::to_string(number) + "/a/" + std::to_string(each);
        contexts.push_back(world.MakeContext(inputs));
      }
      threads.emplace_back([&append, contexts] {
        for (std::size_t each = 0; each < contexts.size(); ++each) {
          if (!append.Apply(contexts[each])) std::abort();
          if (each % 2 == 0 && !append.Compensate(contexts[each], {})) std::abort();
        }
      });
    }
  }
  const std::string text = world.Read("effects");
  CHECK(std::count(text.begin(), text.end(), '\n') == 20);
}

}  // namespace
}  // namespace recourse
