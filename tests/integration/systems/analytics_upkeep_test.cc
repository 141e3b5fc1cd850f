// A-1 to A-3, A-7 to A-9: what is done to health analytics every hour, day, week and month, on
// real parts.
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <ctime>
#include <filesystem>

#include "engine/base/json.h"
#include "tests/integration/systems/analytics.h"

namespace recourse::integration {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

std::string At(std::time_t time, const char* format) {
  std::tm utc = {};
  gmtime_r(&time, &utc);
  char text[64];
  REQUIRE(std::strftime(text, sizeof text, format, &utc) > 0);
  return text;
}

// A window that has opened at the last full hour, and closes in so many minutes.
std::string WindowFor(int minutes) {
  const std::time_t now = std::time(nullptr);
  return "window: {cron: 0 " + At(now, "%H") +
         " * * *, duration: " + std::to_string(now % 3600 / 60 + minutes) + "m}\n";
}

// A script that speaks the protocol of process.script: it writes the version beside the
// application, and can take that back. With a file `broken` beside it, it fails after its work;
// with `breaks`, the application does not come up on what it has done.
constexpr const char* kUpdate = R"sh(#!/bin/sh
cd "$(dirname "$0")" || exit 1
for phase in "$@"; do :; done
case $phase in
  describe) echo '{"phases": ["plan", "prepare", "apply", "probe", "compensate"]}' ;;
  plan) echo '{"lines": ["update to version 2"]}' ;;
  prepare) echo '{"undo": "version.old"}' ;;
  apply)
    [ -e version.old ] || cp -p version version.old
    echo 2 > version.new && mv version.new version
    if [ -e breaks ]; then cp -p .env env.old && echo BROKEN=yes > .env; fi
    if [ -e broken ]; then
      echo '{"error": {"code": "INTERNAL", "message": "no such package", "left": "partial"}}'
      exit 1
    fi
    echo '{"output": {"version": 2}}' ;;
  probe)
    if [ "$(cat version)" = 2 ]; then
      echo '{"verdict": "applied", "output": {"version": 2}}'
    else
      echo '{"verdict": "not_applied"}'
    fi ;;
  compensate)
    [ -e version.old ] && mv version.old version
    [ -e env.old ] && mv env.old .env
    echo '{}' ;;
esac
)sh";

std::string WriteUpdate(System& system, const Analytics& analytics) {
  const std::string script = analytics.Write("app/update", kUpdate);
  REQUIRE(chmod(script.c_str(), 0755) == 0);
  analytics.Write("app/version", "1\n");
  system.allowed_commands.push_back(script);
  return "update: {program: " + script + "}\n";
}

}  // namespace

TEST_CASE("the daily check tells that Redis is gone beside all that is well",
          "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  RedisServer redis(system / "redis");
  fs::create_directories(system / "mail");
  const MailServer mail(system / "mail");
  system.WriteMailChannel(mail);
  analytics.WriteTarget(Analytics::CacheResource(redis) + "memory: {fail: {used_percent: 100}}\n");
  system.StartServer();
  system.StartServices("analytics");
  REQUIRE(system.EndOf(system.StartRun("backup", "analytics")) == "SUCCEEDED");
  const Picture before = analytics.Look();
  const std::string well = system.StartRun("health-check", "analytics");
  CHECK(system.EndOf(well) == "SUCCEEDED");

  redis.Stop();
  const bool killed = system.ArmKill("after_apply:3");
  const std::string run = system.StartRun("health-check", "analytics", {"channel=ops-mail"});
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "FAILED");
  CHECK_THAT(mail.MailWith({"FAILED  cache"}), Contains("service app runs"));
  CHECK(Difference(before, analytics.Look()) == "");
}

