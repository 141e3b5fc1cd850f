#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

using machine::RunStatus;

std::string OneStep(const std::string& action) {
  return "name: one\nsteps:\n  - {id: work, action: " + action + "}\n";
}

}  // namespace

TEST_CASE_METHOD(EngineFixture, "attempts that were at work go on after a crash", "[runtime]") {
  Gate gate;
  Scripted& action = AddAction("test.work");
  action.apply = [&](const Context& context) -> Outcome {
    if (gate.Pass(context.stop)) return Value::Object({{"key", context.key}});
    return context.StopError();
  };
  AddWorkflow(OneStep("test.work"));
  options.workers = 8;
  StartEngine();
  std::vector<RunId> runs;
  for (int i = 0; i < 50; ++i) runs.push_back(Begin("one"));
  gate.WaitFor(8);
  Crash();
  const int before = journal().appends();
  gate.Open();
  StartEngine();
  for (const RunId run : runs) {
    CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
    // The same key as before the crash.
    CHECK(StateOf(run).done.back().output["key"] == Value(KeyOf(run, "work")));
  }
  CHECK(journal().appends() - before <= 1 + 50);
  CHECK(EventsOf(runs[0]) == std::vector<std::string>{"RunStarted", "AttemptStarted",
                                                      "AttemptResumed", "AttemptSucceeded",
                                                      "RunSucceeded"});
}

TEST_CASE_METHOD(EngineFixture, "what is at work beside a question goes on after a crash",
                 "[runtime]") {
  Gate gate;
  AddAction("test.work").apply = [&](const Context& context) -> Outcome {
    if (gate.Pass(context.stop)) return Value();
    return context.StopError();
  };
  AddAction("test.fail").apply = [](const Context&) -> Outcome {
    return Failure{FailedPrecondition("no"), {}, LeftBehind::kNothing};
  };
  AddWorkflow(R"(
name: two
on_failure: pause
steps:
  - id: both
    parallel:
      branches:
        a: [{id: work, action: test.work}]
        b: [{id: fails, action: test.fail}]
)");
  StartEngine();
  const RunId run = Begin("two");
  gate.WaitFor(1);
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kNeedsAttention));
  Crash();
  StartEngine();
  CHECK(engine().info().attempts_at_work == 1);
  gate.Open();
  StopEngine(std::chrono::seconds(10));
  const auto events = EventsOf(run);
  CHECK(std::count(events.begin(), events.end(), "AttemptSucceeded") == 1);
}

TEST_CASE_METHOD(EngineFixture, "all runs in flight are resumed by one append", "[runtime]") {
  Gate gate;
  AddAction("test.work").apply = [&](const Context& context) -> Outcome {
    if (gate.Pass(context.stop)) return Value();
    return context.StopError();
  };
  AddWorkflow(OneStep("test.work"));
  StartEngine();
  for (int i = 0; i < 100; ++i) Begin("one");
  Crash();
  const int before = journal().appends();
  StartEngine();  // returns when they are
  CHECK(journal().appends() == before + 1);
  CHECK(engine().info().attempts_at_work == 100);
  CHECK(engine().info().runs_in_memory == 100);
  StopEngine();
}

TEST_CASE_METHOD(EngineFixture, "what cannot be repeated asks an operator after a crash",
                 "[runtime]") {
  Gate gate;
  AddAction("test.work", RepeatClass::kOnce).apply = [&](const Context& context) -> Outcome {
    gate.Pass(context.stop);
    return Failure{context.StopError(), {}, LeftBehind::kUnknown};
  };
  AddWorkflow(OneStep("test.work"));
  StartEngine();
  const RunId run = Begin("one");
  gate.WaitFor(1);
  Crash();
  StartEngine();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kNeedsAttention));
  CHECK(gate.came() == 1);
}

TEST_CASE_METHOD(EngineFixture, "a probe tells after a crash what happened", "[runtime]") {
  Gate gate;
  Scripted& action = AddAction("test.work", RepeatClass::kProbed);
  action.apply = [&](const Context& context) -> Outcome {
    gate.Pass(context.stop);
    return context.StopError();
  };
  action.probe = [](const Context& context) {
    return ProbeAnswer{ProbeAnswer::Verdict::kApplied, "it is there",
                       Value::Object({{"found", context.key}})};
  };
  AddWorkflow(OneStep("test.work"));
  StartEngine();
  const RunId run = Begin("one");
  gate.WaitFor(1);
  Crash();
  StartEngine();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
  CHECK(StateOf(run).done.back().output["found"] == Value(KeyOf(run, "work")));
  CHECK(gate.came() == 1);
}

TEST_CASE_METHOD(EngineFixture, "progress that was saved is there after a crash", "[runtime]") {
  Gate gate;
  Value found;
  AddAction("test.work").apply = [&](const Context& context) -> Outcome {
    if (!context.checkpoint.is_null()) {
      found = context.checkpoint;
      return Value();
    }
    const auto saved = context.save_progress(Value::Object({{"rows", 500}}));
    if (!saved) return saved.error();
    gate.Pass(context.stop);
    return context.StopError();
  };
  AddWorkflow(OneStep("test.work"));
  StartEngine();
  const RunId run = Begin("one");
  gate.WaitFor(1);
  CHECK(EventsOf(run).back() == "AttemptProgressed");
  Crash();
  StartEngine();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
  CHECK(found == Value::Object({{"rows", 500}}));
}

