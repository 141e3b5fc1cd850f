#include "client/chatops/projection.h"

#include <catch2/catch.hpp>

namespace recourse::chatops {
namespace {

using Catch::Contains;

v1::Run Shop() {
  v1::Run run;
  run.set_id("R-7");
  run.set_workflow("recovery");
  run.set_target("shop");
  run.set_severity("critical");
  run.set_requester("ada");
  run.set_status(v1::RUN_STATUS_WAITING);
  run.set_step("confirm");
  run.mutable_start_time()->set_seconds(1'795'230'250);
  return run;
}

v1::Approval Asked() {
  v1::Approval approval;
  approval.set_id("A-3");
  approval.set_run("R-7");
  approval.set_step("confirm");
  approval.set_prompt("Restore it?");
  approval.add_approvers("dba");
  approval.set_quorum(1);
  approval.set_exclude_requester(true);
  approval.set_requester("ada");
  approval.set_state(v1::Approval::OPEN);
  approval.set_digest("0123456789abcdef0123");
  approval.mutable_expire_time()->set_seconds(1'795'231'000);
  approval.set_plan_json(
      R"({"irreversible":["restore cannot be undone"],"if_it_fails":"it is rolled back",)"
      R"("if_rejected":"nothing is replaced","if_expired":"it waits",)"
      R"("steps":[{"step":"restore","summary":"Put it back","reach":"expected","lines":["10 rows"],)"
      R"("problems":["the disk is full"]},{"step":"other","reach":"conditional"}]})");
  return approval;
}

std::vector<std::string> Actions(const ChatMessage& message) {
  std::vector<std::string> actions;
  for (const Button& button : message.buttons) actions.push_back(button.action);
  return actions;
}

TEST_CASE("an approval shows what a yes would do, to what, until when, and what cannot be undone",
          "[chatops]") {
  const ChatMessage message = ApprovalMessage(Asked(), Shop());
  CHECK(message.digest == "0123456789abcdef0123");
  CHECK(TextOf(message) ==
        "A-3 asks for a decision: Restore it?\n"
        "Run: R-7 recovery on shop; Step: confirm; Asked of: dba; not ada, who asked; "
        "Plan: 0123456789ab; Expires: 2026-11-21 03:16:40 UTC\n"
        "IRREVERSIBLE: restore cannot be undone\n"
        "if approved, 1: restore - Put it back\n"
        "  10 rows\n"
        "  WOULD FAIL as things are now: the disk is full\n"
        "if a step fails: it is rolled back\n"
        "if rejected: nothing is replaced\n"
        "if nobody decides: it waits\n"
        "write: approve A-3, or reject A-3 reason");
  REQUIRE(Actions(message) == std::vector<std::string>{"approve", "reject"});
  CHECK_FALSE(message.buttons[0].asks_code);
  CHECK(message.buttons[1].asks_reason);
}

TEST_CASE("an approval that takes a one-time code asks for it, and in private where it is written",
          "[chatops]") {
  v1::Approval approval = Asked();
  approval.set_second_factor(true);
  const ChatMessage message = ApprovalMessage(approval, Shop());
  CHECK(message.buttons[0].asks_code);
  CHECK_THAT(message.command, Contains("CODE (in a private message)"));
}

TEST_CASE("a settled approval has no buttons and keeps who decided, through what, and why",
          "[chatops]") {
  v1::Approval approval = Asked();
  v1::Vote* vote = approval.add_votes();
  vote->set_principal("bo");
  vote->set_channel("slack");
  vote->set_via("bot for slack:T/U");
  vote->set_reason("wrong backup");
  vote->set_decision(v1::DECISION_REJECT);
  vote->mutable_time()->set_seconds(1'795'230'300);
  approval.mutable_settle_time()->set_seconds(1'795'230'300);

  approval.set_state(v1::Approval::REJECTED);
  const ChatMessage rejected = ApprovalMessage(approval, Shop());
  CHECK(rejected.buttons.empty());
  CHECK(rejected.command.empty());
  CHECK(rejected.title == "A-3 is rejected: Restore it?");
  CHECK(rejected.lines ==
        std::vector<std::string>{"rejected by bo at 2026-11-21 03:05:00 UTC through "
                                 "slack (via bot for slack:T/U): wrong backup"});

  // A time-out is nobody's no.
  approval.clear_votes();
  approval.set_state(v1::Approval::EXPIRED);
  const ChatMessage expired = ApprovalMessage(approval, Shop());
  CHECK(expired.title == "A-3 expired: nobody decided in time: Restore it?");
  CHECK(expired.buttons.empty());
}

TEST_CASE("a run that needs a person shows why, who can go on, and only what is possible",
          "[chatops]") {
  v1::Run run = Shop();
  run.set_status(v1::RUN_STATUS_NEEDS_ATTENTION);
  run.mutable_error()->set_code("ABORTED");
  run.mutable_error()->set_message("the file is locked");
  run.mutable_waiting()->set_reason("confirm failed");
  run.mutable_waiting()->set_who("an operator");
  run.mutable_waiting()->mutable_since()->set_seconds(1'795'230'260);
  for (const char* verb : {"retry", "rollback", "pause", "cancel"}) run.add_possible(verb);
  run.mutable_escalation()->set_policy("site");
  const ChatMessage message = RunMessage(run);
  CHECK(message.title == "R-7 recovery on shop: needs attention at confirm");
  CHECK(message.tone == Tone::kBad);
  CHECK(Actions(message) == std::vector<std::string>{"ack", "retry", "rollback"});
  CHECK(message.command == "ack R-7, or retry R-7, or rollback R-7 reason");
  CHECK(message.digest == "confirm");
  CHECK(message.lines ==
        std::vector<std::string>{"failed: ABORTED: the file is locked",
                                 "waits since 2026-11-21 03:04:20 UTC: confirm failed",
                                 "who can let R-7 go on: an operator"});

  run.mutable_escalation()->set_acknowledged_by("kim");
  CHECK(Actions(RunMessage(run)) == std::vector<std::string>{"retry", "rollback"});
}

TEST_CASE("a run that waits for an approval leaves the rest to that one's message", "[chatops]") {
  v1::Run run = Shop();
  run.mutable_waiting()->set_reason("approval A-3: Restore it?");
  run.add_open_approvals("A-3");
  CHECK(RunMessage(run).lines == std::vector<std::string>{"waits for A-3"});
}

TEST_CASE("a run that is over says so and offers nothing", "[chatops]") {
  v1::Run run = Shop();
  run.set_status(v1::RUN_STATUS_SUCCEEDED);
  run.clear_step();
  run.mutable_end_time()->set_seconds(1'795'230'400);
  const ChatMessage message = RunMessage(run);
  CHECK(message.title == "R-7 recovery on shop: succeeded");
  CHECK(message.tone == Tone::kGood);
  CHECK(message.buttons.empty());
  CHECK(message.lines == std::vector<std::string>{"over since 2026-11-21 03:06:40 UTC"});
}

}  // namespace
}  // namespace recourse::chatops
