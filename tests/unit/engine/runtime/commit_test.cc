#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

constexpr const char* kOneStep = R"(
name: one-step
steps:
  - {id: work, action: test.work}
)";

// Holds up the first append until the gate opens, so that what is sent meanwhile is one batch.
void HoldUpFirstAppend(WatchedJournal& journal, Gate& gate) {
  journal.RefuseWith([&gate](auto) -> std::optional<Error> {
    gate.Pass();
    return std::nullopt;
  });
}

class Recorder final : public Listener {
 public:
  void Committed(journal::Position position, std::span<const journal::RunChange> changes) override {
    const std::lock_guard lock(mutex_);
    last_ = position;
    for (const auto& change : changes) events_ += change.events.size();
  }
  void News(const AttemptNews&) override {}
  journal::Position last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  std::size_t events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  journal::Position last_ = 0;
  std::size_t events_ = 0;
};

}  // namespace

TEST_CASE_METHOD(EngineFixture, "a run of one step succeeds and is told whole", "[runtime]") {
  AddAction("test.work");
  AddWorkflow(kOneStep);
  StartEngine();
  Recorder recorder;
  engine().AddListener(&recorder);
  const RunId run = Begin("one-step");
  CHECK(run == RunId{1});
  const auto row = Settle(run);
  CHECK(row.status == static_cast<int>(machine::RunStatus::kSucceeded));
  CHECK(EventsOf(run) == std::vector<std::string>{"RunStarted", "AttemptStarted",
                                                  "AttemptSucceeded", "RunSucceeded"});
  engine().RemoveListener(&recorder);
  CHECK(recorder.events() == 4);
  CHECK(recorder.last() == 4);
  CHECK(journal().appends() == 2);  // n + 1
}

TEST_CASE_METHOD(EngineFixture, "inputs that come while one append runs share the next",
                 "[runtime]") {
  AddWorkflow(kParks);
  StartEngine();
  Gate gate;
  HoldUpFirstAppend(journal(), gate);
  std::vector<RunAnswer> answers;
  answers.push_back(Start("parks"));
  gate.WaitFor(1);
  for (int i = 0; i < 100; ++i) answers.push_back(Start("parks"));
  gate.Open();
  for (RunAnswer& answer : answers) CHECK(answer.Get());
  CHECK(journal().appends() == 2);
}

TEST_CASE_METHOD(EngineFixture, "nothing starts and nobody hears before the commit", "[runtime]") {
  Gate applied;
  AddAction("test.work").apply = [&](const Context&) {
    applied.Pass();
    return Value();
  };
  AddWorkflow(kOneStep);
  StartEngine();
  applied.Open();
  Recorder recorder;
  engine().AddListener(&recorder);
  Gate append;
  HoldUpFirstAppend(journal(), append);
  auto answer = Start("one-step");
  append.WaitFor(1);
  CHECK_FALSE(answer.IsThere());
  CHECK(applied.came() == 0);
  CHECK(recorder.events() == 0);
  append.Open();
  const auto row = answer.Get();
  REQUIRE(row);
  Settle(row->run);
  CHECK(applied.came() == 1);
  engine().RemoveListener(&recorder);
  CHECK(recorder.events() == 4);
}

TEST_CASE_METHOD(EngineFixture, "a start that the disk refuses leaves nothing", "[runtime]") {
  AddWorkflow(kParks);
  StartEngine();
  const RunId before = Begin("parks");
  const auto code = GENERATE(Code::kResourceExhausted, Code::kUnavailable);
  journal().RefuseWith([&](auto) { return Error{code, "the disk is full"}; });
  auto refused = Start("parks", {}, "once").Get();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == code);
  CHECK_THAT(refused.error().message, Catch::Contains("nothing was stored"));
  CHECK_FALSE(engine().info().journal_writable);
  CHECK_THAT(engine().info().journal_error, Catch::Contains("the disk is full"));
  // Reads go on.
  CHECK(Settled(before).Get());

  journal().RefuseWith(nullptr);
  auto again = Start("parks", {}, "once").Get();
  REQUIRE(again);
  CHECK(again->run == RunId{before.number + 1});
  CHECK(engine().info().journal_writable);
}

