#include "engine/definition/schedule.h"

#include <catch2/catch.hpp>

#include "engine/base/text.h"
#include "support.h"

namespace recourse::definition {
namespace {

constexpr const char* kBackup = R"(
name: backup
inputs:
  target: {type: target, requires: [database]}
  keep: {type: int, default: 7}
  wait: {type: duration, default: 1m}
steps: [{id: done, succeed: true}]
)";

WorkflowsByName Workflows() { return {{"backup", Load(kBackup)}}; }

Inventory Targets() {
  Inventory inventory;
  REQUIRE(inventory.AddFile("name: health\ndatabase: {kind: sqlite, path: /data/h.db}\n", "t"));
  REQUIRE(inventory.AddFile("name: bare\n", "t"));
  return inventory;
}

std::string Refused(std::string_view text) {
  const auto loaded = LoadSchedule(text, "s.yaml", Workflows(), Targets());
  return loaded ? "taken" : loaded.error().message;
}

constexpr const char* kHead = "name: nightly\nworkflow: backup\ninputs: {target: health}\n";

}  // namespace

TEST_CASE("a schedule says what is started when, and has defaults for the rest", "[definition]") {
  const auto loaded =
      LoadSchedule(std::string(kHead) + "cron: 0 2 * * *\n", "s.yaml", Workflows(), Targets());
  REQUIRE(loaded);
  const Schedule& schedule = **loaded;
  CHECK(schedule.name == "nightly");
  CHECK(schedule.workflow == "backup");
  CHECK(schedule.inputs["target"] == Value("health"));
  CHECK(schedule.cron.text() == "0 2 * * *");
  CHECK(schedule.cron.zone().name() == "UTC");
  CHECK(schedule.jitter.count() == 0);
  CHECK(schedule.overlap == Overlap::kSkip);
  CHECK(schedule.catch_up == CatchUp::kNone);
  CHECK_FALSE(schedule.paused);
  const Time two = FromTimestamp(*ParseTimestamp("2026-11-25T02:00:00Z"));
  CHECK(schedule.RequestIdOf(two) == "schedule/nightly/2026-11-25T02:00:00Z");
  CHECK(schedule.Principal() == "schedule:nightly");
}

TEST_CASE("a schedule can say everything", "[definition]") {
  const auto loaded = LoadSchedule(
      std::string(kHead) +
          "summary: Every night\ncron: '@daily'\ntime_zone: Europe/Berlin\njitter: 5m\n"
          "overlap: queue\ncatch_up: all\ncatch_up_limit: 3\npaused: true\n",
      "s.yaml", Workflows(), Targets());
  REQUIRE(loaded);
  const Schedule& schedule = **loaded;
  CHECK(schedule.summary == "Every night");
  CHECK(schedule.cron.zone().name() == "Europe/Berlin");
  CHECK(schedule.jitter == std::chrono::minutes(5));
  CHECK(schedule.overlap == Overlap::kQueue);
  CHECK(schedule.catch_up == CatchUp::kAll);
  CHECK(schedule.catch_up_limit == 3);
  CHECK(schedule.paused);
}

TEST_CASE("every mistake of a schedule is told at once, with its place", "[definition]") {
  CHECK(Refused("name: Nightly\nworkflow: bakcup\ncron: 0 25 * * *\ntime_zone: Europe/Berlim\n"
                "overlpa: skip\n") ==
        "s.yaml:1:7: name: \"Nightly\" is no name; use small letters, digits, - and _, a letter "
        "first, at most 64 in all\n"
        "s.yaml:2:11: unknown workflow \"bakcup\"; did you mean \"backup\"?\n"
        "s.yaml:4:12: time_zone: there is no time zone \"Europe/Berlim\"; did you mean "
        "\"Europe/Berlin\"?\n"
        "s.yaml:5:1: unknown key \"overlpa\"; did you mean \"overlap\"?");
  CHECK(Refused("name: nightly\n") ==
        "s.yaml:1:1: \"cron\" is missing with the schedule's keys\n"
        "s.yaml:1:1: \"workflow\" is missing with the schedule's keys");
  CHECK(Refused("[]") == "s.yaml:1:1: expected a map with the schedule's keys, found a list");
}

TEST_CASE("a cron expression is checked when the schedule is loaded", "[definition]") {
  const std::string head = kHead;
  CHECK(Refused(head + "cron: 0 25 * * *\n") ==
        "s.yaml:4:7: cron: column 3: the hour 25 is not within 0 to 23");
  CHECK(Refused(head + "cron: 0 0 30 2 *\n") ==
        "s.yaml:4:7: cron: column 5: never fires: no month has such a day");
  CHECK(Refused(head + "cron: 5\n") ==
        "s.yaml:4:7: cron: expected an expression such as \"0 2 * * *\", found a number");
}

TEST_CASE("the inputs of a schedule must fit its workflow", "[definition]") {
  const std::string head = "name: nightly\ncron: '@daily'\nworkflow: backup\n";
  CHECK(Refused(head) ==
        "s.yaml:1:1: inputs.target: is missing; the workflow \"backup\" needs it (target)");
  CHECK(Refused(head + "inputs: {target: healht}\n") ==
        "s.yaml:4:10: inputs.target: there is no target \"healht\"; did you mean \"health\"?");
  CHECK(Refused(head + "inputs: {target: bare}\n") ==
        "s.yaml:4:10: inputs.target: the target \"bare\" has no \"database\", which the workflow "
        "needs");
  CHECK(Refused(head + "inputs:\n  target: health\n  kepp: 3\n") ==
        "s.yaml:6:3: inputs.kepp: the workflow \"backup\" has no such input; did you mean "
        "\"keep\"?");
  CHECK(Refused(head + "inputs: {target: health, keep: \"${1 + 1}\"}\n") ==
        "s.yaml:4:26: inputs.keep: expected a whole number, found \"${1 + 1}\"\n"
        "s.yaml:4:32: inputs: a schedule's inputs must be constants");
  CHECK(Refused(head + "inputs: [health]\n") == "s.yaml:4:9: inputs: expected a map, found a list");
}

TEST_CASE("rules that contradict each other are refused", "[definition]") {
  const std::string head = std::string(kHead) + "cron: '@daily'\n";
  CHECK(Refused(head + "catch_up: all\n") ==
        "s.yaml:5:11: catch_up: all needs \"overlap: queue\"; with skip, all but the first of them "
        "would be skipped");
  CHECK(Refused(head + "catch_up_limit: 3\n") ==
        "s.yaml:5:17: catch_up_limit: has a meaning with \"catch_up: all\" only");
  CHECK(Refused(head + "catch_up: some\n") ==
        "s.yaml:5:11: catch_up: expected one of none, last, all, found \"some\"");
  CHECK(Refused(head + "jitter: 25h\n") == "s.yaml:5:9: jitter: must be at most 1d");
  CHECK(Refused(head + "jitter: 5\n") ==
        "s.yaml:5:9: jitter: expected a duration such as 90s or 1h30m, found a number");
}

}  // namespace recourse::definition
