#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "tests/integration/program.h"
#include "tests/unit/actions/service/service_actions.h"

namespace recourse {
namespace {

using Catch::Matchers::Contains;
using testing::MessageOf;

// Debian's packages: podman runc busybox-static.
std::string NoPodman() {
  if (geteuid() != 0) return "only root can run podman as this test does";
  for (const char* program : {"/usr/bin/podman", "/usr/sbin/runc", "/bin/busybox"}) {
    if (access(program, X_OK) != 0) {
      return std::string(program) + " is not there; install podman, runc and busybox-static";
    }
  }
  return "";
}

// podman's API, with a storage of its own and an image made of busybox.
class Podman : public testing::ServiceActions {
 public:
  Podman() {
    std::filesystem::create_directories(world.Path("image/bin"));
    std::filesystem::copy_file("/bin/busybox", world.Path("image/bin/busybox"));
    std::filesystem::create_symlink("busybox", world.Path("image/bin/sh"));
    std::filesystem::create_symlink("busybox", world.Path("image/bin/sleep"));
    usable_ =
        Command({"/bin/tar", "-C", world.Path("image"), "-cf", world.Path("i.tar"), "."}) == 0 &&
        Tell({"import", "-q", world.Path("i.tar"), "local/test:1"}) == 0;
    if (!usable_) return;
    api_ = std::make_unique<integration::Program>(
        All({"system", "service", "-t", "0", "unix://" + world.Path("p.sock")}), world.Path("api"));
    integration::Eventually("podman's API answers",
                            [&] { return std::filesystem::exists(world.Path("p.sock")); });
    resource = Value::Object({{"name", "app"},
                              {"kind", "compose"},
                              {"socket", world.Path("p.sock")},
                              {"project", "health"},
                              {"settle", "300ms"}});
  }
  ~Podman() {
    if (usable_) {
      Tell({"rm", "-f", "-a", "-t", "0"});
      api_->Signal(SIGTERM);
      api_->WaitForEnd(std::chrono::seconds(10));
    }
    Command({"/bin/sh", "-c", "umount " + world.Path("st") + "/overlay 2>/dev/null; true"});
  }

  // Whether podman can do anything on this machine.
  bool usable() const { return usable_; }

  // Makes a container of the service, as compose would, without starting it.
  void Create(const std::string& name, const std::string& script) {
    REQUIRE(
        Tell({"create", "--name", name, "--network=none", "--log-driver=k8s-file",
              "--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000",
              "--label=com.docker.compose.project=health", "--label=com.docker.compose.service=app",
              "local/test:1", "/bin/sh", "-c", script}) == 0);
  }

  int Tell(const std::vector<std::string>& words) const { return Command(All(words)); }

  // Starts and runs until TERM, as a service should.
  static std::string Good() {
    return "trap 'echo bye; exit 0' TERM; trap 'echo read again' HUP; echo begun; echo oops >&2; "
           "while :; do sleep 0.05; done";
  }

 private:
  std::vector<std::string> All(std::vector<std::string> words) const {
    words.insert(words.begin(),
                 {"/usr/bin/podman", "--root", world.Path("st"), "--runroot", world.Path("rr"),
                  "--tmpdir", world.Path("t"), "--storage-driver=vfs", "--runtime",
                  "/usr/sbin/runc", "--cgroup-manager=cgroupfs", "--events-backend=file"});
    return words;
  }
  int Command(const std::vector<std::string>& arguments) const {
    const auto done = integration::Run(arguments, world.Path("command"));
    INFO(done.err);
    return done.code;
  }

