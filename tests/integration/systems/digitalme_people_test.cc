// D-8 and D-9: who is told of DigitalMe and how soon, and the checklists that people answer by
// name.
#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "tests/integration/systems/digitalme.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// How many minutes after the run began to need somebody its answer is due.
std::int64_t MinutesToRespond(const Value& run) {
  const Value& told = run["escalation"];
  const auto since = ParseTimestamp(told.StringOr("since_time", ""));
  const auto by = ParseTimestamp(told.StringOr("respond_by_time", ""));
  INFO(ToJson(told));
  REQUIRE(since);
  REQUIRE(by);
  return (by->seconds - since->seconds) / 60;
}

}  // namespace

TEST_CASE(
    "D-8: each severity has its response time, and its levels are told until somebody takes it",
    "[integration][digitalme]") {
  System system;
  const DigitalMe me(system);
  me.WriteTarget("escalation_policy: digitalme\n");
  system.WritePolicy("digitalme", true);
  system.StartServer();
  // No backup: the checklist's workflow asks an operator, with the severity that it is given.
  const auto start = [&](const std::string& severity) {
    return system
        .Json({"start", "checklist-monthly", "--target", "digitalme", "--severity", severity})["id"]
        .as_string();
  };
  const std::string critical = start("critical");
  const std::string medium = start("medium");
  CHECK(system.EndOf(medium) == "NEEDS_ATTENTION");
  system.KillServer();
  system.StartServer();
  Eventually("level 3 is told of the critical one", [&] {
    return system.TimelineOf(critical).find("level-3 is told") != std::string::npos;
  });
  const std::string told = system.TimelineOf(critical);
  CHECK_THAT(told, Contains("level-1 is told") && Contains("level-2 is told"));
  CHECK(told.find("level-1 is told") ==
        told.rfind("level-1 is told"));  // once, also after the death
  CHECK(system.Recourse({"ack", medium, "--reason", "I look at it"}).code == 0);
  const std::string of_medium = system.TimelineOf(medium);
  CHECK_THAT(of_medium, Contains("level-1 is told"));
  CHECK_THAT(of_medium, !Contains("level-3 is told"));
}

TEST_CASE("D-8: the shipped policy asks for an answer in 15 minutes, 30 minutes and 2 hours",
          "[integration][digitalme]") {
  System system;
  const DigitalMe me(system);
  me.WriteTarget("escalation_policy: digitalme\n");
  system.WritePolicy("digitalme", false);
  system.StartServer();
  const std::pair<const char*, int> times[] = {{"critical", 15}, {"high", 30}, {"medium", 120}};
  for (const auto& [severity, minutes] : times) {
    const std::string run = system
                                .Json({"start", "checklist-monthly", "--target", "digitalme",
                                       "--severity", severity})["id"]
                                .as_string();
    CHECK(system.EndOf(run) == "NEEDS_ATTENTION");
    INFO(severity);
    CHECK(MinutesToRespond(system.Json({"show", run})) == minutes);
    CHECK_THAT(ToJson(system.Json({"attention"})), Contains(run));
  }
}

TEST_CASE("D-9: the engine answers what it can measure, and each other item has a name to it",
          "[integration][digitalme]") {
  System system;
  const DigitalMe me(system);
  system.StartServer();
  system.StartServices("digitalme");
  me.MakeBackup();
  const Picture before = me.Look();
  const std::string run = system.StartRun("checklist-before-maintenance", "digitalme");
  CHECK(system.EndOf(run) == "WAITING");
  CHECK(system.Recourse({"answer", run, "window", "--reason", "Sunday 02:00"}).code == 0);
  system.KillServer();
  system.StartServer();
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
  CHECK(Difference(before, me.Look()) == "");
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
