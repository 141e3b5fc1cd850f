#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "tests/unit/engine/journal/samples.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/journal/sqlite/disk_faults.h"
#include "tests/unit/engine/journal/sqlite/raw.h"

namespace recourse::journal {
namespace {

// While it lives, no file of this process grows beyond `bytes`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before_) == 0);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

// A journal with 2 events of R-1, and a change that needs several pages.
struct Scene {
  Scene() {
    MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}, 2));
    change = ChangeOf(journal->heads(), RunId{1}, 40, 2);
    for (StoredEvent& event : change.events) event.payload.assign(1000, 'p');
  }

  // The journal is as it was before the change, for this connection and for others.
  void CheckUnchanged() {
    CHECK(journal->heads().position == 2);
    CHECK(AllEvents(journal->reader()).size() == 2);
    CHECK((*journal->reader().FindRun(RunId{1}))->revision == 2);
    auto reader = journal->OpenReader();
    REQUIRE(reader);
    CHECK(AllEvents(**reader).size() == 2);
  }

  // The same change is stored when the disk is well again, and is there after the next start.
  void CheckGoesOn() {
    MustAppend(*journal, change);
    CHECK(AllEvents(journal->reader()).size() == 42);
    journal.reset();
    journal = MustOpen(scratch / "journal.db");
    CHECK(journal->heads().position == 42);
    CHECK(AllEvents(journal->reader()).size() == 42);
  }

  ScratchDirectory scratch;
  std::unique_ptr<Journal> journal = MustOpen(scratch / "journal.db");
  RunChange change;
};

TEST_CASE("with no space left an append is refused, and works again when there is some",
          "[journal]") {
  Scene scene;
  {
    const auto wal_bytes = std::filesystem::file_size(scene.scratch / "journal.db-wal");
    const FileSizeLimit full(wal_bytes + 5000);
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto refused = scene.journal->Append({&scene.change, 1});
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == Code::kResourceExhausted);
      CHECK_THAT(refused.error().message, Catch::Contains(scene.journal->path()));
      scene.CheckUnchanged();
    }
  }
  scene.CheckGoesOn();
}

TEST_CASE("whichever write of an append fails, nothing is stored and the next try works",
          "[journal]") {
  const auto [error_number, code] =
      GENERATE(std::pair(ENOSPC, Code::kResourceExhausted),
               std::pair(EDQUOT, Code::kResourceExhausted), std::pair(EIO, Code::kUnavailable));
  int failed = 0;
  for (int passes = 0;; ++passes) {
    Scene scene;
    {
      const DiskFault fault(DiskCall::kWrite, passes, error_number);
      const auto refused = scene.journal->Append({&scene.change, 1});
      if (!fault.hit()) {
        CHECK(refused);
        break;
      }
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == code);
      scene.CheckUnchanged();
    }
    scene.CheckGoesOn();
    ++failed;
  }
  CHECK(failed > 10);  // pages of the change
}

TEST_CASE("an append whose sync fails is refused, and the next try works", "[journal]") {
  Scene scene;
  {
    const DiskFault fault(DiskCall::kSync, 0, EIO);
    const auto refused = scene.journal->Append({&scene.change, 1});
    REQUIRE(fault.hit());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kUnknown);  // nobody can tell what the disk kept
    scene.CheckUnchanged();
  }
  scene.CheckGoesOn();
}

TEST_CASE("a checkpoint that fails loses nothing and fails no append", "[journal]") {
  const auto call = GENERATE(DiskCall::kWrite, DiskCall::kSync);
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  int failed = 0;
  std::int64_t events = 0;
  for (int passes = 0; passes < 40; ++passes) {
    auto journal = MustOpen(path, {.checkpoint_frames = 100});
    // The commits before the checkpoint need many calls, so the fault comes once the WAL is long.
    while (journal->size_bytes() < 100 * 4120) {
      MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}, 1, events));
      ++events;
    }
    for (int i = 0; i < 10; ++i) {
      RunChange change = ChangeOf(journal->heads(), RunId{1}, 1, events);
      const DiskFault fault(call, passes, EIO);
      if (journal->Append({&change, 1})) {
        ++events;
        if (fault.hit()) ++failed;
      }
    }
    CHECK(journal->heads().position == events);
    CHECK(AllEvents(journal->reader()).size() == static_cast<std::size_t>(events));
  }
  CHECK(failed > 0);
  CHECK(AllEvents(MustOpen(path)->reader()).size() == static_cast<std::size_t>(events));
}

}  // namespace
}  // namespace recourse::journal
