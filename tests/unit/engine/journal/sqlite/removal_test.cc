// A run that leaves the journal: what goes, what stays, and what the chain says of it.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "engine/base/fail_point.h"
#include "engine/journal/absence.h"
#include "engine/journal/chain.h"
#include "tests/unit/engine/journal/samples.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/journal/sqlite/raw.h"

namespace recourse::journal {
namespace {

using Catch::Contains;

RunChange Finished(RunChange change) {
  change.row.status = kStatusSucceeded;
  change.row.finished = change.row.changed;
  return change;
}

// R-1 at 1, 2, 5, 6; R-2 at 3, 4, 7; both over. R-3 at 8 is open.
void WriteThree(Journal& journal) {
  MustAppend(journal, ChangeOf(journal.heads(), RunId{1}, 2));
  MustAppend(journal, ChangeOf(journal.heads(), RunId{2}, 2));
  MustAppend(journal, Finished(ChangeOf(journal.heads(), RunId{1}, 2, 2)));
  MustAppend(journal, Finished(ChangeOf(journal.heads(), RunId{2}, 1, 2)));
  MustAppend(journal, ChangeOf(journal.heads(), RunId{3}, 1));
}

Removal Of(RunId run, std::int64_t events) {
  Removal removal;
  removal.run = run;
  removal.events = events;
  removal.file = "/x/runs.jsonl";
  removal.time = At(100);
  removal.principal = "ana";
  return removal;
}

Result<void> CheckChain(Reader& reader) {
  ChainCheck chain(reader);
  Position after = 0;
  for (;;) {
    auto page = reader.EventsAfter(after, 3);
    if (!page) return std::move(page).error();
    if (page->empty()) return {};
    for (const StoredEvent& event : *page) {
      if (auto added = chain.Add(event); !added) return added;
      after = event.position;
    }
  }
}

}  // namespace

TEST_CASE("the chain holds over removed runs, also where they lie side by side", "[journal]") {
  ScratchDirectory scratch;
  auto journal = MustOpen(scratch / "journal");
  WriteThree(*journal);
  REQUIRE(journal->RemoveRun(Of(RunId{1}, 4)).value() == 9);
  REQUIRE(CheckChain(journal->reader()));
  REQUIRE(journal->RemoveRun(Of(RunId{2}, 3)).value() == 10);
  REQUIRE(CheckChain(journal->reader()));
  CHECK(journal->reader().EventsOfRun(RunId{1}, 0, 10)->empty());
  CHECK_FALSE(journal->reader().FindRun(RunId{1})->has_value());

  const auto gaps = ReadGaps(journal->reader());
  REQUIRE(gaps);
  CHECK(gaps->size() == 4);
  CHECK(gaps->at(1).last == 2);
  CHECK(gaps->at(7).last == 7);

  SECTION("what comes after follows, and another opening knows it") {
    MustAppend(*journal, ChangeOf(journal->heads(), RunId{4}, 2));
    journal.reset();
    journal = MustOpen(scratch / "journal");
    CHECK(journal->heads().position == 12);
    REQUIRE(CheckChain(journal->reader()));
    MustAppend(*journal, ChangeOf(journal->heads(), RunId{5}, 1));
  }
  SECTION("a tombstone says who, what and where, and is in the chain like every event") {
    const auto told = journal->reader().EventsOfRun(kJournalItself, 0, 10);
    REQUIRE(told->size() == 2);
    const auto absence = ReadAbsence(told->front());
    REQUIRE(absence);
    CHECK(absence->run == RunId{1});
    CHECK(absence->events == 4);
    CHECK(absence->file == "/x/runs.jsonl");
    CHECK(told->front().principal == "ana");
    journal.reset();
    RawExecute(scratch / "journal",
               "UPDATE events SET payload = CAST(replace(payload, 'runs.jsonl', 'else.jsonl') AS "
               "BLOB) WHERE position = 9");
    const auto opened = OpenSqliteJournal(scratch / "journal", At(0));
    REQUIRE_FALSE(opened);
    CHECK_THAT(opened.error().message, Contains("position 9"));
  }
}

TEST_CASE(
    "the chain holds whichever runs are removed, in whichever order, and shows what is missing",
    "[journal]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](int bound) {
      return static_cast<int>(random() % static_cast<unsigned>(bound));
    };
    ScratchDirectory scratch;
    std::map<RunId, std::int64_t> runs;  // how many events each has
    std::vector<RunId> left;
    {
      auto journal = MustOpen(scratch / "journal");
      for (int i = 0; i < 40; ++i) {
        const RunId run{1 + below(8)};
        const int events = 1 + below(3);
        MustAppend(*journal, Finished(ChangeOf(journal->heads(), run, events, runs[run])));
        runs[run] += events;
      }
      for (const auto& [run, events] : runs) left.push_back(run);
      std::shuffle(left.begin(), left.end(), random);
      for (int i = below(5) + 1; i > 0; --i) {
        REQUIRE(journal->RemoveRun(Of(left.back(), runs[left.back()])));
        left.pop_back();
        REQUIRE(CheckChain(journal->reader()));
      }
      MustAppend(*journal, ChangeOf(journal->heads(), RunId{9}, 2));
    }
    const auto holds = [&] {
      auto reader = OpenSqliteReader(scratch / "journal");
      REQUIRE(reader);
      return CheckChain(**reader).ok();
    };
    REQUIRE(holds());
    // Any event but the last ones, which only a signed head proves.
    const std::string last = RawText(scratch / "journal", "SELECT max(position) FROM events");
    RawExecute(
        scratch / "journal",
        "DELETE FROM events WHERE position = (SELECT position FROM events WHERE position < " +
            last + " ORDER BY position LIMIT 1 OFFSET " + std::to_string(below(10)) + ")");
    CHECK_FALSE(holds());
  }
}

