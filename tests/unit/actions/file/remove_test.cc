#include "tests/unit/actions/file/file_world.h"

namespace recourse {
namespace {

using testing::CodeOf;
using testing::FileWorld;
using testing::MessageOf;
namespace fs = std::filesystem;

TEST_CASE("file.remove moves a tree to the trash, and back", "[actions][file]") {
  FileWorld world;
  world.Folder("all/app");
  world.Write("all/app/rows", "rows");
  const std::string before = world.Picture("all");
  const Value inputs = Value::Object({{"path", world.Path("all/app")}});
  const Outcome removed = world.Run("file.remove", inputs);
  INFO(MessageOf(removed));
  REQUIRE(removed);
  CHECK_FALSE(fs::exists(world.Path("all/app")));
  CHECK(fs::exists(removed.output()["trash"].as_string() + "/rows"));
  CHECK(removed.output()["bytes"] == Value(4));
  CHECK(removed.output()["freed_bytes"] == Value(0));
  for (int time = 1; time <= 2; ++time) {
    REQUIRE(world.UndoOf("file.remove", inputs, removed.output()));
    CHECK(world.Picture("all") == before);
    CHECK_FALSE(fs::exists(world.Path("all/.trash")));
  }
}

TEST_CASE("file.remove deletes for good only when told, and says so before and after",
          "[actions][file]") {
  FileWorld world;
  world.Folder("all");
  world.Write("all/rows", "rows");
  for (const auto& [name, value] :
       {std::pair<std::string, Value>{"permanently", true}, {"grace", "0s"}}) {
    world.Write("all/rows", "rows");
    const Value inputs = Value::Object({{"path", world.Path("all/rows")}, {name, value}});
    const auto plan = world.Find("file.remove").Plan(world.MakeContext(inputs));
    REQUIRE(plan);
    CHECK(plan->irreversible.size() == 1);
    const Outcome removed = world.Run("file.remove", inputs);
    INFO(MessageOf(removed));
    REQUIRE(removed);
    CHECK(removed.output()["trash"] == Value(""));
    CHECK(removed.output()["freed_bytes"] == Value(4));
    CHECK(fs::is_empty(world.Path("all")));
    CHECK(world.ProbeOf("file.remove", inputs).verdict == ProbeAnswer::Verdict::kApplied);
    CHECK(CodeOf(world.UndoOf("file.remove", inputs, removed.output())) ==
          Code::kFailedPrecondition);
  }
}

TEST_CASE("file.remove takes only what was there when it was prepared", "[actions][file]") {
  FileWorld world;
  world.Write("rows", "rows");
  const Value inputs = Value::Object({{"path", world.Path("rows")}});
  REQUIRE(world.Prepare("file.remove", inputs));
  world.Write("other", "somebody's");
  fs::rename(world.Path("other"), world.Path("rows"));
  CHECK(CodeOf(world.Find("file.remove").Apply(world.With(inputs, world.undo))) ==
        Code::kFailedPrecondition);
  CHECK(world.Read("rows") == "somebody's");

  const Value none = Value::Object({{"path", world.Path("none")}});
  CHECK(CodeOf(world.Run("file.remove", none)) == Code::kNotFound);
  const Outcome nothing = world.Run("file.remove", none.With("missing_ok", true));
  REQUIRE(nothing);
  CHECK(nothing.output()["removed"] == Value(false));
}

TEST_CASE("the trash keeps each removed thing for its own time, and not longer",
          "[actions][file]") {
  FileWorld world;
  world.Write("a", "12345");
  world.Write("b", "b");
  world.Write("c", "c");
  const auto at = [&world](const std::string& name) {
    return Value::Object({{"path", world.Path(name)}});
  };
  world.key = "R-1/a/1";
  const Outcome a = world.Run("file.remove", at("a").With("grace", "1h"));
  world.key = "R-1/b/1";
  const Outcome b = world.Run("file.remove", at("b").With("grace", "3d"));
  REQUIRE(a);
  REQUIRE(b);
  world.clock.now += std::chrono::hours(2);
  world.key = "R-1/c/1";
  const Outcome c = world.Run("file.remove", at("c").With("grace", "1h"));
  REQUIRE(c);
  CHECK(c.output()["freed_bytes"].as_int() >= 5);
  CHECK_FALSE(fs::exists(a.output()["trash"].as_string()));
  CHECK(fs::exists(b.output()["trash"].as_string()));
  CHECK(fs::exists(c.output()["trash"].as_string()));
}

}  // namespace
}  // namespace recourse
