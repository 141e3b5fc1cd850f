#include "tests/integration/systems/digitalme.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace recourse::integration {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUsers =
    "PRAGMA journal_mode = WAL; CREATE TABLE Users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
    " INSERT INTO Users SELECT i, 'user ' || printf('%064d', i) FROM n";

constexpr const char* kVerifyBackups = R"(name: verify-backups
inputs: {target: {type: target, requires: [database, backups]}}
steps:
  - id: list
    action: backup.list
    with: {backups: "${inputs.target.backups}"}
  - id: verify
    action: backup.verify
    for_each: "${steps.list.output.backups.filter(b, b.state == 'unverified')}"
    with: {database: "${inputs.target.database}", backups: "${inputs.target.backups}", backup: "${item.path}"}
)";

std::string ProxyConfiguration(const std::string& directory, int port, int app_port) {
  const std::string here = directory + "/proxy";
  // One process, so that the end of a test leaves no worker behind.
  return "daemon off;\nmaster_process off;\npid " + here + "/nginx.pid;\nerror_log " + here +
         "/error.log warn;\nevents { worker_connections 64; }\nhttp {\n  access_log off;\n"
         "  client_body_temp_path " +
         here + "/b; proxy_temp_path " + here + "/p; fastcgi_temp_path " + here +
         "/f; uwsgi_temp_path " + here + "/u; scgi_temp_path " + here +
         "/s;\n  server { listen 127.0.0.1:" + std::to_string(port) +
         "; location / { proxy_pass http://127.0.0.1:" + std::to_string(app_port) + "; } }\n}\n";
}

}  // namespace

DigitalMe::DigitalMe(System& system, DigitalMeOptions options)
    : directory(system / "digitalme"),
      database(directory + "/data/digitalme.db"),
      backups(directory + "/backups"),
      system_(system),
      options_(std::move(options)),
      user_(geteuid() == 0 ? options_.user : "") {
  for (const char* below : {"/data", "/backups", "/logs", "/run", "/proxy"}) {
    fs::create_directories(directory + below);
  }
  fs::copy(RECOURSE_SOURCE_DIR "/tests/integration/systems/digitalme", directory + "/scripts");
  REQUIRE(Sql(database, kUsers) == "wal");
  const std::string place = "world/digitalme/";
  system.folder.Write("workflows/verify-backups.yaml", kVerifyBackups);
  system.folder.Write(place + "password", "opensesame\n");
  system.folder.Write(place + "proxy/nginx.conf",
                      ProxyConfiguration(directory, proxy_port_, port_));
  if (!user_.empty()) {
    REQUIRE(RunIn(system.folder / "", {"/bin/chown", "-R", user_ + ":" + user_, directory}).code ==
            0);
  }
  system.allowed_commands = {"/usr/bin/python3", directory + "/scripts/backup-database.sh",
                             directory + "/scripts/restore-database.sh"};
  WriteTarget();
}

void DigitalMe::WriteTarget(const std::string& more, const std::string& within) const {
  const std::string owner =
      user_.empty() ? "" : ", owner: " + user_ + ", group: " + user_ + ", mode: \"0640\"";
  system_.WriteTarget(
      "digitalme",
      "database: {kind: sqlite, path: " + database + owner +
          ", tables: [{name: Users, rows_min: 1}]}\nbackups: {directory: " + backups +
          ", pattern: digitalme_%Y%m%d_%H%M%S.db, keep_days: 30, keep_at_least: 3, keep_at_most: "
          "50,"
          " max_age: 48h}\n" +
          ServicesResource() + "health: {url: \"http://127.0.0.1:" + std::to_string(port_) +
          "/health\", json: {status: Healthy}, successes: 1, interval: 20ms, within: " + within +
          "}\n" + ScriptsResource() + more);
}

std::string DigitalMe::AppService() const {
  std::string more = ", \"--token-seconds\", \"" + options_.token_seconds + "\"";
  if (options_.old_token) more += ", \"--old-token\", \"" + directory + "/run/token\"";
  return "  - {name: app, kind: process, pid_file: " + directory +
         "/run/app.pid, command: [/usr/bin/python3, " + directory +
         "/scripts/app.py, --database, " + database + ", --backups, " + backups + ", --port, \"" +
         std::to_string(port_) + "\", --password-file, " + directory + "/password" + more +
         "], log: " + directory + "/logs/app.log, settle: 50ms, stop_timeout: 5s" +
         (user_.empty() ? "" : ", user: " + user_) + "}\n";
}

