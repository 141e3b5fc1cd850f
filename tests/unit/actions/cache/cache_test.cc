// cache.* against a real Redis.
#include "actions/cache/cache.h"

#include <sys/stat.h>

#include "actions/cache/redis.h"
#include "tests/unit/actions/cache/redis_server.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::RedisServer;
using testing::World;

class CacheWorld : public World {
 public:
  CacheWorld() : World(AddCacheActions) { signal(SIGPIPE, SIG_IGN); }

  Value Ask(const Value& inputs, const std::vector<std::string>& command) {
    const Context context = MakeContext(inputs);
    auto redis = cache::Redis::Connect(context);
    REQUIRE(redis);
    auto answer = redis->Do(command);
    INFO((answer ? "" : answer.error().message));
    REQUIRE(answer);
    return *answer;
  }
  // `count` keys that begin with `prefix`.
  void Fill(const Value& inputs, const std::string& prefix, int count) {
    std::vector<std::string> command = {"MSET"};
    for (int i = 0; i < count; ++i) {
      command.push_back(prefix + std::to_string(i));
      command.push_back("x");
    }
    Ask(inputs, command);
  }
  Failure Refused(const std::string& action, const Value& inputs) {
    Outcome outcome = Do(action, inputs);
    REQUIRE_FALSE(outcome);
    return outcome.failure();
  }
};

TEST_CASE("cache.ping asks the real thing", "[actions][cache]") {
  CacheWorld world;
  RedisServer server(world.Path(""));
  const Outcome pong = world.Do("cache.ping", server.Inputs());
  INFO(MessageOf(pong));
  REQUIRE(pong);
  CHECK(pong.output()["address"] == Value(server.socket()));
  CHECK(pong.output()["latency_ms"].as_double() > 0);

  SECTION("a server that hangs is told in time") {
    server.Freeze();
    const Value impatient = Value::Object({{"cache", server.Cache().With("timeout", "20ms")}});
    const Failure failure = world.Refused("cache.ping", impatient);
    CHECK(failure.error.code == Code::kUnavailable);
    CHECK_THAT(failure.error.message, Catch::EndsWith("PING got no answer in time"));
  }
  SECTION("a server that is gone") {
    server.Stop();
    const Failure failure = world.Refused("cache.ping", server.Inputs());
    CHECK(failure.error.code == Code::kUnavailable);
    CHECK_THAT(failure.error.message,
               Catch::Contains("nobody answers for the cache at " + server.socket()));
  }
  SECTION("a socket and a host are a contradiction") {
    const Value both = Value::Object({{"cache", server.Cache().With("port", 6379)}});
    CHECK(world.Refused("cache.ping", both).error.code == Code::kInvalidArgument);
  }
}

TEST_CASE("a cache's user and password come from a file or the step, and are never told",
          "[actions][cache]") {
  CacheWorld world;
  const std::string users = world.Write("users.acl",
                                        "user default off\nuser app on >open-sesame ~* &* +@all\n"
                                        "user probe on >open-sesame ~* &* +ping +select\n");
  RedisServer server(world.Path(""), {"--aclfile", users});
  const std::string file = world.Write("password", "open-sesame\n");
  REQUIRE(chmod(file.c_str(), 0600) == 0);
  const auto as = [&](const std::string& user, const std::string& password_file) {
    return Value::Object(
        {{"cache", server.Cache().With("username", user).With("password_file", password_file)}});
  };
  CHECK(world.Do("cache.ping", as("app", file)));
  const Value named = Value::Object({{"cache", server.Cache().With("username", "app")}});
  CHECK(world.Do("cache.ping", named.With("password", "open-sesame")));

  SECTION("without one") {
    const Failure failure = world.Refused("cache.ping", server.Inputs());
    CHECK(failure.error.code == Code::kUnauthenticated);
    CHECK_THAT(failure.error.message, Catch::Contains("NOAUTH Authentication required"));
  }
  SECTION("with a wrong one") {
    const Failure failure = world.Refused("cache.ping", named.With("password", "open-barley"));
    CHECK(failure.error.code == Code::kUnauthenticated);
    CHECK_THAT(failure.error.message, Catch::Contains("WRONGPASS"));
    CHECK_THAT(failure.error.message, !Catch::Contains("barley"));
  }
  SECTION("a user who may not") {
    const Failure failure = world.Refused("cache.info", as("probe", file));
    CHECK(failure.error.code == Code::kPermissionDenied);
    CHECK_THAT(failure.error.message, Catch::Contains("NOPERM"));
  }
  SECTION("a file that everybody may read") {
    REQUIRE(chmod(file.c_str(), 0644) == 0);
    const Failure failure = world.Refused("cache.ping", as("app", file));
    CHECK(failure.error.code == Code::kPermissionDenied);
    CHECK_THAT(failure.error.message, Catch::Contains("chmod o="));
  }
  SECTION("a file that is empty") {
    world.Write("password", "\n");
    CHECK(world.Refused("cache.ping", as("app", file)).error.code == Code::kFailedPrecondition);
  }
}

