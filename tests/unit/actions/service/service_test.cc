#include "actions/service/service.h"

#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <future>

#include "actions/process/child.h"
#include "actions/service/identity.h"
#include "actions/stop_event.h"
#include "engine/base/file.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using namespace std::chrono_literals;
using service::Identity;
using service::IdentityOf;
using testing::MessageOf;
using testing::World;

// A service made of a program that runs until it is stopped. Its log is its own, so that its
// processes can be counted.
class Service {
 public:
  Service() : world(AddServiceActions) {
    resource = Value::Object({{"name", "app"},
                              {"kind", "process"},
                              {"pid_file", world.Path("app.pid")},
                              {"log", world.Path("app.log")},
                              {"settle", "20ms"},
                              {"command", Value::List{"/usr/bin/sleep", "100000"}}});
  }
  ~Service() {
    for (const Identity& process : Processes()) {
      kill(process.pid, SIGKILL);
      AwaitEnd(process);
    }
  }

  // Starts it as one that refuses TERM, and waits until it does.
  void StartStubborn(const std::string& stop_timeout) {
    resource = resource.With("stop_timeout", stop_timeout)
                   .With("command",
                         Value::List{"/usr/bin/env", "--ignore-signal=TERM", "sleep", "100000"});
    REQUIRE(Do("start"));
    AwaitArguments(Processes().at(0).pid, "sleep");
  }

  // Starts it as a shell that runs `script`, and waits until so many processes are what they are to
  // be, the last of them a sleep.
  void StartWrapper(const std::string& script, std::optional<std::size_t> processes) {
    resource = resource.With("command", Value::List{"/bin/sh", "-c", script});
    REQUIRE(Do("start"));
    if (!processes) return;
    Await([&] { return Processes().size() == *processes; });
    for (const Identity& process : Processes()) {
      if (process.pid != getpgid(process.pid)) AwaitArguments(process.pid, "sleep");
    }
  }

  template <class Condition>
  void Await(Condition condition) {
    const Context context = world.MakeContext({});
    const StopEvent stop(context);
    while (!condition()) REQUIRE(stop.WaitFor(1ms));
  }

  // Waits until the process has become that program.
  void AwaitArguments(pid_t pid, const std::string& program) {
    Await([&] {
      const auto arguments = service::ArgumentsOf(pid);
      return !arguments.empty() && arguments.front().ends_with(program);
    });
  }

  // A pid file without start time, written so long after (before, when negative) the process began.
  void WriteBarePid(const Identity& process, std::chrono::seconds after) const {
    const auto file = world.Write("app.pid", std::to_string(process.pid) + "\n");
    std::filesystem::last_write_time(
        file, std::filesystem::file_time_type::clock::now() - service::AgeOf(process) + after);
  }

  Value Inputs() const { return Value::Object({{"service", resource}}); }
  Outcome Do(const std::string& verb) { return world.Do("service." + verb, Inputs()); }

  // All that live and have been started as this service.
  std::vector<Identity> Processes() const {
    std::vector<Identity> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::error_code ignored;
      if (std::filesystem::read_symlink(entry.path() / "fd/1", ignored) != world.Path("app.log")) {
        continue;
      }
      const auto process = IdentityOf(std::atoi(entry.path().filename().c_str()));
      if (process) found.push_back(*process);
    }
    return found;
  }

  void AwaitEnd(const Identity& process) {
    const Context context = world.MakeContext({});
    const auto pidfd = service::Watch(process);
    REQUIRE(pidfd);
    if (pidfd->valid()) REQUIRE(StopEvent(context).WaitReadable(pidfd->get(), 30s));
  }

  // Runs a phase in a process of its own that dies at that point.
  void DieAt(const std::string& point, const std::string& phase, const std::string& verb) {
    INFO(point);
    const process::Program program{
        {RECOURSE_RUN_ACTION, phase, "service." + verb, ToJson(Inputs()), ToJson(world.undo)},
        {{"RECOURSE_FAIL_POINT", point}},
        "/"};
    const auto died = process::RunChild(program, {}, world.MakeContext({}));
    REQUIRE(died);
    INFO(died->output.text);
    CHECK(died->signal == SIGKILL);
  }

  Value Prepare(const std::string& verb) {
    const Outcome prepared = world.Find("service." + verb).Prepare(world.MakeContext(Inputs()));
    REQUIRE(prepared);
    return prepared.output();
  }

  World world;
  Value resource;
};

