// Calls that a program makes for a person: whose rights count, and what is recorded.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "server/access.h"
#include "tests/unit/server/calls.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

constexpr const char* kAda = "slack:T024/U1";

PrincipalConfig Person(const std::string& name, std::vector<std::string> roles,
                       std::vector<std::string> chat = {}) {
  PrincipalConfig person{name, std::move(roles), ""};
  person.chat = std::move(chat);
  return person;
}

std::vector<PrincipalConfig> Everybody() {
  return {Person("ada", {"viewer", "operator", "dba", "admin"}, {kAda, "irc:ops/ada"}),
          Person("bo", {"viewer", "operator", "dba"}, {"slack:T024/U2", "irc:ops/bo"}),
          Person("bot", {"viewer", "operator", "dba", "admin", "delegate"}),
          Person("keeper", {"admin"})};
}

std::unique_ptr<grpc::ClientContext> For(const RunningServer& running, const std::string& key,
                                         const std::string& caller = "bot") {
  auto context = running.As(caller);
  context->AddMetadata("recourse-on-behalf-of", key);
  return context;
}

bool IsDenied(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::PERMISSION_DENIED;
}

// A run of "ask" that waits, started by the person of that key, and its approval.
v1::Approval Ask(const RunningServer& running, const std::string& key) {
  v1::StartRunRequest start;
  start.set_workflow("ask");
  start.set_wait(true);
  v1::Run run;
  const grpc::Status started = running.runs->StartRun(For(running, key).get(), start, &run);
  if (!started.ok()) FAIL(started.error_message());
  v1::GetApprovalRequest get;
  get.set_approval("A-1");
  v1::Approval approval;
  REQUIRE(running.approvals->GetApproval(For(running, key).get(), get, &approval).ok());
  return approval;
}

grpc::Status Approve(const RunningServer& running, const v1::Approval& shown,
                     std::unique_ptr<grpc::ClientContext> context, v1::Approval& approval) {
  v1::DecideRequest decide;
  decide.set_approval(shown.id());
  decide.set_digest(shown.digest());
  decide.set_decision(v1::DECISION_APPROVE);
  decide.set_channel("cli");
  return running.approvals->Decide(context.get(), decide, &approval);
}

}  // namespace

TEST_CASE("a call for a person is that person's, and the record says who passed it on",
          "[server][delegate]") {
  RunningServer running({}, Everybody());
  const v1::Approval shown = Ask(running, kAda);
  CHECK(shown.requester() == "ada");
  v1::Approval approval;

  // The requester may not approve, by whatever channel.
  CHECK(IsDenied(Approve(running, shown, For(running, kAda), approval)));
  CHECK(IsDenied(Approve(running, shown, For(running, "irc:ops/ada"), approval)));
  CHECK(IsDenied(Approve(running, shown, running.As("ada"), approval)));

  REQUIRE(Approve(running, shown, For(running, "irc:ops/bo"), approval).ok());
  REQUIRE(approval.votes_size() == 1);
  CHECK(approval.votes(0).principal() == "bo");
  CHECK(approval.votes(0).via() == "bot for irc:ops/bo");
  CHECK(approval.votes(0).channel() == "irc");

  v1::GetTimelineRequest request;
  request.set_run(shown.run());
  v1::GetTimelineResponse timeline;
  REQUIRE(running.runs->GetTimeline(running.As("bo").get(), request, &timeline).ok());
  std::string lines;
  for (const v1::Event& event : timeline.events()) {
    lines += event.principal() + "|" + event.via() + "|" + event.text() + "\n";
  }
  CHECK_THAT(lines, Catch::Contains("ada|bot for slack:T024/U1|started by ada (via bot for "
                                    "slack:T024/U1): ask"));
  CHECK_THAT(lines, Catch::Contains("bo|bot for irc:ops/bo|A-1 approved by bo (via bot for "
                                    "irc:ops/bo)"));
}

TEST_CASE("a person has one vote, whatever the channels", "[server][delegate]") {
  RunningServer running({}, Everybody());
  const v1::Approval shown = Ask(running, kAda);
  v1::Approval approval;
  REQUIRE(Approve(running, shown, For(running, "irc:ops/bo"), approval).ok());
  REQUIRE(Approve(running, shown, For(running, "slack:T024/U2"), approval).ok());
  REQUIRE(Approve(running, shown, running.As("bo"), approval).ok());
  CHECK(approval.votes_size() == 1);
}

