// What the crash test plays: a run, the world that it changes, and what must be true at its end.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "recourse/v1/run.pb.h"

namespace recourse::crash {

// `data` is the server's data directory, which is new for every play.
struct Scenario {
  std::string name;
  std::string workflow;  // the name of what `prepare` wrote to <data>/workflows
  std::string inputs;    // JSON; "@" stands for `data`
  v1::RunStatus ends = v1::RUN_STATUS_SUCCEEDED;
  // Makes workflows, targets and the world, before the server is first started.
  std::function<void(const std::string& data)> prepare;
  // The world as text that does not depend on where `data` is; must be `expected` after each play.
  std::function<std::string(const std::string& data)> observe;
  std::string expected;
  // Ends what the play left at work.
  std::function<void(const std::string& data)> clean = [](const std::string&) {};
  // Points that stand right behind an effect: passed as often as without a crash, or it was
  // repeated.
  std::vector<std::string> effects;
  // Kills after which every point of the recovery is tried too: the server dies twice.
  std::vector<std::string> first_kills;
};

std::vector<Scenario> EngineScenarios();
std::vector<Scenario> DatabaseScenarios();
std::vector<Scenario> FileScenarios();

}  // namespace recourse::crash
