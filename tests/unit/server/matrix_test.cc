// Who may call what: every call of the API is really made, in every role. Which role each call
// needs stands in docs/api.md too; documentation_test.cc compares.
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "server/access.h"
#include "tests/unit/server/calls.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

// A principal for each role, which has that one alone.
const std::vector<std::string> kRoles = {"viewer", "operator", "dba", "admin"};

std::vector<PrincipalConfig> OneForEachRole() {
  std::vector<PrincipalConfig> principals;
  for (const std::string& role : kRoles) principals.push_back({role, {role}, "", {}});
  return principals;
}

// Makes the call with an empty request. A stream that is admitted has no end of its own.
grpc::Status Try(const RunningServer& running, const ApiCall& call, bool admitted,
                 grpc::ClientContext& context) {
  if (call.streams && admitted) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  }
  return CallEmpty(running.channel, call.path, context);
}

}  // namespace

TEST_CASE("no call is answered without a token, nor without the role it needs", "[server]") {
  const RunningServer running({}, OneForEachRole());
  for (const ApiCall& call : AllCalls()) {
    const auto needed = RoleFor(call.rpc);
    REQUIRE(needed);
    const auto anonymous = running.Anonymous();
    INFO(call.rpc);
    const grpc::Status refused = CallEmpty(running.channel, call.path, *anonymous);
    CHECK(refused.error_code() == grpc::StatusCode::UNAUTHENTICATED);
    CHECK(refused.error_message().find("admin.token") != std::string::npos);
    for (const std::string& role : kRoles) {
      INFO("as one who has the role " << role);
      const auto context = running.As(role);
      const bool may = *needed == kAnyRole || *needed == role;
      const grpc::Status status = Try(running, call, may, *context);
      CHECK(status.error_code() != grpc::StatusCode::UNAUTHENTICATED);
      const std::string denial = call.rpc + " needs the role " + std::string(*needed) + ", which " +
                                 role + " does not have";
      CHECK((status.error_message() == denial) == !may);
      CHECK((status.error_code() == grpc::StatusCode::PERMISSION_DENIED) == !may);
    }
  }
}

TEST_CASE("who may decide an approval is said by its approvers, and by no other role", "[server]") {
  RunningServer running({}, {{"asks", {"viewer", "operator", "dba"}, "", {}},
                             {"viewer", {"viewer"}, "", {}},
                             {"operator", {"viewer", "operator"}, "", {}},
                             {"admin", {"admin"}, "", {}},
                             {"other-role", {"level-9"}, "", {}},
                             {"dba", {"dba"}, "", {}}});
  v1::StartRunRequest start;
  start.set_workflow("ask");
  start.set_wait(true);
  v1::Run run;
  REQUIRE(running.runs->StartRun(running.As("asks").get(), start, &run).ok());
  v1::GetApprovalRequest get;
  get.set_approval("A-1");
  v1::Approval approval;
  REQUIRE(running.approvals->GetApproval(running.As("viewer").get(), get, &approval).ok());
  v1::DecideRequest decide;
  decide.set_approval("A-1");
  decide.set_digest(approval.digest());
  decide.set_decision(v1::DECISION_APPROVE);
  for (const char* name : {"asks", "viewer", "operator", "admin", "other-role"}) {
    INFO(name);
    CHECK(running.approvals->Decide(running.As(name).get(), decide, &approval).error_code() ==
          grpc::StatusCode::PERMISSION_DENIED);
  }
  CHECK(running.approvals->Decide(running.As("dba").get(), decide, &approval).ok());
}

}  // namespace recourse::server
