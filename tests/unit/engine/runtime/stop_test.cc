#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

using machine::RunStatus;
using std::chrono::minutes;

constexpr const char* kTwoSteps = R"(
name: two
steps:
  - {id: first, action: test.first}
  - {id: second, action: test.second}
)";

// Ends the engine without grace while the outcome of the run's first attempt, which the gate held,
// lies in the mailbox.
void StopBeforeOutcome(EngineFixture& fixture, RunId run, Gate& work) {
  work.WaitFor(1);
  Gate append;
  fixture.journal().RefuseWith([&](auto) -> std::optional<Error> {
    append.Pass();
    return std::nullopt;
  });
  auto busy = fixture.Send(run, machine::Annotate{"keeps the loop busy"});
  append.WaitFor(1);
  work.Open();
  while (fixture.engine().info().inputs_waiting == 0) std::this_thread::yield();
  auto stopped =
      std::async(std::launch::async, [&] { fixture.engine().Stop(std::chrono::milliseconds(0)); });
  for (;;) {  // until it is known to be stopping
    auto asked = fixture.Settled(RunId{99});
    if (asked.IsThere() && asked.Get().error().code == Code::kUnavailable) break;
    std::this_thread::yield();
  }
  append.Open();
  stopped.get();
  fixture.journal().RefuseWith(nullptr);
  fixture.StopEngine();
}

}  // namespace

TEST_CASE_METHOD(EngineFixture, "a stop waits for attempts at work and starts no others",
                 "[runtime]") {
  Gate gate;
  AddAction("test.first").apply = [&](const Context& context) -> Outcome {
    if (gate.Pass(context.stop)) return Value();
    return context.StopError();
  };
  Gate second;
  second.Open();
  const auto repeat = GENERATE(RepeatClass::kIdempotent, RepeatClass::kOnce);
  AddAction("test.second", repeat).apply = [&](const Context&) {
    second.Pass();
    return Value();
  };
  AddWorkflow(kTwoSteps);
  StartEngine();
  const RunId run = Begin("two");
  gate.WaitFor(1);
  auto stopped = std::async(std::launch::async, [&] { engine().Stop(minutes(5)); });
  while (Settled(RunId{99}).Get().error().code != Code::kUnavailable) {
  }  // until it is known to be stopping
  gate.Open();
  stopped.get();
  StopEngine();
  if (repeat == RepeatClass::kOnce) {
    // Begun it could be told from what had taken effect; so it was let run.
    CHECK(second.came() == 1);
    CHECK(Row(run).status == static_cast<int>(RunStatus::kSucceeded));
    return;
  }
  CHECK(second.came() == 0);
  CHECK(EventsOf(run) == std::vector<std::string>{"RunStarted", "AttemptStarted",
                                                  "AttemptSucceeded", "AttemptStarted"});
  StartEngine();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
  CHECK(second.came() == 1);
}

TEST_CASE_METHOD(EngineFixture, "an attempt that the stop ends has no outcome", "[runtime]") {
  Gate gate;
  AddAction("test.first").apply = [&](const Context& context) -> Outcome {
    if (gate.Pass(context.stop)) return Value();
    return context.StopError();
  };
  AddAction("test.second");
  AddWorkflow(kTwoSteps);
  StartEngine();
  const RunId run = Begin("two");
  gate.WaitFor(1);
  StopEngine(std::chrono::milliseconds(0));
  CHECK(EventsOf(run) == std::vector<std::string>{"RunStarted", "AttemptStarted"});
}

TEST_CASE_METHOD(EngineFixture, "an attempt that waits for a journal that refuses can be stopped",
                 "[runtime]") {
  Result<void> saved;
  AddAction("test.first").apply = [&](const Context& context) -> Outcome {
    saved = context.save_progress(Value(1));
    return Unavailable("not saved");
  };
  AddAction("test.second");
  AddWorkflow(kTwoSteps);
  StartEngine();
  journal().RefuseWith([](std::span<const journal::RunChange> changes) -> std::optional<Error> {
    if (changes[0].row.revision > 2) return Unavailable("I/O error");
    return std::nullopt;
  });
  Begin("two");
  journal().WaitForRefusals(2);
  StopEngine(std::chrono::milliseconds(0));
  REQUIRE_FALSE(saved);
  CHECK(saved.error().code == Code::kUnavailable);
}

TEST_CASE_METHOD(EngineFixture, "a stopping engine takes no requests", "[runtime]") {
  AddAction("test.first");
  AddAction("test.second");
  AddWorkflow(kTwoSteps);
  StartEngine();
  const RunId run = Begin("two");
  Settle(run);
  engine().Stop(std::chrono::milliseconds(0));
  engine().Stop(std::chrono::milliseconds(0));  // may be called twice
  CHECK(Start("two").Get().error().code == Code::kUnavailable);
  CHECK(Send(run, machine::Annotate{"late"}).Get().error().code == Code::kUnavailable);
  CHECK(Settled(run).Get().error().code == Code::kUnavailable);
}

TEST_CASE_METHOD(EngineFixture, "an outcome that has arrived counts, though the stop has no grace",
                 "[runtime]") {
  Gate gate;
  AddAction("test.first").apply = [&](const Context&) -> Outcome {
    gate.Pass();
    return FailedPrecondition("as the test says");
  };
  AddAction("test.second");
  AddWorkflow(kTwoSteps);
  StartEngine();
  const RunId run = Begin("two");
  StopBeforeOutcome(*this, run, gate);
  CHECK(Row(run).error_code == static_cast<int>(Code::kFailedPrecondition));
}

TEST_CASE_METHOD(EngineFixture, "what cannot be told from what took effect runs past the grace too",
                 "[runtime]") {
  Gate gate;
  AddAction("test.first").apply = [&](const Context&) {
    gate.Pass();
    return Value();
  };
  std::atomic<int> came = 0;
  AddAction("test.second", RepeatClass::kOnce).apply = [&](const Context&) {
    ++came;
    return Value();
  };
  AddWorkflow(kTwoSteps);
  StartEngine();
  const RunId run = Begin("two");
  StopBeforeOutcome(*this, run, gate);
  CHECK(came == 1);
  CHECK(Row(run).status == static_cast<int>(RunStatus::kSucceeded));
}

TEST_CASE_METHOD(EngineFixture, "a prepare that ends after the grace is repeated by the next start",
                 "[runtime]") {
  Gate gate;
  Scripted& first = AddAction("test.first", RepeatClass::kOnce);
  first.spec.has_prepare = true;
  first.prepare = [&](const Context&) {
    gate.Pass();
    return Value();
  };
  AddAction("test.second");
  AddWorkflow(kTwoSteps);
  StartEngine();
  const RunId run = Begin("two");
  StopBeforeOutcome(*this, run, gate);
  StartEngine();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
  CHECK(gate.came() == 2);
}

}  // namespace recourse::runtime
