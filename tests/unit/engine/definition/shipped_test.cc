// What the project ships works with the actions that it has.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>

#include "actions/all.h"
#include "engine/definition/advice.h"
#include "engine/definition/schedule.h"
#include "engine/definition/workflow.h"
#include "engine/rehearsal/rehearsal.h"
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

// Their names; what is called NAME.test.yaml holds the cases of NAME.yaml.
std::vector<std::string> ShippedWorkflows() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(Path("workflows"))) {
    const std::string stem = file.path().stem();
    if (!stem.ends_with(".test")) names.push_back(stem);
  }
  return names;
}

Loaded LoadShipped(const std::string& name) {
  return LoadWorkflow(Read("workflows/" + name + ".yaml"), &Actions(),
                      [](std::string_view other) -> std::optional<std::string> {
                        return Read("workflows/" + std::string(other) + ".yaml");
                      });
}

// Policies first: targets name them.
Inventory ShippedInventory() {
  Inventory inventory;
  for (const auto& file : std::filesystem::directory_iterator(Path("escalation_policies"))) {
    const std::string name = file.path().filename();
    const auto added = inventory.AddPolicyFile(Read("escalation_policies/" + name), name);
    INFO((added ? "" : added.error().message));
    REQUIRE(added.ok());
  }
  for (const auto& file : std::filesystem::directory_iterator(Path("targets"))) {
    const std::string name = file.path().filename();
    const auto added = inventory.AddFile(Read("targets/" + name), name);
    INFO((added ? "" : added.error().message));
    REQUIRE(added.ok());
    CHECK(inventory.Find(file.path().stem().string()) != nullptr);
  }
  return inventory;
}

TEST_CASE("every shipped workflow goes as its cases say, and they come to every step of it",
          "[definition][docs]") {
  for (const std::string& name : ShippedWorkflows()) {
    const Loaded loaded = LoadShipped(name);
    REQUIRE(loaded.workflow != nullptr);
    const auto report =
        rehearsal::Rehearse(*loaded.workflow, Read("workflows/" + name + ".test.yaml"));
    for (const Problem& problem : report.problems) {
      FAIL_CHECK(name << ".test.yaml:" << problem.place.line << ": " << problem.message);
    }
    for (const rehearsal::Verdict& verdict : report.verdicts) {
      for (const std::string& problem : verdict.problems) {
        FAIL_CHECK(name << ".test.yaml:" << verdict.place.line << ": " << verdict.name << ": "
                        << problem);
      }
    }
    INFO(name);
    CHECK(report.verdicts.size() >= 5);
    // The steps of another workflow that it runs are come to by that one's own cases.
    std::vector<std::string> unreached = report.unreached;
    std::erase_if(unreached, [](const std::string& id) { return id.find('/') != id.npos; });
    CHECK(unreached == std::vector<std::string>{});
  }
}

TEST_CASE("every shipped workflow loads against the real actions", "[definition][docs]") {
  int workflows = 0;
  for (const std::string& name : ShippedWorkflows()) {
    ++workflows;
    const Loaded loaded = LoadShipped(name);
    INFO(loaded.Report(name));
    REQUIRE(loaded.workflow != nullptr);
    CHECK(loaded.workflow->name == name);
    CHECK_FALSE(loaded.workflow->summary.empty());
    for (const Problem& warning : Advise(*loaded.workflow)) FAIL_CHECK(warning.message);
  }
  CHECK(workflows >= 3);
}

TEST_CASE("nothing that fails after the data is proven rolls it back", "[definition][docs]") {
  for (const std::string name : {"recovery", "corruption-response"}) {
    const Loaded loaded = LoadShipped(name);
    REQUIRE(loaded.workflow != nullptr);
    bool proven = false;
    for (const Step& step : loaded.workflow->steps) {
      INFO(name << ": " << step.id);
      if (step.id == "start") proven = true;
      if (proven) CHECK(step.on_failure == OnFailure::kPause);
    }
    CHECK(proven);
  }
}

