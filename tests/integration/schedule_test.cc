// Schedules of a real server that is killed: no time is started twice, and what nobody was there
// for is made up for as each schedule says.
#include <catch2/catch.hpp>
#include <set>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

constexpr const char* kMark = R"(
name: mark
steps:
  - {id: mark, action: debug.append, with: {path: "EFFECTS"}}
)";

// The seconds for which the schedule has started a run, in the order of the runs.
std::vector<std::int64_t> SecondsOf(const Scene& scene, const std::string& schedule) {
  const std::string prefix = "schedule/" + schedule + "/";
  const Value listed = scene.Json({"runs", "--limit", "1000"});
  std::vector<std::int64_t> seconds;
  for (const Value& run : listed["runs"].as_list()) {
    const std::string request = run.StringOr("request_id", "");
    if (!request.starts_with(prefix)) continue;
    const auto time = ParseTimestamp(request.substr(prefix.size()));
    REQUIRE(time);
    seconds.insert(seconds.begin(), time->seconds);
  }
  return seconds;
}

std::int64_t NotStarted(const Scene& scene, const std::string& schedule) {
  return std::stoll(scene.Json({"schedules", "show", schedule}).StringOr("not_started", "0"));
}

void WaitForRuns(const Scene& scene, const std::string& schedule, std::size_t count) {
  Eventually(schedule + " has started " + std::to_string(count) + " runs",
             [&] { return SecondsOf(scene, schedule).size() >= count; });
}

// Each second at most once, in order.
void CheckOnce(const std::vector<std::int64_t>& seconds) {
  for (std::size_t i = 1; i < seconds.size(); ++i) CHECK(seconds[i] > seconds[i - 1]);
}

std::int64_t LongestGap(const std::vector<std::int64_t>& seconds) {
  std::int64_t longest = 0;
  for (std::size_t i = 1; i < seconds.size(); ++i) {
    longest = std::max(longest, seconds[i] - seconds[i - 1]);
  }
  return longest;
}

struct SchedulesScene : Scene {
  SchedulesScene() : Scene(false) {
    std::string mark = kMark;
    mark.replace(mark.find("EFFECTS"), 7, folder / "effects");
    folder.Write("workflows/mark.yaml", mark);
    server_arguments = {"--schedules", folder / "schedules"};
  }
  void Schedule(const std::string& name, const std::string& rules) {
    folder.Write("schedules/" + name + ".yaml",
                 "name: " + name + "\nworkflow: mark\ncron: '@every 1s'\n" + rules);
  }
};

}  // namespace

TEST_CASE_METHOD(SchedulesScene, "a killed server starts no time twice, and catches up as asked",
                 "[integration]") {
  Schedule("all", "overlap: queue\ncatch_up: all\ncatch_up_limit: 100\n");
  Schedule("none", "overlap: queue\n");
  Schedule("last", "overlap: queue\ncatch_up: last\n");
  StartServer();
  WaitForRuns(*this, "all", 3);
  WaitForRuns(*this, "none", 3);
  WaitForRuns(*this, "last", 3);
  KillServer();
  const Time back = SystemClock().Now() + 4s;
  Eventually("the server was down for four seconds", [&] { return SystemClock().Now() >= back; });
  StartServer();
  const std::int64_t up = ToTimestamp(SystemClock().Now()).seconds;
  for (const char* name : {"all", "none", "last"}) {
    Eventually(std::string(name) + " has gone on", [&] {
      const auto seconds = SecondsOf(*this, name);
      return !seconds.empty() && seconds.back() >= up + 2;
    });
  }
  for (const char* name : {"all", "none", "last"}) {
    INFO(name);
    CheckOnce(SecondsOf(*this, name));
  }
  CHECK(LongestGap(SecondsOf(*this, "all")) == 1);
  CHECK(LongestGap(SecondsOf(*this, "none")) >= 3);
  CHECK(LongestGap(SecondsOf(*this, "last")) >= 3);
  CHECK(NotStarted(*this, "all") == 0);
  CHECK(NotStarted(*this, "none") >= 2);
  CHECK(NotStarted(*this, "last") >= 2);
}

TEST_CASE_METHOD(SchedulesScene, "a server that dies around a start's commit starts it once",
                 "[integration]") {
  const std::string point =
      GENERATE("journal_before_commit", "journal_after_commit", "before_effect");
  INFO(point);
  Schedule("all", "overlap: queue\ncatch_up: all\ncatch_up_limit: 100\n");
  server_environment["RECOURSE_FAIL_POINT"] = point + ":4";
  StartServer();
  REQUIRE(server().WaitForEnd(30s) == 128 + 9);
  DropServer();
  server_environment.clear();
  StartServer();
  WaitForRuns(*this, "all", 5);
  const auto seconds = SecondsOf(*this, "all");
  CheckOnce(seconds);
  CHECK(LongestGap(seconds) == 1);
  // Each run did its work once.
  StopServer();
  std::set<std::string> lines;
  std::istringstream effects(Effects());
  int count = 0;
  for (std::string line; std::getline(effects, line); ++count) lines.insert(line);
  CHECK(lines.size() == static_cast<std::size_t>(count));
}

TEST_CASE_METHOD(SchedulesScene, "a pause outlives a kill", "[integration]") {
  Schedule("marks", "");
  StartServer();
  WaitForRuns(*this, "marks", 1);
  CHECK(Recourse({"schedules", "pause", "marks", "--reason", "enough"}).code == 0);
  // Who pauses it once more learns that it was, and why.
  const Finished again = Recourse({"schedules", "pause", "marks", "--reason", "the disk"});
  CHECK(again.code == 0);
  CHECK_THAT(again.err, Catch::Contains("no reason kept: it is paused by operator on ") &&
                            Catch::Contains(": enough\n"));
  const auto before = SecondsOf(*this, "marks");
  KillServer();
  StartServer();
  const Value shown = Json({"schedules", "show", "marks"});
  CHECK(shown["paused"] == Value(true));
  CHECK(shown.StringOr("change_reason", "") == "enough");
  CHECK(Recourse({"schedules", "resume", "marks"}).code == 0);
  WaitForRuns(*this, "marks", before.size() + 1);
}

TEST_CASE_METHOD(SchedulesScene, "a schedule with a mistake is told and left out",
                 "[integration]") {
  folder.Write("schedules/bad.yaml", "name: bad\nworkflow: mrak\ncron: '@every 1s'\n");
  StartServer();
  CHECK_THAT(server().out(), Catch::Contains("schedules 0"));
  Eventually("the log tells of it", [&] {
    return server().err().find(
               "bad.yaml:2:11: unknown workflow \"mrak\"; did you mean \"mark\"?") !=
           std::string::npos;
  });
  CHECK(Recourse({"schedules", "list"}).out == "the server has loaded no schedule\n");
}

}  // namespace recourse::integration
