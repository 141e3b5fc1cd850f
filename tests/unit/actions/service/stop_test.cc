#include <future>

#include "tests/unit/actions/service/service_world.h"

namespace recourse {
namespace {

using namespace std::chrono_literals;
using service::Identity;
using service::IdentityOf;
using testing::MessageOf;
using testing::Service;

TEST_CASE("a pid file names a process only while it is the same process", "[actions][service]") {
  Service service;
  REQUIRE(service.Do("start"));
  const Identity process = service.Processes().at(0);
  const auto running = [&](const std::string& text) {
    service.world.Write("app.pid", text);
    const Outcome status = service.Do("status");
    REQUIRE(status);
    return status.output()["running"] == Value(true);
  };
  const std::string pid = std::to_string(process.pid);
  CHECK(running(pid + " " + std::to_string(process.start_time)));
  CHECK_FALSE(running(pid + " " + std::to_string(process.start_time - 1)));
  CHECK(running(pid + "\n"));       // bare, and it was there when the file was written
  CHECK_FALSE(running("4194305"));  // beyond any pid
  service.world.Write("app.pid", "garbage");
  const Outcome status = service.Do("status");
  REQUIRE_FALSE(status);
  CHECK(status.failure().error.code == Code::kFailedPrecondition);
}

TEST_CASE("a service that was started by hand and wrote its bare pid is stopped",
          "[actions][service]") {
  Service service;
  SECTION("as its command says") {}
  SECTION("under other arguments than its command's, as after env or setproctitle") {
    service.resource =
        service.resource.With("command", Value::List{"/usr/bin/env", "sleep", "100000"});
  }
  REQUIRE(service.Do("start"));
  const pid_t pid = service.Processes().at(0).pid;
  service.AwaitArguments(pid, "sleep");
  service.world.Write("app.pid", std::to_string(pid) + "\n");
  const Outcome again = service.Do("start");
  INFO(MessageOf(again));
  REQUIRE(again);
  CHECK(service.Processes().size() == 1);
  REQUIRE(service.Do("stop"));
  CHECK(service.Processes().empty());
}

TEST_CASE("a bare pid that was given to another process since is not the service",
          "[actions][service]") {
  Service other;
  REQUIRE(other.Do("start"));
  const Identity stranger = other.Processes().at(0);
  Service service;
  // The last argument of the stranger ends as the service's program does.
  service.resource = service.resource.With("command", Value::List{"/opt/health/bin/100000"});
  service.WriteBarePid(stranger, -1h);
  const Outcome stopped = service.Do("stop");
  INFO(MessageOf(stopped));
  REQUIRE(stopped);
  CHECK(stopped.output()["changed"] == Value(false));
  CHECK(IdentityOf(stranger.pid) == stranger);
}

TEST_CASE("a bare pid of which it cannot be told whose it is stops everything",
          "[actions][service]") {
  Service other;
  REQUIRE(other.Do("start"));
  const Identity stranger = other.Processes().at(0);
  Service service;
  service.resource = service.resource.With("command", Value::List{"/opt/health/bin/app"});
  service.WriteBarePid(stranger, -1s);
  for (const char* verb : {"status", "start", "stop", "restart"}) {
    INFO(verb);
    const Outcome refused = service.Do(verb);
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().error.code == Code::kFailedPrecondition);
    CHECK_THAT(refused.failure().error.message,
               Catch::Contains(std::to_string(stranger.pid)) && Catch::Contains("sleep 100000"));
  }
  CHECK(IdentityOf(stranger.pid) == stranger);
}

TEST_CASE("a service is stopped with what it has started", "[actions][service]") {
  Service service;
  SECTION("which ends on TERM") {
    service.StartWrapper("sleep 100000; true", 2);
    const Outcome stopped = service.Do("stop");
    INFO(MessageOf(stopped));
    REQUIRE(stopped);
    CHECK(service.Processes().empty());
  }
  SECTION("which does not: the stop fails and names it, again too, until it may be killed") {
    service.resource = service.resource.With("stop_timeout", "30ms");
    service.StartWrapper("env --ignore-signal=TERM sleep 100000 & wait", 2);
    for (int time = 1; time <= 2; ++time) {
      const Outcome stopped = service.Do("stop");
      REQUIRE_FALSE(stopped);
      CHECK(stopped.failure().error.code == Code::kDeadlineExceeded);
      CHECK(stopped.failure().left == LeftBehind::kPartial);
      CHECK_THAT(stopped.failure().error.message, Catch::Contains("(sleep 100000)"));
    }
    const Outcome status = service.Do("status");
    REQUIRE(status);
    CHECK(status.output()["running"] == Value(true));
    const Outcome doubled = service.Do("start");
    REQUIRE_FALSE(doubled);
    CHECK(doubled.failure().error.code == Code::kFailedPrecondition);

    const Outcome killed = service.world.Do("service.stop", service.Inputs().With("kill", true));
    INFO(MessageOf(killed));
    REQUIRE(killed);
    CHECK(service.Processes().empty());
  }
}

TEST_CASE("a service that ignores TERM is killed only when that is allowed", "[actions][service]") {
  Service service;
  service.StartStubborn("30ms");
  const auto processes = service.Processes();
  const Outcome stopped = service.Do("stop");
  REQUIRE_FALSE(stopped);
  CHECK(stopped.failure().error.code == Code::kDeadlineExceeded);
  CHECK(stopped.failure().left == LeftBehind::kPartial);
  CHECK(service.Processes() == processes);

  const Outcome killed = service.world.Do("service.stop", service.Inputs().With("kill", true));
  INFO(MessageOf(killed));
  REQUIRE(killed);
  CHECK(service.Processes().empty());
}

TEST_CASE("a service whose program is gone is stopped all the same, and its undo says so",
          "[actions][service]") {
  Service service;
  const std::string program = service.world.Path("app");
  std::filesystem::copy_file("/usr/bin/sleep", program);
  service.resource = service.resource.With("command", Value::List{program, "100000"});
  REQUIRE(service.Do("start"));
  std::filesystem::rename(program, program + ".gone");
  CHECK_FALSE(service.Do("restart"));
  CHECK(service.Processes().size() == 1);

  const Outcome stopped = service.Do("stop");
  INFO(MessageOf(stopped));
  REQUIRE(stopped);
  CHECK(service.Processes().empty());
  CHECK(service.world.undo["restartable"] == Value(false));
  CHECK_THAT(service.world.log.back(), Catch::Contains("could not be started again"));

  const Action& stop = service.world.Find("service.stop");
  const auto compensate = [&] {
    return stop.Compensate(service.world.MakeContext(service.Inputs(), service.world.undo),
                           stopped.output());
  };
  const Outcome failed = compensate();
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().left == LeftBehind::kPartial);
  CHECK_THAT(failed.failure().error.message, Catch::Contains("could not be started again"));
  // It is tried all the same: somebody may have brought the program back.
  std::filesystem::rename(program + ".gone", program);
  CHECK(compensate());
}

