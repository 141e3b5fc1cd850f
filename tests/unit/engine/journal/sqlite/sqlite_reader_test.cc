#include "engine/journal/sqlite/sqlite_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>

#include "engine/base/file.h"
#include "engine/journal/sqlite/database.h"
#include "tests/unit/engine/journal/samples.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/journal/sqlite/raw.h"

namespace recourse::journal {
namespace {

// Runs `work` in a process of its own, which ends without closing anything.
bool InAnotherProcess(const std::function<bool()>& work) {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) _exit(work() ? 0 : 1);
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return status == 0;
}

// A journal of three events whose server died: they are all in its -wal.
void LeaveByDeadServer(const std::string& path) {
  REQUIRE(InAnotherProcess([&] {
    Journal* never_closed = MustOpen(path).release();
    RunChange change = ChangeOf({}, RunId{1}, 3);
    return never_closed->Append({&change, 1}).ok();
  }));
  REQUIRE(std::filesystem::file_size(path + "-wal") > 0);
}

std::string Content(const std::string& path) {
  auto bytes = ReadFile(path, 1 << 24);
  REQUIRE(bytes);
  return *bytes;
}

// Reads as a person who may write neither the directory nor its files.
bool AsStranger(const ScratchDirectory& scratch, const std::function<bool()>& work) {
  namespace fs = std::filesystem;
  for (const auto& file : fs::directory_iterator(scratch.path())) {
    fs::permissions(file.path(), fs::perms(0444));
  }
  fs::permissions(scratch.path(), fs::perms(0555));
  const bool worked = InAnotherProcess([&] {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return false;
    return access(scratch.path().c_str(), W_OK) != 0 && work();
  });
  fs::permissions(scratch.path(), fs::perms(0755));
  return worked;
}

bool ReadsThreeEvents(const std::string& path) {
  const auto reader = OpenSqliteReader(path);
  if (!reader) return false;
  const auto events = (*reader)->EventsAfter(0, 10);
  return events && events->size() == 3;
}

TEST_CASE("the journal of a dead server is read whole, and left as it is", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  LeaveByDeadServer(path);
  const std::string file = Content(path);
  const std::string wal = Content(path + "-wal");
  SECTION("as it was left") {}
  SECTION("copied without its -shm") { std::filesystem::remove(path + "-shm"); }
  {
    const auto reader = OpenSqliteReader(path);
    REQUIRE(reader);
    CHECK(AllEvents(**reader).size() == 3);
    CHECK((*(*reader)->FindRun(RunId{1}))->revision == 3);
  }
  CHECK(Content(path) == file);
  CHECK(Content(path + "-wal") == wal);
  CHECK(MustOpen(path)->heads().position == 3);
}

TEST_CASE("a journal is read where nothing can be written", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  SECTION("closed by its server") {
    MustAppend(*MustOpen(path), ChangeOf({}, RunId{1}, 3));
    CHECK(AsStranger(scratch, [&] { return ReadsThreeEvents(path); }));
  }
  SECTION("with the -wal and -shm of a dead server") {
    LeaveByDeadServer(path);
    CHECK(AsStranger(scratch, [&] { return ReadsThreeEvents(path); }));
  }
  SECTION("while its server has it open") {
    auto journal = MustOpen(path);
    MustAppend(*journal, ChangeOf({}, RunId{1}, 3));
    CHECK(AsStranger(scratch, [&] { return ReadsThreeEvents(path); }));
    MustAppend(*journal, ChangeOf(journal->heads(), RunId{2}));
  }
  SECTION("not with a -wal alone: the answer says what to do") {
    LeaveByDeadServer(path);
    std::filesystem::remove(path + "-shm");
    CHECK(AsStranger(scratch, [&] {
      const auto reader = OpenSqliteReader(path);
      return !reader && reader.error().code == Code::kUnavailable &&
             reader.error().message.find("copy it with its -wal") != std::string::npos;
    }));
  }
}

TEST_CASE("a reader follows a server that has the journal open", "[journal]") {
  const ScratchDirectory scratch;
  auto journal = MustOpen(scratch / "journal.db");
  const auto reader = OpenSqliteReader(scratch / "journal.db");
  REQUIRE(reader);
  for (int number = 1; number <= 3; ++number) {
    MustAppend(*journal, ChangeOf(journal->heads(), RunId{number}));
    CHECK(*(*reader)->LastPosition() == number);
  }
}

TEST_CASE("reading makes no journal", "[journal]") {
  const ScratchDirectory scratch;
  const auto missing = OpenSqliteReader(scratch / "journal.db");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Code::kNotFound);
  CHECK(std::filesystem::is_empty(scratch.path()));

  REQUIRE(WriteFileAtomically(scratch / "empty.db", "", 0600));
  const auto empty = OpenSqliteReader(scratch / "empty.db");
  REQUIRE_FALSE(empty);
  CHECK(empty.error().code == Code::kDataLoss);
}

