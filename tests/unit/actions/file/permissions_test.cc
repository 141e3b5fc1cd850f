#include <sys/stat.h>
#include <unistd.h>

#include "actions/file/file.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

struct stat StatOf(const std::string& path) {
  struct stat info = {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info;
}

TEST_CASE("file.permissions sets the mode and puts the old one back", "[actions][file]") {
  World world(AddFileActions);
  const std::string path = world.Write("health.db", "x");
  chmod(path.c_str(), 0600);
  const Value inputs = Value::Object({{"path", path}, {"mode", "0664"}});

  const Outcome set = world.Do("file.permissions", inputs);
  INFO(MessageOf(set));
  REQUIRE(set);
  CHECK((StatOf(path).st_mode & 07777) == 0664);
  CHECK(set.output()["changed"] == Value(true));
  CHECK(set.output()["mode"] == Value("0664"));
  const Value undo = world.undo;

  const Outcome again = world.Do("file.permissions", inputs);
  REQUIRE(again);
  CHECK(again.output()["changed"] == Value(false));

  const Action& action = world.Find("file.permissions");
  for (int time = 1; time <= 2; ++time) {
    REQUIRE(action.Compensate(world.MakeContext(inputs, undo), {}));
    CHECK((StatOf(path).st_mode & 07777) == 0600);
  }
}

TEST_CASE("file.permissions gives a file to another owner and group by name or number, and back",
          "[actions][file]") {
  if (geteuid() != 0) {
    WARN("only root may give files away; not tried");
    return;
  }
  World world(AddFileActions);
  const std::string path = world.Write("health.db", "x");
  chmod(path.c_str(), 04755);  // changing the owner clears set-user-id; the mode comes after it
  const Value inputs = Value::Object({{"path", path}, {"owner", "daemon"}, {"group", "54321"}});
  const Outcome set = world.Do("file.permissions", inputs);
  INFO(MessageOf(set));
  REQUIRE(set);
  CHECK(set.output()["owner"] == Value("daemon"));
  CHECK(StatOf(path).st_uid != 0);
  CHECK(StatOf(path).st_gid == 54321);
  CHECK((StatOf(path).st_mode & 07777) == 04755);

  const Action& action = world.Find("file.permissions");
  REQUIRE(action.Compensate(world.MakeContext(inputs, world.undo), {}));
  CHECK(StatOf(path).st_uid == 0);
  CHECK(StatOf(path).st_gid == 0);
}

TEST_CASE("file.permissions gives no other file the old mode that has taken the name since",
          "[actions][file]") {
  World world(AddFileActions);
  const std::string path = world.Write("health.db", "x");
  chmod(path.c_str(), 0666);
  const Value inputs = Value::Object({{"path", path}, {"mode", "0600"}});
  REQUIRE(world.Do("file.permissions", inputs));
  chmod(world.Write("other", "somebody's").c_str(), 0640);
  REQUIRE(rename(world.Path("other").c_str(), path.c_str()) == 0);

  const Action& action = world.Find("file.permissions");
  const Outcome undone = action.Compensate(world.MakeContext(inputs, world.undo), {});
  REQUIRE_FALSE(undone);
  CHECK(undone.failure().error.code == Code::kFailedPrecondition);
  const Outcome again = action.Apply(world.MakeContext(inputs, world.undo));
  REQUIRE_FALSE(again);
  CHECK(again.failure().error.code == Code::kAborted);
  CHECK((StatOf(path).st_mode & 07777) == 0640);
}

TEST_CASE("file.permissions changes nothing when an input is wrong", "[actions][file]") {
  World world(AddFileActions);
  const std::string path = world.Write("health.db", "x");
  chmod(path.c_str(), 0600);
  const auto code_of = [&](const Value& inputs) {
    const Outcome outcome = world.Do("file.permissions", inputs);
    REQUIRE_FALSE(outcome);
    return outcome.failure().error.code;
  };
  const Value at = Value::Object({{"path", path}});
  CHECK(code_of(at.With("mode", "0999")) == Code::kInvalidArgument);
  CHECK(code_of(at.With("mode", "77777")) == Code::kInvalidArgument);
  CHECK(code_of(at.With("mode", "0664").With("owner", "nobody-of-that-name")) ==
        Code::kInvalidArgument);
  CHECK(code_of(Value::Object({{"path", world.Path("none")}})) == Code::kNotFound);
  symlink("health.db", world.Path("link").c_str());
  CHECK(code_of(Value::Object({{"path", world.Path("link")}, {"mode", "0664"}})) ==
        Code::kFailedPrecondition);
  CHECK((StatOf(path).st_mode & 07777) == 0600);
}

}  // namespace
}  // namespace recourse
