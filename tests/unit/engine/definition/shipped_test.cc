// What the project ships works with the actions that it has.
#include <catch2/catch.hpp>
#include <filesystem>

#include "actions/all.h"
#include "engine/definition/schedule.h"
#include "examples.h"

namespace recourse::definition {
namespace {

const Registry& Actions() {
  static const Registry registry = [] {
    Registry all;
    AddAllActions(all);
    return all;
  }();
  return registry;
}

TEST_CASE("every shipped workflow loads against the real actions", "[definition][docs]") {
  int workflows = 0;
  for (const auto& file : std::filesystem::directory_iterator(Path("workflows"))) {
    ++workflows;
    const std::string name = file.path().stem();
    const Loaded loaded = LoadWorkflow(Read("workflows/" + name + ".yaml"), &Actions());
    INFO(loaded.Report(file.path().filename().string()));
    REQUIRE(loaded.workflow != nullptr);
    CHECK(loaded.workflow->name == name);
    CHECK_FALSE(loaded.workflow->summary.empty());
  }
  CHECK(workflows >= 3);
}

TEST_CASE("every shipped workflow can start on every shipped target", "[definition][docs]") {
  Inventory inventory;
  for (const auto& file : std::filesystem::directory_iterator(Path("targets"))) {
    const std::string name = file.path().filename();
    const auto added = inventory.AddFile(Read("targets/" + name), name);
    INFO((added ? "" : added.error().message));
    REQUIRE(added.ok());
    CHECK(inventory.Find(file.path().stem().string()) != nullptr);
  }
  for (const auto& file : std::filesystem::directory_iterator(Path("workflows"))) {
    const Loaded loaded =
        LoadWorkflow(Read("workflows/" + file.path().filename().string()), &Actions());
    REQUIRE(loaded.workflow != nullptr);
    for (const std::string& target : inventory.Names()) {
      const auto inputs =
          ResolveInputs(*loaded.workflow, Value::Object({{"target", target}}), inventory);
      INFO((inputs ? "" : inputs.error().message));
      CHECK(inputs.ok());
    }
  }
}

// A target's resource that is handed to an action as it is fits the action's own schema.
// A server is as good as its schedules: those that it ships, and those that the documentation shows.
TEST_CASE("every shipped schedule, and every one of docs/schedules.md, loads",
          "[definition][docs]") {
  WorkflowsByName workflows;
  for (const auto& file : std::filesystem::directory_iterator(Path("workflows"))) {
    const Loaded loaded =
        LoadWorkflow(Read("workflows/" + file.path().filename().string()), &Actions());
    REQUIRE(loaded.workflow != nullptr);
    workflows[loaded.workflow->name] = loaded.workflow;
  }
  Inventory inventory;
  REQUIRE(inventory.AddFile(Read("targets/health.yaml"), "health.yaml"));
  int schedules = 0;
  for (const auto& file : std::filesystem::directory_iterator(Path("schedules"))) {
    const std::string name = file.path().filename();
    const auto loaded = LoadSchedule(Read("schedules/" + name), name, workflows, inventory);
    INFO((loaded ? "" : loaded.error().message));
    REQUIRE(loaded);
    CHECK((*loaded)->name + ".yaml" == name);
    // Nothing that is shipped acts by itself before somebody has said so.
    CHECK((*loaded)->paused);
    ++schedules;
  }
  CHECK(schedules >= 1);
  const auto examples = ExamplesOf("docs/schedules.md");
  REQUIRE_FALSE(examples.empty());
  for (const Example& example : examples) {
    const auto loaded = LoadSchedule(example.text, "docs/schedules.md", workflows, inventory);
    INFO((loaded ? "" : loaded.error().message));
    CHECK(loaded);
  }
}

TEST_CASE("the resources of the shipped targets are inputs of the actions that take them",
          "[definition][docs]") {
  struct Use {
    const char* resource;
    const char* action;
    const char* input;  // empty: the resource is all of the inputs
  };
  const Use uses[] = {{"database", "database.check", "database"},
                      {"backups", "backup.list", "backups"},
                      {"health", "http.expect", ""},
                      {"disk", "host.disk", ""}};
  for (const std::string name : {"health", "demo"}) {
    Inventory inventory;
    REQUIRE(inventory.AddFile(Read("targets/" + name + ".yaml"), name));
    const Value& target = *inventory.Find(name);
    for (const Use& use : uses) {
      const ActionSpec* spec = Actions().Find(use.action);
      REQUIRE(spec != nullptr);
      const std::string input = use.input;
      const Value& schema = input.empty() ? spec->inputs : spec->inputs["properties"][input];
      const auto fits = CheckAgainstSchema(target[use.resource], schema, use.resource);
      INFO((fits ? "" : fits.error().message));
      CHECK(fits.ok());
    }
    const ActionSpec* start = Actions().Find("service.start");
    REQUIRE(start != nullptr);
    for (const Value& service : target["services"].as_list()) {
      CHECK(CheckAgainstSchema(service, start->inputs["properties"]["service"], "service").ok());
    }
  }
}

TEST_CASE("the examples of docs/workflows.md name real actions and inputs", "[definition][docs]") {
  for (const Example& example : ExamplesOf("docs/workflows.md")) {
    const Loaded loaded = LoadWorkflow(AsWorkflow(example), &Actions());
    INFO("docs/workflows.md:" << example.line << "\n" << loaded.Report("example"));
    CHECK(loaded.workflow != nullptr);
  }
}

}  // namespace
}  // namespace recourse::definition
