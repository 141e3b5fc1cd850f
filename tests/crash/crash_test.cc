// Kills the server at every place between an input taken and its effect done, starts it again, and
// holds the run to the end that it has without a crash.
//
// What a scenario passes is learnt by playing it without a kill; then it is played once for each
// point's first, middle and last pass, each time in a new data directory.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "tests/crash/life.h"
#include "tests/crash/scenario.h"

namespace recourse::crash {
namespace {

constexpr unsigned kAtOnce = 2;
// A point may be passed less often than the time before, because inputs that come close together
// are taken together; the last pass is then an earlier one.
constexpr int kTriesMax = 5;

struct Trial {
  std::vector<std::string> first_kills;
  std::string point;
  int pass = 1;

  std::vector<std::string> Kills() const {
    std::vector<std::string> kills = first_kills;
    kills.push_back(point + ":" + std::to_string(pass));
    return kills;
  }
};

int Total(const Life& life, const std::string& point) {
  int total = 0;
  for (const Passes& passes : life.passes) {
    if (const auto found = passes.find(point); found != passes.end()) total += found->second;
  }
  return total;
}

// A play in a new data directory. A problem is followed by what the server said.
Life PlayInScratch(const Scenario& scenario, const std::vector<std::string>& kills) {
  const ScratchDirectory scratch;
  Life life = Play(scenario, scratch.path(), kills);
  scenario.clean(scratch.path());
  if (life.problems.empty()) return life;
  std::ifstream log(scratch.path() + "/server.log");
  life.problems.emplace_back(std::istreambuf_iterator<char>(log), std::istreambuf_iterator<char>());
  return life;
}

// What is wrong when the server is killed there; empty: nothing.
std::string Try(const Scenario& scenario, const Life& reference, Trial trial) {
  Life life;
  const int kills = static_cast<int>(trial.first_kills.size()) + 1;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    life = PlayInScratch(scenario, trial.Kills());
    if (life.kills == kills || !life.problems.empty()) break;
    // The start that was not killed tells how often the point is passed.
    const Passes& passes = life.passes.back();
    const auto passed = passes.find(trial.point);
    if (passed != passes.end() && life.kills == kills - 1) {
      trial.pass = std::min(trial.pass, passed->second);
    }
  }
  if (life.kills != kills) life.problems.push_back("the point was not reached");
  for (const std::string& effect : scenario.effects) {
    const int expected = Total(reference, effect);
    const int found = Total(life, effect);
    // A kill may fall between an effect and its line in the log; that the effect is there is what
    // the look at the world tells. One too many is a repetition.
    if (found <= expected) continue;
    life.problems.push_back("effects at " + effect + ": " + std::to_string(found) + " instead of " +
                            std::to_string(expected));
  }
  if (life.problems.empty()) return "";
  std::string text = scenario.name + ", killed at";
  for (const std::string& kill : trial.Kills()) text += " " + kill;
  for (const std::string& problem : life.problems) text += "\n  " + problem;
  return text;
}

// The first, the middle and the last pass of each point; of a point in `known` the first alone.
void AddTrials(const Passes& passes, const std::vector<std::string>& first_kills,
               const std::set<std::string>& known, std::vector<Trial>& trials) {
  for (const auto& [point, count] : passes) {
    const std::set<int> chosen =
        known.contains(point) ? std::set<int>{1} : std::set<int>{1, (count + 1) / 2, count};
    for (const int pass : chosen) trials.push_back({first_kills, point, pass});
  }
}

// Plays every trial, some at once, and answers what is wrong.
std::vector<std::string> TryAll(const Scenario& scenario, const Life& reference,
                                const std::vector<Trial>& trials) {
  std::vector<std::string> problems(trials.size());
  std::atomic<std::size_t> next = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kAtOnce; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at; (at = next++) < trials.size();) {
        problems[at] = Try(scenario, reference, trials[at]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::erase(problems, "");
  return problems;
}

// How many points were tried.
std::size_t TryEveryPoint(const Scenario& scenario) {
  const Life reference = PlayInScratch(scenario, {});
  INFO(scenario.name << " without a kill");
  REQUIRE(reference.problems == std::vector<std::string>());

  std::vector<Trial> trials;
  AddTrials(reference.passes[0], {}, {}, trials);
  std::set<std::string> known;
  for (const auto& [point, count] : reference.passes[0]) known.insert(point);
  for (const std::string& kill : scenario.first_kills) {
    const Life recovery = PlayInScratch(scenario, {kill});
    INFO("killed at " << kill);
    REQUIRE(recovery.problems == std::vector<std::string>());
    REQUIRE(recovery.kills == 1);
    AddTrials(recovery.passes[1], {kill}, known, trials);
  }
  for (const std::string& problem : TryAll(scenario, reference, trials)) {
    FAIL_CHECK(problem);
  }
  std::printf("crash: %s: %zu points\n", scenario.name.c_str(), trials.size());
  return trials.size();
}

// Each scenario is a section, so that one can be played alone: crash_test -c rollback
void TryEveryScenario(const std::vector<Scenario>& all) {
  static std::size_t points = 0;
  static int scenarios = 0;
  for (const Scenario& scenario : all) {
    DYNAMIC_SECTION(scenario.name) {
      points += TryEveryPoint(scenario);
      std::printf("crash: %zu points tried in %d scenarios\n", points, ++scenarios);
      std::fflush(stdout);
    }
  }
}

TEST_CASE("a run ends as it would have, wherever the server is killed", "[crash]") {
  TryEveryScenario(EngineScenarios());
}

TEST_CASE("a database is as it would have been, wherever the server is killed", "[crash]") {
  TryEveryScenario(DatabaseScenarios());
}

TEST_CASE("files are as they would have been, wherever the server is killed", "[crash]") {
  TryEveryScenario(FileScenarios());
}

}  // namespace
}  // namespace recourse::crash
