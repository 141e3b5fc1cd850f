#include "engine/base/digest.h"
#include "tests/unit/actions/file/file_world.h"

namespace recourse {
namespace {

using testing::CodeOf;
using testing::FileWorld;
using testing::MessageOf;
namespace fs = std::filesystem;

Value ManifestEntry(const Value& manifest, const std::string& path) {
  for (const Value& entry : manifest["entries"].as_list()) {
    if (entry["path"] == Value(path)) return entry;
  }
  return {};
}

Value Paths(const FileWorld& world, std::vector<std::string> names) {
  Value::List paths;
  for (const std::string& name : names) paths.push_back(world.Path(name));
  return Value::Object({{"paths", std::move(paths)}, {"to", world.Path("evidence")}});
}

mode_t ModeOf(const std::string& path) {
  struct stat facts = {};
  REQUIRE(lstat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777;
}

TEST_CASE("file.collect_evidence copies files, trees and globs, with a manifest, read-only",
          "[actions][file]") {
  FileWorld world;
  world.Folder("logs");
  world.Folder("etc/app");
  world.Write("logs/auth.log", "who was here");
  world.Write("logs/app.log", "what was done");
  world.Write("etc/app/.env", "SECRET=1");
  fs::create_symlink("/etc/shadow", world.Path("etc/app/link"));
  world.SetTime("logs/auth.log", 1'600'000'000);
  const Value inputs = Paths(world, {"logs/*.log", "etc", "etc/app", "not/there"});

  const Outcome collected = world.Run("file.collect_evidence", inputs);
  INFO(MessageOf(collected));
  REQUIRE(collected);
  const Value& output = collected.output();
  CHECK(output["files"] == Value(3));
  CHECK(output["missing"] == Value(Value::List{Value(world.Path("not/there"))}));
  CHECK(output["changed"] == Value(Value::List()));
  const std::string directory = output["directory"].as_string();
  CHECK(directory == world.Path("evidence/evidence-20260921T141320Z"));

  const std::string text = world.Read("evidence/evidence-20260921T141320Z/manifest.json");
  CHECK(output["manifest_sha256"] == Value(ToHex(Sha256Of(text))));
  const auto manifest = ParseJson(text);
  REQUIRE(manifest);
  const Value log = ManifestEntry(*manifest, world.Path("logs/auth.log"));
  CHECK(log["sha256"] == Value(ToHex(Sha256Of("who was here"))));
  CHECK(log["written"] == Value("2020-09-13T12:26:40Z"));
  CHECK(log["changed_while_copied"] == Value(false));
  const std::string copy = directory + "/" + log["copy"].as_string();
  CHECK(ModeOf(copy) == 0400);
  CHECK(ModeOf(directory) == 0500);
  CHECK(ModeOf(fs::path(copy).parent_path()) == 0500);
  const Value link = ManifestEntry(*manifest, world.Path("etc/app/link"));
  CHECK(link["leads_to"] == Value("/etc/shadow"));
  CHECK(link["copy"].is_null());
}

TEST_CASE("file.collect_evidence takes once what lies in another of the paths", "[actions][file]") {
  FileWorld world;
  world.Folder("app/data");
  world.Folder("app-old");
  world.Write("app/data/rows", "rows");
  const Outcome taken =
      world.Run("file.collect_evidence", Paths(world, {"app", "app-old", "app/data"}));
  INFO(MessageOf(taken));
  REQUIRE(taken);
  CHECK(taken.output()["files"] == Value(1));
}

TEST_CASE("file.collect_evidence never overwrites an earlier collection", "[actions][file]") {
  FileWorld world;
  world.Folder("logs");
  world.Write("logs/app.log", "first");
  const Outcome first = world.Run("file.collect_evidence", Paths(world, {"logs"}));
  REQUIRE(first);
  const std::string before = world.Picture("evidence");

  // The same attempt, once more after a crash: its own collection is its answer.
  world.Write("logs/app.log", "second");
  const Outcome again =
      world.Find("file.collect_evidence").Apply(world.With(Paths(world, {"logs"}), world.undo));
  REQUIRE(again);
  CHECK(again.output() == first.output());
  // Another one, in the same second.
  world.key = "R-1/step/2";
  CHECK(CodeOf(world.Run("file.collect_evidence", Paths(world, {"logs"}))) == Code::kAlreadyExists);
  CHECK(world.Picture("evidence") == before);
}

TEST_CASE("file.collect_evidence keeps what programs say, also of those that fail",
          "[actions][file]") {
  FileWorld world;
  world.Write("app.log", "lines");
  const Value commands = Value::List{
      Value::Object({{"name", "said"}, {"arguments", Value::List{"printf", "hello"}}}),
      Value::Object({{"name", "failed"}, {"arguments", Value::List{"ls", "/no/such/place"}}}),
      Value::Object({{"name", "none"}, {"arguments", Value::List{"no-such-program"}}})};
  const Outcome collected =
      world.Run("file.collect_evidence", Paths(world, {"app.log"}).With("commands", commands));
  INFO(MessageOf(collected));
  REQUIRE(collected);
  const std::string name = "evidence/evidence-20260921T141320Z/";
  CHECK(world.Read(name + "commands/said.txt") == "hello");
  CHECK(world.Read(name + "commands/failed.txt").find("/no/such/place") != std::string::npos);
  const auto manifest = ParseJson(world.Read(name + "manifest.json"));
  REQUIRE(manifest);
  CHECK((*manifest)["commands"].as_list()[1]["ended_with"] == Value("exit code 2"));
  CHECK((*manifest)["commands"].as_list()[2]["error"].is_string());
}

TEST_CASE("file.collect_evidence says when nothing is there, and takes nothing that is forbidden",
          "[actions][file]") {
  FileWorld world;
  CHECK(CodeOf(world.Run("file.collect_evidence", Paths(world, {"none", "*.log"}))) ==
        Code::kNotFound);
  world.Folder("inside");
  world.Write("outside", "secret");
  world.policy.allowed_roots = {world.Path("inside"), world.Path("evidence")};
  CHECK(CodeOf(world.Run("file.collect_evidence", Paths(world, {"outside"}))) ==
        Code::kPermissionDenied);
}

}  // namespace
}  // namespace recourse
