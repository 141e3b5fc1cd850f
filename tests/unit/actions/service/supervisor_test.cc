#include <signal.h>

#include <memory>

#include "actions/service/supervisor_rpc.h"
#include "tests/integration/program.h"
#include "tests/unit/actions/service/service_actions.h"

namespace recourse {
namespace {

using Catch::Matchers::Contains;
using testing::MessageOf;

// A real supervisord with three programs: one that runs, one that does not, one that will not stop.
class RealSupervisor : public testing::ServiceActions {
 public:
  RealSupervisor() {
    const auto program = [&](const std::string& name, const std::string& more) {
      return "[program:" + name + "]\nautostart=false\nstartsecs=1\nstopwaitsecs=1000\n" +
             "stdout_logfile=" + world.Path(name + ".out") + "\n" +
             "stderr_logfile=" + world.Path(name + ".err") + "\n" + more;
    };
    world.Write("s.conf",
                "[unix_http_server]\nfile=" + world.Path("s.sock") +
                    "\n[supervisord]\nnodaemon=true\nlogfile=" + world.Path("s.log") +
                    "\npidfile=" + world.Path("s.pid") + "\nchildlogdir=" + world.Path("") +
                    "\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = "
                    "supervisor.rpcinterface:make_main_rpcinterface\n" +
                    program("app",
                            "command=/bin/sh -c 'trap \"echo read again\" HUP; echo begun; "
                            "echo \"<complaint>\" >&2; while :; do sleep 0.05; done'\n") +
                    program("bad",
                            "command=/bin/sh -c 'echo no such database; exit 3'\n"
                            "startretries=1\n") +
                    program("flapping", "command=/bin/sh -c 'test -e " + world.Path("up") +
                                            " || exit 3; while :; do sleep 0.05; done'\n"
                                            "startretries=20\n") +
                    program("stubborn",
                            "command=/bin/sh -c 'trap \"\" TERM; echo deaf; "
                            "while :; do sleep 0.05; done'\n"));
    daemon_ = std::make_unique<integration::Program>(
        std::vector<std::string>{"/usr/bin/supervisord", "-c", world.Path("s.conf")},
        world.Path("supervisord"));
    resource = Value::Object({{"name", "app"},
                              {"kind", "supervisor"},
                              {"socket", world.Path("s.sock")},
                              {"settle", "1s"}});
    integration::Eventually("supervisord answers", [&] { return Do("status").ok(); });
  }
  ~RealSupervisor() {
    for (const std::string name : {"stubborn"}) {
      resource = resource.With("process", name).With("stop_timeout", "0s");
      static_cast<void>(world.Do("service.stop", Inputs().With("kill", true)));
    }
    daemon_->Signal(SIGTERM);
    daemon_->WaitForEnd(std::chrono::seconds(20));
  }

 private:
  std::unique_ptr<integration::Program> daemon_;
};

TEST_CASE("a supervised process is started once, reloaded, and stopped once",
          "[actions][service][supervisor]") {
  RealSupervisor supervisor;
  const Outcome before = supervisor.Do("status");
  REQUIRE(before);
  CHECK(before.output()["state"] == Value("STOPPED"));
  const Outcome started = supervisor.Do("start");
  INFO(MessageOf(started));
  REQUIRE(started);
  CHECK(started.output()["changed"] == Value(true));
  CHECK(started.output()["state"] == Value("RUNNING"));
  const Outcome again = supervisor.Do("start");
  REQUIRE(again);
  CHECK(again.output() == started.output().With("changed", false));

  const Outcome refused = supervisor.Do("reload");
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kFailedPrecondition);
  supervisor.resource = supervisor.resource.With("reload_signal", "HUP");
  const Outcome reloaded = supervisor.Do("reload");
  INFO(MessageOf(reloaded));
  REQUIRE(reloaded);
  CHECK(reloaded.output()["instance"] == started.output()["instance"]);
  CHECK_THAT(supervisor.world.Read("app.out"), Contains("read again"));

  const Outcome logs = supervisor.world.Do("service.logs", supervisor.Inputs().With("lines", 10));
  INFO(MessageOf(logs));
  REQUIRE(logs);
  CHECK(logs.output()["lines"] ==
        Value(Value::List{"[stderr] <complaint>", "[stdout] begun", "[stdout] read again"}));
  CHECK_FALSE(supervisor.world.Do("service.logs", supervisor.Inputs().With("since", "1h")));

