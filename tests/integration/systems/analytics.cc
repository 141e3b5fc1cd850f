#include "tests/integration/systems/analytics.h"

#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace recourse::integration {
namespace {

namespace fs = std::filesystem;

// An application as releases have it: it reads its configuration when it starts.
constexpr const char* kApplication = R"(#!/bin/sh
. "$(dirname "$0")/../../app/.env"
[ "$BROKEN" = yes ] && exit 1
exec )" RECOURSE_DEMO_SERVICE R"( "$@"
)";

}  // namespace

Analytics::Analytics(System& system)
    : directory(system / "analytics"),
      database(directory + "/app/health_analytics.db"),
      system_(system) {
  for (const char* below : {"/app/logs", "/app/data/processed", "/backups", "/evidence",
                            "/supervisor", "/releases/1", "/releases/2"}) {
    fs::create_directories(directory + below);
  }
  for (const char* release : {"releases/1/app", "releases/2/app"}) {
    REQUIRE(chmod(Write(release, kApplication).c_str(), 0755) == 0);
  }
  fs::create_directory_symlink("releases/2", directory + "/current");
  fs::create_directory_symlink("releases/1", directory + "/previous");
  REQUIRE(chmod(Write("app/.env", "ENABLE_CACHING=true\nAPI_KEY=hush\n").c_str(), 0600) == 0);
  REQUIRE(chmod(Write("app/.env.off", "ENABLE_CACHING=false\nAPI_KEY=hush\n").c_str(), 0600) == 0);
  Write("app/logging.conf", "level = info\n");
  Write("app/data/processed/rows.csv", "a,b\n1,2\n");
  Write("app/logs/ahgd.log", "");
  const std::string made =
      Sql(database,
          "PRAGMA journal_mode = WAL; CREATE TABLE metrics (component TEXT NOT NULL,"
          " timestamp INTEGER NOT NULL, value REAL NOT NULL);"
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
          " INSERT INTO metrics SELECT 'component ' || (i % 3), i, i FROM n;");
  REQUIRE(made == "wal");
  REQUIRE(chmod(database.c_str(), 0640) == 0);
  supervisor_ = std::make_unique<SupervisorServer>(
      directory + "/supervisor", std::vector<SupervisorServer::Member>{
                                     {"app",
                                      directory + "/current/app --database " + database +
                                          " --port " + std::to_string(port_) + " --interval 0",
                                      ""}});
  WriteTarget();
}

void Analytics::WriteTarget(const std::string& more, const std::string& within) const {
  const std::string backups = directory + "/backups";
  system_.WriteTarget(
      "analytics",
      "database: {kind: sqlite, path: " + database +
          ", tables: [{name: metrics, rows_min: 1}]}\n"
          "backups: {directory: " +
          backups +
          ", pattern: \"health_analytics_%Y%m%d_%H%M%S.db\", keep_days: 30, keep_at_least: 2}\n"
          "services:\n  - {name: app, kind: supervisor, socket: " +
          supervisor_->socket() +
          ", settle: 100ms, stop_timeout: 5s}\n"
          "health: {url: \"http://127.0.0.1:" +
          std::to_string(port_) +
          "/health/\", status: 200, successes: 2, interval: 20ms, within: " + within +
          "}\n"
          "disk: {path: " +
          backups +
          ", warn: {used_percent: 100}}\n"
          "connections: {port: " +
          std::to_string(port_) + "}\nlogs: {paths: [" + directory +
          "/app/logs/ahgd.log], patterns: {error: \"(?i)error\"}, lines: 100, fail: {error: 3}}\n"
          "releases: {link: " +
          directory + "/current, previous: " + directory +
          "/previous}\n"
          "archives:\n"
          "  configuration: {from: " +
          directory + "/app, paths: [.env, logging.conf], to: " + backups +
          ", keep_days: 30}\n"
          "  data: {from: " +
          directory + "/app, paths: [data/processed], to: " + backups +
          ", keep_days: 30}\n"
          "caching: {configuration: " +
          directory + "/app/.env, off: " + directory +
          "/app/.env.off}\n"
          "evidence: {paths: [" +
          directory + "/app/logs, " + directory + "/app/.env], directory: " + directory +
          "/evidence}\n" + more);
}

std::string Analytics::CacheResource(const RedisServer& redis) {
  return "cache: {kind: redis, port: " + std::to_string(redis.port()) + ", prefix: \"ahgd:\"}\n";
}

std::string Analytics::Write(const std::string& name, const std::string& text) const {
  std::ofstream file(directory + "/" + name, std::ios::trunc);
  file << text;
  file.close();
  REQUIRE(file.good());
  return directory + "/" + name;
}

std::string Analytics::Read(const std::string& name) const {
  auto text = ReadFile(directory + "/" + name, 1 << 20);
  REQUIRE(text);
  return *text;
}

void Analytics::BreakRelease(int number) const {
  Write("releases/" + std::to_string(number) + "/app", "#!/bin/sh\nexit 1\n");
}

std::string Analytics::Current() const { return fs::read_symlink(directory + "/current").string(); }

std::string Analytics::RowsOf(const std::string& path) {
  return Sql(path, "SELECT printf('%d rows, sum %d', count(*), sum(value)) FROM metrics");
}

void Analytics::Damage() const {
  const std::string page = Sql(database,
                               "PRAGMA wal_checkpoint(TRUNCATE); SELECT pageno FROM dbstat WHERE"
                               " name = 'metrics' AND pagetype = 'leaf' LIMIT 1 OFFSET 1");
  const auto number = std::stol(page.substr(page.rfind('\n') + 1));
  std::fstream file(database, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp((number - 1) * 4096);
  file << std::string(4096, '\xa5');
  REQUIRE(file.good());
}

bool Analytics::Answers() const { return HttpGet(port_, "/health/").status == 200; }

Picture Analytics::Look(const std::vector<std::string>& meant) const {
  std::vector<std::string> ignored = {".quarantine", ".trash", "logs/", "supervisor/",
                                      "backups/",    "-wal",   ".asked"};
  ignored.insert(ignored.end(), meant.begin(), meant.end());
  Picture picture = Picture::Of(directory, ignored);
  return picture.With("rows", Rows()).With("application", Answers() ? "answers" : "is silent");
}

std::vector<std::string> NamesIn(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with('.')) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace recourse::integration