// An application that makes backups of its own when it is stopped would overwrite the one that a
// recovery has just chosen.
TEST_CASE("nobody but the engine writes where the backups of a shipped target are",
          "[definition][docs]") {
  const Inventory inventory = ShippedInventory();
  for (const std::string& name : inventory.Names()) {
    const Value& target = *inventory.Find(name);
    const std::string directory = target["backups"].StringOr("directory", "");
    if (target["application_backups"].is_map()) {
      CHECK(target["application_backups"].StringOr("directory", "") != directory);
    }
    for (const Value& service : target["services"].as_list()) {
      if (!service["environment"].is_map()) continue;
      for (const auto& [variable, value] : service["environment"].as_map()) {
        INFO(name << ": " << variable.as_string());
        CHECK(value.as_string() != directory);
      }
    }
  }
}

// What fails before the data is back must not start the services on the damaged file.
TEST_CASE("nothing in the answer to corruption rolls back by itself", "[definition][docs]") {
  const Loaded loaded = LoadShipped("corruption-response");
  REQUIRE(loaded.workflow != nullptr);
  for (const Step& step : loaded.workflow->steps) {
    INFO(step.id);
    CHECK(step.on_failure != OnFailure::kRollback);
  }
}

TEST_CASE("a recovery from a backup that was named takes no other", "[definition][docs]") {
  const Loaded loaded = LoadShipped("recovery");
  REQUIRE(loaded.workflow != nullptr);
  const auto& steps = loaded.workflow->steps;
  const auto find = [&steps](const std::string& id) -> std::size_t {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].id == id) return i;
    }
    return steps.size();
  };
  // After a failed rehearsal a switch decides, and its default is the end.
  const Step& rehearse = steps.at(find("rehearse"));
  REQUIRE(rehearse.on_error.size() == 1);
  const auto after = static_cast<std::size_t>(rehearse.on_error[0].go_to.value_or(0));
  const auto* decision = std::get_if<SwitchStep>(&steps.at(after).kind);
  REQUIRE(decision != nullptr);
  REQUIRE(decision->cases.size() == 1);
  CHECK(static_cast<std::size_t>(decision->cases[0].go_to) == find("choose"));
  REQUIRE(decision->otherwise);
  CHECK(std::holds_alternative<FailStep>(
      steps.at(static_cast<std::size_t>(*decision->otherwise)).kind));
}

TEST_CASE("every shipped workflow that is about a target can start on each that has what it needs",
          "[definition][docs]") {
  // What passes the checks of these inputs.
  static const std::map<std::string, std::string> kSamples = {{"to", "/tmp/new"},
                                                              {"new_configuration", "/etc/new"},
                                                              {"url", "http://127.0.0.1/"},
                                                              {"table", "t"}};
  const Inventory inventory = ShippedInventory();
  for (const std::string& name : ShippedWorkflows()) {
    const Loaded loaded = LoadShipped(name);
    REQUIRE(loaded.workflow != nullptr);
    const auto& inputs = loaded.workflow->inputs;
    const auto about = std::ranges::find(inputs, InputType::kTarget, &Input::type);
    if (about == inputs.end()) continue;
    Value::Map given;
    for (const Input& input : inputs) {
      if (const auto sample = kSamples.find(input.name); sample != kSamples.end()) {
        given.emplace(input.name, sample->second);
      } else if (input.required && &input != &*about) {
        given.emplace(input.name, "2026-11-21");
      }
    }
    int fitting = 0;
    for (const std::string& target : inventory.Names()) {
      const Value& resources = *inventory.Find(target);
      const auto lacks = [&](const std::string& resource) { return resources[resource].is_null(); };
      if (std::ranges::any_of(about->requires_, lacks)) continue;
      ++fitting;
      given.insert_or_assign(about->name, Value(target));
      const auto resolved = ResolveInputs(*loaded.workflow, Value(given), inventory);
      INFO(name << " on " << target << ": " << (resolved ? "" : resolved.error().message));
      CHECK(resolved.ok());
    }
    INFO(name);
    CHECK(fitting >= 1);
  }
}

// Nobody decides about data because others did not answer at once.
TEST_CASE("no shipped policy lets those decide whom it tells", "[definition][docs]") {
  const Inventory inventory = ShippedInventory();
  int policies = 0;
  for (const std::string& target : inventory.Names()) {
    const EscalationPolicy* policy = inventory.PolicyOf(*inventory.Find(target));
    if (policy == nullptr) continue;
    ++policies;
    INFO(policy->name);
    CHECK_FALSE(policy->may_decide);
  }
  CHECK(policies >= 3);
}

// What a row of docs/systems.md says in its second and third column.
struct Procedure {
  std::string id;
  std::vector<std::string> workflows;
  std::string target;
};

