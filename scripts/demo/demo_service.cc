// A small service to try the engine on: it appends a row to a SQLite table again and again, and
// answers GET /health/ with what the table holds.
//
//   recourse-demo-service --database health.db --port 0 --rows 50000
//
// It stands for a real system's service, knows nothing of the engine, and shares only the base
// library with it. TERM ends it cleanly: the database is closed last, which empties its WAL. With
// --backups it writes the day's health_YYYYMMDD.db there first, over the one that is there and
// without looking at what it copies, as the health package does.
#include <httplib.h>
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <future>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::demo {
namespace {

using namespace std::chrono_literals;

constexpr const char* kComponents[] = {"cpu", "memory", "disk", "latency"};

struct Options {
  std::string database;
  std::string pid_file;
  std::string backups;
  int port = 0;
  std::int64_t rows = 0;
  std::int64_t interval_ms = 1000;
};

// The table and its one connection. Thread-safe.
class Metrics {
 public:
  static Result<std::unique_ptr<Metrics>> Open(const std::string& path) {
    auto metrics = std::unique_ptr<Metrics>(new Metrics);
    sqlite3_open(path.c_str(), &metrics->db_);
    for (const char* sql :
         {"PRAGMA busy_timeout = 5000", "PRAGMA journal_mode = WAL",
          "CREATE TABLE IF NOT EXISTS metrics (component TEXT NOT NULL, timestamp INTEGER NOT NULL,"
          " value REAL NOT NULL)"}) {
      if (auto done = metrics->Run(sql); !done) return std::move(done).error().In("open " + path);
    }
    return metrics;
  }

  ~Metrics() { sqlite3_close(db_); }

  // Rows for the `count` minutes before `now`, unless the table has rows.
  Result<void> Fill(std::int64_t count, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    auto filled = Run("SELECT 1 FROM metrics LIMIT 1", [](sqlite3_stmt*) {});
    if (!filled) return std::move(filled).error();
    if (*filled > 0) return {};
    if (auto begun = Run("BEGIN IMMEDIATE"); !begun) return std::move(begun).error();
    for (std::int64_t row = 0; row < count; ++row) {
      if (auto done = Insert(row, now - (count - row) * 60); !done) {
        static_cast<void>(Run("ROLLBACK").ok());
        return done;
      }
    }
    auto committed = Run("COMMIT");
    if (!committed) return std::move(committed).error();
    return {};
  }

  Result<void> Append(std::int64_t now) {
    const std::lock_guard lock(mutex_);
    append_result_ = Insert(appended_++, now);
    return append_result_;
  }

  // {"cpu": 12500, ...}: rows by component. Reads every row, so that damage anywhere shows; a
  // failed Append() shows until one succeeds.
  Result<Value> Count() {
    const std::lock_guard lock(mutex_);
    Value counts = Value(Value::Map{});
    const char* sql =
        "SELECT component, count(*), sum(value) FROM metrics GROUP BY component ORDER BY component";
    auto counted = Run(sql, [&counts](sqlite3_stmt* row) {
      const auto* component = reinterpret_cast<const char*>(sqlite3_column_text(row, 0));
      counts = counts.With(component, std::int64_t{sqlite3_column_int64(row, 1)});
    });
    if (!counted) return std::move(counted).error();
    if (!append_result_) return append_result_.error();
    return counts;
  }

  // Page by page, so that damage is copied too.
  Result<void> CopyTo(const std::string& path) {
    const std::lock_guard lock(mutex_);
    sqlite3* to = nullptr;
    sqlite3_open(path.c_str(), &to);
    sqlite3_backup* copy = sqlite3_backup_init(to, "main", db_, "main");
    if (copy != nullptr) sqlite3_backup_step(copy, -1);
    sqlite3_backup_finish(copy);
    const bool copied = copy != nullptr && sqlite3_errcode(to) == SQLITE_OK;
    const std::string why = sqlite3_errmsg(to);
    sqlite3_close(to);
    if (!copied) return Error{Code::kUnavailable, "write " + path + ": " + why};
    return {};
  }

 private:
  Metrics() = default;

  Error DatabaseError() const {
    return Error{Code::kUnavailable, std::string("the database: ") + sqlite3_errmsg(db_)};
  }

  // Answers the number of rows.
  template <class TakeRow>
  Result<std::int64_t> Run(const char* sql, TakeRow take_row) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) return DatabaseError();
    std::int64_t rows = 0;
    int code = SQLITE_OK;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      take_row(statement);
      ++rows;
    }
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE) return DatabaseError();
    return rows;
  }
  Result<std::int64_t> Run(const char* sql) {
    return Run(sql, [](sqlite3_stmt*) {});
  }

  // The value is made up from the row's number: the same rows in every demonstration.
  Result<void> Insert(std::int64_t number, std::int64_t timestamp) {
    const std::string sql = "INSERT INTO metrics (component, timestamp, value) VALUES ('" +
                            std::string(kComponents[number % std::size(kComponents)]) + "', " +
                            std::to_string(timestamp) + ", " +
                            std::to_string(number * 7919 % 1000) + ".5)";
    auto inserted = Run(sql.c_str());
    if (!inserted) return std::move(inserted).error();
    return {};
  }

  std::mutex mutex_;
  sqlite3* db_ = nullptr;       // used with mutex_ held once Open has returned
  std::int64_t appended_ = 0;   // guarded by mutex_
  Result<void> append_result_;  // guarded by mutex_
};

