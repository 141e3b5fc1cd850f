// D-8 and D-9: who is told of DigitalMe and how soon, and the checklists that people answer by
// name.
#include <catch2/catch.hpp>
#include <regex>

#include "engine/base/json.h"
#include "tests/integration/systems/digitalme.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// The shipped policy; with `quick`, its minutes are hundredths of a second.
void WritePolicy(const System& system, bool quick) {
  auto text = ReadFile(RECOURSE_SOURCE_DIR "/escalation_policies/digitalme.yaml", 1 << 16);
  REQUIRE(text);
  std::string policy = *text;
  if (quick) {
    policy = std::regex_replace(policy, std::regex("after: ([0-9]+)m"), "after: $010ms");
    policy = std::regex_replace(policy, std::regex("after: ([0-9]+)h"), "after: $0600ms");
    policy = std::regex_replace(policy, std::regex("after: after: "), "after: ");
  }
  system.folder.Write("data/escalation_policies/digitalme.yaml", policy);
}

}  // namespace

TEST_CASE(
    "D-8: each severity has its response time, and its levels are told until somebody takes it",
    "[integration][digitalme]") {
  System system;
  const DigitalMe me(system);
  me.WriteTarget("escalation_policy: digitalme\n");
  WritePolicy(system, true);
  system.StartServer();
  // No backup: the checklist's workflow asks an operator, with the severity that it is given.
  const auto start = [&](const std::string& severity) {
    return system
        .Json({"start", "checklist-monthly", "--target", "digitalme", "--severity", severity})["id"]
        .as_string();
  };
  const std::string critical = start("critical");
  const std::string medium = start("medium");
  Eventually("level 3 is told of the critical one", [&] {
    return system.TimelineOf(critical).find("level-3 is told") != std::string::npos;
  });
  CHECK_THAT(system.TimelineOf(critical),
             Contains("level-1 is told") && Contains("level-2 is told"));
  CHECK_THAT(system.TimelineOf(medium),
             Contains("level-1 is told") && !Contains("level-3 is told"));
  CHECK(system.Recourse({"ack", medium, "--reason", "I look at it"}).code == 0);
}

TEST_CASE("D-8: the shipped policy asks for an answer in 15 minutes, 30 minutes and 2 hours",
          "[integration][digitalme]") {
  System system;
  const DigitalMe me(system);
  me.WriteTarget("escalation_policy: digitalme\n");
  WritePolicy(system, false);
  system.StartServer();
  const std::pair<const char*, int> times[] = {{"critical", 15}, {"high", 30}, {"medium", 120}};
  for (const auto& [severity, minutes] : times) {
    const std::string run = system
                                .Json({"start", "checklist-monthly", "--target", "digitalme",
                                       "--severity", severity})["id"]
                                .as_string();
    CHECK(system.EndOf(run) == "NEEDS_ATTENTION");
    const std::string shown = ToJson(system.Json({"attention"}));
    INFO(severity << " " << minutes << ": " << shown);
    CHECK_THAT(shown, Contains(run));
  }
}

TEST_CASE("D-9: the engine answers what it can measure, and each other item has a name to it",
          "[integration][digitalme]") {
  System system;
  const DigitalMe me(system);
  system.StartServer();
  system.StartServices("digitalme");
  me.MakeBackup();
  const std::string run = system.StartRun("checklist-before-maintenance", "digitalme");
  CHECK(system.EndOf(run) == "WAITING");
  CHECK(system.Recourse({"answer", run, "window", "--reason", "Sunday 02:00"}).code == 0);
  CHECK(system.Recourse({"--as", "dba", "answer", run, "way_back"}).code == 0);
  CHECK(system.StatusOf(run) == "RUN_STATUS_WAITING");
  CHECK(system.Recourse({"--as", "commander", "answer", run, "told"}).code == 0);
  CHECK(system.EndOf(run) == "SUCCEEDED");
  const Value items = system.OutputsOf(run)["items"];
  CHECK(items["window"]["by"].as_string() == "operator");
  CHECK(items["way_back"]["by"].as_string() == "dba");
  CHECK(items["told"]["by"].as_string() == "commander");
  for (const char* measured : {"backup", "integrity", "recovery"}) {
    INFO(measured << ToJson(items));
    CHECK(items[measured]["output"].is_map());
  }
}

TEST_CASE("D-9: what the engine cannot prove is left to people, and not ticked",
          "[integration][digitalme]") {
  System system;
  const DigitalMe me(system);  // its application does not run
  system.StartServer();
  me.MakeBackup();
  const std::string run = system.StartRun("checklist-after-incident", "digitalme");
  CHECK(system.EndOf(run) == "WAITING");
  for (const char* item : {"logs", "alerts", "record", "review"}) {
    CHECK(system.Recourse({"answer", run, item}).code == 0);
  }
  CHECK(system.EndOf(run) == "WAITING");
  CHECK_THAT(system.Recourse({"show", run}).out, Contains("The system works as it should"));
}

}  // namespace recourse::integration