std::vector<Procedure> ProceduresOf(const std::string& page) {
  static const std::regex kRow(
      R"(\| ([A-Z]-[0-9]+) [^|]*\|([^|]*)\| `recourse start [^|]* --target ([a-z]+))");
  static const std::regex kName("`([a-z-]+)`");
  std::vector<Procedure> procedures;
  for (std::sregex_iterator row(page.begin(), page.end(), kRow), end; row != end; ++row) {
    Procedure procedure{(*row)[1], {}, (*row)[3]};
    const std::string names = (*row)[2];
    for (std::sregex_iterator at(names.begin(), names.end(), kName); at != end; ++at) {
      procedure.workflows.push_back((*at)[1]);
    }
    procedures.push_back(std::move(procedure));
  }
  return procedures;
}

TEST_CASE("every workflow of a row of docs/systems.md can start on the target of its command",
          "[definition][docs]") {
  const Inventory inventory = ShippedInventory();
  const auto procedures = ProceduresOf(Read("docs/systems.md"));
  CHECK(procedures.size() >= 30);
  for (const auto& [id, workflows, name] : procedures) {
    const Value* target = inventory.Find(name);
    REQUIRE(target != nullptr);
    for (const std::string& workflow : workflows) {
      const Loaded loaded = LoadShipped(workflow);
      REQUIRE(loaded.workflow != nullptr);
      for (const Input& input : loaded.workflow->inputs) {
        for (const std::string& resource : input.requires_) {
          INFO(id << ": " << workflow << " needs " << resource << ", and " << name << " has none");
          CHECK_FALSE((*target)[resource].is_null());
        }
      }
    }
  }
}

// A server is as good as its schedules: those that it ships, and those that the documentation
// shows.
TEST_CASE("every shipped schedule, and every one of docs/schedules.md, loads",
          "[definition][docs]") {
  WorkflowsByName workflows;
  for (const std::string& name : ShippedWorkflows()) {
    const Loaded loaded = LoadShipped(name);
    REQUIRE(loaded.workflow != nullptr);
    workflows[loaded.workflow->name] = loaded.workflow;
  }
  const Inventory inventory = ShippedInventory();
  int schedules = 0;
  for (const auto& file : std::filesystem::directory_iterator(Path("schedules"))) {
    const std::string name = file.path().filename();
    const auto loaded = LoadSchedule(Read("schedules/" + name), name, workflows, inventory);
    INFO((loaded ? "" : loaded.error().message));
    REQUIRE(loaded);
    CHECK((*loaded)->name + ".yaml" == name);
    // Nothing that is shipped acts by itself before somebody has said so.
    CHECK((*loaded)->paused);
    // What is found while nobody looks is told to somebody.
    const auto& inputs = workflows.find((*loaded)->workflow)->second->inputs;
    const bool tells = std::ranges::find(inputs, "channel", &Input::name) != inputs.end();
    CHECK(tells == !(*loaded)->inputs.StringOr("channel", "").empty());
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

// A target's resource that is handed to an action as it is fits the action's own schema.
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
                      {"disk", "host.disk", ""},
                      {"memory", "host.memory", ""},
                      {"cpu", "host.cpu", ""},
                      {"load", "host.load", ""},
                      {"logs", "host.log_scan", ""},
                      {"nginx", "service.nginx_reload", "nginx"}};
  const Inventory inventory = ShippedInventory();
  for (const std::string& name : inventory.Names()) {
    const Value& target = *inventory.Find(name);
    for (const Use& use : uses) {
      if (target[use.resource].is_null()) continue;
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

TEST_CASE("the examples of the language name real actions, inputs and workflows",
          "[definition][docs]") {
  const auto shipped = [](std::string_view name) -> std::optional<std::string> {
    return Read("workflows/" + std::string(name) + ".yaml");
  };
  for (const char* page : {"docs/workflow-language.md", "docs/expressions.md", "docs/hosts.md"}) {
    const auto examples = ExamplesOf(page);
    REQUIRE_FALSE(examples.empty());
    for (const Example& example : examples) {
      const Loaded loaded = LoadWorkflow(AsWorkflow(example), &Actions(), shipped);
      INFO(page << ":" << example.line << "\n" << loaded.Report("example"));
      CHECK(loaded.workflow != nullptr);
    }
  }
}

}  // namespace
}  // namespace recourse::definition
