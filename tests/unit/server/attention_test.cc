#include "server/attention.h"

#include <catch2/catch.hpp>

#include "engine/journal/sqlite/sqlite_journal.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

journal::RunRow Row(std::int64_t number, machine::RunStatus status, const std::string& severity,
                    const std::string& lock = "", std::int64_t token = 0) {
  journal::RunRow row;
  row.run = RunId{number};
  row.status = static_cast<int>(status);
  row.severity = severity;
  row.lock = lock;
  row.fencing_token = token;
  row.waits_since = Time() + std::chrono::seconds(number);
  row.waits_for = "something";
  return row;
}

// "R-2: R-3 R-1, R-4": what a person can act on, with what waits behind it.
std::string Told(const std::vector<Need>& needs) {
  std::string text;
  for (const Need& need : needs) {
    text += (text.empty() ? "" : ", ") + need.run.run.ToString();
    for (std::size_t i = 0; i < need.behind.size(); ++i) {
      text += (i == 0 ? ": " : " ") + need.behind[i].run.ToString();
    }
  }
  return text;
}

// What is answered of a journal with such rows; their events tell nothing.
v1::ListAttentionResponse Answered(std::vector<journal::RunRow> rows, int limit, Time now) {
  RunningServer running;
  auto journal = journal::OpenSqliteJournal(running.directory.File("other.db"), now);
  REQUIRE(journal);
  std::vector<journal::RunChange> changes;
  for (journal::RunRow& row : rows) {
    journal::RunChange& change = changes.emplace_back();
    journal::StoredEvent& event = change.events.emplace_back();
    event.position = static_cast<journal::Position>(changes.size());
    event.run = row.run;
    event.sequence = 1;
    event.payload = "nothing";
    row.revision = 1;
    change.row = std::move(row);
  }
  REQUIRE((*journal)->Append(changes));
  v1::ListAttentionRequest request;
  request.set_limit(limit);
  auto answer = ReadAttention(request, *running.engine, now, (*journal)->reader(), nullptr);
  if (!answer) FAIL(answer.error().ToString());
  return *std::move(answer);
}

std::string Ids(const google::protobuf::RepeatedPtrField<v1::Run>& runs) {
  std::string ids;
  for (const v1::Run& run : runs) ids += (ids.empty() ? "" : " ") + run.id();
  return ids;
}

}  // namespace

TEST_CASE("what waits for one lock takes no room from what else needs a person", "[server]") {
  using enum machine::RunStatus;
  std::vector<journal::RunRow> rows = {Row(1, kNeedsAttention, "critical", "database/a", 1)};
  for (int number = 2; number <= 111; ++number) {
    rows.push_back(Row(number, kQueued, "low", "database/a"));
  }
  rows.push_back(Row(112, kPaused, "critical"));
  rows.push_back(Row(113, kPaused, "low"));
  const auto answer = Answered(std::move(rows), 2, Time());
  CHECK(Ids(answer.runs()) == "R-1 R-2 R-3 R-4 R-112");
  CHECK(answer.runs(2).waiting().reason() == "something");
  CHECK(answer.runs(3).waiting().reason() == "something; 107 more runs wait for it");
  CHECK(answer.more() == 1);
}

TEST_CASE("who has taken a run has not taken a more urgent one that waits for it", "[server]") {
  using enum machine::RunStatus;
  const auto open = [](const std::string& severity) {
    return LeavesOpen({Row(1, kNeedsAttention, "medium", "database/a", 1),
                       {Row(2, kQueued, severity, "database/a")}});
  };
  CHECK(open("critical"));
  CHECK_FALSE(open("medium"));
  CHECK_FALSE(open("low"));
  CHECK_FALSE(LeavesOpen({Row(1, kPaused, "low"), {}}));
}

TEST_CASE("of what ended badly the last to end comes first, whenever it started", "[server]") {
  const Time now = Time() + std::chrono::hours(1000);
  std::vector<journal::RunRow> rows;
  const auto end = [&](machine::RunStatus status, std::chrono::minutes ago, int error) {
    journal::RunRow row = Row(static_cast<std::int64_t>(rows.size()) + 1, status, "low");
    row.finished = now - ago;
    row.error_code = error;
    row.error_message = "page 12 is damaged";
    row.waits_for = "";
    rows.push_back(std::move(row));
  };
  using enum machine::RunStatus;
  const int failed = static_cast<int>(Code::kDataLoss);
  end(kFailed, std::chrono::minutes(1), failed);  // started first, ended last
  end(kRolledBack, std::chrono::minutes(2), failed);
  for (int i = 0; i < 21; ++i) end(kFailed, std::chrono::minutes(10 + i), failed);
  for (int i = 0; i < 30; ++i) end(kRolledBack, std::chrono::minutes(1), 0);  // ordered
  end(kFailed, std::chrono::hours(25), failed);
  const auto answer = Answered(std::move(rows), 0, now);
  REQUIRE(answer.ended_badly_size() == 20);
  CHECK(answer.ended_badly(0).id() == "R-1");
  CHECK(answer.ended_badly(1).id() == "R-2");
  CHECK(answer.ended_badly(19).id() == "R-20");
  CHECK(answer.more_ended_badly() == 3);
  CHECK(answer.journal_error() == "");
}

TEST_CASE("what a person can act on comes before what waits for its lock, however urgent that is",
          "[server]") {
  using enum machine::RunStatus;
  CHECK(Told(MostUrgentFirst({Row(1, kNeedsAttention, "low", "database/a", 1),
                              Row(2, kQueued, "critical", "database/a"), Row(3, kPaused, "high"),
                              Row(4, kQueued, "low", "database/a")})) == "R-1: R-2 R-4, R-3");
}

TEST_CASE("of what needs a person the most severe comes first, then what has waited longest",
          "[server]") {
  using enum machine::RunStatus;
  CHECK(Told(MostUrgentFirst({Row(4, kPaused, "low"), Row(3, kPaused, ""), Row(2, kPaused, "high"),
                              Row(1, kPaused, "high")})) == "R-1, R-2, R-4, R-3");
}

TEST_CASE("a run that is queued on hold is acted on itself", "[server]") {
  journal::RunRow held = Row(2, machine::RunStatus::kQueued, "high", "database/a");
  held.waits_for = std::string(machine::kHoldReason) + "ana: look first";
  CHECK(Told(MostUrgentFirst(
            {Row(1, machine::RunStatus::kPaused, "low", "database/a", 1), held})) == "R-2, R-1");
}

TEST_CASE("runs that ended badly are listed for a day, and need nobody", "[server]") {
  RunningServer running;
  REQUIRE(running.Start("fails").status() == v1::RUN_STATUS_FAILED);
  running.Start("echo");
  auto reader = running.journal->OpenReader();
  REQUIRE(reader);
  const auto at = [&](std::chrono::hours later) {
    return ReadAttention({}, *running.engine, running.clock.Now() + later, **reader, nullptr);
  };
  const auto now = at(std::chrono::hours(0));
  REQUIRE(now);
  CHECK(now->runs_size() == 0);
  REQUIRE(now->ended_badly_size() == 1);
  CHECK(now->ended_badly(0).workflow() == "fails");
  CHECK(now->ended_badly(0).error().code() == "DATA_LOSS");
  const auto later = at(std::chrono::hours(25));
  REQUIRE(later);
  CHECK(later->ended_badly_size() == 0);
}

}  // namespace recourse::server
