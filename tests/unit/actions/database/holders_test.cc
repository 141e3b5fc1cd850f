#include "actions/database/holders.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "actions/database/file_gate.h"
#include "tests/unit/actions/as_nobody.h"
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
  REQUIRE_FALSE(holder["ancestors"].as_list().empty());
  CHECK(holder["ancestors"].as_list()[0] == Value(std::int64_t{getpid()}));
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

TEST_CASE("who has the write lock is named, and who only has the database open is not",
          "[actions][database]") {
  const std::string mode = GENERATE("delete", "wal");
  INFO(mode);
  DatabaseWorld world;
  MakeDatabase(world.database(), 10, mode);
  const Value inputs = Value::Object({{"database", world.DatabaseValue()}});
  const Holding reader(world.database());
  Holding writer(world.database(), "BEGIN IMMEDIATE; DELETE FROM metrics");

  const Outcome found = world.Do("database.holders", inputs);
  REQUIRE(found);
  CHECK(found.output()["count"] == Value(2));
  CHECK(found.output()["write_locked"] == Value(true));
  REQUIRE(found.output()["writers"].as_list().size() == 1);
  const Value named = found.output()["writers"].as_list()[0];
  CHECK(named["pid"] == Value(std::int64_t{writer.pid()}));
  CHECK_THAT(ToJson(named["locks"]), Catch::Contains("writes"));

  const Outcome refused = world.Do("database.holders", inputs.With("expect_unlocked", true));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kAborted);
  CHECK_THAT(refused.failure().error.message, Catch::Contains(std::to_string(writer.pid())));

  writer.End();
  const Outcome unlocked = world.Do("database.holders", inputs.With("expect_unlocked", true));
  REQUIRE(unlocked);
  CHECK(unlocked.output()["writers"] == Value(Value::List{}));
  CHECK(unlocked.output()["count"] == Value(1));
}

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
    const testing::AsNobody nobody;
    asked = world.Do("database.holders", inputs);
    accepted = world.Do("database.holders", inputs.With("accept_unseen_holders", true));
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
  const std::string& message = asked.failure().error.message;
  CHECK_THAT(message, Catch::Contains("may not look into") &&
                          Catch::Contains("--input accept_unseen_holders=true") &&
                          Catch::Contains("as root or as the user"));
  CHECK_THAT(message, Catch::Matches(".*look into [0-9]+ \\(.+, user .+\\).*"));
  CHECK(asked.failure().evidence["unseen"].as_string().find("user ") != std::string::npos);
  REQUIRE(accepted);
  CHECK(accepted.output()["complete"] == Value(false));

  // The same, asked while the services still run.
  const Value before =
      Value::Object({{"database", world.DatabaseValue()}, {"expect_visible", true}});
  {
    const testing::AsNobody nobody;
    asked = world.Do("database.holders", before);
    accepted = world.Do("database.holders", before.With("accept_unseen_holders", true));
  }
  REQUIRE_FALSE(asked);
  CHECK(asked.failure().error.code == Code::kFailedPrecondition);
  CHECK(accepted);
}

// Root as it is in many a container: it may not look into others, for as long as this lives.
class WithoutCapabilities {
 public:
  WithoutCapabilities() {
    REQUIRE(syscall(SYS_capget, &header_, before_) == 0);
    __user_cap_data_struct less[2] = {before_[0], before_[1]};
    less[0].effective = less[1].effective = 0;
    REQUIRE(syscall(SYS_capset, &header_, less) == 0);
  }
  ~WithoutCapabilities() { CHECK(syscall(SYS_capset, &header_, before_) == 0); }

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct before_[2];
};

TEST_CASE("a server that is root already is not told to be root", "[actions][database]") {
  if (geteuid() != 0) return;
  DatabaseWorld world;
  MakeDatabase(world.database(), 10);
  const Holding holding(world.database());
  const Value inputs =
      Value::Object({{"database", world.DatabaseValue()}, {"expect_visible", true}});
  Outcome asked = Value();
  {
    const WithoutCapabilities without;
    asked = world.Do("database.holders", inputs);
  }
  REQUIRE_FALSE(asked);
  CHECK_THAT(asked.failure().error.message, Catch::Contains("root already") &&
                                                Catch::Contains("SYS_PTRACE") &&
                                                !Catch::Contains("Run the server as root"));
}

TEST_CASE("that the database is held is no failure where only visibility is expected",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10, "wal");
  const Holding holding(world.database());
  const Outcome looked =
      world.Do("database.holders",
               Value::Object({{"database", world.DatabaseValue()}, {"expect_visible", true}}));
  INFO(MessageOf(looked));
  REQUIRE(looked);
  CHECK(looked.output()["count"] == Value(1));
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
