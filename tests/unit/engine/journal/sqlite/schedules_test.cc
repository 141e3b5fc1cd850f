// The rows of schedules: replaced whole, in one transaction with the run that one starts.
#include <catch2/catch.hpp>

#include "tests/unit/engine/journal/journal_suite.h"
#include "tests/unit/engine/journal/samples.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/journal/sqlite/raw.h"

namespace recourse::journal {
namespace {

ScheduleRow Full(const std::string& name) {
  ScheduleRow row;
  row.name = name;
  row.timing = "0 2 * * * Europe/Berlin";
  row.decided = At(100);
  row.queued = {At(10), At(20)};
  row.last_time = At(5);
  row.last_run = RunId{7};
  row.not_started = 3;
  row.not_started_time = At(4);
  row.not_started_why = "R-7 was still open";
  row.paused = true;
  row.paused_in_file = true;
  row.changed_by = "ann";
  row.changed = At(90);
  row.changed_why = "maintenance";
  return row;
}

ScheduleRow Bare(const std::string& name) {
  ScheduleRow row;
  row.name = name;
  row.decided = At(1);
  return row;
}

std::vector<ScheduleRow> Stored(Journal& journal) {
  auto rows = journal.reader().ListSchedules();
  REQUIRE(rows);
  return *rows;
}

}  // namespace

TEST_CASE("rows of schedules are read as they were stored, by name", "[journal]") {
  const ScratchDirectory scratch;
  auto journal = MustOpen(scratch / "journal.db");
  CHECK(Stored(*journal).empty());
  const std::vector<ScheduleRow> rows = {Full("b"), Bare("a")};
  REQUIRE(journal->StoreSchedules(rows));
  CHECK(Stored(*journal) == std::vector{rows[1], rows[0]});

  ScheduleRow changed = Bare("b");
  REQUIRE(journal->StoreSchedules({&changed, 1}));
  journal.reset();
  journal = MustOpen(scratch / "journal.db");
  CHECK(Stored(*journal) == std::vector{rows[1], changed});
}

TEST_CASE("a run and the row of the schedule that starts it are stored together or not at all",
          "[journal]") {
  const ScratchDirectory scratch;
  auto journal = MustOpen(scratch / "journal.db");
  std::vector<RunChange> changes = {ChangeOf(journal->heads(), RunId{1})};
  changes[0].row.request_id = "schedule/b/2026-11-25T02:00:00Z";
  changes[0].schedule = Full("b");
  REQUIRE(journal->Append(changes));
  CHECK(Stored(*journal) == std::vector{Full("b")});

  changes = {ChangeOf(journal->heads(), RunId{2})};
  changes[0].row.request_id = "schedule/b/2026-11-25T02:00:00Z";
  changes[0].schedule = Bare("b");
  const auto twice = journal->Append(changes);
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == Code::kAlreadyExists);
  CHECK(Stored(*journal) == std::vector{Full("b")});
}

TEST_CASE("a journal from before there were schedules is brought up to date", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  {
    auto journal = MustOpen(path);
    MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}));
  }
  const std::string version = RawText(path, "PRAGMA user_version");
  RawExecute(path,
             "DROP TABLE schedules; DROP TABLE identity; DROP TABLE removed; "
             "DROP INDEX runs_ended_badly; PRAGMA user_version=2");
  auto journal = MustOpen(path);
  CHECK(journal->heads().run == RunId{1});
  const ScheduleRow row = Bare("a");
  REQUIRE(journal->StoreSchedules({&row, 1}));
  journal.reset();
  CHECK(RawText(path, "PRAGMA user_version") == version);
}

}  // namespace recourse::journal
