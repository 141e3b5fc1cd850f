// Kills restores, backups and their undoing at every place where a test may, and looks at what the
// engine would do next: probe, compensate, apply again.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <set>
#include <sstream>

#include "actions/database/manifest.h"
#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::AddRows;
using testing::DatabaseWorld;
using testing::MakeDatabase;
using testing::MessageOf;
using testing::ReadAll;
using testing::Sql;
using Verdict = ProbeAnswer::Verdict;

constexpr const char* kNoPoint = "";

// Runs the phase in a process of its own that is killed at `point`. True: it was.
bool RunKilledAt(const DatabaseWorld& world, const std::string& phase, const std::string& action,
                 const Value& inputs, const Value& undo, const std::string& point,
                 const std::string& log = "") {
  const std::string inputs_json = ToJson(inputs);
  const std::string undo_json = ToJson(undo);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    if (!point.empty()) setenv("RECOURSE_FAIL_POINT", point.c_str(), 1);
    if (!log.empty()) setenv("RECOURSE_FAIL_POINT_LOG", log.c_str(), 1);
    execl(RECOURSE_RUN_DATABASE_ACTION, "run", phase.c_str(), action.c_str(), world.key.c_str(),
          inputs_json.c_str(), undo_json.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  if (WIFSIGNALED(status)) {
    REQUIRE(WTERMSIG(status) == SIGKILL);
    return true;
  }
  INFO(point);
  REQUIRE(WEXITSTATUS(status) == 0);
  return false;
}

// The points that the phase passes, in their order.
std::vector<std::string> PointsOf(const DatabaseWorld& world, const std::string& phase,
                                  const std::string& action, const Value& inputs,
                                  const Value& undo) {
  const std::string log = world.Path("points");
  std::filesystem::remove(log);
  REQUIRE_FALSE(RunKilledAt(world, phase, action, inputs, undo, kNoPoint, log));
  std::vector<std::string> points;
  std::istringstream lines(ReadAll(log));
  for (std::string line; std::getline(lines, line);) points.push_back(line);
  return points;
}

// A database in WAL mode with a log that holds rows, beside a backup of it with fewer.
class RestoreWorld : public DatabaseWorld {
 public:
  static constexpr std::int64_t kRowsInBackup = 200;

  RestoreWorld() {
    MakeDatabase(database(), kRowsInBackup, "wal");
    key = "R-1/backup/1";
    inputs = WithBackup(MakeBackup());
    {
      const Sql application(database());
      AddRows(application, 50);
      for (const char* suffix : {"", "-wal", "-shm"}) {
        std::filesystem::copy_file(database() + suffix, Path("crashed.db") + suffix);
      }
    }
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::rename(Path("crashed.db") + suffix, database() + suffix);
      old.push_back(ReadAll(database() + suffix));
    }
    key = "R-2/restore/1";
    const Outcome prepared = restore().Prepare(MakeContext(inputs));
    INFO(MessageOf(prepared));
    REQUIRE(prepared);
    undo = prepared.output();
  }

  const Action& restore() const { return Find("database.restore"); }
  Context context() { return MakeContext(inputs, undo); }

  void CheckOldSetStands() const {
    CHECK(ReadAll(database()) == old[0]);
    CHECK(ReadAll(database() + "-wal") == old[1]);
    CHECK(ReadAll(database() + "-shm") == old[2]);
  }
  void CheckRestored(const Value& output) {
    CHECK(restore().Verify(context(), output).verdict == Verification::Verdict::kPassed);
    CHECK(output["tables"]["metrics"] == Value(kRowsInBackup));
    const std::string quarantine = output["quarantine"].as_string();
    CHECK(ReadAll(quarantine + "/health.db") == old[0]);
    CHECK(ReadAll(quarantine + "/health.db-wal") == old[1]);
    CHECK(ReadAll(quarantine + "/health.db-shm") == old[2]);
    CHECK(Sql(database()).Number("SELECT count(*) FROM metrics") == kRowsInBackup);
    std::set<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(Path("."))) {
      names.insert(file.path().filename());
    }
    names.erase("points");
    CHECK(names == std::set<std::string>{"backups", "health.db", "health.db.quarantine"});
  }

  Value inputs;
  std::vector<std::string> old;
};

// What the engine does after a crash of an attempt, until it has an output.
Value Recover(RestoreWorld& world) {
  const ProbeAnswer answer = world.restore().Probe(world.context());
  INFO(answer.message);
  REQUIRE(answer.verdict != Verdict::kUnknown);
  if (answer.verdict == Verdict::kApplied) return answer.output;
  if (answer.verdict == Verdict::kPartial) {
    const Outcome back = world.restore().Compensate(world.context(), {});
    INFO(MessageOf(back));
    REQUIRE(back);
  }
  world.CheckOldSetStands();
  const Outcome applied = world.restore().Apply(world.context());
  INFO(MessageOf(applied));
  REQUIRE(applied);
  return applied.output();
}

