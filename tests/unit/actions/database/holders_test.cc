#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "actions/database/file_gate.h"
#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::DatabaseWorld;
using testing::MakeDatabase;
using testing::Sql;

// A process that has the database open until it is told to end.
class Holding {
 public:
  explicit Holding(const std::string& database) {
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
      sqlite3_exec(handle, "SELECT count(*) FROM metrics", nullptr, nullptr, nullptr);
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
