#include "tests/unit/actions/file/file_world.h"

namespace recourse {
namespace {

using testing::CodeOf;
using testing::FileWorld;
using testing::MessageOf;
namespace fs = std::filesystem;

Value Move(const std::string& from, const std::string& to) {
  return Value::Object({{"from", from}, {"to", to}});
}

TEST_CASE("file.move gives a tree another name, and back", "[actions][file]") {
  FileWorld world;
  world.Folder("all/app");
  world.Write("all/app/rows", "rows");
  const std::string before = world.Picture("all");
  const Value inputs = Move(world.Path("all/app"), world.Path("all/moved"));
  const Outcome moved = world.Run("file.move", inputs);
  INFO(MessageOf(moved));
  REQUIRE(moved);
  CHECK(world.Read("all/moved/rows") == "rows");
  CHECK_FALSE(fs::exists(world.Path("all/app")));
  for (int time = 1; time <= 2; ++time) {
    REQUIRE(world.UndoOf("file.move", inputs, moved.output()));
    CHECK(world.Picture("all") == before);
  }
}

TEST_CASE("file.move replaces only when told, and what was replaced comes back",
          "[actions][file]") {
  FileWorld world;
  world.Folder("all");
  world.Write("all/new", "new");
  world.Write("all/old", "old");
  const std::string before = world.Picture("all");
  const Value inputs = Move(world.Path("all/new"), world.Path("all/old"));
  CHECK(CodeOf(world.Run("file.move", inputs)) == Code::kAlreadyExists);

  const Outcome moved = world.Run("file.move", inputs.With("replace", true));
  INFO(MessageOf(moved));
  REQUIRE(moved);
  CHECK(world.Read("all/old") == "new");
  CHECK_FALSE(fs::exists(world.Path("all/new")));
  CHECK(fs::exists(moved.output()["replaced"].as_string()));
  REQUIRE(world.UndoOf("file.move", inputs, moved.output()));
  CHECK(world.Picture("all") == before);
  CHECK_FALSE(fs::exists(world.Path("all/.trash")));
}

TEST_CASE("file.move does not move back over what somebody has put there since",
          "[actions][file]") {
  FileWorld world;
  world.Write("a", "a");
  const Value inputs = Move(world.Path("a"), world.Path("b"));
  const Outcome moved = world.Run("file.move", inputs);
  REQUIRE(moved);
  world.Write("a", "somebody's");
  CHECK(CodeOf(world.UndoOf("file.move", inputs, moved.output())) == Code::kFailedPrecondition);
  CHECK(world.Read("a") == "somebody's");
  CHECK(world.Read("b") == "a");
}

TEST_CASE("file.move to another file system copies, then keeps the original in its trash",
          "[actions][file]") {
  std::string pattern = "/dev/shm/recourse.XXXXXX";
  FileWorld world;
  struct stat here = {}, there = {};
  REQUIRE(stat(world.Path("").c_str(), &here) == 0);
  if (mkdtemp(pattern.data()) == nullptr) {
    WARN("there is no /dev/shm; not tried");
    return;
  }
  REQUIRE(stat(pattern.c_str(), &there) == 0);
  if (here.st_dev == there.st_dev) {
    WARN("/dev/shm is no other file system; not tried");
    fs::remove_all(pattern);
    return;
  }
  world.Folder("all/app");
  world.Write("all/app/rows", "rows");
  const std::string before = world.Picture("all");
  const Value inputs = Move(world.Path("all/app"), pattern + "/app");
  const Outcome moved = world.Run("file.move", inputs);
  INFO(MessageOf(moved));
  REQUIRE(moved);
  CHECK(fs::exists(pattern + "/app/rows"));
  CHECK_FALSE(fs::exists(world.Path("all/app")));
  CHECK(moved.output()["bytes"] == Value(4));
  CHECK(fs::exists(moved.output()["trash"].as_string()));
  CHECK(world.ProbeOf("file.move", inputs).verdict == ProbeAnswer::Verdict::kApplied);

  REQUIRE(world.UndoOf("file.move", inputs, moved.output()));
  CHECK(world.Picture("all") == before);
  CHECK_FALSE(fs::exists(pattern + "/app"));
  fs::remove_all(pattern);
}

}  // namespace
}  // namespace recourse
