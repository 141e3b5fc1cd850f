#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

using machine::RunStatus;

constexpr const char* kLocked = R"(
name: locked
inputs:
  what: {type: string, default: a}
lock: "database/${inputs.what}"
steps:
  - {id: work, action: test.work, with: {token: "${run.fencing_token}"}}
)";
constexpr const char* kImpatient = R"(
name: impatient
lock: database/a
on_locked: reject
steps:
  - {id: work, action: test.work}
)";

// Each run's action tells its run and token, then waits for the gate.
struct Locked : EngineFixture {
  Locked() {
    AddAction("test.work").apply = [this](const Context& context) {
      {
        const std::lock_guard lock(mutex);
        order.emplace_back(context.key, context.fencing_token);
        tokens.push_back(context.inputs.IntOr("token", 0));
      }
      gate.Pass(context.stop);
      return context.stop.stop_requested() ? Outcome(context.StopError()) : Outcome(Value());
    };
    AddWorkflow(kLocked);
    AddWorkflow(kImpatient);
    StartEngine();
  }
  ~Locked() {
    gate.Open();
    StopEngine();
  }

  int StatusOf(RunId run) { return Row(run).status; }

  Gate gate;
  std::mutex mutex;
  std::vector<std::pair<std::string, std::int64_t>> order;  // keys and fencing tokens
  std::vector<std::int64_t> tokens;                         // as expressions see them
};

}  // namespace

TEST_CASE_METHOD(Locked, "runs with one lock go one after the other, in their order", "[runtime]") {
  const RunId first = Begin("locked");
  gate.WaitFor(1);
  const RunId second = Begin("locked");
  const RunId third = Begin("locked");
  const RunId elsewhere = Begin("locked", Value::Object({{"what", "b"}}));
  gate.WaitFor(2);
  CHECK(StatusOf(second) == static_cast<int>(RunStatus::kQueued));
  CHECK_THAT(Row(second).waits_for, Catch::Contains(first.ToString()));
  CHECK(engine().info().attempts_at_work == 2);

  gate.Open();
  for (const RunId run : {first, second, third, elsewhere}) {
    CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
  }
  REQUIRE(order.size() == 4);
  CHECK(order[2].first == KeyOf(second, "work"));
  CHECK(order[3].first == KeyOf(third, "work"));
  CHECK(order[0].second > 0);
  CHECK(order[2].second > order[0].second);
  CHECK(order[3].second > order[2].second);
}

TEST_CASE_METHOD(Locked, "the action gets the token that the journal holds", "[runtime]") {
  Begin("locked", Value::Object({{"what", "b"}}));
  gate.WaitFor(1);
  const RunId run = Begin("locked");
  gate.WaitFor(2);
  CHECK(order[1].second == Row(run).fencing_token);
  CHECK(order[1].second == StateOf(run).fencing_token);
  CHECK(tokens[1] == order[1].second);
}

TEST_CASE_METHOD(Locked, "two starts in one batch do not both get the lock", "[runtime]") {
  Gate append;
  journal().RefuseWith([&](auto) -> std::optional<Error> {
    append.Pass();
    return std::nullopt;
  });
  auto before = Start("locked", Value::Object({{"what", "b"}}));
  append.WaitFor(1);
  auto one = Start("locked");
  auto two = Start("locked");
  append.Open();
  REQUIRE(before.Get());
  const auto first = one.Get();
  const auto second = two.Get();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->status == static_cast<int>(RunStatus::kRunning));
  CHECK(second->status == static_cast<int>(RunStatus::kQueued));
  journal().RefuseWith(nullptr);
}

TEST_CASE_METHOD(Locked, "a workflow that does not wait for its lock is refused", "[runtime]") {
  const RunId holder = Begin("locked");
  const auto refused = Start("impatient").Get();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kAborted);
  CHECK_THAT(refused.error().message, Catch::Contains(holder.ToString()));
  gate.Open();
  Settle(holder);
  CHECK(Start("impatient").Get());
}

TEST_CASE_METHOD(Locked, "a waiting run that is cancelled does not get the lock", "[runtime]") {
  const RunId first = Begin("locked");
  const RunId second = Begin("locked");
  const RunId third = Begin("locked");
  REQUIRE(Send(second, machine::Cancel{"enough", false, {}}).Get());
  gate.Open();
  Settle(first);
  CHECK(Settle(third).status == static_cast<int>(RunStatus::kSucceeded));
  CHECK(StatusOf(second) == static_cast<int>(RunStatus::kCancelled));
}

TEST_CASE_METHOD(Locked, "a lock that was let go before a crash is granted after it", "[runtime]") {
  const RunId first = Begin("locked");
  gate.WaitFor(1);
  const RunId second = Begin("locked");
  // The first run's end is stored, the grant that follows it is not.
  journal().RefuseWith([&](std::span<const journal::RunChange> changes) -> std::optional<Error> {
    for (const auto& change : changes) {
      if (change.row.run == second) return Unavailable("I/O error");
    }
    return std::nullopt;
  });
  gate.Open();
  CHECK(Settle(first).status == static_cast<int>(RunStatus::kSucceeded));
  journal().WaitForRefusals(1);
  Crash();
  journal().RefuseWith(nullptr);
  CHECK(StatusOf(second) == static_cast<int>(RunStatus::kQueued));
  StartEngine();
  CHECK(Settle(second).status == static_cast<int>(RunStatus::kSucceeded));
}

TEST_CASE_METHOD(Locked, "who goes on waiting is told who has got the lock", "[runtime]") {
  const RunId first = Begin("locked");
  gate.WaitFor(1);
  const RunId second = Begin("locked");
  const RunId third = Begin("locked");
  const auto since = Row(third).waits_since;
  clock.Advance(std::chrono::seconds(1));
  REQUIRE(Send(first, machine::Cancel{"enough", false, {}}).Get());
  gate.WaitFor(2);
  CHECK(StatusOf(third) == static_cast<int>(RunStatus::kQueued));
  CHECK_THAT(Row(third).waits_for, Catch::Contains("held by " + second.ToString()));
  CHECK(Row(third).waits_since == since);
}

}  // namespace recourse::runtime
