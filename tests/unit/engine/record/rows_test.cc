#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "engine/record/record.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/record/history.h"

namespace recourse::record {
namespace {

using machine::RunStatus;

TEST_CASE("the row of a run says where it stands, what it waits for and how it failed",
          "[record]") {
  journal::ScratchDirectory scratch;
  History history(scratch / "journal");
  WriteRunsOfEveryKind(history);
  const auto row = [&](std::int64_t run) {
    return RowOf(history.workflow(RunId{run}), history.state(RunId{run}));
  };
  const auto status = [&](std::int64_t run) { return static_cast<RunStatus>(row(run).status); };

  SECTION("over") {
    const auto finished = row(1);
    CHECK(status(1) == RunStatus::kSucceeded);
    CHECK(finished.target == "health");
    CHECK(finished.workflow == "long");
    CHECK(finished.severity == "high");
    CHECK(finished.requester == "kim");
    CHECK(finished.request_id == "req-1");
    CHECK(finished.step.empty());
    CHECK(finished.lock.empty());
    CHECK(finished.fencing_token == 0);
    CHECK(finished.waits_for.empty());
    CHECK(finished.error_code == 0);
    REQUIRE(finished.finished);
    CHECK(*finished.finished < finished.changed);  // it was annotated after its end
    CHECK(finished.revision == history.state(RunId{1}).revision);
  }
  SECTION("rolled back, with the cause") {
    CHECK(status(2) == RunStatus::kRolledBack);
    CHECK(row(2).error_code == static_cast<int>(Code::kInternal));
    CHECK(row(2).error_message == "broken on purpose");
  }
  SECTION("backing off, and holding its lock") {
    CHECK(status(3) == RunStatus::kWaiting);
    CHECK(row(3).step == "restore");
    CHECK(row(3).lock == "database/health");
    CHECK(row(3).fencing_token > 0);
    CHECK(row(3).next_at);
    CHECK_FALSE(row(3).finished);
  }
  SECTION("waiting for the lock") {
    CHECK(status(4) == RunStatus::kQueued);
    CHECK(row(4).lock == "database/health");
    CHECK(row(4).fencing_token == 0);
    CHECK(row(4).waits_for.find("R-3") != std::string::npos);
  }
  SECTION("waiting for an approval") {
    CHECK(status(5) == RunStatus::kWaiting);
    CHECK(row(5).step == "confirm");
    CHECK(row(5).waits_for.find("Go on?") != std::string::npos);
    CHECK(row(5).waits_for_whom.find("dba") != std::string::npos);
  }
  SECTION("asking a person") {
    CHECK(status(7) == RunStatus::kNeedsAttention);
    CHECK(row(7).step == "confirm");
    CHECK(row(7).error_code == static_cast<int>(Code::kDeadlineExceeded));
  }
  SECTION("rolling back: at the step that is being undone") {
    CHECK(status(8) == RunStatus::kRollingBack);
    CHECK(row(8).step == "restore");
  }
}

TEST_CASE("timers are those of the state", "[record]") {
  journal::ScratchDirectory scratch;
  History history(scratch / "journal");
  WriteRunsOfEveryKind(history);
  CHECK(TimerRowsOf(history.state(RunId{1})).empty());
  const auto timers = TimerRowsOf(history.state(RunId{3}));
  REQUIRE(timers.size() == 2);
  for (const auto& timer : timers) CHECK(timer.run == RunId{3});
}

TEST_CASE("an approval's row follows its votes and settlement", "[record]") {
  journal::ScratchDirectory scratch;
  History history(scratch / "journal");
  WriteRunsOfEveryKind(history);
  const auto approval_of = [&](std::int64_t run) {
    auto rows = history.journal().reader().ListApprovals(false, RunId{run}, std::nullopt, 10);
    REQUIRE(rows);
    REQUIRE(rows->size() == 1);
    return rows->front();
  };

  SECTION("approved by two") {
    const auto row = approval_of(1);
    CHECK(row.step == "confirm");
    CHECK(row.prompt == "Go on?");
    CHECK(row.approvers == R"(["dba","owner"])");
    CHECK(row.quorum == 2);
    CHECK(row.requester == "kim");
    CHECK(row.plan == R"({"bytes_needed":5})");
    CHECK(row.settlement == static_cast<int>(machine::Settlement::kApproved));
    REQUIRE(row.settled);
    CHECK(*row.settled > row.requested);
    REQUIRE(row.expires);
    CHECK(*row.expires - row.requested == std::chrono::minutes(15));
    const auto votes = ParseJson(row.votes);
    REQUIRE(votes);
    REQUIRE(votes->as_list().size() == 2);
    const Value& first = votes->as_list()[0];
    CHECK(first["principal"] == Value("ada"));
    CHECK(first["vote"] == Value("approve"));
    CHECK(first["reason"] == Value("looked at it"));
    CHECK(first["channel"] == Value("cli"));
    CHECK(first["at"].as_string().starts_with("2026-11-21T"));
  }
  SECTION("open, with one vote") {
    const auto row = approval_of(5);
    CHECK(row.settlement == 0);
    CHECK_FALSE(row.settled);
    CHECK(ParseJson(row.votes)->as_list().size() == 1);
  }
  SECTION("voted on while the run is paused: requested when it was requested") {
    const auto row = approval_of(6);
    CHECK(row.requested < history.state(RunId{6}).since);
    CHECK(ParseJson(row.votes)->as_list().size() == 1);
  }
  SECTION("not decided in time") {
    CHECK(approval_of(7).settlement == static_cast<int>(machine::Settlement::kExpired));
    CHECK(approval_of(7).votes == "[]");
  }
  SECTION("void when the run goes another way") {
    CHECK(approval_of(9).settlement == static_cast<int>(machine::Settlement::kVoid));
  }
}

TEST_CASE("a decision that is not about an approval changes no row", "[record]") {
  journal::ScratchDirectory scratch;
  History history(scratch / "journal");
  WriteRunsOfEveryKind(history);
  const auto& asking = history.state(RunId{5});
  const Recorded note{{RunId{5}, asking.revision + 1, 1, {}, "kim"}, machine::RunAnnotated{"x"}};
  CHECK(ApprovalRowsOf(history.workflow(RunId{5}), asking, {note}).empty());
}

}  // namespace
}  // namespace recourse::record
