// Runs out of the journal into a file, and back.
#include "engine/record/archive.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/journal/sqlite/sqlite_journal.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/journal/sqlite/raw.h"
#include "tests/unit/engine/record/history.h"

namespace recourse::record {
namespace {

using Catch::Contains;

constexpr std::int64_t kFileMax = 64 << 20;

// Every column of every event of the runs that the condition names.
std::string EventsText(const std::string& path, const std::string& where) {
  return journal::RawText(
      path,
      "SELECT group_concat(position || ' ' || run || ' ' || sequence || ' ' || time || ' ' || type "
      "|| ' ' || principal || ' ' || hex(payload) || ' ' || hex(hash), char(10)) FROM "
      "(SELECT * FROM events WHERE " +
          where + " ORDER BY position)");
}

// Two runs that were decided in turns, so that neither has a single stretch of positions; both
// over.
void WriteInTurns(History& history) {
  constexpr std::string_view kTwo =
      "name: two\nsteps:\n  - {id: a, action: read.it}\n  - {id: b, action: read.it}\n";
  const RunId one = history.Start(kTwo, machine::Start{"", Value::Map(), "", {}});
  const RunId other = history.Start(kTwo, machine::Start{"", Value::Map(), "", {}});
  for (int i = 0; i < 2; ++i) {
    history.Succeed(one);
    history.Succeed(other);
  }
  REQUIRE(machine::StatusOf(history.state(other)) == machine::RunStatus::kSucceeded);
}

class Retention {
 public:
  Retention() : path(scratch / "journal") {
    History history(path);
    WriteInTurns(history);
    WriteRunsOfEveryKind(history);
    now = history.now + std::chrono::hours(1);
  }

  Result<ArchiveSummary> Export(Time before) {
    auto reader = journal::OpenSqliteReader(path);
    REQUIRE(reader);
    return ExportRuns(**reader, before, file, now, {});
  }

  Result<Pruned> Prune() {
    auto journal = journal::MustOpen(path);
    auto reader = journal::OpenSqliteReader(path);
    REQUIRE(reader);
    journal::Removal how;
    how.file = file;
    how.time = now;
    how.principal = "ana";
    return PruneRuns(**reader, file, how,
                     [&](const journal::Removal& removal) { return journal->RemoveRun(removal); },
                     {});
  }

  Verification Verified(const std::string& of) {
    auto reader = journal::OpenSqliteReader(of);
    INFO((reader ? "" : reader.error().message));
    REQUIRE(reader);
    auto found = Verify(**reader);
    INFO((found ? "" : found.error().message));
    REQUIRE(found);
    return *std::move(found);
  }

  std::string Text() { return *ReadFile(file, kFileMax); }
  void Rewrite(const std::string& text) {
    std::filesystem::remove(file);
    REQUIRE(WriteFileAtomically(file, text, 0600));
  }

  journal::ScratchDirectory scratch;
  std::string path;
  std::string file = scratch / "runs.jsonl";
  Time now;
};

}  // namespace

TEST_CASE("what is exported and removed is told from what is missing", "[record]") {
  Retention retention;
  const auto exported = retention.Export(retention.now);
  INFO((exported ? "" : exported.error().message));
  REQUIRE(exported);
  CHECK(exported->runs == 6);  // the two, and four of every kind
  const std::string before = EventsText(retention.path, "run NOT IN (1, 2, 3, 4, 11, 12)");

  const auto pruned = retention.Prune();
  INFO((pruned ? "" : pruned.error().message));
  REQUIRE(pruned);
  CHECK(pruned->runs == 6);
  CHECK(pruned->events == exported->events);
  CHECK(pruned->left == std::vector<std::string>{});

  const Verification found = retention.Verified(retention.path);
  CHECK(found.problems == std::vector<std::string>{});
  CHECK(found.removed_runs == 6);
  CHECK(found.absent == exported->events);
  CHECK(found.runs == 6);
  CHECK(EventsText(retention.path, "run <> 0") == before);

  SECTION("a run that is removed by hand beside them is found") {
    journal::RawExecute(retention.path,
                        "DELETE FROM events WHERE run = 7; DELETE FROM runs WHERE run = 7;"
                        "DELETE FROM approvals WHERE run = 7; DELETE FROM timers WHERE run = 7");
    const auto problems = [&] {
      auto reader = journal::OpenSqliteReader(retention.path);
      REQUIRE(reader);
      return Verify(**reader)->problems;
    }();
    REQUIRE_FALSE(problems.empty());
    CHECK_THAT(problems[0], Contains("no tombstone says that it was removed"));
  }
  SECTION("the same call again changes nothing") {
    const auto again = retention.Prune();
    REQUIRE(again);
    CHECK(again->runs == 0);
    CHECK(again->left.empty());
  }
  SECTION("a tombstone that is gone from its index is found, and one that was made up") {
    journal::RawExecute(retention.path, "DELETE FROM removed WHERE run = 1");
    CHECK_THAT(retention.Verified(retention.path).problems.at(0),
               Contains("R-1 has a tombstone") && Contains("missing from the index"));
    journal::RawExecute(retention.path, "INSERT INTO removed VALUES (7, 3, 0)");
    CHECK(retention.Verified(retention.path).problems.size() == 2);
  }
}

TEST_CASE("an archive makes a journal again, byte for byte, that verifies", "[record]") {
  Retention retention;
  REQUIRE(retention.Export(retention.now));
  const std::string events = EventsText(retention.path, "run IN (1, 2, 3, 4, 11, 12)");
  const std::string rows =
      "SELECT group_concat(run || workflow || status || revision || target || "
      "changed || finished || error_message) FROM runs WHERE run IN (1, 2, 3, "
      "4, 11, 12)";
  const std::string runs = journal::RawText(retention.path, rows);
  SECTION("from a file that was made before anything was removed") {}
  SECTION("from a file that was made of a journal with tombstones") {
    REQUIRE(retention.Prune());
    REQUIRE(EventsText(retention.path, "run IN (1, 2, 3, 4, 11, 12)").empty());
  }
  const std::string made = retention.scratch / "made";
  {
    auto journal = journal::MustOpen(made);
    const auto imported = ImportRuns(*journal, retention.file, retention.now, "ana");
    INFO((imported ? "" : imported.error().message));
    REQUIRE(imported);
    CHECK(imported->runs == 6);
  }
  CHECK(EventsText(made, "run <> 0") == events);
  CHECK(journal::RawText(made, rows) == runs);
  const Verification found = retention.Verified(made);
  CHECK(found.problems == std::vector<std::string>{});
  CHECK(found.runs == 6);
  CHECK(found.absent > 0);
}

TEST_CASE("an archive is proven to be what was removed, and another one is not", "[record]") {
  Retention retention;
  REQUIRE(retention.Export(retention.now));
  const auto check = [&](const std::string& path, const std::string& file) {
    auto reader = journal::OpenSqliteReader(path);
    REQUIRE(reader);
    auto checked = CheckArchive(**reader, file);
    REQUIRE(checked);
    return *checked;
  };
  CHECK_THAT(check(retention.path, retention.file).problems.at(0),
             Contains("R-1 is in the file, but was not removed"));
  REQUIRE(retention.Prune());
  const ArchiveCheck proven = check(retention.path, retention.file);
  CHECK(proven.problems == std::vector<std::string>{});
  CHECK(proven.runs == 6);
  // Of a journal that was written just so, at another time.
  const std::string path = retention.scratch / "other";
  const std::string file = retention.scratch / "other.jsonl";
  {
    History history(path);
    history.now += std::chrono::seconds(1);
    WriteInTurns(history);
  }
  {
    auto reader = journal::OpenSqliteReader(path);
    REQUIRE(reader);
    REQUIRE(ExportRuns(**reader, retention.now, file, retention.now, {}));
  }
  const ArchiveCheck other = check(retention.path, file);
  CHECK(other.runs == 0);
  REQUIRE(other.problems.size() == 2);
  CHECK_THAT(other.problems[0], Contains("R-1 is not the run that was removed"));
}

TEST_CASE("only runs that are over long enough are exported, and nothing when there are none",
          "[record]") {
  Retention retention;
  const auto none = retention.Export(Time());
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Code::kNotFound);
  CHECK_FALSE(std::filesystem::exists(retention.file));
  REQUIRE(retention.Export(retention.now));
  const auto again = retention.Export(retention.now);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Code::kAlreadyExists);
}