std::int64_t NowSeconds() { return ToTimestamp(SystemClock().Now()).seconds; }

std::string NameOfDay(const std::string& directory) {
  const std::string now = FormatTimestamp(ToTimestamp(SystemClock().Now()));  // 2026-11-21T...
  return directory + "/health_" + now.substr(0, 4) + now.substr(5, 2) + now.substr(8, 2) + ".db";
}

void Serve(httplib::Server& server, Metrics& metrics) {
  const std::string started = FormatTimestamp(ToTimestamp(SystemClock().Now()));
  server.Get("/health/", [&metrics, started](const httplib::Request&, httplib::Response& response) {
    const auto counts = metrics.Count();
    if (!counts) {
      response.status = 503;
      response.set_content(counts.error().message + "\n", "text/plain");
      return;
    }
    response.set_content(
        ToJson(Value::Object(
            {{"Identity", "recourse-demo-service"}, {"Started", started}, {"Metrics", *counts}})) +
            "\n",
        "application/json");
  });
  // Not SO_REUSEPORT, the library's default: two services on one port must not go unnoticed.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
}

// Appends a row each interval until TERM or INT comes. Both must be blocked.
void AppendUntilSignal(const Options& options, const sigset_t& signals, Metrics& metrics) {
  const timespec interval{options.interval_ms / 1000, options.interval_ms % 1000 * 1'000'000};
  while (sigtimedwait(&signals, nullptr, options.interval_ms > 0 ? &interval : nullptr) < 0) {
    if (errno == EINTR) continue;
    const auto appended = metrics.Append(NowSeconds());
    if (!appended) std::cerr << appended.error().ToString() << std::endl;
  }
}

Result<void> Run(const Options& options) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  auto metrics = Metrics::Open(options.database);
  if (!metrics) return std::move(metrics).error();
  if (auto filled = (*metrics)->Fill(options.rows, NowSeconds()); !filled) return filled;

  httplib::Server server;
  Serve(server, **metrics);
  int port = options.port;
  if (port == 0) {
    port = server.bind_to_any_port("127.0.0.1");
  } else if (!server.bind_to_port("127.0.0.1", port)) {
    port = -1;
  }
  if (port < 0) return Unavailable("port " + std::to_string(options.port) + " cannot be had");

  if (!options.pid_file.empty()) {
    const std::string pid = std::to_string(getpid()) + "\n";
    auto written = WriteFileAtomically(options.pid_file, pid, 0644);
    if (!written) return written;
  }
  auto listening = std::async(std::launch::async, [&server] { server.listen_after_bind(); });
  std::cout << "listening on http://127.0.0.1:" << port << "/health/" << std::endl;

  AppendUntilSignal(options, signals, **metrics);
  // stop() does nothing before the server is running.
  while (!server.is_running() && listening.wait_for(0s) != std::future_status::ready) {
    std::this_thread::yield();
  }
  server.stop();
  listening.wait();
  if (!options.backups.empty()) {
    const auto copied = (*metrics)->CopyTo(NameOfDay(options.backups));
    std::cout << (copied ? "backup written" : "backup failed: " + copied.error().message)
              << std::endl;
  }
  if (!options.pid_file.empty()) unlink(options.pid_file.c_str());
  std::cout << "stopped" << std::endl;
  return {};
}

}  // namespace
}  // namespace recourse::demo

int main(int argc, char** argv) {
  recourse::demo::Options options;
  CLI::App app("A small service to try the engine on", "recourse-demo-service");
  app.add_option("--database", options.database, "SQLite file; made when it is not there")
      ->required();
  app.add_option("--port", options.port, "on 127.0.0.1; 0: any free one, printed")
      ->check(CLI::Range(0, 65535));
  app.add_option("--rows", options.rows, "how many rows an empty table gets at the start")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{100'000'000}));
  app.add_option("--interval", options.interval_ms, "milliseconds between new rows; 0: none")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{86'400'000}));
  app.add_option("--backups", options.backups,
                 "a directory; when it ends, it writes its backup there");
  app.add_option("--pid-file", options.pid_file, "where to write the pid");
  CLI11_PARSE(app, argc, argv);
  if (const auto done = recourse::demo::Run(options); !done) {
    std::cerr << "recourse-demo-service: " << done.error().message << std::endl;
    return 1;
  }
  return 0;
}
