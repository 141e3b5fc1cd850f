#include "engine/journal/sqlite/sqlite_journal.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/base/file.h"
#include "tests/unit/engine/journal/journal_suite.h"
#include "tests/unit/engine/journal/samples.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/journal/sqlite/raw.h"

namespace recourse::journal {
namespace {

TEST_CASE("the SQLite journal does what every journal must", "[journal]") {
  const ScratchDirectory scratch;
  CheckJournal([&](bool) { return MustOpen(scratch / "journal.db"); });
}

TEST_CASE("a second server is told who holds the journal", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  auto journal = MustOpen(path);
  std::filesystem::create_symlink(path, scratch / "link.db");

  for (const std::string& name : {path, scratch / "link.db"}) {
    const auto second = OpenSqliteJournal(name, At(5));
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Code::kFailedPrecondition);
    CHECK_THAT(second.error().message, Catch::Contains("pid " + std::to_string(getpid())));
    CHECK_THAT(second.error().message, Catch::Contains("since 2026-09-21T"));
  }
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}));

  journal.reset();
  CHECK(OpenSqliteJournal(path, At(6)));
}

TEST_CASE("a new journal is private to its owner and says what it is", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  auto journal = MustOpen(path);
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}));
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat info;
    REQUIRE(stat((path + suffix).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
  }
  CHECK(journal->size_bytes() > 0);
  journal.reset();
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));  // A clean end leaves one file.
  CHECK(RawText(path, "PRAGMA application_id") == std::to_string(0x52435253));
  CHECK(RawText(path, "PRAGMA journal_mode") == "wal");
}

TEST_CASE("what is no journal is refused and left untouched", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  SECTION("text") { REQUIRE(WriteFileAtomically(path, std::string(5000, 'x'), 0600)); }
  SECTION("another program's database") {
    RawExecute(path, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  }
  SECTION("a journal cut in half") {
    MustAppend(*MustOpen(path), ChangeOf({}, RunId{1}));
    std::filesystem::resize_file(path, 100);
  }
  const auto before = ReadFile(path, 1 << 20);
  const auto opened = OpenSqliteJournal(path, At(0));
  REQUIRE_FALSE(opened);
  INFO(opened.error().ToString());
  CHECK(opened.error().code == Code::kDataLoss);
  CHECK_THAT(opened.error().message, Catch::Contains(path));
  CHECK(*ReadFile(path, 1 << 20) == *before);

  const auto read = OpenSqliteReader(path);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Code::kDataLoss);
  CHECK(*ReadFile(path, 1 << 20) == *before);
}

TEST_CASE("a schema newer than this program is refused", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  MustOpen(path).reset();
  RawExecute(path, "PRAGMA user_version=99");
  const auto opened = OpenSqliteJournal(path, At(0));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Code::kFailedPrecondition);
  CHECK_THAT(opened.error().message, Catch::Contains("schema version 99"));
  const auto read = OpenSqliteReader(path);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Code::kFailedPrecondition);
  CHECK(RawText(path, "PRAGMA user_version") == "99");
}

TEST_CASE("a journal whose last events were changed is not opened", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  {
    auto journal = MustOpen(path);
    MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}, 5));
  }
  SECTION("a byte") { RawExecute(path, "UPDATE events SET payload = x'00' WHERE position = 3"); }
  SECTION("an event removed") { RawExecute(path, "DELETE FROM events WHERE position = 3"); }
  SECTION("a hash cut short") {
    RawExecute(path, "UPDATE events SET hash = x'00' WHERE position = 5");
  }
  const auto opened = OpenSqliteJournal(path, At(0));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Code::kDataLoss);
}

TEST_CASE("a -wal without its journal is not taken for a new one", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  REQUIRE(WriteFileAtomically(path + "-wal", "frames", 0600));
  const auto opened = OpenSqliteJournal(path, At(0));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Code::kDataLoss);
  CHECK(*ReadFile(path + "-wal", 100) == "frames");
}

TEST_CASE("a directory that is not there is named", "[journal]") {
  const ScratchDirectory scratch;
  const auto opened = OpenSqliteJournal(scratch / "none/journal.db", At(0));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Code::kNotFound);
  CHECK_THAT(opened.error().message, Catch::Contains(scratch / "none"));
}

TEST_CASE("checkpoints keep the WAL from growing", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  auto journal = MustOpen(path, {.checkpoint_frames = 100});
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}));
  for (int i = 1; i < 400; ++i) MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}, 1, i));
  // Each append writes at least two pages: 800 frames, had none been written back.
  CHECK(std::filesystem::file_size(path + "-wal") < 150 * 4120);
  CHECK(AllEvents(journal->reader()).size() == 400);
}

}  // namespace
}  // namespace recourse::journal
