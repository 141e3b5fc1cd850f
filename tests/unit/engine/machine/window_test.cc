#include "engine/calendar/window.h"

#include <catch2/catch.hpp>

#include "engine/definition/window.h"
#include "player.h"

namespace recourse::machine {
namespace {

using Names = std::vector<std::string>;
using namespace std::chrono_literals;

// Open from 02:00 to 04:00 every day.
std::string Yaml(const std::string& rest) {
  return "name: t\nwindow: {cron: \"0 2 * * *\", duration: 2h}\n" + rest + R"(
steps:
  - {id: look, action: read.it}
  - {id: change, action: undo.it, expect: 30m}
  - {id: more, action: do.it, expect: 40m}
)";
}

Time At(std::chrono::microseconds of_day) { return Time(24h * 365 * 56) + of_day; }

void ToChange(Player& player) {
  player.Start();
  player.Succeed();
}

}  // namespace

TEST_CASE("outside the window a run reads, and waits before it changes something", "[machine]") {
  Player player(Yaml(""));
  player.now = At(1h);
  ToChange(player);
  CHECK(player.status() == RunStatus::kWaiting);
  CHECK(player.why().find("change waits for the window to open") != std::string::npos);
  player.Fire(TimerKind::kWindowOpens);
  CHECK(player.now == At(2h));
  CHECK(player.started() == "prepare change/1");
}

TEST_CASE("a step that does not fit with its way back waits for the next window", "[machine]") {
  Player player(Yaml(""));
  player.now = At(3h + 1min);  // 30 minutes, and 30 to undo them: a minute too many
  ToChange(player);
  CHECK(player.status() == RunStatus::kWaiting);
  player.Fire(TimerKind::kWindowOpens);
  CHECK(player.now == At(26h));
}

TEST_CASE("a rollback begins while there is time for it before the window closes", "[machine]") {
  Player player(Yaml(""));
  player.now = At(2h);
  ToChange(player);
  player.Prepare();
  player.Succeed();
  CHECK(player.started() == "apply more/1");
  player.Fire(TimerKind::kWindowClosing);
  CHECK(player.now == At(3h + 30min));
  CHECK(std::holds_alternative<StopAttempt>(player.effects().back()));
  const Failure stopped{{Code::kCancelled, "stopped"}, {}, LeftBehind::kNothing};
  player.Send(AttemptBroke{{2, -1}, 1, Phase::kApply, stopped, false, {}});
  CHECK(player.status() == RunStatus::kRollingBack);
  CHECK(player.started() == "compensate change/1");
  player.Succeed();
  CHECK(player.status() == RunStatus::kRolledBack);
}

TEST_CASE("a step that does not fit any more leads back, or to a person, or goes on", "[machine]") {
  const auto late = [](const std::string& rule) {
    Player player(Yaml(rule));
    player.now = At(2h);
    ToChange(player);
    player.Prepare();
    player.now = At(3h + 25min);
    player.Succeed();
    return player;
  };
  SECTION("back") {
    Player player = late("");
    CHECK(player.started() == "compensate change/1");
  }
  SECTION("to a person, who goes on in the next window") {
    Player player = late("on_window_closing: pause");
    CHECK(player.status() == RunStatus::kNeedsAttention);
    CHECK(player.why().find("more takes 40m") != std::string::npos);
    player.now = At(26h);
    player.Send(Retry{"it is open"}, "ada");
    CHECK(player.started() == "apply more/1");
  }
  SECTION("on, to the end") {
    Player player = late("on_window_closing: finish");
    CHECK(player.started() == "apply more/1");
  }
}

TEST_CASE("going on outside the window takes an approval of its own", "[machine]") {
  Player player(Yaml("window_override: [incident-commander]"));
  player.now = At(5h);
  ToChange(player);
  CHECK(player.Refused(OverrideWindow{""}).code == Code::kInvalidArgument);
  player.Send(OverrideWindow{"the disk is failing"}, "ada");
  REQUIRE(ApprovalsOf(player.state()).size() == 1);
  const ApprovalRequested request = ApprovalsOf(player.state())[0]->request;
  CHECK(request.prompt.find("the disk is failing") != std::string::npos);
  CHECK(request.approvers == Names{"incident-commander"});
  SECTION("given, the step begins and no window holds the run any more") {
    player.Vote("grace", Vote::kApprove, {"incident-commander"});
    CHECK(player.started() == "prepare change/1");
    player.Prepare();
    player.Succeed();
    CHECK(player.started() == "apply more/1");
  }
  SECTION("refused, it waits as before") {
    player.Vote("grace", Vote::kReject, {"incident-commander"});
    CHECK(player.why().find("change waits for the window to open") != std::string::npos);
  }
  SECTION("nobody may where the workflow names nobody") {
    Player other(Yaml(""));
    other.now = At(5h);
    ToChange(other);
    CHECK(other.Refused(OverrideWindow{"x"}, "ada").code == Code::kFailedPrecondition);
  }
}

}  // namespace recourse::machine
