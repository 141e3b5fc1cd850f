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

TEST_CASE("a vote that comes too late is told who was first, when and how", "[server]") {
  v1::Approval approval;
  approval.set_id("A-381");
  approval.set_run("R-1042");
  approval.mutable_settle_time()->set_seconds(1795230245);
  const auto words = [&](v1::Approval::State state) {
    approval.set_state(state);
    const Error error = SettledError(approval);
    CHECK(error.code == Code::kAborted);
    return error.message;
  };
  const std::string late =
      ". Your decision came after that and was not counted; R-1042 is not changed";
  CHECK(words(v1::Approval::EXPIRED) ==
        "A-381 is settled: it expired, because nobody decided in time, at 2026-11-21T03:04:05Z" +
            late);
  CHECK(words(v1::Approval::VOID) ==
        "A-381 is settled: it was withdrawn, because R-1042 was cancelled or rolled back, or asks "
        "something else now, at "
        "2026-11-21T03:04:05Z" +
            late);
  v1::Vote& vote = *approval.add_votes();
  vote.set_principal("ana");
  vote.set_decision(v1::DECISION_REJECT);
  vote.set_reason("wrong backup");
  CHECK(words(v1::Approval::REJECTED) ==
        "A-381 is settled: it was rejected by ana (wrong backup) at 2026-11-21T03:04:05Z" + late);
}

}  // namespace recourse::server