TEST_CASE("stopping a service ends when it is cancelled", "[actions][service]") {
  Service service;
  service.StartStubborn("1h");
  service.world.time_given = 50ms;
  const Outcome stopped = service.Do("stop");
  REQUIRE_FALSE(stopped);
  CHECK(stopped.failure().error.code == Code::kDeadlineExceeded);
  CHECK(stopped.failure().left == LeftBehind::kPartial);
  service.world.time_given = 60s;
}

TEST_CASE("undoing a failed stop waits for the end that was asked for, and starts it again",
          "[actions][service]") {
  const std::string verb = GENERATE("stop", "restart");
  INFO(verb);
  Service service;
  const std::string may_end = service.world.Path("may-end");
  service.resource = service.resource.With("stop_timeout", "30ms");
  service.StartWrapper("trap 'while [ ! -e " + may_end + " ]; do sleep 0.01; done; exit' TERM; " +
                           "touch " + service.world.Path("ready") +
                           "; while :; do sleep 0.01; done",
                       {});
  service.Await([&] { return std::filesystem::exists(service.world.Path("ready")); });
  const Outcome failed = service.Do(verb);
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().left == LeftBehind::kPartial);
  const Action& action = service.world.Find("service." + verb);

  SECTION("it ends late") {
    service.resource = service.resource.With("stop_timeout", "1h");
    auto undone = std::async(std::launch::async, [&] {
      return action.Compensate(service.world.MakeContext(service.Inputs(), service.world.undo), {});
    });
    // The undo holds the lock as long as it waits.
    service.Await([&] {
      auto lock = OpenFile(service.world.Path("app.pid.lock"), O_RDWR);
      const bool held = flock(lock->get(), LOCK_EX | LOCK_NB) != 0;
      return held || undone.wait_for(0s) == std::future_status::ready;
    });
    service.world.Write("may-end", "");
    const Outcome outcome = undone.get();
    INFO(MessageOf(outcome));
    REQUIRE(outcome);
    CHECK(outcome.output()["changed"] == Value(true));
    CHECK(outcome.output()["instance"] != service.world.undo["instance"]);
    const Outcome status = service.Do("status");
    REQUIRE(status);
    CHECK(status.output()["instance"] == outcome.output()["instance"]);
  }
  SECTION("it does not end: a person must look") {
    const Outcome outcome =
        action.Compensate(service.world.MakeContext(service.Inputs(), service.world.undo), {});
    REQUIRE_FALSE(outcome);
    CHECK(outcome.failure().left == LeftBehind::kPartial);
    CHECK_THAT(outcome.failure().error.message, Catch::Contains("still runs"));
  }
}

}  // namespace
}  // namespace recourse
