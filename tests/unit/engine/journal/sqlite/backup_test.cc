#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <thread>

#include "engine/base/file.h"
#include "tests/unit/engine/journal/samples.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/journal/sqlite/disk_faults.h"
#include "tests/unit/engine/journal/sqlite/raw.h"

namespace recourse::journal {
namespace {

std::size_t FilesIn(const ScratchDirectory& scratch) {
  const std::filesystem::directory_iterator files(scratch.path());
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

TEST_CASE("a backup made while appends go on is a whole journal", "[journal]") {
  const ScratchDirectory scratch;
  auto journal = MustOpen(scratch / "journal.db");
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}, 50));

  Result<void> backed_up;
  std::thread other([&] { backed_up = journal->BackUp(scratch / "copy.db", {}); });
  for (int i = 0; i < 200; ++i)
    MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}, 1, 50 + i));
  other.join();
  INFO((backed_up ? "" : backed_up.error().ToString()));
  REQUIRE(backed_up);
  CHECK_FALSE(std::filesystem::exists(scratch / "copy.db-wal"));
  CHECK((std::filesystem::status(scratch / "copy.db").permissions() &
         std::filesystem::perms::mask) == std::filesystem::perms(0600));

  const auto reader = OpenSqliteReader(scratch / "copy.db");
  REQUIRE(reader);
  const auto events = AllEvents(**reader);
  CHECK(events.size() >= 50);
  CHECK(events.size() <= 250);
  CHECK((*(*reader)->FindRun(RunId{1}))->revision == static_cast<std::int64_t>(events.size()));

  // It can take the journal's place.
  auto copy = MustOpen(scratch / "copy.db");
  MustAppend(*copy, ChangeOf(copy->heads(), RunId{2}));
}

TEST_CASE("a backup replaces no file", "[journal]") {
  const ScratchDirectory scratch;
  auto journal = MustOpen(scratch / "journal.db");
  REQUIRE(WriteFileAtomically(scratch / "copy.db", "mine", 0600));
  const auto refused = journal->BackUp(scratch / "copy.db", {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kAlreadyExists);
  CHECK(*ReadFile(scratch / "copy.db", 100) == "mine");
}

TEST_CASE("a backup that fails leaves no file", "[journal]") {
  const ScratchDirectory scratch;
  auto journal = MustOpen(scratch / "journal.db");
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}, 300));
  Code expected = Code::kUnknown;
  Result<void> refused;
  std::size_t before = 0;
  SECTION("no space") {
    before = FilesIn(scratch);
    const DiskFault full(DiskCall::kWrite, 3, ENOSPC);
    refused = journal->BackUp(scratch / "copy.db", {});
    expected = Code::kResourceExhausted;
  }
  SECTION("no such directory") {
    before = FilesIn(scratch);
    refused = journal->BackUp(scratch / "none/copy.db", {});
    expected = Code::kNotFound;
  }
  SECTION("an event of the journal was changed") {
    journal.reset();
    RawExecute(scratch / "journal.db", "UPDATE events SET payload = x'00' WHERE position = 7");
    journal = MustOpen(scratch / "journal.db");  // Opening looks at the last events only.
    before = FilesIn(scratch);
    refused = journal->BackUp(scratch / "copy.db", {});
    expected = Code::kDataLoss;
  }
  REQUIRE_FALSE(refused);
  INFO(refused.error().ToString());
  CHECK(refused.error().code == expected);
  CHECK_FALSE(std::filesystem::exists(scratch / "copy.db"));
  CHECK(FilesIn(scratch) == before);
}

}  // namespace
}  // namespace recourse::journal