std::string DigitalMe::ProxyService() const {
  const std::string here = directory + "/proxy";
  return "  - {name: proxy, kind: process, pid_file: " + directory +
         "/run/proxy.pid, command: [/usr/sbin/nginx, -p, " + here + ", -c, " + here +
         "/nginx.conf, -e, " + here + "/error.log], settle: 50ms, stop_timeout: 5s}\n";
}

std::string DigitalMe::ServicesResource() const {
  return "traffic:\n" + ProxyService() + "services:\n" + AppService();
}

std::string DigitalMe::ApiResource() const {
  return "api:\n  url: http://127.0.0.1:" + std::to_string(port_) + "\n  auth:\n" +
         (options_.old_token ? "    bearer_file: " + directory + "/run/token\n" : "") +
         "    login: {path: /auth/login, json: {username: admin}, password_file: " + directory +
         "/password}\n";
}

// As targets/digitalme.yaml has them.
std::string DigitalMe::ScriptsResource() const {
  const std::string common =
      "environment: {DIGITALME_HOME: " + directory +
      "}, exit_codes: {\"65\": DATA_LOSS, \"74\": RESOURCE_EXHAUSTED, \"75\": ABORTED, "
      "\"77\": PERMISSION_DENIED}";
  return "scripts:\n  backup: {program: " + directory +
         "/scripts/backup-database.sh, phases: {apply: [backup]}, failure_leaves: nothing, " +
         common + "}\n  restore: {program: " + directory +
         "/scripts/restore-database.sh, failure_leaves: partial, probe_codes: {\"65\": partial}, "
         "phases: {prepare: [--test, \"{backup}\"], apply: [--force, \"--pre-backup={key}\","
         " --verify, \"{backup}\"], verify: [--verify, \"{backup}\"],"
         " probe: [--verify, \"{backup}\"], compensate: [\"--undo={key}\"]}, " +
         common + "}\n";
}

std::string DigitalMe::MakeBackup() const {
  const std::string run = system_.StartRun("backup", "digitalme");
  REQUIRE(system_.EndOf(run) == "SUCCEEDED");
  return system_.OutputsOf(run)["backup"].as_string();
}

std::string DigitalMe::PutBackup(int days_ago) const {
  std::string path;
  for (std::time_t then = std::time(nullptr) - days_ago * 86'400; path.empty() || fs::exists(path);
       --then) {
    std::tm utc = {};
    gmtime_r(&then, &utc);
    char name[40];
    REQUIRE(std::strftime(name, sizeof name, "/digitalme_%Y%m%d_%H%M%S.db", &utc) > 0);
    path = backups + name;
  }
  REQUIRE(Sql(database, "VACUUM INTO '" + path + "'") == "");
  return path;
}

void DigitalMe::VerifyBackups() const {
  REQUIRE(system_.EndOf(system_.StartRun("verify-backups", "digitalme")) == "SUCCEEDED");
}

void DigitalMe::Damage() const {
  const std::string page = Sql(database,
                               "PRAGMA wal_checkpoint(TRUNCATE); SELECT pageno FROM dbstat WHERE"
                               " name = 'Users' AND pagetype = 'leaf' LIMIT 1");
  std::fstream file(database, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp((std::stol(page.substr(page.rfind('\n') + 1)) - 1) * 4096);
  file << std::string(4096, '\xa5');
  REQUIRE(file.good());
}

std::string DigitalMe::Users() const { return Sql(database, "SELECT count(*) FROM Users"); }

std::vector<std::string> DigitalMe::BackupNames() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(backups)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("digitalme_") && name.ends_with(".db")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

int DigitalMe::LinesWith(const std::string& text) const {
  const auto log = ReadFile(directory + "/logs/app.log", 1 << 20);
  std::istringstream lines(log ? *log : "");
  int found = 0;
  for (std::string line; std::getline(lines, line);) found += line.find(text) != line.npos;
  return found;
}

Picture DigitalMe::Look() const {
  Picture picture = Picture::Of(directory, {".quarantine", "logs", "run", "proxy"}, {"-wal"});
  picture.With("service app", system_.ServiceState("digitalme/run/app.pid"));
  picture.With("service proxy", system_.ServiceState("digitalme/run/proxy.pid"));
  return picture;
}

}  // namespace recourse::integration
