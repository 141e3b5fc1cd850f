#include "server/approval_view.h"

#include <catch2/catch.hpp>

namespace recourse::server {

TEST_CASE("an approval is shown with roles, votes and what came of it", "[server]") {
  journal::ApprovalRow row;
  row.approval = ApprovalId{381};
  row.run = RunId{1042};
  row.approvers = R"(["dba"])";
  row.settlement = 2;
  row.votes = R"([{"at":"2026-11-21T03:04:05Z","channel":"cli","principal":"night-shift",)"
              R"("reason":"wrong backup","vote":"reject"}])";
  const auto approval = ToProto(row);
  REQUIRE(approval);
  CHECK(approval->id() == "A-381");
  CHECK(approval->run() == "R-1042");
  CHECK(approval->approvers(0) == "dba");
  CHECK(approval->state() == v1::Approval::REJECTED);
  REQUIRE(approval->votes_size() == 1);
  CHECK(approval->votes(0).decision() == v1::DECISION_REJECT);
  CHECK(approval->votes(0).reason() == "wrong backup");
  CHECK(approval->votes(0).time().seconds() == 1795230245);
  CHECK_FALSE(approval->has_settle_time());
}

TEST_CASE("an approval row that is damaged is told, not shown as if nobody had voted", "[server]") {
  journal::ApprovalRow row;
  row.approval = ApprovalId{3};
  row.votes = "[{";
  const auto approval = ToProto(row);
  REQUIRE_FALSE(approval);
  CHECK(approval.error().code == Code::kDataLoss);
  CHECK(approval.error().message.find("A-3") != std::string::npos);
}

}  // namespace recourse::server
