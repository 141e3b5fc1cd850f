#include "actions/action.h"

#include <filesystem>

#include "actions/inputs.h"
#include "actions/stop_event.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using namespace std::chrono_literals;
using testing::World;

World MakeWorld() {
  return World([](Registry&) {});
}

TEST_CASE("paths below the allowed roots may be used, and no others", "[actions]") {
  World world = MakeWorld();
  std::filesystem::create_directories(world.Path("data/sub"));
  std::filesystem::create_directories(world.Path("database"));
  const Policy policy{.allowed_roots = {world.Path("data")}, .allowed_commands = {}};

  CHECK(policy.AllowPath(world.Path("data")));
  CHECK(policy.AllowPath(world.Path("data/sub/new.db")));
  CHECK(policy.AllowPath(world.Path("data/none/../new.db")));

  SECTION("a root is a directory, no prefix of a name") {
    const auto refused = policy.AllowPath(world.Path("database/x"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kPermissionDenied);
    CHECK(refused.error().message.find(world.Path("data")) != std::string::npos);
  }
  SECTION("going up leads out") { CHECK_FALSE(policy.AllowPath(world.Path("data/../x"))); }
  SECTION("a link that leads out") {
    std::filesystem::create_symlink("/etc", world.Path("data/link"));
    CHECK_FALSE(policy.AllowPath(world.Path("data/link/passwd")));
    CHECK_FALSE(policy.AllowPath(world.Path("data/link/none")));
  }
  SECTION("a link to what does not exist yet, out there") {
    std::filesystem::create_symlink(world.Path("new"), world.Path("data/link"));
    CHECK_FALSE(policy.AllowPath(world.Path("data/link")));
  }
  SECTION("a link that stays inside") {
    std::filesystem::create_symlink("sub", world.Path("data/link"));
    CHECK(policy.AllowPath(world.Path("data/link/new.db")));
  }
  SECTION("a link to itself") {
    std::filesystem::create_symlink("link", world.Path("data/link"));
    CHECK_FALSE(policy.AllowPath(world.Path("data/link")));
  }
  SECTION("a root that is itself reached by a link") {
    std::filesystem::create_symlink(world.Path("data"), world.Path("alias"));
    const Policy by_alias{.allowed_roots = {world.Path("alias")}, .allowed_commands = {}};
    CHECK(by_alias.AllowPath(world.Path("alias/new.db")));
    CHECK(by_alias.AllowPath(world.Path("data/new.db")));
  }
}

TEST_CASE("a relative path is refused, roots or not", "[actions]") {
  for (const std::string path : {"", "x", "./x", "../x"}) {
    const auto refused = Policy{}.AllowPath(path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kInvalidArgument);
  }
  CHECK(Policy{}.AllowPath("/anywhere"));
}

TEST_CASE("commands are allowed by path or by name", "[actions]") {
  const Policy policy{.allowed_roots = {}, .allowed_commands = {"/usr/bin/ls", "sleep"}};
  CHECK(policy.AllowCommand("/usr/bin/ls"));
  CHECK(policy.AllowCommand("/usr/bin/sleep"));
  CHECK_FALSE(policy.AllowCommand("/tmp/ls"));
  CHECK_FALSE(policy.AllowCommand("/usr/bin/rm"));
  // A name stands for the system's program: not for whatever file somebody has given that name.
  CHECK_FALSE(policy.AllowCommand("/srv/uploads/sleep"));
  CHECK_FALSE(policy.AllowCommand("/usr/bin/../../srv/uploads/sleep"));
  CHECK_FALSE(policy.AllowCommand("/usr/bin/sub/sleep"));
  CHECK(Policy{}.AllowCommand("/usr/bin/rm"));
}

TEST_CASE("a stopped action says whether its time was over", "[actions]") {
  World world = MakeWorld();
  CHECK(world.MakeContext({}).StopError().code == Code::kCancelled);
  world.time_given = 0ms;
  CHECK(world.MakeContext({}).StopError().code == Code::kDeadlineExceeded);
}

TEST_CASE("waiting ends at once when the action is stopped", "[actions]") {
  World world = MakeWorld();
  SECTION("by the stop token, before and while it waits") {
    const Context context = world.MakeContext({});
    const StopEvent event(context);
    CHECK(event.WaitFor(1us));
    std::jthread stopper([&] { world.stop.request_stop(); });
    CHECK_FALSE(event.WaitFor(1h));
    CHECK_FALSE(event.WaitFor(1h));
  }
  SECTION("by the deadline") {
    world.time_given = 5ms;
    const Context context = world.MakeContext({});
    CHECK_FALSE(StopEvent(context).WaitFor(1h));
  }
}

TEST_CASE("a duration is read from text or from a duration", "[actions]") {
  CHECK(*DurationInput(Value::Object({{"delay", "1m30s"}}), "delay", 1s) == 90s);
  CHECK(*DurationInput(Value::Object({{"delay", Duration{2, 500'000'000}}}), "delay", 1s) ==
        2500ms);
  CHECK(*DurationInput(Value::Object({}), "delay", 1s) == 1s);
  const auto wrong = DurationInput(Value::Object({{"delay", "soon"}}), "delay", 1s);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == Code::kInvalidArgument);
  CHECK(wrong.error().message.find("delay") != std::string::npos);
}

}  // namespace
}  // namespace recourse