TEST_CASE("the hourly measurements are numbers, and a cache that is gone is told",
          "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  RedisServer redis(system / "redis");
  fs::create_directories(system / "mail");
  const MailServer mail(system / "mail");
  system.WriteMailChannel(mail);
  fs::create_directories(system / "nginx");
  const NginxServer nginx(system / "nginx", analytics.port());
  analytics.WriteTarget(Analytics::CacheResource(redis) + "page: {url: \"http://127.0.0.1:" +
                        std::to_string(nginx.port()) + "/nginx-version\"}\n");
  system.StartServer();
  // It is the page that is timed: it answers, and the application behind the health endpoint does
  // not.
  CHECK(system.EndOf(system.StartRun("metrics-check", "analytics")) == "SUCCEEDED");
  system.StartServices("analytics");
  const Picture before = analytics.Look();
  const std::string run = system.StartRun("metrics-check", "analytics");
  CHECK(system.EndOf(run) == "SUCCEEDED");
  const std::string facts = system.TimelineOf(run) + ToJson(system.OutputsOf(run));
  for (const char* fact : {"response: ", "connections: 0", "database: ", "too few requests"}) {
    CHECK_THAT(facts, Contains(fact));
  }
  redis.Stop();
  const bool killed = system.ArmKill("after_apply:2");
  const std::string gone =
      system.StartRun("metrics-check", "analytics", {"channel=ops-mail", "database_bytes_max=1"});
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(gone) == "FAILED");
  CHECK_THAT(mail.MailWith({"FAILED  cache"}), Contains("warning "));
  CHECK(Difference(before, analytics.Look()) == "");
}

TEST_CASE("the review counts the lines of the last day, and names what comes most often",
          "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  fs::create_directories(system / "mail");
  const MailServer mail(system / "mail");
  system.WriteMailChannel(mail);
  const std::time_t now = std::time(nullptr);
  const std::string today = At(now - 60, "%Y-%m-%dT%H:%M:%SZ ");
  analytics.Write("app/logs/ahgd.log", At(now - 3 * 86'400, "%Y-%m-%dT%H:%M:%SZ ") +
                                           "ERROR long ago\n" + today + "ERROR no row 17\n" +
                                           today + "ERROR no row 18\n" + today + "WARNING late\n" +
                                           today + "INFO SLOW QUERY of 3 s\n");
  const Picture before = Picture::Of(analytics / "app");
  const bool killed = system.ArmKill("after_apply:2");  // of the report
  if (!killed) system.StartServer();
  const std::string run = system.StartRun("log-review", "analytics", {"channel=ops-mail"});
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  const Value counts = system.OutputsOf(run)["counts"];
  CHECK(counts.IntOr("error", 0) == 2);
  CHECK(counts.IntOr("warning", 0) == 1);
  CHECK(counts.IntOr("performance", 0) == 1);
  CHECK_THAT(mail.MailWith({"2 errors, 1 warnings"}), Contains("2 x "));
  CHECK(Difference(before, Picture::Of(analytics / "app")) == "");
  fs::remove(analytics / "app/logs/ahgd.log");
  CHECK(system.EndOf(system.StartRun("log-review", "analytics")) == "FAILED");
}

TEST_CASE("the maintenance updates inside its window, also when the server dies in the update",
          "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  analytics.WriteTarget(WindowFor(110) + WriteUpdate(system, analytics) +
                        "log_rotation: {paths: [" + (analytics / "app/logs/*.log") +
                        "], keep_days: 30}\n");
  analytics.Write("app/logs/ahgd.log", "a line\n");
  fs::remove(analytics / "current");
  fs::create_directory_symlink("releases/1", analytics / "current");
  system.StartServer();
  system.StartServices("analytics");
  const std::string rows = analytics.Rows();
  const bool killed = system.ArmKill("script_after_apply");
  const std::string run =
      system.StartRun("maintenance-window", "analytics", {"release=" + (analytics / "releases/2")});
  CHECK_THAT(system.Approve(run), Contains("update to version 2"));
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(analytics.Read("app/version") == "2\n");
  CHECK(analytics.Current() == analytics / "releases/2");
  CHECK(analytics.Rows() == rows);
  CHECK(analytics.Answers());
  CHECK(NamesIn(analytics / "app/logs").size() == 1);
  CHECK(Analytics::RowsOf(system.OutputsOf(run)["backup"].as_string()) == rows);
}