TEST_CASE("cache.info tells a cache's state and compares it with thresholds", "[actions][cache]") {
  CacheWorld world;
  RedisServer server(world.Path(""), {"--maxmemory", "100mb"});
  world.Fill(server.Inputs(), "app:", 7);
  const Outcome told = world.Do("cache.info", server.Inputs());
  INFO(MessageOf(told));
  REQUIRE(told);
  CHECK(told.output()["role"] == Value("master"));
  CHECK(told.output()["keys"] == Value(7));
  CHECK(told.output()["maxmemory_bytes"] == Value(100 * 1024 * 1024));
  CHECK(told.output()["memory_percent"].as_double() > 0);
  CHECK(told.output()["last_save_ok"] == Value(true));
  CHECK(told.output()["fields"].StringOr("redis_mode", "") == "standalone");

  const Value low = Value::Object({{"memory_percent", 0.001}});
  const Failure failure = world.Refused("cache.info", server.Inputs().With("fail", low));
  CHECK(failure.error.code == Code::kResourceExhausted);
  CHECK_THAT(failure.error.message, Catch::Contains("of its maxmemory is used"));
}

TEST_CASE("cache.hit_rate judges only what enough requests have shown", "[actions][cache]") {
  CacheWorld world;
  RedisServer server(world.Path(""));
  world.Fill(server.Inputs(), "k", 1);
  for (int i = 0; i < 3; ++i) world.Ask(server.Inputs(), {"GET", "k0"});
  world.Ask(server.Inputs(), {"GET", "none"});
  const Value low = Value::Object({{"hit_percent", 80}});
  const Value inputs = server.Inputs().With("fail", low);

  const Outcome few = world.Do("cache.hit_rate", inputs);
  INFO(MessageOf(few));
  REQUIRE(few);
  CHECK(few.output()["judged"] == Value(false));
  CHECK(few.output()["hit_percent"] == Value(75.0));
  CHECK(few.output()["requests"] == Value(4));

  const Failure failure = world.Refused("cache.hit_rate", inputs.With("requests_min", 4));
  CHECK(failure.error.code == Code::kFailedPrecondition);
  CHECK_THAT(failure.error.message, Catch::Contains("75.0 % of 4 requests found"));

  const Outcome now = world.Do("cache.hit_rate", inputs.With("over", "1ms"));
  REQUIRE(now);
  CHECK(now.output()["requests"] == Value(0));
}

TEST_CASE("cache.flush removes the keys of a prefix and no others", "[actions][cache]") {
  CacheWorld world;
  RedisServer server(world.Path(""));
  world.Fill(server.Inputs(), "app:", 2500);
  world.Fill(server.Inputs(), "ap*", 3);
  world.Fill(server.Inputs(), "other:", 5);
  const Value inputs = server.Inputs().With("prefix", "app:");
  const auto plan = world.Find("cache.flush").Plan(world.MakeContext(inputs));
  REQUIRE(plan);
  CHECK_THAT(plan->lines[0],
             Catch::Contains("begin with \"app:\"") && Catch::EndsWith("2500 of its 2508 keys"));
  CHECK(plan->irreversible.size() == 1);

  const Outcome flushed = world.Do("cache.flush", inputs);
  INFO(MessageOf(flushed));
  REQUIRE(flushed);
  CHECK(flushed.output()["removed"] == Value(2500));
  CHECK(flushed.output()["keys_before"] == Value(2508));
  CHECK(flushed.output()["keys_after"] == Value(8));
  const Outcome again = world.Do("cache.flush", inputs);
  REQUIRE(again);
  CHECK(again.output()["removed"] == Value(0));

  const Outcome starred = world.Do("cache.flush", server.Inputs().With("prefix", "ap*"));
  REQUIRE(starred);
  CHECK(starred.output()["removed"] == Value(3));
  CHECK(starred.output()["keys_after"] == Value(5));
}

TEST_CASE("cache.flush takes everything of one database, and only when it is told to",
          "[actions][cache]") {
  CacheWorld world;
  RedisServer server(world.Path(""));
  const Value other = Value::Object({{"cache", server.Cache().With("database", 1)}});
  world.Fill(server.Inputs(), "a", 4);
  world.Fill(other, "b", 6);
  CHECK(world.Refused("cache.flush", server.Inputs()).error.code == Code::kInvalidArgument);
  CHECK(world.Refused("cache.flush", server.Inputs().With("everything", true).With("prefix", "a"))
            .error.code == Code::kInvalidArgument);
  CHECK(world.Ask(server.Inputs(), {"DBSIZE"}) == Value(4));

  const Outcome flushed = world.Do("cache.flush", server.Inputs().With("everything", true));
  REQUIRE(flushed);
  CHECK(flushed.output()["removed"] == Value(4));
  CHECK(flushed.output()["keys_after"] == Value(0));
  CHECK(world.Ask(other, {"DBSIZE"}) == Value(6));

  const Value own =
      Value::Object({{"cache", server.Cache().With("database", 1).With("prefix", "b")}});
  const Outcome by_own_prefix = world.Do("cache.flush", own);
  REQUIRE(by_own_prefix);
  CHECK(by_own_prefix.output()["removed"] == Value(6));
}

TEST_CASE("what Redis refuses is told in its own words", "[actions][cache]") {
  CacheWorld world;
  RedisServer server(world.Path(""), {"--replicaof", "127.0.0.1 1"});
  const Failure failure = world.Refused("cache.flush", server.Inputs().With("everything", true));
  CHECK(failure.error.code == Code::kFailedPrecondition);
  CHECK_THAT(failure.error.message, Catch::Contains("FLUSHDB is answered with READONLY"));
}

}  // namespace
}  // namespace recourse