  const Outcome restarted = supervisor.Do("restart");
  INFO(MessageOf(restarted));
  REQUIRE(restarted);
  CHECK(restarted.output()["instance"] != started.output()["instance"]);
  REQUIRE(supervisor.Do("stop"));
  const Outcome stopped_again = supervisor.Do("stop");
  REQUIRE(stopped_again);
  CHECK(stopped_again.output()["changed"] == Value(false));
  REQUIRE(supervisor.Do("start"));
  REQUIRE(supervisor.Undo("start"));
  CHECK(supervisor.Do("status").output()["running"] == Value(false));
}

TEST_CASE("a supervised process that is given up is no started one",
          "[actions][service][supervisor]") {
  RealSupervisor supervisor;
  supervisor.resource = supervisor.resource.With("process", "bad");
  const Outcome started = supervisor.Do("start");
  REQUIRE_FALSE(started);
  CHECK(started.failure().error.code == Code::kUnavailable);
  CHECK(started.failure().left == LeftBehind::kNothing);
  CHECK_THAT(MessageOf(started), Contains("supervisord calls it FATAL"));
  CHECK_THAT(MessageOf(started), Contains("no such database"));
}

TEST_CASE(
    "a supervised process that waits for its next start runs, and is started again by a rollback",
    "[actions][service][supervisor]") {
  RealSupervisor supervisor;
  supervisor.resource = supervisor.resource.With("process", "flapping");
  const service::SupervisorRpc rpc(supervisor.world.Path("s.sock"));
  REQUIRE(rpc.Call(supervisor.world.MakeContext({}), "startProcess", {"flapping", false}));
  const auto state = [&] { return supervisor.Do("status").output()["state"].as_string(); };
  supervisor.Await([&] { return state().starts_with("BACKOFF"); });
  const Outcome stopped = supervisor.Do("stop");
  INFO(MessageOf(stopped));
  REQUIRE(stopped);
  const Value undo = supervisor.world.undo;
  CHECK(undo["running"] == Value(true));
  CHECK(undo["unsettled"] == Value(true));
  CHECK_THAT(state(), Catch::StartsWith("STOPPED"));
  supervisor.world.undo = undo;
  supervisor.world.Write("up", "");
  const Outcome undone = supervisor.Undo("stop", stopped.output());
  INFO(MessageOf(undone));
  REQUIRE(undone);
  CHECK(state() == "RUNNING");
}

TEST_CASE("a supervised process that does not stop is killed only where that is allowed",
          "[actions][service][supervisor]") {
  RealSupervisor supervisor;
  supervisor.resource =
      supervisor.resource.With("process", "stubborn").With("stop_timeout", "300ms");
  REQUIRE(supervisor.Do("start"));
  const Outcome stopped = supervisor.Do("stop");
  REQUIRE_FALSE(stopped);
  CHECK(stopped.failure().error.code == Code::kDeadlineExceeded);
  CHECK_THAT(MessageOf(stopped), Contains("STOPPING"));
  const Outcome killed =
      supervisor.world.Do("service.stop", supervisor.Inputs().With("kill", true));
  INFO(MessageOf(killed));
  CHECK(killed);
}

TEST_CASE("what supervisord does not know, or nobody who answers, is told",
          "[actions][service][supervisor]") {
  RealSupervisor supervisor;
  const Value good = supervisor.resource;
  const auto refused = [&](Code code, const std::string& what) {
    const Outcome status = supervisor.Do("status");
    REQUIRE_FALSE(status);
    CHECK(status.failure().error.code == code);
    CHECK_THAT(MessageOf(status), Contains(what));
  };
  supervisor.resource = good.With("process", "unknown");
  refused(Code::kNotFound, "BAD_NAME: unknown");
  supervisor.resource = good.With("socket", supervisor.world.Path("none.sock"));
  refused(Code::kUnavailable, "none.sock");
  supervisor.resource = good;
  supervisor.world.policy.allowed_roots = {"/var/lib"};
  refused(Code::kPermissionDenied, "s.sock");
}

#ifdef RECOURSE_FAIL_POINTS
TEST_CASE("what died while it waited for supervisord is completed by the next",
          "[actions][service][supervisor][crash]") {
  RealSupervisor supervisor;
  supervisor.DieAt("service_after_told_start", "apply", "start");
  const Outcome started = supervisor.Do("start");
  INFO(MessageOf(started));
  REQUIRE(started);
  supervisor.world.undo = supervisor.Prepare("restart");
  supervisor.DieAt("service_after_told_stop", "apply", "restart");
  const Outcome restarted =
      supervisor.world.Find("service.restart")
          .Apply(supervisor.world.MakeContext(supervisor.Inputs(), supervisor.world.undo));
  INFO(MessageOf(restarted));
  REQUIRE(restarted);
  CHECK(restarted.output()["instance"] != started.output()["instance"]);
}
#endif

}  // namespace
}  // namespace recourse