TEST_CASE("a service is started once, found running, and stopped once", "[actions][service]") {
  Service service;
  const Outcome before = service.Do("status");
  REQUIRE(before);
  CHECK(before.output()["running"] == Value(false));

  const Outcome started = service.Do("start");
  INFO(MessageOf(started));
  REQUIRE(started);
  CHECK(started.output()["changed"] == Value(true));
  const auto processes = service.Processes();
  REQUIRE(processes.size() == 1);
  CHECK(started.output()["pid"] == Value(std::int64_t{processes[0].pid}));
  CHECK(service.world.Read("app.pid") ==
        std::to_string(processes[0].pid) + " " + std::to_string(processes[0].start_time) + "\n");

  const Outcome again = service.Do("start");
  REQUIRE(again);
  CHECK(again.output() == started.output().With("changed", false));
  const Outcome status = service.Do("status");
  REQUIRE(status);
  CHECK(status.output()["running"] == Value(true));
  CHECK(service.Processes() == processes);

  const Outcome stopped = service.Do("stop");
  INFO(MessageOf(stopped));
  REQUIRE(stopped);
  CHECK(stopped.output()["changed"] == Value(true));
  CHECK(service.Processes().empty());
  CHECK_FALSE(std::filesystem::exists(service.world.Path("app.pid")));
  const Outcome stopped_again = service.Do("stop");
  REQUIRE(stopped_again);
  CHECK(stopped_again.output()["changed"] == Value(false));
}

TEST_CASE("a started service is a daemon of its own", "[actions][service]") {
  Service service;
  const Outcome started = service.Do("start");
  REQUIRE(started);
  const auto pid = static_cast<pid_t>(started.output().IntOr("pid", 0));
  CHECK(getsid(pid) != getsid(0));
  CHECK(getpgid(pid) != getpgid(0));
  const std::string proc = "/proc/" + std::to_string(pid);
  CHECK(std::filesystem::read_symlink(proc + "/cwd") == "/");
  CHECK(std::filesystem::read_symlink(proc + "/fd/0") == "/dev/null");
  CHECK(std::filesystem::read_symlink(proc + "/fd/1") == service.world.Path("app.log"));
  CHECK(std::filesystem::read_symlink(proc + "/fd/2") == service.world.Path("app.log"));
  for (const auto& entry : std::filesystem::directory_iterator(proc + "/fd")) {
    std::error_code gone;  // the program has just begun and opens and closes files of its own
    const std::string target = std::filesystem::read_symlink(entry, gone);
    INFO(target);
    CHECK(
        (target.find("pipe:") == std::string::npos && target.find("socket:") == std::string::npos));
    CHECK(target.find(".lock") == std::string::npos);
  }
  const auto environment = ReadFile(proc + "/environ", 4096);
  REQUIRE(environment);
  CHECK(environment->empty());
}

TEST_CASE("a service that ends at once is no started service, and its last words are told",
          "[actions][service]") {
  Service service;
  service.world.Write("app.log", "of an earlier life\n");
  service.resource =
      service.resource.With("command", Value::List{"ls", "/no/such/place"}).With("settle", "10s");
  const Outcome started = service.Do("start");
  REQUIRE_FALSE(started);
  const Failure& failure = started.failure();
  CHECK(failure.error.code == Code::kUnavailable);
  CHECK(failure.left == LeftBehind::kNothing);
  CHECK(failure.error.message.find("/no/such/place") != std::string::npos);
  REQUIRE(failure.evidence["log"].as_list().size() == 1);
}

TEST_CASE("a service that cannot be started is refused before anything is done",
          "[actions][service]") {
  Service service;
  const auto code_of = [&](std::string_view key, const Value& value) {
    const Value good = service.resource;
    service.resource = good.With(key, value);
    const Outcome outcome = service.Do("start");
    service.resource = good;
    REQUIRE_FALSE(outcome);
    return outcome.failure().error.code;
  };
  CHECK(code_of("command", Value::List{"/no/such/program"}) == Code::kNotFound);
  CHECK(code_of("command", Value(Value::List{})) == Code::kInvalidArgument);
  CHECK(code_of("settle", "soon") == Code::kInvalidArgument);
  CHECK(code_of("kind", "systemd") == Code::kInvalidArgument);
  CHECK(code_of("commando", "x") == Code::kInvalidArgument);
  CHECK(code_of("pid_file", "app.pid") == Code::kInvalidArgument);
  CHECK(code_of("pid_file", service.world.Path("none/app.pid")) == Code::kNotFound);
  service.world.policy.allowed_roots = {service.world.Path("other")};
  CHECK(code_of("name", "app") == Code::kPermissionDenied);
  CHECK(service.Processes().empty());
}

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

