#include "engine/runtime/timers.h"

#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

using machine::RunStatus;
using std::chrono::seconds;

constexpr const char* kWaits = R"(
name: waits
steps:
  - {id: rest, wait: {for: 30s}}
)";
constexpr const char* kRetries = R"(
name: retries
on_failure: fail
steps:
  - id: work
    action: test.work
    retry: {attempts: 3, delay: 10s, backoff: 2, max_delay: 60s, on: [UNAVAILABLE]}
)";
constexpr const char* kExpires = R"(
name: expires
steps:
  - id: confirm
    approval: {prompt: "Go on?", approvers: [dba], expires: 5m}
)";
constexpr const char* kSlow = R"(
name: slow
on_failure: fail
steps:
  - {id: work, action: test.work, timeout: 20s}
)";
constexpr const char* kDeadline = R"(
name: deadline
deadline: 1m
on_failure: fail
steps:
  - {id: work, action: test.work, timeout: 1h}
)";

}  // namespace

TEST_CASE_METHOD(EngineFixture, "timers fire when they are due, however many", "[runtime]") {
  options.batch_max = 4;
  AddWorkflow(kWaits);
  StartEngine();
  std::vector<RunId> runs;
  for (int i = 0; i < 10; ++i) runs.push_back(Begin("waits"));
  clock.Advance(seconds(29));
  Tick();
  for (const RunId run : runs) CHECK(Row(run).status == static_cast<int>(RunStatus::kWaiting));
  CHECK(engine().info().runs_in_memory == 0);
  clock.Advance(seconds(1));
  Tick();
  for (const RunId run : runs) {
    CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
  }
}

TEST_CASE_METHOD(EngineFixture, "a timer that was due while no server ran fires after the start",
                 "[runtime]") {
  AddWorkflow(kWaits);
  StartEngine();
  const RunId run = Begin("waits");
  StopEngine();
  clock.Advance(std::chrono::hours(5));
  StartEngine();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
}

TEST_CASE_METHOD(EngineFixture, "a timer that the disk refuses fires again", "[runtime]") {
  AddWorkflow(kWaits);
  StartEngine();
  const RunId run = Begin("waits");
  journal().RefuseWith([](auto) { return Unavailable("I/O error"); });
  clock.Advance(seconds(30));
  Tick();
  journal().WaitForRefusals(3);
  journal().RefuseWith(nullptr);
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
}

TEST_CASE_METHOD(EngineFixture, "a failed attempt is tried again after its back-off", "[runtime]") {
  Gate tries;
  tries.Open();
  AddAction("test.work").apply = [&](const Context&) {
    tries.Pass();
    return Unavailable("busy");
  };
  AddWorkflow(kRetries);
  StartEngine();
  const RunId run = Begin("retries");
  tries.WaitFor(1);
  while (Row(run).status != static_cast<int>(RunStatus::kWaiting)) Tick();
  clock.Advance(seconds(10));
  Tick();
  tries.WaitFor(2);
  while (Row(run).status != static_cast<int>(RunStatus::kWaiting)) Tick();
  clock.Advance(seconds(20));
  Tick();
  tries.WaitFor(3);
  const auto row = Settle(run);
  CHECK(row.status == static_cast<int>(RunStatus::kFailed));
  CHECK(row.error_code == static_cast<int>(Code::kUnavailable));
}

TEST_CASE_METHOD(EngineFixture, "an approval that nobody decides asks an operator", "[runtime]") {
  AddWorkflow(kExpires);
  StartEngine();
  const RunId run = Begin("expires");
  clock.Advance(std::chrono::minutes(5));
  Tick();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kNeedsAttention));
}

TEST_CASE_METHOD(EngineFixture, "an attempt is stopped at its deadline and says so", "[runtime]") {
  Gate gate;
  AddAction("test.work").apply = [&](const Context& context) -> Outcome {
    if (gate.Pass(context.stop)) return Value();
    return context.StopError();
  };
  AddWorkflow(kSlow);
  StartEngine();
  const RunId run = Begin("slow");
  gate.WaitFor(1);
  clock.Advance(seconds(19));
  Tick();
  CHECK(engine().info().attempts_at_work == 1);
  clock.Advance(seconds(1));
  Tick();
  const auto row = Settle(run);
  CHECK(row.status == static_cast<int>(RunStatus::kFailed));
  CHECK(row.error_code == static_cast<int>(Code::kDeadlineExceeded));
}

TEST_CASE_METHOD(EngineFixture, "an attempt is stopped at its run's deadline", "[runtime]") {
  Gate gate;
  AddAction("test.work").apply = [&](const Context& context) -> Outcome {
    if (gate.Pass(context.stop)) return Value();
    return context.StopError();
  };
  AddWorkflow(kDeadline);
  StartEngine();
  const RunId run = Begin("deadline");
  gate.WaitFor(1);
  clock.Advance(seconds(60));
  Tick();
  const auto row = Settle(run);
  CHECK(row.status == static_cast<int>(RunStatus::kFailed));
  CHECK(row.error_code == static_cast<int>(Code::kDeadlineExceeded));
}

TEST_CASE_METHOD(EngineFixture, "an attempt is stopped when its run is cancelled", "[runtime]") {
  Gate gate;
  AddAction("test.work").apply = [&](const Context& context) -> Outcome {
    if (gate.Pass(context.stop)) return Value();
    return context.StopError();
  };
  AddWorkflow(kDeadline);
  StartEngine();
  const RunId run = Begin("deadline");
  gate.WaitFor(1);
  REQUIRE(Send(run, machine::Cancel{"enough", false, {}}).Get());
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kCancelled));
}

TEST_CASE("a timer that is centuries away lets the loop sleep", "[runtime]") {
  const Time now = Time(std::chrono::hours(24 * 365 * 56));
  CHECK(SleepFor(now + std::chrono::hours(24 * 365 * 500), now) == kSleepMax);
  CHECK(SleepFor(now + seconds(2), now) == seconds(2));
  CHECK(SleepFor(now - seconds(2), now) == seconds(0));
}

TEST_CASE_METHOD(EngineFixture, "a timer survives a clock that is set back while it fires",
                 "[runtime]") {
  AddWorkflow(kWaits);
  StartEngine();
  // Whichever look at the clock is the last before it is set back.
  for (int looks = 1; looks <= 8; ++looks) {
    const RunId run = Begin("waits");
    clock.StepBackAfter(looks, seconds(30));
    clock.Advance(seconds(30));
    Tick();
    clock.StepBackAfter(0, {});
    clock.Advance(seconds(60));
    Tick();
    CHECK(Row(run).status == static_cast<int>(RunStatus::kSucceeded));
  }
}

}  // namespace recourse::runtime
