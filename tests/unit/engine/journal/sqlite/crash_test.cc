#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <map>

#include "engine/base/file.h"
#include "tests/unit/engine/journal/samples.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/journal/sqlite/raw.h"

namespace recourse::journal {
namespace {

constexpr Position kEventsOfCommit = 3;

// Runs a writer on the journal until it dies at `fail_point`, or is killed after `commits_max`
// commits. Returns the last position that it was told is durable; 0 when there was none.
Position WriteUntilKilled(const std::string& path, const std::string& fail_point, int commits_max) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  Descriptor from(ends[0]);
  Descriptor to(ends[1]);
  posix_spawn_file_actions_t actions;
  REQUIRE(posix_spawn_file_actions_init(&actions) == 0);
  REQUIRE(posix_spawn_file_actions_adddup2(&actions, to.get(), STDOUT_FILENO) == 0);
  std::string program = JOURNAL_CRASH_WRITER;
  std::string journal = path;
  std::string variable = "RECOURSE_FAIL_POINT=" + fail_point;
  char* arguments[] = {program.data(), journal.data(), nullptr};
  char* environment[] = {variable.data(), nullptr};
  pid_t pid = 0;
  REQUIRE(posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environment) == 0);
  posix_spawn_file_actions_destroy(&actions);
  to.Close();

  Position last = 0;
  Position position = 0;
  int commits = 0;
  while (read(from.get(), &position, sizeof position) == sizeof position) {
    last = position;
    if (++commits == commits_max) kill(pid, SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGKILL);
  return last;
}

// Every event is followed by the next, and the rows of the runs say what their events say.
void CheckWhole(Journal& journal) {
  std::map<RunId, std::int64_t> revisions;
  for (const StoredEvent& event : AllEvents(journal.reader())) revisions[event.run]++;
  const auto rows = journal.reader().ListRuns({.limit = 1'000'000});
  REQUIRE(rows);
  CHECK(rows->size() == revisions.size());
  for (const RunRow& row : *rows) CHECK(row.revision == revisions[row.run]);
  const auto timers = journal.reader().TimersDue(At(1'000'000), 1'000'000);
  REQUIRE(timers);
  CHECK(timers->size() == revisions.size());
}

TEST_CASE("a server killed at any point has lost nothing that it acknowledged", "[journal]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "journal.db";
  Position before = 0;
  const auto kill_and_check = [&](const std::string& fail_point, int commits_max) {
    INFO("fail point " << fail_point << ", commits " << commits_max);
    const Position acknowledged = std::max(before, WriteUntilKilled(path, fail_point, commits_max));
    auto journal = MustOpen(path, {.checkpoint_frames = 100});
    const Heads heads = journal->heads();
    CHECK(heads.position >= acknowledged);
    // At most one commit more: durable, and killed before it could be acknowledged.
    CHECK(heads.position <= acknowledged + kEventsOfCommit);
    CheckWhole(*journal);
    before = heads.position;
  };

  for (const char* point :
       {"journal_before_append", "journal_before_commit", "journal_after_commit",
        "journal_before_checkpoint", "journal_after_checkpoint"}) {
    for (const char* pass : {":1", ":2", ":5"}) kill_and_check(std::string(point) + pass, 500);
  }
  for (int commits = 1; commits <= 40; commits += 3) kill_and_check("", commits);
}

}  // namespace
}  // namespace recourse::journal