TEST_CASE("compensation brings a service back to what it was", "[actions][service]") {
  Service service;
  const auto compensate = [&](const std::string& verb) {
    const Action& action = service.world.Find("service." + verb);
    for (int time = 1; time <= 2; ++time) {
      const Outcome done =
          action.Compensate(service.world.MakeContext(service.Inputs(), service.world.undo), {});
      INFO(MessageOf(done));
      CHECK(done);
    }
  };
  REQUIRE(service.Do("stop"));  // it did not run
  compensate("stop");
  CHECK(service.Processes().empty());
  REQUIRE(service.Do("start"));
  compensate("start");
  CHECK(service.Processes().empty());
  REQUIRE(service.Do("restart"));
  compensate("restart");
  CHECK(service.Processes().empty());

  REQUIRE(service.Do("start"));
  REQUIRE(service.Do("start"));  // it ran
  compensate("start");
  CHECK(service.Processes().size() == 1);
  REQUIRE(service.Do("stop"));
  compensate("stop");
  CHECK(service.Processes().size() == 1);
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

TEST_CASE("a restart makes a new instance, also of a service that did not run",
          "[actions][service]") {
  Service service;
  const Outcome first = service.Do("restart");
  REQUIRE(first);
  const Outcome second = service.Do("restart");
  REQUIRE(second);
  CHECK(first.output()["instance"] != second.output()["instance"]);
  CHECK(second.output()["changed"] == Value(true));
  CHECK(service.Processes().size() == 1);
}

TEST_CASE("two that start a service at once start it once", "[actions][service]") {
  Service service;
  const Action& start = service.world.Find("service.start");
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < 4; ++number) {
      threads.emplace_back([&start, context = service.world.MakeContext(service.Inputs())] {
        if (!start.Apply(context)) std::abort();
      });
    }
  }
  CHECK(service.Processes().size() == 1);
}

#ifdef RECOURSE_FAIL_POINTS

TEST_CASE("a start that died anywhere is completed by the next one, with one instance",
          "[actions][service][crash]") {
  for (const std::string point :
       {"service_after_spawn", "service_after_pid_file", "service_after_start"}) {
    Service service;
    service.DieAt(point, "apply", "start");
    const Outcome started = service.Do("start");
    INFO(point << ": " << MessageOf(started));
    REQUIRE(started);
    const auto processes = service.Processes();
    REQUIRE(processes.size() == 1);
    CHECK(started.output()["pid"] == Value(std::int64_t{processes[0].pid}));
    REQUIRE(service.Do("stop"));
    CHECK(service.Processes().empty());
  }
}

TEST_CASE("a stop that died anywhere is completed by the next one", "[actions][service][crash]") {
  for (const std::string point : {"service_after_term", "service_after_end"}) {
    Service service;
    REQUIRE(service.Do("start"));
    service.DieAt(point, "apply", "stop");
    REQUIRE(service.Do("stop"));
    CHECK(service.Processes().empty());
  }
  Service service;
  service.StartStubborn("10ms");
  const Value resource_inputs = service.Inputs();
  const process::Program program{
      {RECOURSE_RUN_ACTION, "apply", "service.stop", ToJson(resource_inputs.With("kill", true))},
      {{"RECOURSE_FAIL_POINT", "service_after_kill"}},
      "/"};
  const auto died = process::RunChild(program, {}, service.world.MakeContext({}));
  REQUIRE(died);
  CHECK(died->signal == SIGKILL);
  CHECK(service.world.Do("service.stop", resource_inputs.With("kill", true)));
  CHECK(service.Processes().empty());
}

TEST_CASE("a restart that died anywhere restarts once", "[actions][service][crash]") {
  for (const std::string point : {"service_after_term", "service_after_end", "service_after_spawn",
                                  "service_after_pid_file", "service_after_start"}) {
    Service service;
    const Outcome started = service.Do("start");
    REQUIRE(started);
    service.world.undo = service.Prepare("restart");
    service.DieAt(point, "apply", "restart");
    const auto left = service.Processes();

    const Outcome restarted =
        service.world.Find("service.restart")
            .Apply(service.world.MakeContext(service.Inputs(), service.world.undo));
    INFO(point << ": " << MessageOf(restarted));
    REQUIRE(restarted);
    CHECK(restarted.output()["instance"] != started.output()["instance"]);
    CHECK(service.Processes().size() == 1);
    if (point == "service_after_start") CHECK(service.Processes() == left);
  }
}

TEST_CASE("a compensation that died anywhere is completed by the next one",
          "[actions][service][crash]") {
  for (const std::string point : {"service_after_spawn", "service_after_start"}) {
    Service service;
    REQUIRE(service.Do("start"));
    REQUIRE(service.Do("stop"));
    service.DieAt(point, "compensate", "stop");
    CHECK(service.world.Find("service.stop")
              .Compensate(service.world.MakeContext(service.Inputs(), service.world.undo), {}));
    CHECK(service.Processes().size() == 1);
  }
}

#endif  // RECOURSE_FAIL_POINTS

}  // namespace
}  // namespace recourse
