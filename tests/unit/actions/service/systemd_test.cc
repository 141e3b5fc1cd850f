#include <filesystem>

#include "tests/unit/actions/service/user_manager.h"

namespace recourse {
namespace {

using Catch::Matchers::Contains;
using testing::MessageOf;
using testing::NoUserManager;
using testing::UserManager;

// Whether the test must end here, because no manager can be had.
bool Skipped() {
  if (const std::string why = NoUserManager(); !why.empty()) {
    WARN("skipped: " + why);
    return true;
  }
  return false;
}

TEST_CASE("a unit is started once, found running, and stopped once",
          "[actions][service][systemd]") {
  if (Skipped()) return;
  UserManager systemd;
  const Outcome before = systemd.Do("status");
  INFO(MessageOf(before));
  REQUIRE(before);
  CHECK(before.output()["running"] == Value(false));
  CHECK(before.output()["state"] == Value("inactive (dead)"));

  const Outcome started = systemd.Do("start");
  INFO(MessageOf(started));
  REQUIRE(started);
  CHECK(started.output()["changed"] == Value(true));
  CHECK(started.output()["state"] == Value("active (running)"));
  CHECK(std::to_string(started.output().IntOr("pid", 0)) == systemd.Show("app", "MainPID"));
  CHECK(started.output()["instance"] == Value(systemd.Show("app", "InvocationID")));
  const Outcome again = systemd.Do("start");
  REQUIRE(again);
  CHECK(again.output() == started.output().With("changed", false));

  const Outcome restarted = systemd.Do("restart");
  INFO(MessageOf(restarted));
  REQUIRE(restarted);
  CHECK(restarted.output()["instance"] != started.output()["instance"]);
  CHECK(restarted.output()["running"] == Value(true));

  REQUIRE(systemd.Do("stop"));
  CHECK(systemd.Show("app", "ActiveState") == "inactive");
  const Outcome stopped_again = systemd.Do("stop");
  REQUIRE(stopped_again);
  CHECK(stopped_again.output()["changed"] == Value(false));
  CHECK(systemd.Undo("stop"));
  CHECK(systemd.Show("app", "ActiveState") == "inactive");
}

TEST_CASE("a rollback brings a unit and those that need it back to what they were",
          "[actions][service][systemd]") {
  if (Skipped()) return;
  UserManager systemd;
  systemd.Unit("web", "ExecStart=/usr/bin/sleep 100000\n",
               "Requires=app.service\nAfter=app.service\n");
  REQUIRE(systemd.Systemctl({"start", "web"}) == 0);
  REQUIRE(systemd.Do("stop"));
  CHECK(systemd.Show("web", "ActiveState") == "inactive");
  REQUIRE(systemd.Undo("stop"));
  CHECK(systemd.Show("app", "ActiveState") == "active");
  CHECK(systemd.Show("web", "ActiveState") == "active");

  REQUIRE(systemd.Do("restart"));
  CHECK(systemd.Show("web", "ActiveState") == "active");
  REQUIRE(systemd.Do("stop"));
  REQUIRE(systemd.Do("start"));
  REQUIRE(systemd.Undo("start"));
  CHECK(systemd.Show("app", "ActiveState") == "inactive");
}

TEST_CASE("a unit that does not last is no started one, and its last words are told",
          "[actions][service][systemd]") {
  if (Skipped()) return;
  UserManager systemd;
  systemd.resource = systemd.resource.With("settle", "5s");
  SECTION("it ends and stays so") {
    systemd.Unit("app", "ExecStart=/bin/sh -c 'echo no such database; exit 3'\n");
    const Outcome started = systemd.Do("start");
    REQUIRE_FALSE(started);
    CHECK(started.failure().error.code == Code::kUnavailable);
    CHECK(started.failure().left == LeftBehind::kNothing);
    CHECK_THAT(MessageOf(started), Contains("failed (failed), exit-code 3"));
    CHECK_THAT(MessageOf(started), Contains("no such database"));
    CHECK(started.failure().evidence["log"].as_list().back() == Value("no such database"));
  }
  SECTION("systemd starts it again and again") {
    systemd.Unit("app",
                 "ExecStart=/bin/sh -c 'echo no such database; exit 3'\nRestart=always\n"
                 "RestartSec=3600\n");
    const Outcome started = systemd.Do("start");
    REQUIRE_FALSE(started);
    CHECK(started.failure().left == LeftBehind::kPartial);
    CHECK_THAT(MessageOf(started), Contains("activating (auto-restart)"));
    CHECK_THAT(MessageOf(started), Contains("will start it again by itself"));
    const Outcome status = systemd.Do("status");
    REQUIRE(status);
    CHECK(status.output()["running"] == Value(false));

    // A unit that is about to be started again is stopped, and put back as the one that it was.
    REQUIRE(systemd.Do("stop"));
    CHECK(systemd.Show("app", "ActiveState") == "inactive");
    const Outcome undone = systemd.Undo("stop");
    INFO(MessageOf(undone));
    CHECK(undone);
    CHECK(systemd.Show("app", "SubState") == "auto-restart");
  }
  SECTION("it cannot be started at all") {
    systemd.Unit("app", "ExecStartPre=/bin/false\nExecStart=/usr/bin/sleep 100000\n");
    const Outcome started = systemd.Do("start");
    REQUIRE_FALSE(started);
    CHECK(started.failure().error.code == Code::kUnavailable);
    CHECK_THAT(MessageOf(started), Contains("Job for app.service failed"));
  }
  SECTION("what it needs cannot be started") {
    systemd.Unit("base", "Type=oneshot\nExecStart=/bin/false\n");
    systemd.Unit("app", "ExecStart=/usr/bin/sleep 100000\n",
                 "Requires=base.service\nAfter=base.service\n");
    const Outcome started = systemd.Do("start");
    REQUIRE_FALSE(started);
    CHECK_THAT(MessageOf(started), Contains("dependency"));
  }
}

TEST_CASE("a unit that was started too often may be started all the same",
          "[actions][service][systemd]") {
  if (Skipped()) return;
  UserManager systemd;
  systemd.Unit("app", "ExecStart=/bin/false\nRestart=always\nRestartSec=10ms\n",
               "StartLimitBurst=2\nStartLimitIntervalSec=1h\n");
  systemd.Systemctl({"start", "app"});
  systemd.Await([&] { return systemd.Show("app", "ActiveState") == "failed"; });
  REQUIRE(systemd.Systemctl({"start", "app"}) != 0);
  systemd.Unit("app", "ExecStart=/usr/bin/sleep 100000\n",
               "StartLimitBurst=2\nStartLimitIntervalSec=1h\n");
  const Outcome started = systemd.Do("start");
  INFO(MessageOf(started));
  CHECK(started);
  std::string log;
  for (const std::string& line : systemd.world.log) log += line + "\n";
  CHECK_THAT(log, Contains("reset-failed"));
}

TEST_CASE("a unit that must not or cannot be started is refused before anything is done",
          "[actions][service][systemd]") {
  if (Skipped()) return;
  UserManager systemd;
  const auto refused = [&](Code code, const std::string& what) {
    const Outcome started = systemd.Do("start");
    REQUIRE_FALSE(started);
    CHECK(started.failure().error.code == code);
    CHECK_THAT(MessageOf(started), Contains(what));
  };
  const Value good = systemd.resource;
  systemd.Unit("broken", "Type=simple\n");
  std::filesystem::create_symlink("/dev/null", systemd.world.Path("m/units/never.service"));
  REQUIRE(systemd.Systemctl({"daemon-reload"}) == 0);
  systemd.resource = good.With("unit", "never.service");
  refused(Code::kFailedPrecondition, "is masked");
  systemd.resource = good.With("unit", "broken.service");
  refused(Code::kFailedPrecondition, "cannot load broken.service (bad-setting)");
  systemd.resource = good.With("unit", "unknown.service");
  refused(Code::kNotFound, "knows no unit unknown.service");
  systemd.resource = good.With("unit", "app");
  refused(Code::kInvalidArgument, "whole name");
  systemd.resource = good.With("runtime_directory", systemd.world.Path("nobody"));
  refused(Code::kUnavailable, "does not answer");
  systemd.resource = good;
  systemd.world.policy.allowed_commands = {"nginx"};
  refused(Code::kPermissionDenied, "systemctl");
}

TEST_CASE("a unit that does not stop is told of, and killed only where that is allowed",
          "[actions][service][systemd]") {
  if (Skipped()) return;
  UserManager systemd;
  systemd.Unit("app",
               "Type=notify\nNotifyAccess=all\nTimeoutStopSec=1h\n"
               "ExecStart=/bin/sh -c 'trap \"\" TERM; systemd-notify --ready; "
               "while :; do sleep 1; done'\n");
  systemd.resource = systemd.resource.With("stop_timeout", "200ms");
  REQUIRE(systemd.Do("start"));
  const Outcome stopped = systemd.Do("stop");
  REQUIRE_FALSE(stopped);
  CHECK(stopped.failure().error.code == Code::kDeadlineExceeded);
  CHECK(stopped.failure().left == LeftBehind::kPartial);
  CHECK_THAT(MessageOf(stopped), Contains("deactivating"));
  const Outcome killed = systemd.world.Do("service.stop", systemd.Inputs().With("kill", true));
  INFO(MessageOf(killed));
  CHECK(killed);
  CHECK(systemd.Show("app", "MainPID") == "0");
}

TEST_CASE("a unit reloads where it has a way to, and runs on", "[actions][service][systemd]") {
  if (Skipped()) return;
  UserManager systemd;
  const Outcome idle = systemd.Do("reload");
  REQUIRE_FALSE(idle);
  CHECK_THAT(MessageOf(idle), Contains("there is nothing to reload"));
  const Outcome started = systemd.Do("start");
  REQUIRE(started);
  const Outcome refused = systemd.Do("reload");
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(MessageOf(refused), Contains("no ExecReload="));

  systemd.Unit("app", "ExecStart=/usr/bin/sleep 100000\nExecReload=/bin/sh -c 'echo read again'\n");
  const Outcome reloaded = systemd.Do("reload");
  INFO(MessageOf(reloaded));
  REQUIRE(reloaded);
  CHECK(reloaded.output()["instance"] == started.output()["instance"]);
  CHECK(systemd.world.Read("app.log") == "read again\n");

  systemd.Unit("app", "ExecStart=/usr/bin/sleep 100000\nExecReload=/bin/false\n");
  CHECK_FALSE(systemd.Do("reload"));
  systemd.Unit("app", "ExecStart=/usr/bin/sleep 100000\nExecReload=/bin/kill -HUP $MAINPID\n");
  const Outcome ended = systemd.Do("reload");
  REQUIRE_FALSE(ended);
  CHECK(ended.failure().left == LeftBehind::kPartial);
  CHECK_THAT(MessageOf(ended), Contains("has not kept running"));
}

TEST_CASE("what a unit has written is read from its journal, or from its file",
          "[actions][service][systemd]") {
  if (Skipped()) return;
  UserManager systemd;
  const auto lines = [&](const std::string& more) {
    auto extra = ParseJson(more);
    REQUIRE(extra);
    Value inputs = systemd.Inputs();
    for (const auto& [key, value] : extra->as_map()) inputs = inputs.With(key.as_string(), value);
    return systemd.world.Do("service.logs", inputs);
  };
  systemd.world.Write("app.log", "one\ntwo\nthree\n");
  const Outcome file = lines(R"({"lines": 2})");
  INFO(MessageOf(file));
  REQUIRE(file);
  CHECK(file.output()["lines"] == Value(Value::List{"two", "three"}));
  CHECK(file.output()["cut"] == Value(true));
  const Outcome no_times = lines(R"({"since": "1h"})");
  REQUIRE_FALSE(no_times);
  CHECK(no_times.failure().error.code == Code::kInvalidArgument);

  systemd.Unit("app",
               "ExecStart=/bin/sh -c 'echo begun; echo listening; exec sleep 100000'\n"
               "StandardOutput=journal\nStandardError=journal\n");
  systemd.resource = Value::Object({{"name", "app"},
                                    {"kind", "systemd"},
                                    {"unit", "app.service"},
                                    {"scope", "user"},
                                    {"runtime_directory", systemd.world.Path("m/xdg")},
                                    {"journal", systemd.world.Path("m/run/log/journal")}});
  REQUIRE(systemd.Do("start"));
  systemd.Await([&] {
    const Outcome all = lines(R"({"since": "1h"})");
    return all && all.output()["lines"].as_list().size() >= 2;
  });
  const Outcome journal = lines(R"({"lines": 1})");
  INFO(MessageOf(journal));
  REQUIRE(journal);
  CHECK(journal.output()["source"] == Value("the journal of app.service"));
  CHECK(journal.output()["cut"] == Value(true));
  CHECK_THAT(journal.output()["lines"].as_list().at(0).as_string(), Contains("]: listening"));
  systemd.resource = systemd.resource.With("journal", systemd.world.Path("none"));
  const Outcome none = lines("{}");
  REQUIRE_FALSE(none);
  CHECK(none.failure().error.code == Code::kFailedPrecondition);
}

#ifdef RECOURSE_FAIL_POINTS
TEST_CASE("what died while it waited for systemd is completed by the next",
          "[actions][service][systemd][crash]") {
  if (Skipped()) return;
  UserManager systemd;
  systemd.DieAt("service_after_told_start", "apply", "start");
  const Outcome started = systemd.Do("start");
  REQUIRE(started);
  CHECK(systemd.Show("app", "NRestarts") == "0");

  systemd.world.undo = systemd.Prepare("restart");
  systemd.DieAt("service_after_told_restart", "apply", "restart");
  systemd.Await([&] {
    return systemd.Show("app", "ActiveState") == "active" &&
           systemd.Show("app", "InvocationID") != started.output()["instance"].as_string();
  });
  const std::string instance = systemd.Show("app", "InvocationID");
  REQUIRE(systemd.world.Find("service.restart")
              .Apply(systemd.world.MakeContext(systemd.Inputs(), systemd.world.undo)));
  CHECK(systemd.Show("app", "InvocationID") == instance);

  systemd.world.undo = systemd.Prepare("stop");
  systemd.DieAt("service_after_told_stop", "apply", "stop");
  REQUIRE(systemd.Undo("stop"));
  CHECK(systemd.Show("app", "ActiveState") == "active");
}
#endif

}  // namespace
}  // namespace recourse
