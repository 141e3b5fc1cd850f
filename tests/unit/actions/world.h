// What a test of an action needs: a scratch folder, a policy, and contexts.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "actions/registry.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"

namespace recourse::testing {

class FixedClock final : public Clock {
 public:
  Time Now() const override { return now; }
  Time now = FromTimestamp({1'790'000'000, 0});
};

// Public members are for tests to change before they ask for a context.
class World {
 public:
  explicit World(void (*add)(Registry&)) {
    add(registry_);
    std::string pattern = (std::filesystem::temp_directory_path() / "recourse.XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    folder_ = std::filesystem::canonical(pattern).string();
  }
  ~World() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  Context MakeContext(Value inputs, Value undo_record = {}) {
    return Context{.inputs = std::move(inputs),
                   .key = key,
                   .undo = std::move(undo_record),
                   .checkpoint = {},
                   .fencing_token = 0,
                   .clock = clock,
                   .deadline = std::chrono::steady_clock::now() + time_given,
                   .stop = stop.get_token(),
                   .policy = policy,
                   .log = [this](std::string_view line) { log.emplace_back(line); }};
  }

  const Action& Find(const std::string& name) const {
    const Action* action = registry_.FindAction(name);
    REQUIRE(action != nullptr);
    return *action;
  }

  // As the engine does it: inputs and output are checked against the spec, what Prepare answers is
  // Apply's undo record.
  Outcome Do(const std::string& name, const Value& inputs) {
    const Action& action = Find(name);
    if (auto fits = CheckAgainstSchema(inputs, action.Spec().inputs, "inputs"); !fits) {
      return std::move(fits).error();
    }
    undo = Value();
    if (action.Spec().has_prepare) {
      Outcome prepared = action.Prepare(MakeContext(inputs));
      if (!prepared) return prepared;
      undo = prepared.output();
    }
    Outcome outcome = action.Apply(MakeContext(inputs, undo));
    if (outcome) {
      const auto fits = CheckAgainstSchema(outcome.output(), action.Spec().output, "output");
      INFO((fits ? "" : fits.error().message));
      CHECK(fits);
    }
    return outcome;
  }
  Outcome DoJson(const std::string& name, const std::string& inputs_json) {
    auto inputs = ParseJson(inputs_json);
    REQUIRE(inputs);
    return Do(name, *inputs);
  }

  Policy policy;
  FixedClock clock;
  std::stop_source stop;
  std::string key = "R-1/step/1";
  std::chrono::milliseconds time_given = std::chrono::seconds(60);
  Value undo;  // of the last Do()
  std::vector<std::string> log;

 private:
  Registry registry_;
  std::string folder_;
};

inline std::string MessageOf(const Outcome& outcome) {
  return outcome ? "" : outcome.failure().error.ToString();
}

}  // namespace recourse::testing
