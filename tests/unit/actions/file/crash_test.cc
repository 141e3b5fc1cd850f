#include "tests/unit/actions/file/file_world.h"

namespace recourse {
namespace {

using testing::FileWorld;
using testing::MessageOf;
namespace fs = std::filesystem;
using Verdict = ProbeAnswer::Verdict;

struct Scene {
  std::string action;
  Value inputs;
  std::vector<std::string> points;       // where Apply is killed
  std::vector<std::string> undo_points;  // where Compensate is killed
};

// As the engine goes on after a crash in Apply.
Outcome GoOn(FileWorld& world, const Scene& scene) {
  const ProbeAnswer answer = world.ProbeOf(scene.action, scene.inputs);
  INFO(answer.message);
  REQUIRE(answer.verdict != Verdict::kUnknown);
  if (answer.verdict == Verdict::kApplied) return answer.output;
  if (answer.verdict == Verdict::kPartial) {
    const Outcome undone =
        world.Find(scene.action).Compensate(world.With(scene.inputs, world.undo), {});
    INFO(MessageOf(undone));
    REQUIRE(undone);
    world.checkpoint = Value();
  }
  return world.Find(scene.action).Apply(world.With(scene.inputs, world.undo));
}

void MakeAll(const FileWorld& world) {
  fs::remove_all(world.Path("all"));
  world.Folder("all/from");
  world.Write("all/from/rows", "rows");
  world.Folder("all/to");
  world.Write("all/to/rows", "old rows");
  fs::create_symlink("from", world.Path("all/current"));
  for (const char* name : {"all/from/rows", "all/to/rows"}) world.SetTime(name, 1'600'000'000);
}

std::vector<Scene> Scenes(const FileWorld& world) {
  const Value from_to = Value::Object(
      {{"from", world.Path("all/from")}, {"to", world.Path("all/to")}, {"replace", true}});
  const Value from = Value::Object({{"path", world.Path("all/from")}});
  const std::vector<std::string> place = {"place_before_rename", "place_after_rename",
                                          "place_after_trash"};
  return {
      {"file.copy", from_to, place, {"place_after_swap_back", "place_after_undo"}},
      {"file.copy", from_to.With("to", world.Path("all/new")), place, {"place_after_undo"}},
      {"file.move", from_to, {"move_after_rename", "move_after_trash"}, {"move_after_undo"}},
      {"file.move", from_to.With("to", world.Path("all/new")), {"move_after_rename"}, {}},
      {"file.remove", from, {"remove_before_rename", "remove_after_rename"}, {"remove_after_undo"}},
      {"file.swap_link",
       Value::Object({{"link", world.Path("all/current")}, {"to", "to"}}),
       {"swap_link_before_rename", "swap_link_after_rename"},
       {"swap_link_before_rename", "swap_link_after_rename"}},
  };
}

TEST_CASE("a file action that died anywhere is completed, and undone to what was before",
          "[actions][file][crash]") {
  FileWorld world;
  for (const Scene& scene : Scenes(world)) {
    MakeAll(world);
    const std::string before = world.Picture("all");
    const Outcome plain = world.Run(scene.action, scene.inputs);
    INFO(scene.action << ": " << MessageOf(plain));
    REQUIRE(plain);
    const std::string after = world.Picture("all");

    for (const std::string& point : scene.points) {
      MakeAll(world);
      REQUIRE(world.Prepare(scene.action, scene.inputs));
      world.DieAt(point, "apply", scene.action, scene.inputs);
      const Outcome gone_on = GoOn(world, scene);
      INFO(point << ": " << MessageOf(gone_on));
      REQUIRE(gone_on);
      CHECK(world.Picture("all") == after);
      const Outcome undone = world.UndoOf(scene.action, scene.inputs, gone_on.output());
      INFO(MessageOf(undone));
      REQUIRE(undone);
      CHECK(world.Picture("all") == before);
    }
    for (const std::string& point : scene.undo_points) {
      MakeAll(world);
      const Outcome done = world.Run(scene.action, scene.inputs);
      REQUIRE(done);
      world.checkpoint = Value();
      world.DieAt(point, "compensate", scene.action, scene.inputs, done.output());
      const Outcome undone = world.UndoOf(scene.action, scene.inputs, done.output());
      INFO(point << ": " << MessageOf(undone));
      REQUIRE(undone);
      CHECK(world.Picture("all") == before);
    }
  }
}

TEST_CASE("an archive, and its unpacking, that died anywhere is completed and undone",
          "[actions][file][crash]") {
  FileWorld world;
  world.Folder("all/from");
  world.Write("all/from/rows", "rows");
  const Scene pack{
      "file.archive",
      Value::Object({{"directory", world.Path("all/from")}, {"to", world.Path("all/a.tar.gz")}}),
      {},
      {}};
  const Scene unpack{"file.extract",
                     Value::Object({{"archive", world.Path("all/a.tar.gz")},
                                    {"to", world.Path("all/from")},
                                    {"replace", true}}),
                     {},
                     {}};
  for (const Scene& scene : {pack, unpack}) {
    for (const std::string point : {"place_before_rename", "place_after_rename"}) {
      const std::string before = world.Picture("all");
      REQUIRE(world.Prepare(scene.action, scene.inputs));
      world.DieAt(point, "apply", scene.action, scene.inputs);
      const Outcome gone_on = GoOn(world, scene);
      INFO(point << ": " << MessageOf(gone_on));
      REQUIRE(gone_on);
      REQUIRE(world.UndoOf(scene.action, scene.inputs, gone_on.output()));
      CHECK(world.Picture("all") == before);
    }
    if (scene.action == pack.action) REQUIRE(world.Run(pack.action, pack.inputs));
  }
}

TEST_CASE("a collection of evidence that died anywhere is there once, and whole",
          "[actions][file][crash]") {
  for (const std::string point : {"evidence_before_rename", "evidence_after_rename"}) {
    FileWorld world;
    world.Folder("logs/app");
    world.Write("logs/app/app.log", "lines");
    const Value inputs = Value::Object(
        {{"paths", Value::List{Value(world.Path("logs"))}}, {"to", world.Path("evidence")}});
    REQUIRE(world.Prepare("file.collect_evidence", inputs));
    world.DieAt(point, "apply", "file.collect_evidence", inputs);
    const Outcome done = world.Find("file.collect_evidence").Apply(world.With(inputs, world.undo));
    INFO(point << ": " << MessageOf(done));
    REQUIRE(done);
    CHECK(done.output()["files"] == Value(1));
    const fs::directory_iterator inside(world.Path("evidence"));
    CHECK(std::distance(begin(inside), end(inside)) == 1);
  }
}

TEST_CASE("a deletion for good that died anywhere is completed", "[actions][file][crash]") {
  for (const std::string point : {"remove_after_rename", "remove_after_delete"}) {
    FileWorld world;
    world.Folder("all/from");
    world.Write("all/from/rows", "rows");
    const Scene scene{"file.remove",
                      Value::Object({{"path", world.Path("all/from")}, {"permanently", true}}),
                      {},
                      {}};
    REQUIRE(world.Prepare(scene.action, scene.inputs));
    world.DieAt(point, "apply", scene.action, scene.inputs);
    const Outcome gone_on = GoOn(world, scene);
    INFO(point << ": " << MessageOf(gone_on));
    REQUIRE(gone_on);
    CHECK(gone_on.output()["removed"] == Value(true));
    CHECK(gone_on.output()["freed_bytes"] == Value(4));
    CHECK(world.Picture("all").empty());
  }
}

TEST_CASE("a rotation that died anywhere is completed by the next apply, and undone",
          "[actions][file][crash]") {
  const auto make = [](const FileWorld& world) {
    world.Folder("logs");
    for (const char* name : {"logs/a.log", "logs/a.log-20260902T000000Z",
                             "logs/a.log-20260901T000000Z", "logs/a.log-20260801T000000Z"}) {
      world.Write(name, name);
      world.SetTime(name, 1'600'000'000);
    }
  };
  for (const std::string point :
       {"rotate_after_rename", "rotate_after_remove", "rotate_after_pack", "packed_after_rename"}) {
    FileWorld world;
    make(world);
    const std::string before = world.Picture("logs");
    const Value inputs =
        Value::Object({{"paths", Value::List{Value(world.Path("logs/a.log"))}}, {"keep_days", 40}});
    REQUIRE(world.Prepare("file.rotate_logs", inputs));
    world.DieAt(point, "apply", "file.rotate_logs", inputs);
    const Outcome done = world.Find("file.rotate_logs").Apply(world.With(inputs, world.undo));
    INFO(point << ": " << MessageOf(done));
    REQUIRE(done);
    CHECK(done.output()["rotated"].as_list().size() == 1);
    CHECK(done.output()["compressed"].as_list().size() == 2);
    CHECK(done.output()["removed"].as_list().size() == 1);
    for (const std::string undo_point :
         {"rotate_after_unpack", "packed_after_rename", "rotate_after_bring_back"}) {
      world.DieAt(undo_point, "compensate", "file.rotate_logs", inputs);
      REQUIRE(world.UndoOf("file.rotate_logs", inputs, done.output()));
      CHECK(world.Picture("logs") == before);
      REQUIRE(world.Find("file.rotate_logs").Apply(world.With(inputs, world.undo)));
    }
  }
}

}  // namespace
}  // namespace recourse
