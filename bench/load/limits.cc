#include "bench/load/limits.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>

#include "bench/load/server_process.h"
#include "bench/load/table.h"

namespace recourse::bench {
namespace {

// A run of five steps: six transitions of two events, as the journal has them.
constexpr int kTransitions = 6;
constexpr int kEventsEach = 2;

class Bare {
 public:
  explicit Bare(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) GiveUp("cannot open " + path);
    Run("PRAGMA journal_mode=WAL");
    Run("PRAGMA synchronous=FULL");
    Run("CREATE TABLE events(position INTEGER PRIMARY KEY, run INTEGER, sequence INTEGER, time "
        "INTEGER, type INTEGER, principal TEXT, payload BLOB, hash BLOB) STRICT");
    Run("CREATE UNIQUE INDEX events_of_run ON events(run, sequence)");
    sqlite3_prepare_v2(db_,
                       "INSERT INTO events VALUES(NULL,?,?,1,1,'engine',zeroblob(60),zeroblob(32))",
                       -1, &insert_, nullptr);
  }
  ~Bare() {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }

  void Run(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) GiveUp(sqlite3_errmsg(db_));
  }
  // One transition of each of `runs` runs, in one transaction.
  void Commit(std::int64_t first_run, int runs, int transition) {
    Run("BEGIN IMMEDIATE");
    for (int run = 0; run < runs; ++run) {
      for (int event = 0; event < kEventsEach; ++event) {
        sqlite3_bind_int64(insert_, 1, first_run + run);
        sqlite3_bind_int64(insert_, 2, transition * kEventsEach + event);
        if (sqlite3_step(insert_) != SQLITE_DONE) GiveUp(sqlite3_errmsg(db_));
        sqlite3_reset(insert_);
      }
    }
    Run("COMMIT");
  }

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

// Runs a second, `group` of them sharing each commit.
double BareRuns(const std::string& path, int group, double* alone_ms) {
  Bare bare(path);
  std::vector<double> spans;
  std::int64_t runs = 0;
  const auto start = Clock::now();
  while (Seconds(Clock::now() - start) < 2) {
    for (int transition = 0; transition < kTransitions; ++transition) {
      const auto before = Clock::now();
      bare.Commit(runs + 1, group, transition);
      spans.push_back(Seconds(Clock::now() - before) * 1000);
    }
    runs += group;
  }
  if (alone_ms != nullptr) *alone_ms = Quantile(spans, 0.5);
  return static_cast<double>(runs) / Seconds(Clock::now() - start);
}

}  // namespace

double SyncedAppend(const std::string& path, int appends) {
  const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  const std::string bytes(256, 'x');
  std::vector<double> spans;
  for (int i = 0; i < appends; ++i) {
    const auto start = Clock::now();
    if (write(file, bytes.data(), bytes.size()) < 0 || fdatasync(file) != 0) GiveUp("cannot sync");
    spans.push_back(Seconds(Clock::now() - start) * 1000);
  }
  close(file);
  return Quantile(spans, 0.5);
}

Limits MeasureLimits(const std::string& folder) {
  std::filesystem::create_directories(folder);
  Limits limits;
  limits.sqlite_runs_alone = BareRuns(folder + "/alone.db", 1, &limits.sqlite_alone_ms_p50);
  limits.sqlite_runs_256 = BareRuns(folder + "/group.db", 256, nullptr);
  return limits;
}

}  // namespace recourse::bench