TEST_CASE("a person can read what an archive says", "[record]") {
  Retention retention;
  REQUIRE(retention.Export(retention.now));
  const std::string text = retention.Text();
  CHECK_THAT(text, Contains("\"text\":\"kim notes: well done\""));
  CHECK_THAT(text, Contains("\"kind\":\"definition\""));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) REQUIRE(ParseJson(line));
}

TEST_CASE("nothing is removed by a file that was changed, cut off or is none", "[record]") {
  Retention retention;
  REQUIRE(retention.Export(retention.now));
  const std::string text = retention.Text();
  const std::string before = EventsText(retention.path, "1");
  const auto refused = [&](const std::string& changed) {
    retention.Rewrite(changed);
    const auto pruned = retention.Prune();
    REQUIRE_FALSE(pruned);
    CHECK(pruned.error().code == Code::kDataLoss);
    CHECK(EventsText(retention.path, "1") == before);
    return pruned.error().message;
  };
  SECTION("cut off") {
    CHECK_THAT(refused(text.substr(0, text.size() - 10)), Contains("not complete"));
    CHECK_THAT(refused(text.substr(0, text.rfind("{\"events\""))), Contains("not complete"));
  }
  SECTION("changed") {
    std::string changed = text;
    changed[changed.find("well done") + 1] = 'a';
    CHECK_THAT(refused(changed), Contains("has been changed"));
  }
  SECTION("longer") { CHECK_THAT(refused(text + "{}\n"), Contains("more behind the last line")); }
  SECTION("nothing") { CHECK_THAT(refused(""), Contains("not complete")); }
}

TEST_CASE("a run that is not as it was exported is left, and the others are removed", "[record]") {
  Retention retention;
  REQUIRE(retention.Export(retention.now));
  journal::RawExecute(retention.path,
                      "UPDATE events SET principal = 'eve' WHERE run = 3 AND "
                      "sequence = 1");
  auto reader = journal::OpenSqliteReader(retention.path);
  REQUIRE(reader);
  const auto pruned = PruneRuns(**reader, retention.file, {},
                                [](const journal::Removal& removal) -> Result<journal::Position> {
                                  CHECK(removal.run != RunId{3});
                                  return 1;
                                },
                                {});
  REQUIRE(pruned);
  CHECK(pruned->runs == 5);
  REQUIRE(pruned->left.size() == 1);
  CHECK_THAT(pruned->left[0], Contains("R-3 has other events in the journal"));
}

TEST_CASE("a damaged run is not exported, and so not removed", "[record]") {
  Retention retention;
  journal::RawExecute(retention.path,
                      "UPDATE events SET principal = 'eve' WHERE run = 3 AND "
                      "sequence = 2");
  const auto exported = retention.Export(retention.now);
  REQUIRE_FALSE(exported);
  CHECK(exported.error().code == Code::kDataLoss);
  CHECK_THAT(exported.error().message, Contains("R-3"));
  CHECK_FALSE(std::filesystem::exists(retention.file));
}

}  // namespace recourse::record
