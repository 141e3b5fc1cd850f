#include "actions/database/holders.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "actions/database/file_gate.h"
#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::DatabaseWorld;
using testing::MakeDatabase;
using testing::MessageOf;
using testing::Sql;

// A process that has the database open until it is told to end.
class Holding {
 public:
  explicit Holding(const std::string& database,
                   const std::string& sql = "SELECT count(*) FROM metrics") {
    int ready[2];
    int end[2];
    REQUIRE(pipe(ready) == 0);
    REQUIRE(pipe(end) == 0);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      close(end[1]);
      sqlite3* handle = nullptr;
      sqlite3_open(database.c_str(), &handle);
      sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr);
      char byte = 'r';
      if (write(ready[1], &byte, 1) == 1) (void)!read(end[0], &byte, 1);
      _exit(0);
    }
    close(ready[1]);
    close(end[0]);
    char byte = 0;
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    end_ = end[1];
  }
  ~Holding() { End(); }
  void End() {
    if (pid_ == 0) return;
    close(end_);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  int end_ = -1;
};

TEST_CASE("a process that has the database open is named; then nobody is", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10, "wal");
  const Value inputs = Value::Object({{"database", world.DatabaseValue()}});
  Holding holding(world.database());

  const Outcome found = world.Do("database.holders", inputs);
  REQUIRE(found);
  REQUIRE(found.output()["count"] == Value(1));
  const Value holder = found.output()["holders"].as_list()[0];
  CHECK(holder["pid"] == Value(std::int64_t{holding.pid()}));
  CHECK(holder["start_time"].as_int() > 0);
  CHECK_THAT(holder["command"].as_string(), Catch::Contains("actions_database_test"));
  CHECK(holder["files"] == Value(Value::List{"health.db", "health.db-shm", "health.db-wal"}));

  const Outcome refused = world.Do("database.holders", inputs.With("expect_none", true));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kAborted);
  CHECK_THAT(refused.failure().error.message, Catch::Contains(std::to_string(holding.pid())));
  CHECK(refused.failure().evidence["count"] == Value(1));

  holding.End();
  const Outcome none = world.Do("database.holders", inputs.With("expect_none", true));
  REQUIRE(none);
  CHECK(none.output()["count"] == Value(0));
}

// Another user's eyes for as long as it lives, when the test has root's.
class AsNobody {
 public:
  AsNobody() {
    if (geteuid() == 0) CHECK(seteuid(65534) == 0);
  }
  ~AsNobody() {
    if (getuid() == 0) CHECK(seteuid(0) == 0);
  }
};

TEST_CASE("that nobody has the database open is not proven where it cannot be seen",
          "[actions][database]") {
  const std::string mode = GENERATE("delete", "wal");
  INFO(mode);
  DatabaseWorld world;
  std::filesystem::permissions(world.Path("."), std::filesystem::perms(0755));
  MakeDatabase(world.database(), 10, mode);
  std::optional<Holding> holding;
  SECTION("a process of another user has it open, and is idle") {
    holding.emplace(world.database());
  }
  SECTION("nobody has") {}
  const Value inputs = Value::Object({{"database", world.DatabaseValue()}, {"expect_none", true}});
  if (mode == "delete" && holding && getuid() != 0) return;  // its own user sees it
  Outcome asked = Value();
  Outcome accepted = Value();
  {
    const AsNobody nobody;
    asked = world.Do("database.holders", inputs);
    accepted = world.Do("database.holders", inputs.With("accept_unseen", true));
  }
  INFO(MessageOf(asked) << MessageOf(accepted));
  if (mode == "wal") {
    // There a connection has a lock as long as it lives.
    REQUIRE(asked.ok() == !holding.has_value());
    if (!asked) CHECK(asked.failure().error.code == Code::kAborted);
    return;
  }
  REQUIRE_FALSE(asked);
  CHECK(asked.failure().error.code == Code::kFailedPrecondition);
  CHECK(asked.failure().evidence["unreadable"].as_int() > 0);
  CHECK_THAT(asked.failure().error.message, Catch::Contains("could not be looked into"));
  REQUIRE(accepted);
  CHECK(accepted.output()["complete"] == Value(false));
}

TEST_CASE("a database that is locked is held, whoever has it", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10);
  REQUIRE(database::ProveUnlocked(world.database()));
  Holding holding(world.database(), "BEGIN; SELECT count(*) FROM metrics");
  const auto locked = database::ProveUnlocked(world.database());
  REQUIRE_FALSE(locked);
  CHECK(locked.error().code == Code::kAborted);
}

TEST_CASE("a restore is not prepared while a process has the database open",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10, "wal");
  const std::string backup = world.MakeBackup();
  Holding holding(world.database());
  const auto before = world.Snapshot();
  const Outcome refused = world.Do("database.restore", world.WithBackup(backup));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kAborted);
  CHECK_THAT(refused.failure().error.message, Catch::Contains(std::to_string(holding.pid())));
  CHECK(world.Snapshot() == before);
  holding.End();
  CHECK(world.Do("database.restore", world.WithBackup(backup)));
}

TEST_CASE("a raw read and SQLite's use of one file exclude each other", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10);
  const Context context = world.MakeContext({});
  const auto impatient = [&world] {
    Context short_of_time = world.MakeContext({});
    short_of_time.deadline = std::chrono::steady_clock::now();
    return short_of_time;
  };
  using database::FileGate;
  {
    const auto first = FileGate::ForSqlite(world.database(), context);
    const auto second = FileGate::ForSqlite(world.database(), context);
    REQUIRE(first);
    REQUIRE(second);
    const auto raw = FileGate::ForRawRead(world.database(), impatient());
    REQUIRE_FALSE(raw);
    CHECK(raw.error().code == Code::kAborted);
  }
  const auto raw = FileGate::ForRawRead(world.database(), context);
  REQUIRE(raw);
  CHECK_FALSE(FileGate::ForRawRead(world.database(), impatient()));
  CHECK_FALSE(FileGate::ForSqlite(world.database(), impatient()));
}

}  // namespace
}  // namespace recourse
