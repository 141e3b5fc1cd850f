// The plan of a run that nobody has started, on the shipped workflows and the demo's target.
#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// A server with the shipped workflows and the demo's target below the test's folder.
class Demo : public Scene {
 public:
  Demo() : Scene(false) {
    const std::string source = RECOURSE_SOURCE_DIR;
    auto target = ReadFile(source + "/targets/demo.yaml", 1 << 20);
    REQUIRE(target);
    const std::string before = "/tmp/recourse-demo";
    for (auto at = target->find(before); at != target->npos; at = target->find(before, at)) {
      target->replace(at, before.size(), folder / "demo");
    }
    folder.Write("targets/demo.yaml", *target);
    folder.Write("demo/backups/none", "");
    const Finished made =
        Run({"/bin/bash", "-c",
             "sqlite3 " + (folder / "demo/health.db") +
                 " 'CREATE TABLE metrics (value); INSERT INTO metrics VALUES (42)'"},
            folder / "sqlite");
    REQUIRE(made.code == 0);
    server_arguments = {"--workflows", source + "/workflows", "--targets", folder / "targets"};
    StartServer();
  }
};

TEST_CASE("recourse plan shows what a recovery would do, and does none of it", "[integration]") {
  const Demo demo;
  REQUIRE(demo.Recourse({"start", "backup", "--target", "demo", "--wait"}).code == 0);
  const std::string position = demo.Position();
  const Finished planned = demo.Recourse({"plan", "recovery", "--target", "demo"});
  INFO(planned.out << planned.err);
  CHECK(planned.code == 0);
  for (const std::string line :
       {"the plan of recovery; nothing was started", "lock     database/demo, which is free",
        "not known yet: it depends on what rehearse finds", "asks dba or incident-commander",
        "expires after 15m", "if it is rejected: what was done is undone in reverse order",
        "when rehearse fails with DATA_LOSS", "stop the service demo (it does not run)",
        "restore: compensated by database.restore", "preserve: none needed",
        "Free space needed:"}) {
    CHECK_THAT(planned.out, Contains(line));
  }
  // The question as far as it is known.
  CHECK_THAT(planned.out,
             Contains("Restore [what rehearse finds], taken at [what rehearse finds], over " +
                      (demo.folder / "demo/health.db")));
  CHECK(demo.Position() == position);
  CHECK(demo.Json({"runs"})["runs"].as_list().size() == 1);
}

TEST_CASE("a plan shows an action that would fail, and how long past runs took", "[integration]") {
  const Demo demo;
  const Finished first = demo.Recourse({"plan", "backup", "--target", "demo"});
  CHECK(first.code == 0);
  CHECK_THAT(first.out, Contains("there is no good backup"));
  CHECK_THAT(first.out, Contains("comes before it, and may change that"));
  REQUIRE(demo.Recourse({"start", "backup", "--target", "demo", "--wait"}).code == 0);
  const Value answer = demo.Json({"plan", "backup", "--target", "demo"});
  const auto plan = ParseJson(answer.StringOr("plan_json", ""));
  REQUIRE(plan);
  CHECK((*plan)["past_runs"]["runs"] == Value(1));
  CHECK((*plan)["space"].as_list().size() == 1);
  CHECK(answer.StringOr("digest", "").size() == 64);
}

TEST_CASE("a plan is refused for what a start is refused for", "[integration]") {
  const Demo demo;
  const Finished misspelt = demo.Recourse({"plan", "recovry", "--target", "demo"});
  CHECK(misspelt.code == 4);
  CHECK_THAT(misspelt.err, Contains("did you mean \"recovery\"?"));
  CHECK(demo.Recourse({"plan", "recovery", "--target", "dmeo"}).code == 4);
  CHECK(demo.Recourse({"plan", "recovery", "--input", "x"}).code == 2);
}

}  // namespace
}  // namespace recourse::integration
