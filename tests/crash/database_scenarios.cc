// The real work: a database is backed up, is damaged, and is restored from its backup.
//
// Below <data>: world/ with health.db, its backups and its service; before/, how it was at first.
#include <netinet/in.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "engine/base/check.h"
#include "engine/base/file.h"
#include "tests/crash/life.h"
#include "tests/crash/programs.h"
#include "tests/crash/scenario.h"

namespace recourse::crash {
namespace {

namespace fs = std::filesystem;

constexpr int kPageSize = 4096;
constexpr const char* kRows = "300 rows, sum 45150";

// Empty when it cannot be read: a process may end while it is looked at.
std::string Contents(const std::string& path) {
  auto bytes = ReadFile(path, 64 << 20);
  return bytes ? *bytes : "";
}

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
using Connection = std::unique_ptr<sqlite3, Close>;

Connection Open(const std::string& path) {
  sqlite3* connection = nullptr;
  sqlite3_open(path.c_str(), &connection);
  sqlite3_busy_timeout(connection, 10'000);
  return Connection(connection);
}

void Run(const Connection& connection, const std::string& sql) {
  RECOURSE_CHECK(sqlite3_exec(connection.get(), sql.c_str(), nullptr, nullptr, nullptr) ==
                 SQLITE_OK);
}

Connection MakeDatabase(const std::string& path) {
  Connection connection = Open(path);
  Run(connection,
      "PRAGMA journal_mode = WAL; CREATE TABLE metrics (component TEXT NOT NULL,"
      " timestamp INTEGER NOT NULL, value REAL NOT NULL);"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
      " INSERT INTO metrics SELECT 'component ' || printf('%064d', i), i, i FROM n;"
      "PRAGMA wal_checkpoint(TRUNCATE)");
  return connection;
}

std::string RowsOf(const std::string& path) {
  const Connection connection = Open(path);
  std::string said;
  const auto take = [](void* into, int, char** columns, char**) {
    *static_cast<std::string*>(into) += columns[0];
    return 0;
  };
  const char* sql =
      "SELECT printf('%d rows, sum %d', count(*), sum(value)) FROM metrics;"
      "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
  if (sqlite3_exec(connection.get(), sql, take, &said, nullptr) != SQLITE_OK) {
    return sqlite3_errmsg(connection.get());
  }
  return said;
}

// A page of the table is overwritten.
void Damage(const std::string& path) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(2 * kPageSize);
  file << std::string(kPageSize, '\xa5');
  RECOURSE_CHECK(file.good());
}

// Below the range from which the system gives out ports, so that nobody takes it while the service
// is down.
int FreePort() {
  static std::atomic<int> next = 20'000 + getpid() * 7 % 10'000;
  for (;;) {
    const int port = next++;
    const Descriptor probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (bind(probe.get(), generic, sizeof address) == 0) return port;
  }
}

// The processes that have `text` in their command line.
std::set<pid_t> ProcessesWith(const std::string& text) {
  std::set<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    std::from_chars(name.data(), name.data() + name.size(), pid);
    if (pid > 0 && Contents(entry.path().string() + "/cmdline").find(text) != std::string::npos) {
      found.insert(pid);
    }
  }
  return found;
}

// What tells the service's process from every other.
std::string ServiceMark(const std::string& data) { return data + "/world/health.db"; }

void EndService(const std::string& data) {
  for (const pid_t pid : ProcessesWith(ServiceMark(data))) kill(pid, SIGKILL);
}

std::string Services(const std::string& data) {
  return std::to_string(ProcessesWith(ServiceMark(data)).size()) + " service";
}

// As somebody else would have: the server finds it by its pid file.
void StartService(const std::string& data, const std::vector<std::string>& command) {
  std::vector<std::string> arguments = {
      "/bin/sh", "-c",
      "log=$0; pid=$1; shift; \"$@\" >\"$log\" 2>&1 & echo $! >\"$pid\";"
      "until read -r line <\"$log\" || ! kill -0 $!; do :; done",
      data + "/world/service.log", data + "/world/service.pid"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  RECOURSE_CHECK(RunProgram(arguments).exit_code == 0);
}

void Write(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path) << text;
}

void WriteTarget(const std::string& data, const std::vector<std::string>& command, int port) {
  std::string words;
  for (const std::string& word : command) words += (words.empty() ? "\"" : ", \"") + word + "\"";
  const std::string world = data + "/world";
  Write(data + "/targets/health.yaml",
        "name: health\n"
        "database: {kind: sqlite, path: " +
            world +
            "/health.db, tables: [{name: metrics}]}\n"
            "backups: {directory: " +
            world +
            "/backups, pattern: health_%Y%m%d.db, keep_days: 30,"
            " keep_at_least: 3, max_age: 48h}\n"
            "services:\n"
            "  - {name: app, kind: process, pid_file: " +
            world + "/service.pid, command: [" + words + "],\n     log: " + world +
            "/service.log, settle: 50ms}\n"
            "health: {url: \"http://127.0.0.1:" +
            std::to_string(port) +
            "/health/\", status: 200,"
            " successes: 1, interval: 20ms, within: 20s}\n");
}

void CopyWorkflow(const std::string& data, const std::string& name) {
  Write(data + "/workflows/" + name + ".yaml",
        Contents(RECOURSE_SOURCE_DIR "/workflows/" + name + ".yaml"));
}

// Each file of before/ and what became of it; then how many more there are.
std::string Compare(const std::string& data, const std::string& below) {
  std::string text;
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(data + "/before" + below)) {
    const std::string name = entry.path().filename();
    if (!entry.is_regular_file()) continue;
    names.insert(name);
    const bool same = Contents(data + "/world" + below + "/" + name) == Contents(entry.path());
    if (!same) text += name + " differs; ";
  }
  for (const auto& entry : fs::directory_iterator(data + "/world" + below)) {
    const std::string name = entry.path().filename();
    const bool ours = name.starts_with("health");
    if (ours && entry.is_regular_file() && !names.contains(name)) text += name + " is new; ";
  }
  return text + std::to_string(names.size()) + " files";
}

