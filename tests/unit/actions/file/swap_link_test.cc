#include "tests/unit/actions/file/file_world.h"

namespace recourse {
namespace {

using testing::CodeOf;
using testing::FileWorld;
using testing::MessageOf;
namespace fs = std::filesystem;

Value LinkTo(const FileWorld& world, const std::string& to) {
  return Value::Object({{"link", world.Path("current")}, {"to", to}});
}

TEST_CASE("file.swap_link lets a link lead to the new release, and a rollback to the one before",
          "[actions][file]") {
  FileWorld world;
  world.Folder("releases/1");
  world.Folder("releases/2");
  fs::create_symlink("releases/1", world.Path("current"));
  const Value inputs = LinkTo(world, "releases/2");
  const Outcome swapped = world.Run("file.swap_link", inputs);
  INFO(MessageOf(swapped));
  REQUIRE(swapped);
  CHECK(fs::read_symlink(world.Path("current")) == "releases/2");
  CHECK(swapped.output()["before"] == Value("releases/1"));
  CHECK(world.ProbeOf("file.swap_link", inputs).verdict == ProbeAnswer::Verdict::kApplied);
  for (int time = 1; time <= 2; ++time) {
    REQUIRE(world.UndoOf("file.swap_link", inputs, swapped.output()));
    CHECK(fs::read_symlink(world.Path("current")) == "releases/1");
  }
  CHECK(world.ProbeOf("file.swap_link", inputs).verdict == ProbeAnswer::Verdict::kNotApplied);
}

TEST_CASE("file.swap_link makes a link that was not there, and takes it away again",
          "[actions][file]") {
  FileWorld world;
  world.Folder("releases/1");
  const Value inputs = LinkTo(world, world.Path("releases/1"));
  const Outcome made = world.Run("file.swap_link", inputs);
  REQUIRE(made);
  CHECK(fs::read_symlink(world.Path("current")) == world.Path("releases/1"));
  REQUIRE(world.UndoOf("file.swap_link", inputs, made.output()));
  CHECK_FALSE(fs::is_symlink(world.Path("current")));
}

TEST_CASE("file.swap_link replaces no file or directory, and leads to nothing that is not there",
          "[actions][file]") {
  FileWorld world;
  world.Folder("releases/1");
  world.Folder("current");
  world.Write("current/rows", "rows");
  CHECK(CodeOf(world.Run("file.swap_link", LinkTo(world, "releases/1"))) ==
        Code::kFailedPrecondition);
  CHECK(world.Read("current/rows") == "rows");
  fs::remove_all(world.Path("current"));
  CHECK(CodeOf(world.Run("file.swap_link", LinkTo(world, "releases/9"))) == Code::kNotFound);
  CHECK_FALSE(fs::is_symlink(world.Path("current")));

  world.policy.allowed_roots = {world.Path("releases")};
  CHECK(CodeOf(world.Run("file.swap_link", LinkTo(world, "releases/1"))) ==
        Code::kPermissionDenied);
  world.policy.allowed_roots = {world.Path("")};
  CHECK(CodeOf(world.Run("file.swap_link", LinkTo(world, "/usr"))) == Code::kPermissionDenied);
}

TEST_CASE("file.swap_link does not go back over what somebody has done since", "[actions][file]") {
  FileWorld world;
  for (const char* release : {"releases/1", "releases/2", "releases/3"}) world.Folder(release);
  fs::create_symlink("releases/1", world.Path("current"));
  const Value inputs = LinkTo(world, "releases/2");
  const Outcome swapped = world.Run("file.swap_link", inputs);
  REQUIRE(swapped);
  fs::remove(world.Path("current"));
  fs::create_symlink("releases/3", world.Path("current"));
  CHECK(CodeOf(world.UndoOf("file.swap_link", inputs, swapped.output())) ==
        Code::kFailedPrecondition);
  CHECK(fs::read_symlink(world.Path("current")) == "releases/3");
  CHECK(world.ProbeOf("file.swap_link", inputs).verdict == ProbeAnswer::Verdict::kUnknown);
}

TEST_CASE(
    "file.swap_link can lead to where another link leads now, and stays there when that moves on",
    "[actions][file]") {
  FileWorld world;
  for (const char* release : {"releases/1", "releases/2", "releases/3"}) world.Folder(release);
  fs::create_symlink("releases/2", world.Path("current"));
  fs::create_symlink("releases/1", world.Path("previous"));
  const Value inputs = LinkTo(world, "previous").With("resolve", true);
  const Outcome swapped = world.Run("file.swap_link", inputs);
  INFO(MessageOf(swapped));
  REQUIRE(swapped);
  CHECK(fs::read_symlink(world.Path("current")) == "releases/1");
  CHECK(swapped.output()["to"] == Value("releases/1"));
  // As the next deployment does it.
  fs::remove(world.Path("previous"));
  fs::create_symlink("releases/3", world.Path("previous"));
  CHECK(world.ProbeOf("file.swap_link", inputs).verdict == ProbeAnswer::Verdict::kApplied);
  REQUIRE(world.UndoOf("file.swap_link", inputs, swapped.output()));
  CHECK(fs::read_symlink(world.Path("current")) == "releases/2");
}

}  // namespace
}  // namespace recourse
