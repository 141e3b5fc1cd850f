// Random workflows, random outcomes, random words of people, random crashes: what holds always.
//
// RECOURSE_SEEDS=100000 plays more runs than usual, RECOURSE_SEED=4711 the one with that seed.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>

#include "tests/simulation/monkey.h"

namespace recourse::simulation {
namespace {

constexpr int kSeeds = 2'000;

std::uint64_t NumberFrom(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Tally {
  int written = 0;
  int refused = 0;
  std::size_t events = 0;
  std::map<std::string, int> ends;
  std::set<std::string> seen;
};

void PlayOne(std::uint64_t seed, Tally& tally) {
  Dice dice(seed);
  Generated generated;
  definition::Loaded loaded;
  while (loaded.workflow == nullptr) {
    generated = Generate(dice);
    loaded = LoadFrom(generated.yaml, generated.others);
    ++tally.written;
    if (loaded.workflow == nullptr) ++tally.refused;
  }
  INFO("RECOURSE_SEED=" << seed << "\n" << generated.Text());
  World world(loaded.workflow, generated.gates);
  Monkey monkey(world, dice);
  const bool held = loaded.workflow->lock && dice.OneIn(3);
  world.Start(Value::Object({{"a", dice.OneIn(2)}, {"b", dice.OneIn(2)}}), RunId{held ? 3 : 0});
  const int turns = dice.Below(80);
  for (int turn = 0; turn < turns && !machine::IsFinal(world.status()); ++turn) monkey.Act();
  monkey.Finish();
  world.Crash();
  const auto events = world.events();
  const auto acquired = std::count(events.begin(), events.end(), "LockAcquired");
  if (world.locks_released() != acquired) world.Break("the lock was not released once");
  ++tally.ends[std::string(machine::ToString(world.status()))];
  tally.events += world.size();
  tally.seen.insert(events.begin(), events.end());
}

}  // namespace

TEST_CASE("whatever happens to a run, it keeps what the engine promises", "[simulation]") {
  Tally tally;
  if (const std::uint64_t one = NumberFrom("RECOURSE_SEED", 0); one != 0)
    return PlayOne(one, tally);
  const std::uint64_t seeds = NumberFrom("RECOURSE_SEEDS", kSeeds);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) PlayOne(seed, tally);

  std::cout << seeds << " runs, " << tally.events << " events; " << tally.refused << " of "
            << tally.written << " workflows refused;";
  for (const auto& [status, count] : tally.ends) std::cout << " " << count << " " << status;
  std::cout << "\n";
  CHECK(tally.refused * 2 <= tally.written);
  CHECK(tally.ends.size() == 4);  // each way of ending came
  // Every event that a run of its own can come to was among them.
  for (const char* name :
       {"LockQueued",         "StepSkipped",         "ForEachStarted",    "AttemptPrepared",
        "AttemptProgressed",  "AttemptResumed",      "StepFailed",        "RetryRequested",
        "FailureHandled",     "SwitchTaken",         "CheckpointReached", "WaitEnded",
        "ApprovalSettled",    "ApprovalEscalated",   "RunPaused",         "RunResumed",
        "StopRequested",      "AttentionNeeded",     "EffectResolved",    "RollbackEnded",
        "CompensationFailed", "CompensationSkipped", "SignalReceived",    "BranchEnded",
        "SubWorkflowStarted", "StepCompleted",       "ItemAnswered",      "FinishStarted"}) {
    INFO(name);
    CHECK(tally.seen.contains(name));
  }
}

}  // namespace recourse::simulation