TEST_CASE("numbers of runs that were removed are not given again", "[journal]") {
  ScratchDirectory scratch;
  auto journal = MustOpen(scratch / "journal");
  RunChange change = Finished(ChangeOf(journal->heads(), RunId{7}, 1));
  change.notifications.push_back(
      {1, 0, "mail", "approval_requested", RunId{7}, "please", At(0), 0, "", {}, {}});
  ApprovalRow approval;
  approval.approval = ApprovalId{5};
  approval.run = RunId{7};
  change.approvals.push_back(approval);
  MustAppend(*journal, change);
  REQUIRE(journal->RemoveRun(Of(RunId{7}, 1)));
  journal.reset();
  journal = MustOpen(scratch / "journal");
  CHECK(journal->reader().UnsentNotifications("mail", 10)->empty());
  CHECK(journal->heads().run == RunId{7});
  CHECK(journal->heads().approval == ApprovalId{5});
  const auto removed = journal->reader().ListRemoved(RunId{}, 10);
  REQUIRE(removed);
  CHECK(*removed == std::vector<RemovedRow>{{RunId{7}, 2, ApprovalId{5}}});
}

TEST_CASE("a run that something needs is not removed", "[journal]") {
  ScratchDirectory scratch;
  auto journal = MustOpen(scratch / "journal");
  WriteThree(*journal);
  const auto refused = [&](const Removal& removal) {
    const Heads before = journal->heads();
    const auto removed = journal->RemoveRun(removal);
    REQUIRE_FALSE(removed);
    CHECK(journal->heads().position == before.position);
    CHECK(AllEvents(journal->reader()).size() == 8);
    return removed.error();
  };
  CHECK(refused(Of(RunId{3}, 1)).code == Code::kFailedPrecondition);
  CHECK(refused(Of(RunId{9}, 1)).code == Code::kNotFound);
  CHECK(refused(Of(RunId{1}, 3)).code == Code::kAborted);
  ScheduleRow nightly;
  nightly.name = "nightly";
  nightly.last_run = RunId{2};
  REQUIRE(journal->StoreSchedules({&nightly, 1}));
  CHECK_THAT(refused(Of(RunId{2}, 3)).message, Contains("last run of the schedule nightly"));
}

TEST_CASE("a removal that is killed leaves the run whole, or gone with its tombstone",
          "[journal]") {
  for (const std::string point : {"journal_run_half_removed", "journal_before_removal_commit",
                                  "journal_after_removal_commit"}) {
    INFO(point);
    ScratchDirectory scratch;
    {
      auto journal = MustOpen(scratch / "journal");
      WriteThree(*journal);
    }
    const int child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const std::string path = scratch / "journal";
      const std::string variable = "RECOURSE_FAIL_POINT=" + point;
      char* const environment[] = {const_cast<char*>(variable.c_str()), nullptr};
      execle(JOURNAL_CRASH_WRITER, JOURNAL_CRASH_WRITER, path.c_str(), "remove", nullptr,
             environment);
      _exit(1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    auto journal = MustOpen(scratch / "journal");
    REQUIRE(CheckChain(journal->reader()));
    const bool removed = point == "journal_after_removal_commit";
    CHECK(journal->reader().FindRun(RunId{1})->has_value() != removed);
    CHECK(journal->reader().EventsOfRun(RunId{1}, 0, 10)->size() == (removed ? 0 : 4));
    CHECK(journal->reader().ListRemoved(RunId{}, 10)->size() == (removed ? 1 : 0));
  }
}

TEST_CASE("events that are missing without a tombstone show, whichever tombstones there are",
          "[journal]") {
  ScratchDirectory scratch;
  {
    auto journal = MustOpen(scratch / "journal");
    WriteThree(*journal);
    MustAppend(*journal, ChangeOf(journal->heads(), RunId{4}, 300));
    REQUIRE(journal->RemoveRun(Of(RunId{1}, 4)));
    // So far back that opening does not look at it.
    MustAppend(*journal, ChangeOf(journal->heads(), RunId{5}, 300));
  }
  const auto broken = [&](const std::string& sql) {
    RawExecute(scratch / "journal", sql);
    auto journal = OpenSqliteJournal(scratch / "journal", At(0));
    REQUIRE(journal);
    const auto checked = CheckChain((*journal)->reader());
    REQUIRE_FALSE(checked);
    return checked.error().message;
  };
  SECTION("an event beside a gap") {
    CHECK_THAT(broken("DELETE FROM events WHERE position = 4"), Contains("position 4 is expected"));
  }
  SECTION("a whole run") {
    CHECK_THAT(broken("DELETE FROM events WHERE run = 2"),
               Contains("position 3 is expected, and no tombstone says that it was removed"));
  }
  SECTION("the event before a gap is another one") {
    CHECK_THAT(broken("UPDATE events SET principal = 'eve' WHERE position = 4"),
               Contains("position 4"));
  }
  SECTION("the tombstone") {
    CHECK_THAT(broken("DELETE FROM events WHERE run = 0"), Contains("position 1 is expected"));
  }
}

}  // namespace recourse::journal