std::vector<std::string> RestorePoints() {
  RestoreWorld world;
  return PointsOf(world, "apply", "database.restore", world.inputs, world.undo);
}

TEST_CASE("a restore that is killed anywhere ends right", "[actions][database][crash]") {
  const auto points = RestorePoints();
  CHECK(points == std::vector<std::string>{"restore_before_set_aside", "restore_after_set_aside_db",
                                           "restore_after_set_aside_wal",
                                           "restore_after_set_aside_shm", "restore_before_rename",
                                           "restore_after_rename", "restore_after_sync"});
  for (const std::string& point : points) {
    INFO(point);
    RestoreWorld world;
    REQUIRE(RunKilledAt(world, "apply", "database.restore", world.inputs, world.undo, point));
    world.CheckRestored(Recover(world));
  }
}

TEST_CASE("an empty database whose making is killed anywhere is there, or the old one is",
          "[actions][database][crash]") {
  for (const std::string& point : RestorePoints()) {
    INFO(point);
    RestoreWorld world;
    const Action& action = world.Find("database.create_empty");
    const Value inputs = Value::Object(
        {{"database", world.DatabaseValue()}, {"schema_from", world.inputs["backup"]}});
    const Outcome prepared = action.Prepare(world.MakeContext(inputs));
    REQUIRE(prepared);
    const Context context = world.MakeContext(inputs, prepared.output());
    REQUIRE(RunKilledAt(world, "apply", "database.create_empty", inputs, context.undo, point));
    const ProbeAnswer answer = action.Probe(context);
    INFO(answer.message);
    REQUIRE(answer.verdict != Verdict::kUnknown);
    if (answer.verdict != Verdict::kApplied) {
      REQUIRE(action.Compensate(context, {}));
      world.CheckOldSetStands();
      REQUIRE(action.Apply(context));
    }
    CHECK(Sql(world.database()).Number("SELECT count(*) FROM metrics") == 0);
    REQUIRE(action.Compensate(context, {}));
    world.CheckOldSetStands();
  }
}

TEST_CASE("a restore's undoing that is killed anywhere ends right", "[actions][database][crash]") {
  std::vector<std::string> points;
  {
    RestoreWorld world;
    REQUIRE(world.restore().Apply(world.context()));
    points = PointsOf(world, "compensate", "database.restore", world.inputs, world.undo);
    world.CheckOldSetStands();
  }
  CHECK(points.size() == 7);  // before, the new file aside, three files back, and between them
  for (const std::string& point : points) {
    INFO(point);
    RestoreWorld world;
    REQUIRE(world.restore().Apply(world.context()));
    REQUIRE(RunKilledAt(world, "compensate", "database.restore", world.inputs, world.undo, point));
    const Outcome back = world.restore().Compensate(world.context(), {});
    INFO(MessageOf(back));
    REQUIRE(back);
    world.CheckOldSetStands();
    const Outcome again = world.restore().Apply(world.context());
    REQUIRE(again);
    CHECK(again.output()["tables"]["metrics"] == Value(RestoreWorld::kRowsInBackup));
  }
}

TEST_CASE("a killed restore whose undoing is killed too ends right", "[actions][database][crash]") {
  int pairs = 0;
  for (const std::string& point : RestorePoints()) {
    std::vector<std::string> undo_points;
    {
      RestoreWorld world;
      RunKilledAt(world, "apply", "database.restore", world.inputs, world.undo, point);
      undo_points = PointsOf(world, "compensate", "database.restore", world.inputs, world.undo);
    }
    for (const std::string& undo_point : undo_points) {
      INFO(point << ", then " << undo_point);
      RestoreWorld world;
      RunKilledAt(world, "apply", "database.restore", world.inputs, world.undo, point);
      REQUIRE(RunKilledAt(world, "compensate", "database.restore", world.inputs, world.undo,
                          undo_point));
      REQUIRE(world.restore().Compensate(world.context(), {}));
      world.CheckOldSetStands();
      ++pairs;
    }
  }
  CHECK(pairs > 30);
}

