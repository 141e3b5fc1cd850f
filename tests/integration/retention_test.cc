// A record that proves itself: heads that are kept elsewhere, runs that are exported and removed.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "engine/base/file.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// Appends what the command prints to a file, as cron does with `>>`.
void Keep(const Scene& scene, const std::string& verb, const std::string& file) {
  const Finished printed = scene.Recourse({"journal", verb});
  INFO(printed.err);
  REQUIRE(printed.code == 0);
  std::ofstream(file, std::ios::app) << printed.out;
}

// Exports what is over, once so many runs are over long enough.
void Export(const Scene& scene, const std::string& file, int runs) {
  Eventually("the runs are over for a second", [&] {
    std::filesystem::remove(file);
    const Finished made = scene.Recourse({"journal", "export", "--older-than", "1s", "--to", file});
    return made.code == 0 &&
           made.out.find(": " + std::to_string(runs) + " runs") != std::string::npos;
  });
}

}  // namespace

TEST_CASE("runs are exported, removed and looked at again, and the journal proves what is left",
          "[integration]") {
  Scene scene;
  REQUIRE(scene.Recourse({"start", "echo", "--wait"}).code == 0);
  REQUIRE(scene.Recourse({"start", "echo", "--wait"}).code == 0);
  const std::string open = scene.Start("ask");
  scene.WaitForStatus(open, "RUN_STATUS_WAITING");
  const std::string heads = scene.folder / "heads.jsonl";
  const std::string key = scene.folder / "journal.pub";
  const std::string file = scene.folder / "runs.jsonl";
  Keep(scene, "public-key", key);
  Keep(scene, "head", heads);
  const std::string before = scene.Recourse({"timeline", "R-1"}).out;

  Export(scene, file, 2);
  CHECK(scene.Recourse({"show", "R-1"}).code == 0);  // nothing is removed yet
  const Finished pruned = scene.Recourse({"journal", "prune", "--exported", file});
  INFO(pruned.err);
  REQUIRE(pruned.code == 0);
  CHECK_THAT(pruned.out, Contains("removed 2 runs"));
  Keep(scene, "head", heads);

  const Finished gone = scene.Recourse({"show", "R-1"});
  CHECK(gone.code == 4);
  CHECK_THAT(gone.err, Contains("R-1 was removed from the journal") && Contains(file));
  CHECK(scene.StatusOf(open) == "RUN_STATUS_WAITING");
  const std::vector<std::string> verify = {"journal", "verify",       "--heads",
                                           heads,     "--public-key", key};
  const Finished online = scene.Recourse(verify);
  INFO(online.out + online.err);
  CHECK(online.code == 0);
  CHECK_THAT(online.out,
             Contains("removed after their export: 2 runs") && Contains("2 tombstones"));

  SECTION("runs go on, and new ones have new numbers") {
    CHECK(scene.Recourse({"approve", "A-1", "--as", "approver", "--wait"}).code == 0);
    CHECK(scene.Start("echo") == "R-4");
  }
  SECTION("an imported archive tells the same") {
    const std::string made = scene.folder / "old.db";
    const Finished imported = scene.Recourse({"journal", "import", file, "--file", made});
    INFO(imported.err);
    REQUIRE(imported.code == 0);
    CHECK(scene.Recourse({"journal", "verify", "--file", made}).code == 0);
    CHECK(scene.Recourse({"timeline", "R-1", "--file", made}).out == before);
    CHECK(scene.Recourse({"journal", "import", file, "--file", made}).code != 0);
  }
  SECTION("what is shown of all runs has the tombstones") {
    scene.StopServer();
    const Finished shown =
        scene.Recourse({"journal", "show", "--file", scene.data + "/journal.db"});
    CHECK(shown.code == 0);
    CHECK_THAT(shown.out, Contains("R-1 (echo, ") && Contains("it is exported in " + file));
  }
}

TEST_CASE("a tail that is cut off shows by heads that were kept elsewhere", "[integration]") {
  Scene scene;
  const std::string heads = scene.folder / "heads.jsonl";
  const std::string key = scene.folder / "journal.pub";
  const std::string copy = scene.folder / "copy.db";
  REQUIRE(scene.Recourse({"start", "echo", "--wait"}).code == 0);
  REQUIRE(scene.Recourse({"journal", "backup", copy}).code == 0);
  REQUIRE(scene.Recourse({"start", "echo", "--wait"}).code == 0);
  Keep(scene, "public-key", key);
  Keep(scene, "head", heads);
  scene.StopServer();
  CHECK(scene.Recourse({"journal", "verify", "--file", copy}).code == 0);
  const Finished cut =
      scene.Recourse({"journal", "verify", "--file", copy, "--heads", heads, "--public-key", key});
  CHECK(cut.code == 1);
  CHECK_THAT(cut.out, Contains("events were cut off its end"));
  // Those that the server kept itself, up to the last event.
  const Finished whole =
      scene.Recourse({"journal", "verify", "--file", scene.data + "/journal.db", "--heads",
                      scene.data + "/heads.jsonl", "--public-key", key});
  INFO(whole.out + whole.err);
  CHECK(whole.code == 0);
  CHECK(scene.Recourse({"journal", "verify", "--file", copy, "--heads", heads}).code == 2);
}

TEST_CASE("a file without a signed head proves nothing, and is refused", "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "echo", "--wait"});
  const std::string key =
      scene.folder.Write("journal.pub", scene.Recourse({"journal", "public-key"}).out);
  const std::string empty = scene.folder.Write("heads.jsonl", "");
  for (const std::string& heads : {empty, key}) {
    const Finished checked =
        scene.Recourse({"journal", "verify", "--heads", heads, "--public-key", key});
    CHECK(checked.code != 0);
    CHECK_THAT(checked.err, Contains("no signed head is in it"));
  }
}

}  // namespace recourse::integration