TEST_CASE("runs are listed along an index, whatever they are asked for by", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  MustOpen(path).reset();
  const auto database = Database::OpenToRead(path);
  REQUIRE(database);
  const auto plan = [&](const RunFilter& filter) {
    auto lines = Statement(**database, "EXPLAIN QUERY PLAN " + ListRunsSql(filter))
                     .All([](const Row& row) { return row.Text(3); }, std::int64_t{1}, "w", "t",
                          std::int64_t{10});
    REQUIRE(lines);
    std::string text;
    for (const std::string& line : *lines) text += line + "\n";
    return text;
  };
  using Catch::Contains;
  CHECK_THAT(plan({.workflow = "w"}), Contains("runs_by_workflow (workflow=? AND run<?)"));
  CHECK_THAT(plan({.target = "t"}), Contains("runs_by_target (target=? AND run<?)"));
  CHECK_THAT(plan({.statuses = {7}, .workflow = "w"}), Contains("runs_by_workflow"));
  CHECK_THAT(plan({.statuses = {2, 7}}), Contains("runs_by_status (status=? AND rowid<?)"));
  for (const RunFilter& filter :
       {RunFilter{.workflow = "w"}, RunFilter{.target = "t"},
        RunFilter{.workflow = "w", .target = "t"}, RunFilter{.statuses = {7, 8}, .target = "t"},
        RunFilter{.statuses = {2, 7}}, RunFilter{}}) {
    CHECK_THAT(plan(filter), !Contains("TEMP B-TREE"));
  }
}

TEST_CASE("runs that ended badly are listed by when they ended, along an index", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  auto journal = MustOpen(path);
  const auto end = [&](int run, int status, std::int64_t finished, int error) {
    RunChange change = ChangeOf(journal->heads(), RunId{run});
    change.row.status = status;
    change.row.finished = At(finished);
    change.row.error_code = error;
    MustAppend(*journal, change);
  };
  constexpr std::array kBad = {8, 10};
  end(1, 8, 300, 14);  // started first, ended last
  end(2, 8, 100, 14);
  end(3, 10, 200, 14);
  end(4, 10, 250, 0);  // somebody ordered it
  end(5, 9, 250, 14);
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{6}));
  const auto ended = [&](std::int64_t since, int limit) {
    std::string found;
    const auto rows = journal->reader().ListEndedBadly(kBad, At(since), limit);
    REQUIRE(rows);
    for (const RunRow& row : *rows) found += row.run.ToString() + " ";
    return found;
  };
  CHECK(ended(0, 10) == "R-1 R-3 R-2 ");
  CHECK(ended(200, 10) == "R-1 R-3 ");
  CHECK(ended(0, 1) == "R-1 ");

  const auto database = Database::OpenToRead(path);
  REQUIRE(database);
  const auto plan =
      Statement(**database, "EXPLAIN QUERY PLAN " + ListEndedBadlySql(kBad))
          .All([](const Row& row) { return row.Text(3); }, std::int64_t{1}, std::int64_t{10});
  REQUIRE(plan);
  REQUIRE(plan->size() == 1);
  CHECK_THAT(plan->front(), Catch::Contains("runs_ended_badly (finished>?)"));
}

TEST_CASE("runs are found by what their request ids begin with, along an index", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  auto journal = MustOpen(path);
  std::int64_t number = 0;
  for (const char* id : {"alert/a/1", "alert/b/1", "alert/a/2", "alert/a0/1", "alert/a", ""}) {
    RunChange change = ChangeOf(journal->heads(), RunId{++number});
    change.row.request_id = id;
    REQUIRE(journal->Append(std::span(&change, 1)));
  }
  std::string found;
  const auto rows = journal->reader().ListRequests("alert/a/", 10);
  REQUIRE(rows);
  for (const RunRow& row : *rows) found += row.request_id + " ";
  CHECK(found == "alert/a/2 alert/a/1 ");
  CHECK(journal->reader().ListRequests("alert/a/", 1)->size() == 1);
  CHECK(journal->reader().ListRequests("alert/c/", 1)->empty());
}

TEST_CASE("a journal of the first version is given what later ones have", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  MustOpen(path).reset();
  const std::string newest = RawText(path, "PRAGMA user_version");
  RawExecute(path,
             "DROP INDEX runs_by_workflow; DROP INDEX runs_by_target; DROP TABLE schedules; "
             "DROP TABLE identity; DROP TABLE removed; DROP INDEX runs_ended_badly; "
             "PRAGMA user_version=1");
  const auto old = OpenSqliteReader(path);
  REQUIRE_FALSE(old);
  CHECK(old.error().code == Code::kFailedPrecondition);
  MustOpen(path).reset();
  CHECK(RawText(path, "PRAGMA user_version") == newest);
  CHECK(OpenSqliteReader(path).ok());
}

}  // namespace
}  // namespace recourse::journal