TEST_CASE("who has no key, or no role, can do nothing through a bot", "[server][delegate]") {
  RunningServer running({}, Everybody());
  const v1::Approval shown = Ask(running, kAda);
  v1::Approval approval;

  SECTION("a key that stands nowhere: the answer says what would help") {
    const grpc::Status status = Approve(running, shown, For(running, "slack:T024/U9"), approval);
    CHECK(IsDenied(status));
    CHECK(status.error_message() ==
          "nobody here is known as slack:T024/U9, so nothing was done. Whoever keeps the file of "
          "principals can add it to yours: chat: [\"slack:T024/U9\"]");
  }
  SECTION("an empty key, and two of them, are nobody's") {
    CHECK(IsDenied(Approve(running, shown, For(running, ""), approval)));
    auto two = For(running, "irc:ops/bo");
    two->AddMetadata("recourse-on-behalf-of", "slack:T024/U2");
    CHECK(IsDenied(Approve(running, shown, std::move(two), approval)));
  }
  SECTION("a caller who is no delegate cannot speak for another") {
    const grpc::Status status =
        Approve(running, shown, For(running, "irc:ops/bo", "keeper"), approval);
    CHECK(IsDenied(status));
    CHECK_THAT(status.error_message(), Catch::Contains("the role delegate"));
    CHECK(IsDenied(Approve(running, shown, For(running, "irc:ops/bo", "ada"), approval)));
  }
  SECTION("the bot's own roles count for nothing") {
    const grpc::Status status = Approve(running, shown, running.As("bot"), approval);
    CHECK(IsDenied(status));
    CHECK_THAT(status.error_message(), Catch::Contains("changes nothing by itself"));
  }
  v1::GetApprovalRequest get;
  get.set_approval("A-1");
  REQUIRE(running.approvals->GetApproval(running.As("bot").get(), get, &approval).ok());
  CHECK(approval.votes_size() == 0);
}

// Every call is really made, by a bot with all roles for itself and for a person with all roles.
TEST_CASE("a delegate looks for itself, and for a person does what is about runs",
          "[server][delegate]") {
  const RunningServer running({}, Everybody());
  for (const ApiCall& call : AllCalls()) {
    if (call.streams) continue;
    INFO(call.rpc);
    const std::string_view role = RoleFor(call.rpc).value();
    const bool who = call.rpc == "IdentityService.WhoAmI";
    const bool about_runs = call.rpc.starts_with("RunService.") ||
                            call.rpc.starts_with("ApprovalService.") ||
                            call.rpc.starts_with("WorkflowService.");
    const bool alone = role == "viewer" || role == kDelegate || who;
    const bool acting = (about_runs && role != "admin" && role != kDelegate) || who;

    const auto own = CallEmpty(running.channel, call.path, *running.As("bot"));
    CHECK(IsDenied(own) == !alone);
    const auto for_ada = CallEmpty(running.channel, call.path, *For(running, kAda));
    CHECK(IsDenied(for_ada) == !acting);
  }
}

TEST_CASE("a reference is kept once, and only a delegate can store it", "[server][delegate]") {
  RunningServer running({}, Everybody());
  const v1::Approval shown = Ask(running, kAda);
  v1::AddReferenceRequest request;
  request.set_run(shown.run());
  request.mutable_reference()->set_kind("slack");
  request.mutable_reference()->set_about("A-1");
  v1::Run run;
  const grpc::Status empty = running.runs->AddReference(running.As("bot").get(), request, &run);
  CHECK(empty.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK_THAT(empty.error_message(), Catch::Contains("reference.place: must be set"));

  request.mutable_reference()->set_place("C024/1700.123");
  CHECK(IsDenied(running.runs->AddReference(running.As("ada").get(), request, &run)));
  CHECK(IsDenied(running.runs->AddReference(For(running, kAda).get(), request, &run)));
  REQUIRE(running.runs->AddReference(running.As("bot").get(), request, &run).ok());
  const std::int64_t revision = run.revision();
  REQUIRE(running.runs->AddReference(running.As("bot").get(), request, &run).ok());
  CHECK(run.revision() == revision);

  v1::GetRunRequest get;
  get.set_run(shown.run());
  REQUIRE(running.runs->GetRun(running.As("bot").get(), get, &run).ok());
  REQUIRE(run.references_size() == 1);
  CHECK(run.references(0).kind() == "slack");
  CHECK(run.references(0).about() == "A-1");
  CHECK(run.references(0).place() == "C024/1700.123");
}

TEST_CASE("chat keys that cannot tell people apart are refused when they are read",
          "[server][delegate]") {
  CHECK(Principals::Load({Person("ada", {"dba"}, {kAda}), Person("bo", {"dba"}, {kAda})})
            .error()
            .message ==
        "principals ada and bo have the same chat key, slack:T024/U1; each needs its "
        "own");
  CHECK_THAT(Principals::Load({Person("bot", {"viewer", "delegate"}, {kAda})}).error().message,
             Catch::Contains("has the role delegate and so no chat key"));
}

}  // namespace recourse::server