  bool usable_ = false;
  std::unique_ptr<integration::Program> api_;
};

bool Skipped(const std::string& why) {
  if (!why.empty()) WARN("skipped: " + why);
  return !why.empty();
}

TEST_CASE("a compose service is started once, reloaded, and stopped once",
          "[actions][service][containers]") {
  if (Skipped(NoPodman())) return;
  Podman podman;
  if (Skipped(podman.usable() ? "" : "podman cannot work on this machine")) return;
  const Outcome none = podman.Do("status");
  REQUIRE_FALSE(none);
  CHECK(none.failure().error.code == Code::kNotFound);
  CHECK_THAT(MessageOf(none), Contains("docker compose up"));

  podman.Create("health_app_1", Podman::Good());
  const Outcome before = podman.Do("status");
  INFO(MessageOf(before));
  REQUIRE(before);
  CHECK(before.output()["running"] == Value(false));
  CHECK(before.output()["state"] == Value("created"));
  const Outcome started = podman.Do("start");
  INFO(MessageOf(started));
  REQUIRE(started);
  CHECK(started.output()["state"] == Value("running"));
  CHECK(started.output()["changed"] == Value(true));
  const Outcome again = podman.Do("start");
  REQUIRE(again);
  CHECK(again.output() == started.output().With("changed", false));

  CHECK_FALSE(podman.Do("reload"));
  podman.resource = podman.resource.With("reload_signal", "HUP");
  const Outcome reloaded = podman.Do("reload");
  INFO(MessageOf(reloaded));
  REQUIRE(reloaded);
  CHECK(reloaded.output()["instance"] == started.output()["instance"]);
  const Outcome logs = podman.world.Do("service.logs", podman.Inputs().With("lines", 2));
  INFO(MessageOf(logs));
  REQUIRE(logs);
  CHECK(logs.output()["lines"] == Value(Value::List{"oops", "read again"}));
  CHECK(logs.output()["cut"] == Value(true));

  const Outcome restarted = podman.Do("restart");
  INFO(MessageOf(restarted));
  REQUIRE(restarted);
  CHECK(restarted.output()["instance"] != started.output()["instance"]);
  const Outcome stopped = podman.Do("stop");
  INFO(MessageOf(stopped));
  REQUIRE(stopped);
  CHECK(stopped.output()["state"] == Value("exited (0)"));
  REQUIRE(podman.Undo("stop"));
  CHECK(podman.Do("status").output()["running"] == Value(true));
}

TEST_CASE("a container that does not last is no started service",
          "[actions][service][containers]") {
  if (Skipped(NoPodman())) return;
  Podman podman;
  if (Skipped(podman.usable() ? "" : "podman cannot work on this machine")) return;
  podman.Create("health_app_1", "echo no such database; exit 3");
  const Outcome started = podman.Do("start");
  REQUIRE_FALSE(started);
  CHECK(started.failure().error.code == Code::kUnavailable);
  CHECK(started.failure().left == LeftBehind::kNothing);
  CHECK_THAT(MessageOf(started), Contains("exited (3)"));
  CHECK_THAT(MessageOf(started), Contains("no such database"));
}

TEST_CASE("of several containers, a rollback leaves those running that ran",
          "[actions][service][containers]") {
  if (Skipped(NoPodman())) return;
  Podman podman;
  if (Skipped(podman.usable() ? "" : "podman cannot work on this machine")) return;
  podman.Create("health_app_1", Podman::Good());
  podman.Create("health_app_2", Podman::Good());
  REQUIRE(podman.Tell({"start", "health_app_2"}) == 0);
  const Outcome status = podman.Do("status");
  REQUIRE(status);
  CHECK(status.output()["state"] == Value("health_app_1 created; health_app_2 running"));
  const auto state = [&] { return podman.Do("status").output()["state"]; };

  REQUIRE(podman.Do("stop"));
  const Outcome undone = podman.Undo("stop");
  INFO(MessageOf(undone));
  REQUIRE(undone);
  CHECK(state() == Value("health_app_1 created; health_app_2 running"));
  REQUIRE(podman.Do("start"));
  const Value before_start = podman.world.undo;
  CHECK(state() == Value("health_app_1 running; health_app_2 running"));
  podman.world.undo = before_start;
  REQUIRE(podman.Undo("start"));
  podman.Await([&] { return state() == Value("health_app_1 exited (0); health_app_2 running"); });
}

TEST_CASE("a container that does not stop is killed only where that is allowed",
          "[actions][service][containers]") {
  if (Skipped(NoPodman())) return;
  Podman podman;
  if (Skipped(podman.usable() ? "" : "podman cannot work on this machine")) return;
  podman.Create("health_app_1", "trap '' TERM; echo deaf; while :; do sleep 0.05; done");
  podman.resource = podman.resource.With("stop_timeout", "300ms");
  REQUIRE(podman.Do("start"));
  podman.Await([&] { return !podman.Do("logs").output()["lines"].as_list().empty(); });
  const Outcome stopped = podman.Do("stop");
  REQUIRE_FALSE(stopped);
  CHECK(stopped.failure().error.code == Code::kDeadlineExceeded);
  CHECK(podman.world.Do("service.stop", podman.Inputs().With("kill", true)));
}

}  // namespace
}  // namespace recourse
