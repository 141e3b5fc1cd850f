#include "server/load.h"

#include <catch2/catch.hpp>
#include <string>

#include "actions/debug/debug.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

constexpr char kGood[] = "name: good\nsteps: [{id: a, action: debug.echo}]\n";

}  // namespace

TEST_CASE("a broken definition is told with its place and keeps no other from being loaded",
          "[server]") {
  const TemporaryDirectory directory;
  directory.Write("workflows/1.yaml", kGood);
  directory.Write("workflows/2.yml", "name: bad\nsteps: [{id: a, action: debug.ehco}]\n");
  directory.Write("workflows/notes.txt", "not a workflow");
  directory.Write("more/3.yaml", kGood);
  Registry registry;
  AddDebugActions(registry);

  const Definitions definitions = LoadDefinitions(
      {directory.File("workflows"), directory.File("more")}, {directory.File("none")}, registry);
  CHECK(definitions.workflows.size() == 1);
  CHECK(definitions.workflows.contains("good"));
  REQUIRE(definitions.problems.size() == 3);
  CHECK(definitions.problems[0].starts_with(directory.File("workflows/2.yml") + ":2:"));
  CHECK(definitions.problems[1] == directory.File("more/3.yaml") +
                                       ": workflow \"good\" is already there, from " +
                                       directory.File("workflows/1.yaml"));
  CHECK(definitions.problems[2] == directory.File("none") + ": No such file or directory");
}

TEST_CASE("a schedule is loaded with the workflow that it starts", "[server]") {
  const TemporaryDirectory directory;
  directory.Write("workflows/1.yaml", kGood);
  directory.Write("schedules/1.yaml", "name: daily\nworkflow: good\ncron: '@daily'\n");
  directory.Write("schedules/2.yaml", "name: daily\nworkflow: good\ncron: '@daily'\n");
  directory.Write("schedules/3.yaml", "name: other\nworkflow: godo\ncron: '@daily'\n");
  Registry registry;
  AddDebugActions(registry);
  const Definitions definitions =
      LoadDefinitions({directory.File("workflows")}, {}, registry, {directory.File("schedules")});
  CHECK(definitions.schedules.size() == 1);
  CHECK(definitions.schedules.contains("daily"));
  CHECK(definitions.problems ==
        std::vector<std::string>{directory.File("schedules/2.yaml") +
                                     ": schedule \"daily\" is already there, from " +
                                     directory.File("schedules/1.yaml"),
                                 directory.File("schedules/3.yaml") +
                                     ":2:11: unknown workflow \"godo\"; did you mean \"good\"?"});
}

}  // namespace recourse::server
