#include "tests/unit/actions/file/file_world.h"

namespace recourse {
namespace {

using testing::CodeOf;
using testing::FileWorld;
using testing::MessageOf;
namespace fs = std::filesystem;

// A tree with everything in it that a copy keeps.
void MakeTree(const FileWorld& world) {
  world.Folder("app/empty");
  world.Folder("app/data");
  world.Write("app/data/rows", "rows");
  chmod(world.Write("app/run", "#!/bin/sh").c_str(), 0750);
  fs::create_symlink("data/rows", world.Path("app/rows"));
  fs::create_symlink("/no/such/place", world.Path("app/nowhere"));
  fs::create_hard_link(world.Path("app/run"), world.Path("app/run-too"));
  if (geteuid() == 0) REQUIRE(lchown(world.Path("app/data/rows").c_str(), 54321, 54322) == 0);
  for (const char* name : {"app/data/rows", "app/run", "app/data"}) {
    world.SetTime(name, 1'600'000'000);
  }
}

Value FromTo(const FileWorld& world, const std::string& from, const std::string& to) {
  return Value::Object({{"from", world.Path(from)}, {"to", world.Path(to)}});
}

TEST_CASE(
    "file.copy keeps content, owners, modes, times and links of a tree, and a rollback takes it "
    "away",
    "[actions][file]") {
  FileWorld world;
  MakeTree(world);
  const Value inputs = FromTo(world, "app", "copy");
  const Outcome copied = world.Run("file.copy", inputs);
  INFO(MessageOf(copied));
  REQUIRE(copied);
  CHECK(world.Picture("copy") == world.Picture("app"));
  CHECK(copied.output()["files"] == Value(3));
  CHECK(copied.output()["bytes"] == Value(13));
  CHECK(fs::equivalent(world.Path("copy/run"), world.Path("copy/run-too")));
  CHECK_FALSE(fs::equivalent(world.Path("copy/run"), world.Path("app/run")));

  REQUIRE(world.UndoOf("file.copy", inputs, copied.output()));
  REQUIRE(world.UndoOf("file.copy", inputs, copied.output()));
  CHECK_FALSE(fs::exists(world.Path("copy")));
}

TEST_CASE("file.copy replaces only when told, and what was replaced comes back as it was",
          "[actions][file]") {
  FileWorld world;
  world.Folder("etc");
  world.Write("new", "new");
  chmod(world.Write("etc/app.conf", "old").c_str(), 0640);
  const std::string before = world.Picture("etc");
  const Value inputs = FromTo(world, "new", "etc/app.conf");

  CHECK(CodeOf(world.Run("file.copy", inputs)) == Code::kAlreadyExists);
  CHECK(world.Picture("etc") == before);

  const Outcome copied = world.Run("file.copy", inputs.With("replace", true));
  INFO(MessageOf(copied));
  REQUIRE(copied);
  CHECK(world.Read("etc/app.conf") == "new");
  CHECK(copied.output()["sha256"].as_string().size() == 64);
  std::ifstream replaced(copied.output()["replaced"].as_string());
  CHECK(std::string(std::istreambuf_iterator<char>(replaced), {}) == "old");

  REQUIRE(world.UndoOf("file.copy", inputs, copied.output()));
  CHECK(world.Picture("etc") == before);
}

TEST_CASE("file.copy leaves alone what somebody has put in the copy's place since",
          "[actions][file]") {
  FileWorld world;
  world.Write("new", "new");
  const Value inputs = FromTo(world, "new", "copy");
  const Outcome copied = world.Run("file.copy", inputs);
  REQUIRE(copied);
  world.Write("other", "somebody's");
  fs::rename(world.Path("other"), world.Path("copy"));
  CHECK(CodeOf(world.UndoOf("file.copy", inputs, copied.output())) == Code::kFailedPrecondition);
  CHECK(world.Read("copy") == "somebody's");
}

TEST_CASE("file.copy leaves alone what somebody puts in the copy's place just before it",
          "[actions][file]") {
  FileWorld world;
  world.Write("new", "new");
  const Value inputs = FromTo(world, "new", "all/copy");
  world.Folder("all");
  REQUIRE(world.Prepare("file.copy", inputs));
  Context context = world.With(inputs, world.undo);
  context.save_progress = [&world](Value) {  // the last that is done before the renaming
    world.Write("all/copy", "somebody's");
    return Result<void>();
  };
  const Outcome broken = world.Find("file.copy").Apply(context);
  CHECK(CodeOf(broken) == Code::kAborted);
  CHECK(broken.failure().left == LeftBehind::kNothing);
  const fs::directory_iterator inside(world.Path("all"));
  CHECK(std::distance(begin(inside), end(inside)) == 1);

  // A rollback that knows neither output nor checkpoint does not take it for the step's.
  const Outcome undone = world.UndoOf("file.copy", inputs, {});
  CHECK(CodeOf(undone) == Code::kFailedPrecondition);
  CHECK(world.Read("all/copy") == "somebody's");
}

TEST_CASE("file.copy says what it leaves out, and refuses what it cannot copy whole",
          "[actions][file]") {
  FileWorld world;
  world.Folder("app");
  world.Write("app/rows", "rows");
  REQUIRE(mkfifo(world.Path("app/pipe").c_str(), 0600) == 0);
  const Outcome copied = world.Run("file.copy", FromTo(world, "app", "copy"));
  REQUIRE(copied);
  CHECK(copied.output()["skipped"] == Value(Value::List{Value(world.Path("app/pipe"))}));

  CHECK(CodeOf(world.Run("file.copy", FromTo(world, "app/pipe", "pipe"))) ==
        Code::kFailedPrecondition);
  CHECK(CodeOf(world.Run("file.copy", FromTo(world, "app", "app/inside"))) ==
        Code::kInvalidArgument);
  CHECK(CodeOf(world.Run("file.copy", FromTo(world, "none", "copy-2"))) == Code::kNotFound);
  CHECK(CodeOf(world.Run("file.copy", FromTo(world, "app", "none/copy"))) == Code::kNotFound);
}

TEST_CASE("the file actions touch nothing outside the allowed roots, also not through a link",
          "[actions][file]") {
  FileWorld world;
  world.Folder("inside");
  world.Folder("outside");
  world.Write("inside/rows", "rows");
  world.Write("outside/secret", "secret");
  fs::create_directory_symlink(world.Path("outside"), world.Path("inside/way"));
  world.policy.allowed_roots = {world.Path("inside")};

  for (const auto& [from, to] :
       {std::pair{"outside/secret", "inside/copy"}, std::pair{"inside/way/secret", "inside/copy"},
        std::pair{"inside/rows", "outside/copy"}, std::pair{"inside/rows", "inside/way/copy"}}) {
    for (const std::string name : {"file.copy", "file.move"}) {
      INFO(name << " " << from << " " << to);
      CHECK(CodeOf(world.Run(name, FromTo(world, from, to))) == Code::kPermissionDenied);
    }
  }
  const Value secret = Value::Object({{"path", world.Path("inside/way/secret")}});
  CHECK(CodeOf(world.Run("file.remove", secret)) == Code::kPermissionDenied);
  CHECK(world.Read("outside/secret") == "secret");

  // The link itself is inside: it is copied and removed as a link.
  REQUIRE(world.Run("file.copy", FromTo(world, "inside/way", "inside/way-too")));
  CHECK(fs::is_symlink(world.Path("inside/way-too")));
  REQUIRE(world.Run("file.remove", Value::Object({{"path", world.Path("inside/way")}})));
  CHECK(world.Read("outside/secret") == "secret");
}

TEST_CASE("file.copy plans the bytes it needs and where the replaced goes", "[actions][file]") {
  FileWorld world;
  world.Write("from", "12345");
  world.Write("to", "old");
  const Value inputs = FromTo(world, "from", "to").With("replace", true);
  const auto plan = world.Find("file.copy").Plan(world.MakeContext(inputs));
  REQUIRE(plan);
  CHECK(plan->bytes_needed == 5);
  CHECK(plan->irreversible.empty());
  REQUIRE(plan->lines.size() == 2);
  CHECK(plan->lines[1].find("/.trash, for 7d") != std::string::npos);

  const auto at_once = world.Find("file.copy").Plan(world.MakeContext(inputs.With("grace", "0s")));
  REQUIRE(at_once);
  CHECK(at_once->irreversible.size() == 1);
}

}  // namespace
}  // namespace recourse
