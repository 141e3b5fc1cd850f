#include "engine/machine/decide.h"

#include <array>
#include <catch2/catch.hpp>
#include <sstream>

#include "player.h"

namespace recourse::machine {
namespace {

constexpr std::array kStatuses = {
    RunStatus::kQueued,         RunStatus::kRunning,     RunStatus::kWaiting,   RunStatus::kPaused,
    RunStatus::kNeedsAttention, RunStatus::kRollingBack, RunStatus::kSucceeded, RunStatus::kFailed,
    RunStatus::kCancelled,      RunStatus::kRolledBack,
};

template <std::size_t... kIndex>
std::vector<Input> OneOfEach(std::index_sequence<kIndex...>) {
  return {Input(std::variant_alternative_t<kIndex, Input::variant>())...};
}

std::string Table() {
  std::ostringstream out;
  for (const Input& input :
       OneOfEach(std::make_index_sequence<std::variant_size_v<Input::variant>>())) {
    out << NameOf(input) << ":";
    for (const RunStatus status : kStatuses) {
      if (IsLegal(status, input)) out << " " << ToString(status);
    }
    out << "\n";
  }
  return out.str();
}

// A run in each status, to hold the table against what the rules do.
Player In(RunStatus status) {
  static constexpr std::string_view kYaml = R"(
name: test
on_failure: pause
steps:
  - id: undo
    action: undo.it
  - id: ask
    approval: {prompt: "Go on?", approvers: [dba]}
  - id: last
    action: do.it
)";
  Player player(kYaml);
  if (status == RunStatus::kQueued) {
    player.Start(Value::Map(), "database/x", RunId{3});
    return player;
  }
  player.Start();
  if (status == RunStatus::kRunning) return player;
  if (status == RunStatus::kPaused) {
    player.Send(Pause{}, "operator");
    return player;
  }
  player.Prepare();
  if (status == RunStatus::kNeedsAttention || status == RunStatus::kFailed) {
    player.Fail(Code::kInternal);
    return player;
  }
  player.Succeed();
  player.Send(PlanMade{1, Value()});
  if (status == RunStatus::kWaiting) return player;
  if (status == RunStatus::kCancelled) {
    player.Send(Cancel{}, "operator");
    return player;
  }
  if (status == RunStatus::kRollingBack || status == RunStatus::kRolledBack) {
    player.Send(RollBack{}, "operator");
    if (status == RunStatus::kRolledBack) player.Succeed();
    return player;
  }
  player.Vote("approver", Vote::kApprove);
  player.Succeed();
  return player;
}

}  // namespace

TEST_CASE("the table of legal inputs is the one that the documentation prints", "[machine]") {
  const std::string table = Table();
  WARN("legal (status, input) pairs; every other pair is FAILED_PRECONDITION:\n" + table);
  CHECK(table ==
        "Start:\n"
        "LockGranted: QUEUED\n"
        "LockPassed: QUEUED\n"
        "Prepared: RUNNING PAUSED NEEDS_ATTENTION\n"
        "Progressed: RUNNING PAUSED NEEDS_ATTENTION\n"
        "Applied: RUNNING PAUSED NEEDS_ATTENTION\n"
        "AttemptBroke: RUNNING PAUSED NEEDS_ATTENTION\n"
        "Probed: RUNNING PAUSED NEEDS_ATTENTION\n"
        "Compensated: RUNNING PAUSED NEEDS_ATTENTION ROLLING_BACK\n"
        "CompensationBroke: RUNNING PAUSED NEEDS_ATTENTION ROLLING_BACK\n"
        "PlanMade: RUNNING PAUSED NEEDS_ATTENTION\n"
        "TimerFired: QUEUED RUNNING WAITING PAUSED NEEDS_ATTENTION ROLLING_BACK\n"
        "Restarted: QUEUED RUNNING WAITING PAUSED NEEDS_ATTENTION ROLLING_BACK\n"
        "CastVote: RUNNING WAITING PAUSED NEEDS_ATTENTION\n"
        "Pause: RUNNING WAITING\n"
        "Resume: PAUSED NEEDS_ATTENTION\n"
        "Cancel: QUEUED RUNNING WAITING PAUSED NEEDS_ATTENTION\n"
        "Retry: RUNNING WAITING NEEDS_ATTENTION\n"
        "Skip: RUNNING WAITING NEEDS_ATTENTION\n"
        "RollBack: RUNNING WAITING PAUSED NEEDS_ATTENTION\n"
        "Annotate: QUEUED RUNNING WAITING PAUSED NEEDS_ATTENTION ROLLING_BACK SUCCEEDED FAILED "
        "CANCELLED ROLLED_BACK\n"
        "SendSignal: QUEUED RUNNING WAITING PAUSED NEEDS_ATTENTION ROLLING_BACK\n"
        "AnswerItem: RUNNING WAITING PAUSED NEEDS_ATTENTION\n"
        "OverrideWindow: RUNNING WAITING PAUSED NEEDS_ATTENTION\n"
        "Quarantine: RUNNING WAITING PAUSED NEEDS_ATTENTION\n"
        "ResolveEffect: NEEDS_ATTENTION\n"
        "OverrideInput: WAITING PAUSED NEEDS_ATTENTION\n"
        "Acknowledge: RUNNING WAITING PAUSED NEEDS_ATTENTION\n"
        "AdoptDefinition: PAUSED NEEDS_ATTENTION\n");
}

TEST_CASE("every pair that is not in the table is refused and names the status", "[machine]") {
  for (const RunStatus status : kStatuses) {
    if (status == RunStatus::kFailed) continue;  // on_failure: fail has a test of its own
    const Player player = In(status);
    REQUIRE(player.status() == status);
    for (const Input& input :
         OneOfEach(std::make_index_sequence<std::variant_size_v<Input::variant>>())) {
      if (IsLegal(status, input)) continue;
      const auto decision = Decide(player.workflow(), player.state(), input, Facts{});
      INFO(NameOf(input) << " in " << ToString(status));
      REQUIRE_FALSE(decision);
      CHECK(decision.error().code == Code::kFailedPrecondition);
      CHECK(decision.error().message.find(std::string(ToString(status))) != std::string::npos);
    }
  }
}

TEST_CASE("an input that is refused leaves the state as it is", "[machine]") {
  const Player player = In(RunStatus::kSucceeded);
  const RunState before = player.state();
  CHECK_FALSE(Decide(player.workflow(), player.state(), Cancel{}, Facts{}));
  CHECK((before == player.state()));
}

}  // namespace recourse::machine
