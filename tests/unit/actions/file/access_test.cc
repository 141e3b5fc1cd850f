// file.access and file.find, which only look.
#include <sys/stat.h>
#include <unistd.h>

#include "actions/file/file.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

Value AsUser(const std::string& path, const std::string& user) {
  return Value::Object({{"path", path}, {"user", user}});
}

TEST_CASE("file.access asks as the user, whatever the server itself may do", "[actions][file]") {
  if (geteuid() != 0) {
    WARN("only root may ask as somebody else; not tried");
    return;
  }
  World world(AddFileActions);
  const std::string directory = world.Path("inner");
  REQUIRE(mkdir(directory.c_str(), 0755) == 0);
  const std::string path = world.Write("inner/file", "x");
  REQUIRE(chmod(world.Path("").c_str(), 0755) == 0);
  REQUIRE(chmod(directory.c_str(), 0755) == 0);
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  CHECK(world.Do("file.access", AsUser(directory, "root")));
  CHECK(world.Do("file.access", AsUser(path, "daemon").With("to", "read")));
  const Outcome refused = world.Do("file.access", AsUser(directory, "daemon"));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kPermissionDenied);
  CHECK_THAT(MessageOf(refused), Catch::Contains("as daemon, write " + directory));

  REQUIRE(chmod(directory.c_str(), 0777) == 0);
  CHECK(world.Do("file.access", AsUser(directory, "daemon")));
  // A directory on the way counts too.
  REQUIRE(chmod(world.Path("").c_str(), 0700) == 0);
  CHECK_FALSE(world.Do("file.access", AsUser(directory, "daemon")));
  // This process is who it was.
  CHECK(geteuid() == 0);
  CHECK(world.Do("file.access", AsUser(directory, "root")));
}

TEST_CASE("file.access says what is not there, and whom nobody knows", "[actions][file]") {
  World world(AddFileActions);
  const Outcome missing = world.Do("file.access", AsUser(world.Path("none"), "root"));
  REQUIRE_FALSE(missing);
  CHECK(missing.failure().error.code == Code::kNotFound);
  const Outcome nobody = world.Do("file.access", AsUser(world.Path(""), "no-such-user"));
  REQUIRE_FALSE(nobody);
  CHECK(nobody.failure().error.code == Code::kInvalidArgument);
}

TEST_CASE("file.find lists what is there of paths and patterns, each once", "[actions][file]") {
  World world(AddFileActions);
  const std::string flush = world.Write("health_flush", "x");
  const std::string batch = world.Write("health_batch", "x");
  world.Write("other", "x");
  const Outcome found = world.Do(
      "file.find", Value::Object({{"paths", Value::List{flush, world.Path("health_*"),
                                                        world.Path("none"), world.Path("no_*")}}}));
  INFO(MessageOf(found));
  REQUIRE(found);
  CHECK(found.output()["found"] == Value(Value::List{flush, batch}));
}

}  // namespace
}  // namespace recourse