void KeepBefore(const std::string& data) {
  fs::copy(data + "/world", data + "/before", fs::copy_options::recursive);
}

Scenario DatabaseScenario(std::string name, std::string workflow) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.workflow = std::move(workflow);
  scenario.inputs = R"({"target":"health"})";
  scenario.clean = EndService;
  return scenario;
}

Scenario Backup() {
  Scenario scenario = DatabaseScenario("backup", "backup");
  scenario.prepare = [](const std::string& data) {
    fs::create_directories(data + "/world/backups");
    MakeDatabase(data + "/world/health.db");
    WriteTarget(data, {"/bin/true"}, FreePort());
    CopyWorkflow(data, "backup");
    KeepBefore(data);
  };
  scenario.observe = [](const std::string& data) {
    std::string text = Compare(data, "");
    for (const auto& entry : fs::directory_iterator(data + "/world/backups")) {
      if (entry.path().extension() == ".db") text += "; backup: " + RowsOf(entry.path());
    }
    return text;
  };
  scenario.expected = std::string("1 files; backup: ") + kRows;
  scenario.effects = {"backup_after_rename"};
  scenario.first_kills = {"backup_after_rename:1"};
  return scenario;
}

// A good backup and its manifest, as a run makes them.
void CopyGoodBackup(const std::string& data) {
  static const ScratchDirectory made;
  static std::once_flag once;
  std::call_once(once, [] { RECOURSE_CHECK(Play(Backup(), made.path(), {}).problems.empty()); });
  fs::copy(made.path() + "/world/backups", data + "/world/backups",
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
}

// The second backup of a day takes the place of the first, which comes back.
Scenario BackupUndone() {
  Scenario scenario = DatabaseScenario("backup-undone", "backup-undone");
  scenario.ends = v1::RUN_STATUS_ROLLED_BACK;
  scenario.prepare = [](const std::string& data) {
    fs::create_directories(data + "/world");
    Run(MakeDatabase(data + "/world/health.db"), "DELETE FROM metrics WHERE value > 100");
    CopyGoodBackup(data);
    WriteTarget(data, {"/bin/true"}, FreePort());
    Write(data + "/workflows/backup-undone.yaml", R"(
name: backup-undone
inputs:
  target: {type: target, requires: [database, backups]}
steps:
  - id: second
    action: database.backup
    with: {database: "${inputs.target.database}", backups: "${inputs.target.backups}"}
  - {id: give_up, action: debug.fail}
)");
    KeepBefore(data);
  };
  scenario.observe = [](const std::string& data) { return Compare(data, "/backups"); };
  scenario.expected = "2 files";
  scenario.effects = {"backup_after_rename"};
  scenario.first_kills = {"backup_undo_after_set_aside:1"};
  return scenario;
}

// The shipped answer to corruption, with the demo service.
Scenario Response() {
  Scenario scenario = DatabaseScenario("corruption-response", "corruption-response");
  scenario.prepare = [](const std::string& data) {
    fs::create_directories(data + "/world");
    const std::string database = data + "/world/health.db";
    MakeDatabase(database);
    Damage(database);
    CopyGoodBackup(data);
    KeepBefore(data);
    const int port = FreePort();
    const std::vector<std::string> command = {
        DEMO_SERVICE, "--database", database, "--port", std::to_string(port), "--interval", "0"};
    WriteTarget(data, command, port);
    CopyWorkflow(data, "corruption-response");
    StartService(data, command);
  };
  scenario.observe = [](const std::string& data) {
    return RowsOf(data + "/world/health.db") + "; " + Services(data) +
           "; backups: " + Compare(data, "/backups");
  };
  scenario.expected = std::string(kRows) + "; 1 service; backups: 2 files";
  scenario.effects = {"restore_after_rename"};
  scenario.first_kills = {"restore_after_set_aside_db:1", "service_after_spawn:1"};
  return scenario;
}

// A service stopped and a database restored, with a log beside it, and both put back.
Scenario RestoreUndone() {
  Scenario scenario = DatabaseScenario("restore-undone", "restore-undone");
  scenario.ends = v1::RUN_STATUS_ROLLED_BACK;
  scenario.prepare = [](const std::string& data) {
    const std::string database = data + "/world/health.db";
    fs::create_directories(data + "/world");
    CopyGoodBackup(data);
    {
      // Copied while it is open: what stands in the log is not yet in the database.
      const Connection writer = MakeDatabase(data + "/live.db");
      Run(writer, "DELETE FROM metrics WHERE value > 200");
      fs::copy(data + "/live.db", database);
      fs::copy(data + "/live.db-wal", database + "-wal");
    }
    Damage(database);
    KeepBefore(data);
    const std::vector<std::string> command = {DEMO_SERVICE, "--database", database + ".other",
                                              "--interval", "0"};
    WriteTarget(data, command, FreePort());
    Write(data + "/workflows/restore-undone.yaml", R"(
name: restore-undone
inputs:
  target: {type: target, requires: [database, services, backups]}
lock: "database/${inputs.target.name}"
steps:
  - id: stop
    action: service.stop
    for_each: "${inputs.target.services}"
    with: {service: "${item}"}
  - id: choose
    action: backup.choose
    with: {backups: "${inputs.target.backups}"}
  - id: restore
    action: database.restore
    with: {database: "${inputs.target.database}", backup: "${steps.choose.output.path}"}
  - id: check
    action: database.check
    with: {database: "${inputs.target.database}"}
  - {id: give_up, action: debug.fail}
)");
    StartService(data, command);
  };
  scenario.observe = [](const std::string& data) {
    std::string text = Services(data);
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      const std::string name = std::string("/health.db") + suffix;
      const bool same = fs::exists(data + "/world" + name) == fs::exists(data + "/before" + name) &&
                        Contents(data + "/world" + name) == Contents(data + "/before" + name);
      if (!same) text += "; " + name + " differs";
    }
    return text + "; backups: " + Compare(data, "/backups");
  };
  scenario.expected = "1 service; backups: 2 files";
  // Not counted: putting back, because a restore that was half done is undone before it is
  // repeated.
  scenario.effects = {"restore_after_rename"};
  scenario.first_kills = {"restore_undo_after_put_back_wal:1", "restore_after_set_aside_db:1"};
  return scenario;
}

}  // namespace

std::vector<Scenario> DatabaseScenarios() {
  return {Backup(), BackupUndone(), Response(), RestoreUndone()};
}

}  // namespace recourse::crash