TEST_CASE_METHOD(EngineFixture, "an outcome that the disk refuses is kept until it is stored",
                 "[runtime]") {
  Gate gate;
  AddAction("test.work").apply = [&](const Context& context) {
    gate.Pass();
    return Value::Object({{"key", context.key}});
  };
  AddWorkflow(kOneStep);
  StartEngine();
  const RunId run = Begin("one-step");
  gate.WaitFor(1);
  journal().RefuseWith([](auto) { return Unavailable("I/O error"); });
  gate.Open();
  journal().WaitForRefusals(3);
  CHECK(EventsOf(run).size() == 2);
  journal().RefuseWith(nullptr);
  CHECK(Settle(run).status == static_cast<int>(machine::RunStatus::kSucceeded));
  CHECK(gate.came() == 1);
}

TEST_CASE_METHOD(EngineFixture, "what was not stored is forgotten, also of a run in memory",
                 "[runtime]") {
  Gate gate;
  AddAction("test.work").apply = [&](const Context&) {
    gate.Pass();
    return Value();
  };
  AddWorkflow(kOneStep);
  StartEngine();
  const RunId run = Begin("one-step");
  gate.WaitFor(1);
  journal().RefuseWith([](auto) { return Unavailable("I/O error"); });
  auto refused = Send(run, machine::Annotate{"lost"}).Get();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kUnavailable);
  journal().RefuseWith(nullptr);
  auto stored = Send(run, machine::Annotate{"kept"}, 2).Get();
  REQUIRE(stored);
  CHECK(stored->revision == 3);
  gate.Open();
  CHECK(Settle(run).revision == 5);
}

TEST_CASE_METHOD(EngineFixture, "a member of a batch that fails, fails alone", "[runtime]") {
  AddWorkflow(kParks);
  StartEngine();
  Gate gate;
  journal().RefuseWith([&](std::span<const journal::RunChange> changes) -> std::optional<Error> {
    gate.Pass();
    for (const auto& change : changes) {
      if (change.row.requester == "mallory") return Internal("cannot be stored");
    }
    return std::nullopt;
  });
  auto first = Start("parks");
  gate.WaitFor(1);
  std::vector<RunAnswer> good;
  for (int i = 0; i < 4; ++i) good.push_back(Start("parks"));
  caller.principal = "mallory";
  auto bad = Start("parks");
  caller.principal = "ann";
  for (int i = 0; i < 4; ++i) good.push_back(Start("parks"));
  gate.Open();
  CHECK(first.Get());
  std::set<RunId> runs;
  for (RunAnswer& answer : good) {
    auto row = answer.Get();
    REQUIRE(row);
    runs.insert(row->run);
  }
  CHECK(runs.size() == 8);
  auto refused = bad.Get();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kInternal);
}

TEST_CASE_METHOD(EngineFixture, "a refusal that hangs on what was not stored is not told",
                 "[runtime]") {
  AddWorkflow(kParks);
  StartEngine();
  const RunId run = Begin("parks");
  Gate gate;
  int seen = 0;
  journal().RefuseWith([&](auto) -> std::optional<Error> {
    gate.Pass();
    return ++seen == 2 ? std::optional(Unavailable("I/O error")) : std::nullopt;
  });
  auto other = Start("parks");
  gate.WaitFor(1);
  auto cancel = Send(run, machine::Cancel{"enough", false, {}});
  auto late = Send(run, machine::Cancel{"enough", false, {}});  // is over, if the first is stored
  gate.Open();
  CHECK(other.Get());
  const auto first = cancel.Get();
  const auto second = late.Get();
  REQUIRE_FALSE(first);
  REQUIRE_FALSE(second);
  CHECK(first.error().code == Code::kUnavailable);
  CHECK(second.error().code == Code::kUnavailable);
}

TEST_CASE_METHOD(EngineFixture, "who asked for what the disk did not confirm is told so",
                 "[runtime]") {
  AddWorkflow(kParks);
  StartEngine();
  journal().RefuseWith([](auto) { return Error{Code::kUnknown, "sync: I/O error"}; });
  auto refused = Start("parks", {}, "once").Get();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kUnavailable);
  CHECK_THAT(refused.error().message,
             Catch::Contains("may turn out to be stored") && Catch::Contains("same request_id"));
  journal().RefuseWith(nullptr);
  CHECK(Start("parks", {}, "once").Get());
}

}  // namespace recourse::runtime
