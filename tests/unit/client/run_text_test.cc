#include <catch2/catch.hpp>

#include "client/cli/verbs.h"
#include "engine/base/ids.h"
#include "engine/base/json.h"

namespace recourse::cli {
namespace {

using Catch::Matchers::Contains;

const std::string kLong =
    "checklist at report: Security incident on shop. Evidence: "
    "/srv/evidence/shop-2026-11-26-incident, 14 "
    "files, of which one was changed while it was copied. The notes of these items are the report, "
    "which whoever asks later reads; open: kind (What kind it is, as a note), told (Who is "
    "affected "
    "was told, as a note), closed (It is closed)";

v1::Run Waiting(const std::string& reason) {
  v1::Run run;
  run.set_id("R-7");
  run.set_status(v1::RUN_STATUS_WAITING);
  run.mutable_waiting()->set_reason(reason);
  run.mutable_waiting()->set_who("operator");
  return run;
}

}  // namespace

TEST_CASE("in a list a long text is its first sentence, one that has room is whole", "[client]") {
  CHECK(Brief("Go on? Rejected: nothing is done.") == "Go on? Rejected: nothing is done.");
  CHECK(Brief("Restore a over b? What was written since is lost.", 34) == "Restore a over b? …");
  CHECK(Brief("one line\nand another that is long", 16) == "one line …");
  CHECK(Brief("Down. Its target is not there", 20) == "Down. Its target is…");
  CHECK(Brief("no end of a sentence is to be seen in this one", 10) == "no end of…");
}

TEST_CASE("what a run waits for is brief in a list, with the command that shows it whole",
          "[client]") {
  const v1::Run run = Waiting(kLong);
  const std::string brief = WaitingText({}, run, true);
  CHECK_THAT(brief, Contains("checklist at report: Security incident on shop. Evidence: ") &&
                        Contains("while it was copied. …\n"));
  CHECK_THAT(brief, Contains(" show R-7\n"));
  CHECK_THAT(brief, Contains(" answer R-7 kind\n"));
  CHECK_THAT(WaitingText({}, run), Contains(kLong));
}

TEST_CASE("who may decide himself is not told to be somebody else", "[client]") {
  v1::Run run = Waiting("approval A-1: Go on?");
  run.set_requester("operator");
  run.add_open_approvals("A-1");
  run.mutable_waiting()->set_who("operator or incident-commander");
  CHECK_THAT(WaitingText({}, run),
             Contains(" approve A-1\n") && Contains(" reject A-1 --reason \"WHY\"\n"));
  run.mutable_waiting()->set_who("operator or incident-commander, but not the requester");
  CHECK_THAT(WaitingText({}, run), !Contains(" approve A-1\n"));
  run.mutable_waiting()->set_who("dba");
  CHECK_THAT(WaitingText({}, run), !Contains(" approve A-1\n"));
}

TEST_CASE("a role is one of those who may decide when its whole name is", "[client]") {
  v1::Run run = Waiting("approval A-1: Go on?");
  run.add_open_approvals("A-1");
  for (const std::string who : {"operator-lead", "chief-operator", "dba or operator_2"}) {
    INFO(who);
    run.mutable_waiting()->set_who(who);
    CHECK_THAT(WaitingText({}, run), !Contains(" approve A-1\n"));
  }
  for (const std::string who : {"1 of operator and 1 of dba", "operator-lead, operator or dba"}) {
    INFO(who);
    run.mutable_waiting()->set_who(who);
    CHECK_THAT(WaitingText({}, run), Contains(" approve A-1\n"));
  }
}

TEST_CASE("no text of a prompt or an error becomes a part of a command", "[client]") {
  const auto told = [](const std::string& reason) { return WaitingText({}, Waiting(reason)); };
  CHECK_THAT(told("checklist at x: it said x; open: $(reboot) is up; open: log (It is written)"),
             Contains(" answer R-7 log\n"));
  CHECK_THAT(told("checklist at x: a; and b; open: $(reboot) (c); open: log (It is written)"),
             Contains(" answer R-7 log\n"));
  CHECK_THAT(told("checklist at x: Look; open: log (It is; and so on), told (They know)"),
             Contains(" answer R-7 log\n"));
  CHECK_THAT(told("checklist at x: Look; open: log (It says; open: $(reboot))"),
             Contains(" answer R-7 ITEM\n"));
  CHECK_THAT(told("checklist at x: Look; open: --help (It is written)"),
             Contains(" answer R-7 ITEM\n"));
  CHECK_THAT(told("checklist at x: Look; open: log (Read); and y waits for the signal go-on"),
             Contains(" answer R-7 log\n") && Contains(" signal R-7 go-on\n"));
  CHECK_THAT(told("x failed: it waits for the signal $(reboot)"), !Contains(" signal R-7 "));
  CHECK_THAT(told("checklist at x: all waits for the signal now; open: log (Read)"),
             !Contains(" signal R-7 "));
  CHECK_THAT(told("x failed: checklist at $(reboot)"), !Contains(" answer R-7 "));
  v1::Run run = Waiting("x failed");
  run.set_status(v1::RUN_STATUS_NEEDS_ATTENTION);
  run.set_step("$(reboot)");
  run.mutable_error()->set_code("INVALID_ARGUMENT");
  CHECK_THAT(WaitingText({}, run), Contains(" override R-7 '$(reboot)' INPUT=VALUE "));
}

TEST_CASE("a server's directory is one word of each command that names it", "[client]") {
  Common common;
  common.server.data = "/srv/my data";
  CHECK(Prefix(common) == "recourse --data '/srv/my data'");
}

TEST_CASE("a step whose inputs are wrong is answered with the command that corrects them",
          "[client]") {
  v1::Run run = Waiting("block failed: INVALID_ARGUMENT: it is no address");
  run.set_status(v1::RUN_STATUS_NEEDS_ATTENTION);
  run.set_step("block");
  run.mutable_error()->set_code("INVALID_ARGUMENT");
  CHECK_THAT(WaitingText({}, run),
             Contains(" override R-7 block INPUT=VALUE --reason \"WHY\", and then retry\n"));
}

TEST_CASE("a run that succeeded tells its outputs, one that has none tells nothing", "[client]") {
  v1::Run run;
  CHECK(OutputsText(run) == "");
  run.set_outputs_json("{}");
  CHECK(OutputsText(run) == "");
  run.set_outputs_json(R"({"used_percent":81.5})");
  CHECK(OutputsText(run) == "outputs\n{\n  \"used_percent\": 81.5\n}");
}

TEST_CASE("runs that ended badly are told apart from what needs a person", "[client]") {
  v1::ListAttentionResponse list;
  CHECK(EndedBadlyText({}, list) == "");
  v1::Run& run = *list.add_ended_badly();
  run.set_id("R-9");
  run.set_status(v1::RUN_STATUS_FAILED);
  run.set_workflow("backup");
  run.set_target("shop");
  run.mutable_error()->set_code("DATA_LOSS");
  run.mutable_error()->set_message(
      "/srv/shop.db is damaged: page 23 cannot be read. The good backups are as they were, and so "
      "is "
      "everything else that this procedure looks after.");
  const std::string text = EndedBadlyText({}, list);
  CHECK_THAT(
      text, Contains("ended badly in the last 24 hours; nobody is waited for:\nR-9  FAILED  backup "
                     "on shop, "));
  CHECK_THAT(text, Contains("DATA_LOSS: /srv/shop.db is damaged: page 23 cannot be read. …\n"));
  CHECK_THAT(text, Contains(" show R-9\n"));
}

TEST_CASE("an input that the workflow takes as a text is one, whatever it looks like", "[client]") {
  StartArguments arguments;
  arguments.inputs = {"value=42", "rows=42", "mode=0755", "quoted=\"42\""};
  const auto inputs = InputsOf(arguments, {"value", "mode", "quoted"});
  REQUIRE(inputs);
  CHECK(ToJson(*inputs) == R"({"mode":"0755","quoted":"42","rows":42,"value":"42"})");
}

TEST_CASE("who may not give an approval is told so before anything is asked", "[client]") {
  v1::Approval approval;
  approval.set_id("A-11");
  approval.set_run("R-7");
  approval.set_requester("ana");
  approval.set_exclude_requester(true);
  approval.add_approvers("dba");
  v1::WhoAmIResponse who;
  who.set_principal("ana");
  who.add_roles("viewer");
  CHECK_THAT(WhyNotYours(approval, who), Contains("ana may not approve A-11: it takes dba"));
  who.add_roles("dba");
  CHECK_THAT(WhyNotYours(approval, who), Contains("who asked for R-7 may not decide about it too"));
  who.set_principal("bob");
  CHECK(WhyNotYours(approval, who) == "");
}

TEST_CASE("a vote that is advised to be cast again is that of the same caller", "[client]") {
  Common common;
  common.server.data = "/srv/recourse";
  common.server.principal = "approver";
  DecideArguments vote;
  vote.approval = "A-15";
  vote.reason = "looked at it";
  vote.code = "123456";
  vote.wait = true;
  CHECK(VoteAgain(common, vote) ==
        "recourse --data /srv/recourse approve A-15 --as approver --reason 'looked at it' --wait");
}

TEST_CASE("who asks for an approval as if it were a run gets the command that shows it",
          "[client]") {
  const auto refused = [](const std::string& id) { return RunId::Parse(id).error().In("run"); };
  CHECK(OtherThing({}, refused("A-1")) == "\nit is an approval: recourse approval A-1");
  CHECK(OtherThing({}, refused("A-1; rm")) == "");
  CHECK(OtherThing({}, refused("x")) == "");
}

TEST_CASE("a run that a request_id has started before is not told as new", "[client]") {
  v1::Run run;
  run.set_id("R-72");
  run.set_status(v1::RUN_STATUS_WAITING);
  CHECK(StartedText(run, "R-71") == "R-72 started");
  CHECK(StartedText(run, "") == "R-72 started");
  CHECK(StartedText(run, "R-72") ==
        "R-72 was started before, with this --request-id, and is WAITING; nothing new was started");
  CHECK_THAT(StartedText(run, "R-100"), Contains("was started before"));
}

TEST_CASE("who stops watching is told that the run goes on, and how to see it again", "[client]") {
  Common common;
  common.server.principal = "ana";
  CHECK(FarewellText(common, "48") ==
        "R-48 goes on; recourse --as ana watch R-48 follows it again");
}

}  // namespace recourse::cli