TEST_CASE_METHOD(EngineFixture, "an attempt at work in a paused run goes on after a crash",
                 "[runtime]") {
  Gate gate;
  AddAction("test.work").apply = [&](const Context& context) -> Outcome {
    if (gate.Pass(context.stop)) return Value();
    return context.StopError();
  };
  AddWorkflow(OneStep("test.work"));
  StartEngine();
  const RunId run = Begin("one");
  gate.WaitFor(1);
  REQUIRE(Send(run, machine::Pause{"lunch"}).Get());
  Crash();
  StartEngine();
  gate.WaitFor(2);
  gate.Open();
  REQUIRE(Send(run, machine::Resume{"back"}).Get());
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
}

TEST_CASE_METHOD(EngineFixture, "an action that this server lacks fails the step", "[runtime]") {
  Gate gate;
  AddAction("test.work").apply = [&](const Context& context) -> Outcome {
    gate.Pass(context.stop);
    return context.StopError();
  };
  AddWorkflow(OneStep("test.work"));
  StartEngine();
  const RunId run = Begin("one");
  gate.WaitFor(1);
  Crash();

  const Registry empty;
  const Policy policy;
  auto engine =
      Engine::Start(options, journal(), empty, Workflows(), definition::Inventory(), policy, clock);
  REQUIRE(engine);
  RunAnswer settled;
  (*engine)->WhenSettled(run, settled.Callback());
  const auto row = settled.Get();
  REQUIRE(row);
  CHECK(row->status == static_cast<int>(RunStatus::kNeedsAttention));
}

TEST_CASE_METHOD(EngineFixture, "a journal that cannot be written at the start is tried again",
                 "[runtime]") {
  Gate gate;
  AddAction("test.work").apply = [&](const Context& context) -> Outcome {
    if (gate.Pass(context.stop)) return Value();
    return context.StopError();
  };
  AddWorkflow(OneStep("test.work"));
  StartEngine();
  const RunId run = Begin("one");
  gate.WaitFor(1);
  Crash();
  journal().RefuseWith([](auto) { return Error{Code::kResourceExhausted, "the disk is full"}; });
  StartEngine();
  journal().WaitForRefusals(2);
  CHECK_FALSE(engine().info().journal_writable);
  CHECK(Row(run).status == static_cast<int>(RunStatus::kRunning));
  journal().RefuseWith(nullptr);
  gate.Open();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
}

TEST_CASE_METHOD(EngineFixture, "what an attempt did before a crash is undone when it is cancelled",
                 "[runtime]") {
  Gate gate;
  std::atomic<int> undone = 0;
  Scripted& action = AddAction("test.work");
  action.spec.can_compensate = true;
  action.apply = [&](const Context& context) -> Outcome {  // has had its effect when it comes
    if (gate.Pass(context.stop)) return Value();
    return context.StopError();
  };
  action.compensate = [&](const Context&, const Value&) {
    ++undone;
    return Value();
  };
  AddWorkflow(OneStep("test.work"));
  StartEngine();
  const RunId run = Begin("one");
  gate.WaitFor(1);
  // The wish is stored, what becomes of the attempt is not.
  journal().RefuseWith([](std::span<const journal::RunChange> changes) -> std::optional<Error> {
    if (changes[0].row.revision > 3) return Unavailable("I/O error");
    return std::nullopt;
  });
  REQUIRE(Send(run, machine::Cancel{"wrong target", true, {}}).Get());
  journal().WaitForRefusals(1);
  Crash();
  journal().RefuseWith(nullptr);
  StartEngine();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kCancelled));
  CHECK(undone == 1);
  CHECK(gate.came() == 1);
  StopEngine();
}

TEST_CASE_METHOD(EngineFixture, "an action that this server lacks costs its own step only",
                 "[runtime]") {
  Gate gate;
  AddAction("test.gone").spec.can_compensate = true;
  AddAction("test.kept").spec.can_compensate = true;
  AddAction("test.last").apply = [&](const Context& context) -> Outcome {
    gate.Pass(context.stop);
    return context.StopError();
  };
  AddWorkflow(
      "name: three\nsteps:\n  - {id: first, action: test.gone}\n"
      "  - {id: second, action: test.kept}\n  - {id: third, action: test.last}\n"
      "  - {id: fourth, action: test.gone}\n");
  StartEngine();
  const RunId run = Begin("three");
  gate.WaitFor(1);
  Crash();

  std::atomic<int> undone = 0;
  bool fails = false;
  Registry registry;
  auto kept = std::make_unique<Scripted>("test.kept");
  kept->spec.can_compensate = true;
  kept->compensate = [&](const Context&, const Value&) {
    ++undone;
    return Value();
  };
  auto last = std::make_unique<Scripted>("test.last");
  last->apply = [&](const Context&) -> Outcome {
    if (fails) return Internal("broken");
    return Value();
  };
  registry.Add(std::move(kept));
  registry.Add(std::move(last));
  const Policy policy;
  const auto settle = [&](Engine& engine) {
    RunAnswer settled;
    engine.WhenSettled(run, settled.Callback());
    const auto row = settled.Get();
    REQUIRE(row);
    REQUIRE(row->status == static_cast<int>(RunStatus::kNeedsAttention));
    CHECK_THAT(row->waits_for, Catch::Contains("this server has no action test.gone"));
    return *row;
  };
  SECTION("in a rollback a person is asked where the others are undone") {
    fails = true;
    auto engine = Engine::Start(options, journal(), registry, Workflows(), definition::Inventory(),
                                policy, clock);
    REQUIRE(engine);
    CHECK(settle(**engine).step == "first");
    CHECK(undone == 1);
  }
  SECTION("forward it is not started") {
    auto engine = Engine::Start(options, journal(), registry, Workflows(), definition::Inventory(),
                                policy, clock);
    REQUIRE(engine);
    CHECK(settle(**engine).step == "fourth");
    CHECK(undone == 0);
  }
}

}  // namespace recourse::runtime
