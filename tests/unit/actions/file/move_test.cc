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

// A folder on another file system than the world's; without one, the path is empty.
struct Elsewhere {
  explicit Elsewhere(const FileWorld& world) {
    std::string pattern = "/dev/shm/recourse.XXXXXX";
    struct stat here = {}, there = {};
    if (mkdtemp(pattern.data()) == nullptr) return;
    REQUIRE(stat(world.Path("").c_str(), &here) == 0);
    REQUIRE(stat(pattern.c_str(), &there) == 0);
    if (here.st_dev != there.st_dev) path = pattern;
    if (path.empty()) fs::remove_all(pattern);
  }
  ~Elsewhere() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;

  std::string path;
};

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
  FileWorld world;
  const Elsewhere elsewhere(world);
  const std::string& pattern = elsewhere.path;
  if (pattern.empty()) {
    WARN("/dev/shm is no other file system; not tried");
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
}

TEST_CASE("file.move to another file system loses nothing that is written meanwhile",
          "[actions][file]") {
  for (const std::string when : {"while it copies", "when the copy is whole"}) {
    FileWorld world;
    const Elsewhere elsewhere(world);
    if (elsewhere.path.empty()) {
      WARN("/dev/shm is no other file system; not tried");
      return;
    }
    world.Folder("all/app");
    world.Write("all/app/a", "a");
    world.Write("all/app/b", "b");
    const Value inputs = Move(world.Path("all/app"), elsewhere.path + "/app");
    REQUIRE(world.Prepare("file.move", inputs));
    Context context = world.With(inputs, world.undo);
    const auto write = [&world] { world.Write("all/app/a", "a and more"); };
    if (when == "while it copies") {  // the second file, when the first is read already
      context.progress = [&write](std::int64_t done, std::int64_t total, std::string_view) {
        if (done == total) write();
      };
    } else {
      context.save_progress = [&write](Value) {
        write();
        return Result<void>();
      };
    }
    const Outcome broken = world.Find("file.move").Apply(context);
    INFO(when);
    CHECK(CodeOf(broken) == Code::kAborted);
    CHECK(broken.failure().left == LeftBehind::kNothing);
    CHECK(world.Read("all/app/a") == "a and more");
    CHECK_FALSE(fs::exists(elsewhere.path + "/app"));
  }
}

}  // namespace
}  // namespace recourse
