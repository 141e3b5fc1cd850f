#include <sys/stat.h>

#include "tests/unit/actions/service/service_world.h"

namespace recourse {
namespace {

using namespace std::chrono_literals;
using service::Identity;
using service::IdentityOf;
using testing::MessageOf;
using testing::Service;

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

TEST_CASE("a service comes back as the user that it had", "[actions][service]") {
  if (geteuid() != 0) {
    WARN("only root can start a service as another user");
    return;
  }
  Service service;
  const Value as_root = service.resource;
  const Value as_nobody = as_root.With("user", "nobody").With("group", "65534");
  service.resource = as_nobody;
  const auto user = [&] { return service::UserOf(service.Processes().at(0).pid); };
  REQUIRE(service.Do("start"));
  CHECK(user() == 65534);
  const auto status =
      ReadFile("/proc/" + std::to_string(service.Processes().at(0).pid) + "/status", 65536);
  REQUIRE(status);
  CHECK_THAT(*status, Catch::Contains("\nGid:\t65534\t65534\t65534\t65534\n"));
  CHECK_THAT(*status, Catch::Contains("\nGroups:\t65534 \n"));
  REQUIRE(service.Do("restart"));
  CHECK(user() == 65534);

  // A target that does not say so would make it root's.
  service.resource = as_root;
  const auto processes = service.Processes();
  for (const char* verb : {"stop", "restart"}) {
    const Outcome refused = service.Do(verb);
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().error.code == Code::kFailedPrecondition);
    CHECK_THAT(refused.failure().error.message, Catch::Contains("nobody"));
  }
  CHECK(service.Processes() == processes);
  service.resource = as_nobody.With("user", "nobody-of-that-name");
  CHECK_FALSE(service.Do("start"));
  service.resource = as_nobody;
  REQUIRE(service.Do("stop"));
}

TEST_CASE("a service's log is a file, and nothing that leads elsewhere", "[actions][service]") {
  Service service;
  const std::string log = service.world.Path("app.log");
  SECTION("not a link") {
    service.world.Write("precious", "of somebody else\n");
    std::filesystem::create_symlink(service.world.Path("precious"), log);
  }
  SECTION("not a pipe, which would keep the start waiting") {
    REQUIRE(mkfifo(log.c_str(), 0600) == 0);
  }
  const Outcome started = service.Do("start");
  REQUIRE_FALSE(started);
  CHECK(started.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(started.failure().error.message, Catch::Contains(log));
  CHECK_FALSE(std::filesystem::exists(service.world.Path("app.pid")));
}

TEST_CASE("a service's pid file and its lock are written through no link", "[actions][service]") {
  Service service;
  const std::string precious = service.world.Write("precious", "4000000");
  SECTION("in the place of the lock") {
    std::filesystem::create_symlink(precious, service.world.Path("app.pid.lock"));
    const Outcome started = service.Do("start");
    REQUIRE_FALSE(started);
    CHECK(started.failure().error.code == Code::kFailedPrecondition);
    CHECK_THAT(started.failure().error.message, Catch::Contains("app.pid.lock is a symbolic link"));
  }
  SECTION("in the place of the pid file") {
    std::filesystem::create_symlink(precious, service.world.Path("app.pid"));
    REQUIRE(service.Do("start"));
    CHECK_FALSE(std::filesystem::is_symlink(service.world.Path("app.pid")));
  }
  CHECK(service.world.Read("precious") == "4000000");
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

}  // namespace
}  // namespace recourse