// A backup of yesterday's rows under today's name, and a database with more rows.
class BackupWorld : public DatabaseWorld {
 public:
  BackupWorld() {
    MakeDatabase(database(), 100, "wal");
    key = "R-1/backup/1";
    path = MakeBackup();
    first = ReadAll(path);
    AddRows(Sql(database()), 11);
    key = "R-2/backup/1";
    inputs = Value::Object({{"database", DatabaseValue()}, {"backups", BackupsValue()}});
  }
  const Action& backup() const { return Find("database.backup"); }

  // The backup's file and manifest fit together, and it has so many rows.
  void CheckWhole(std::int64_t rows) {
    const auto manifest = database::ReadManifest(path);
    REQUIRE(manifest);
    CHECK(manifest->content.tables.at("metrics") == rows);
    const Outcome verified = Do("database.rehearse_restore", WithBackup(path));
    INFO(MessageOf(verified));
    CHECK(verified);
  }

  std::string path;
  std::string first;
  Value inputs;
};

TEST_CASE("a backup that is killed anywhere ends right, and never without a good one",
          "[actions][database][crash]") {
  std::vector<std::string> points;
  {
    BackupWorld world;
    points = PointsOf(world, "apply", "database.backup", world.inputs, {});
    world.CheckWhole(111);
  }
  CHECK(points.size() == 6);
  for (const std::string& point : points) {
    INFO(point);
    BackupWorld world;
    REQUIRE(RunKilledAt(world, "apply", "database.backup", world.inputs, {}, point));
    const ProbeAnswer answer = world.backup().Probe(world.MakeContext(world.inputs));
    REQUIRE(answer.verdict != Verdict::kUnknown);
    if (answer.verdict == Verdict::kPartial) {
      REQUIRE(world.backup().Compensate(world.MakeContext(world.inputs), {}));
    }
    if (answer.verdict != Verdict::kApplied) {
      CHECK(ReadAll(world.path) == world.first);
      world.CheckWhole(100);
      REQUIRE(world.backup().Apply(world.MakeContext(world.inputs)));
    }
    world.CheckWhole(111);
    REQUIRE(world.backup().Compensate(world.MakeContext(world.inputs), {}));
    world.CheckWhole(100);
  }
}

TEST_CASE("a backup's undoing that is killed anywhere ends right", "[actions][database][crash]") {
  std::vector<std::string> points;
  {
    BackupWorld world;
    REQUIRE(world.backup().Apply(world.MakeContext(world.inputs)));
    points = PointsOf(world, "compensate", "database.backup", world.inputs, {});
    CHECK(ReadAll(world.path) == world.first);
  }
  CHECK(points.size() == 2);
  for (const std::string& point : points) {
    INFO(point);
    BackupWorld world;
    REQUIRE(world.backup().Apply(world.MakeContext(world.inputs)));
    REQUIRE(RunKilledAt(world, "compensate", "database.backup", world.inputs, {}, point));
    REQUIRE(world.backup().Compensate(world.MakeContext(world.inputs), {}));
    CHECK(ReadAll(world.path) == world.first);
    world.CheckWhole(100);
  }
}

// The names in the quarantine of a database with four sets, the first of them past its time.
class QuarantinesWorld : public DatabaseWorld {
 public:
  QuarantinesWorld() {
    MakeDatabase(database(), 10);
    for (int day = 1; day <= 4; ++day) {
      const std::string set = Path("health.db.quarantine/R-" + std::to_string(day) + ".preserve.1");
      std::filesystem::create_directories(set);
      testing::WriteAll(set + "/health.db", "as it was");
      testing::WriteAll(set + "/manifest.json",
                        R"({"taken_at": "2001-01-0)" + std::to_string(day) + R"(T00:00:00Z"})");
    }
    inputs = Value::Object({{"database", DatabaseValue()}, {"keep_days", 30}});
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(Path("health.db.quarantine"))) {
      names.insert(entry.path().filename());
    }
    return names;
  }

  Value inputs;
};

TEST_CASE("a pruning of the quarantine that is killed anywhere is finished by the next one",
          "[actions][database][crash]") {
  const std::string action = "database.prune_quarantine";
  const std::set<std::string> kept = {"R-2.preserve.1", "R-3.preserve.1", "R-4.preserve.1"};
  std::vector<std::string> points;
  {
    QuarantinesWorld world;
    points = PointsOf(world, "apply", action, world.inputs, {});
    CHECK(world.Names() == kept);
  }
  CHECK(points.size() == 2);
  for (const std::string& point : points) {
    INFO(point);
    QuarantinesWorld world;
    REQUIRE(RunKilledAt(world, "apply", action, world.inputs, {}, point));
    REQUIRE_FALSE(RunKilledAt(world, "apply", action, world.inputs, {}, kNoPoint));
    CHECK(world.Names() == kept);
  }
}

}  // namespace
}  // namespace recourse