TEST_CASE(
    "a maintenance whose update fails, whose window closes, or whose release does not come up "
    "leaves the system as it was",
    "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  const std::string update = WriteUpdate(system, analytics);
  analytics.WriteTarget(WindowFor(110) + update);
  fs::remove(analytics / "current");
  fs::create_directory_symlink("releases/1", analytics / "current");
  analytics.BreakRelease(2);
  std::vector<std::string> inputs;
  std::string says;
  bool dies = false;

  SECTION("the update fails, and the server dies while the database is put back") {
    analytics.Write("app/broken", "");
    says = "no such package";
    dies = true;
  }
  SECTION("the window closes in the middle") {
    // There is time to stop and to back up, and not for an update that is expected to take 10 min.
    analytics.WriteTarget(WindowFor(9) + update);
    says = "window";
  }
  SECTION("the new release does not come up") {
    inputs = {"release=" + (analytics / "releases/2")};
    says = "start";
  }
  system.StartServer();
  system.StartServices("analytics");
  const Picture before = analytics.Look();
  const bool killed = dies && system.ArmKill("restore_undo_before_put_back");
  const std::string run = system.StartRun("maintenance-window", "analytics", inputs);
  system.Approve(run);
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "ROLLED_BACK");
  CHECK_THAT(system.TimelineOf(run), Contains(says));
  CHECK(Difference(before, analytics.Look()) == "");
  CHECK(NamesIn(analytics / "backups").size() == 2);  // the good backup stays, with its manifest
}

TEST_CASE("the weekly maintenance of the database gives its free pages back",
          "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  system.StartServer();
  system.StartServices("analytics");
  Sql(analytics.database,
      "CREATE TABLE bulk (x); INSERT INTO bulk VALUES (zeroblob(1000000)); DROP TABLE bulk;");
  const std::string rows = analytics.Rows();
  const bool killed = system.ArmKill("after_apply:3");  // of the vacuum
  const std::string run = system.StartRun("database-maintenance", "analytics");
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  const Value outputs = system.OutputsOf(run);
  CHECK(outputs.IntOr("bytes_after", 0) < outputs.IntOr("bytes_before", 0));
  CHECK(analytics.Rows() == rows);
  analytics.Damage();
  const Picture before = analytics.Look();
  CHECK(system.EndOf(system.StartRun("database-maintenance", "analytics")) == "FAILED");
  CHECK(Difference(before, analytics.Look()) == "");
}

TEST_CASE(
    "security updates are shown, approved and applied, and taken back when the application "
    "does not answer",
    "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  const std::string update = WriteUpdate(system, analytics);
  const std::string script = analytics / "app/update";
  system.allowed_commands.push_back("/bin/echo");
  analytics.WriteTarget(
      "packages: {list: {arguments: [/bin/echo, openssl 3.0.17]}, apply: {program: " + script +
          "}, scan: {arguments: [/bin/echo, nothing found]}}\n",
      "500ms");
  system.StartServer();
  system.StartServices("analytics");
  const Picture before = analytics.Look();
  const std::string rejected = system.StartRun("security-updates", "analytics");
  CHECK_THAT(system.Reject(rejected, "commander"), Contains("openssl 3.0.17"));
  CHECK(system.EndOf(rejected) == "ROLLED_BACK");
  CHECK(Difference(before, analytics.Look()) == "");

  analytics.Write("app/breaks", "");
  const Picture well = analytics.Look();
  const std::string worse = system.StartRun("security-updates", "analytics");
  system.Approve(worse, "commander");
  CHECK(system.EndOf(worse) == "ROLLED_BACK");
  CHECK(Difference(well, analytics.Look()) == "");
  CHECK(analytics.Answers());

  fs::remove(analytics / "app/breaks");
  const bool killed = system.ArmKill("script_after_apply");
  const std::string run = system.StartRun("security-updates", "analytics");
  system.Approve(run, "commander");
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(analytics.Read("app/version") == "2\n");
  CHECK_THAT(system.OutputsOf(run)["scan"].as_string(), Contains("nothing found"));
}

}  // namespace recourse::integration
