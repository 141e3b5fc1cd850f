#include "actions/database/file_copy.h"
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

TEST_CASE("what file.remove has deleted in part is not put back as if it were whole",
          "[actions][file]") {
  for (const bool deleted : {false, true}) {
    FileWorld world;
    world.Folder("all/app");
    world.Write("all/app/rows", "rows");
    world.Write("all/app/more", "more");
    const std::string before = world.Picture("all");
    const Value inputs = Value::Object({{"path", world.Path("all/app")}, {"permanently", true}});
    REQUIRE(world.Prepare("file.remove", inputs));
    Context context = world.With(inputs, world.undo);
    context.save_progress = [](Value) { return Result<void>(Unavailable("no journal")); };
    const Outcome broken = world.Find("file.remove").Apply(context);
    CHECK(CodeOf(broken) == Code::kUnavailable);
    CHECK(broken.failure().left == LeftBehind::kPartial);
    if (deleted) fs::remove(world.Path("all/.trash/" + database::KeyName(world.key) + "/app/rows"));

    const Outcome undone = world.UndoOf("file.remove", inputs, {});
    INFO(MessageOf(undone));
    CHECK(undone.ok() != deleted);
    if (!deleted) {
      CHECK(world.Picture("all") == before);
      continue;
    }
    CHECK(CodeOf(undone) == Code::kFailedPrecondition);
    CHECK(MessageOf(undone).find("partly deleted") != std::string::npos);
    CHECK_FALSE(fs::exists(world.Path("all/app")));
  }
}

TEST_CASE("what cannot be deleted from the trash does not stand in the way of other work",
          "[actions][file]") {
  FileWorld world;
  world.Folder("all");
  world.Write("all/old", "old");
  world.Write("all/app", "app");
  world.Write("all/app.txt", "old text");
  world.SetTime("all/app.txt", 1'700'000'000);
  world.key = "R-1/old/1";
  const Value old = Value::Object({{"path", world.Path("all/old")}, {"grace", "1h"}});
  const Outcome removed = world.Run("file.remove", old);
  REQUIRE(removed);
  const fs::path entry = fs::path(removed.output()["trash"].as_string()).parent_path();
  world.clock.now += std::chrono::hours(2);
  fs::permissions(entry, fs::perms::owner_read | fs::perms::owner_exec);
  const bool is_root = geteuid() == 0;
  if (is_root) {  // for whom nothing is forbidden
    for (const auto& file : fs::recursive_directory_iterator(world.Path(""))) {
      REQUIRE(lchown(file.path().c_str(), 65534, 65534) == 0);
    }
    REQUIRE(lchown(world.Path("").c_str(), 65534, 65534) == 0);
    REQUIRE(seteuid(65534) == 0);
  }
  world.key = "R-2/app/1";
  const Outcome app = world.Run("file.remove", Value::Object({{"path", world.Path("all/app")}}));
  const Outcome rotated = world.Run(
      "file.rotate_logs", Value::Object({{"paths", Value::List{}},
                                         {"others", Value::List{Value(world.Path("all/app.txt"))}},
                                         {"keep_days", 30}}));
  if (is_root) REQUIRE(seteuid(0) == 0);
  fs::permissions(entry, fs::perms::owner_all);
  INFO(MessageOf(app) << MessageOf(rotated));
  CHECK(app);
  CHECK(rotated);
  CHECK(fs::exists(entry / "old"));
  REQUIRE(world.log.size() == 2);
  CHECK(world.log[0].starts_with("the trash was not emptied"));
}

}  // namespace
}  // namespace recourse
