// A-7 (nginx), A-12, A-13: archives of health analytics, its recovery, and its nginx, on real
// parts.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>

#include "engine/base/file.h"
#include "tests/integration/systems/analytics.h"

namespace recourse::integration {

namespace fs = std::filesystem;
using Catch::Contains;

TEST_CASE("configuration and data are archived for their owner alone, and old archives go",
          "[integration][analytics]") {
  const char* point = GENERATE("place_after_rename", "rotate_after_remove");
  System system;
  const Analytics analytics(system);
  const std::string old = analytics.Write("backups/configuration_20200101_000000.tar.gz", "old");
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(31 * 24));
  const bool killed = system.ArmKill(point);
  if (!killed) system.StartServer();
  const Picture before = analytics.Look();
  const std::string run = system.StartRun("archive-files", "analytics");
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  const std::string archive = system.OutputsOf(run)["archive"].as_string();
  struct stat facts = {};
  REQUIRE(stat(archive.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 07777) == 0600);
  CHECK(fs::canonical(analytics / "backups/configuration_latest.tar.gz") == fs::canonical(archive));
  CHECK_FALSE(fs::exists(old));
  const std::string data = system.StartRun("archive-files", "analytics", {"what=data"});
  CHECK(system.EndOf(data) == "SUCCEEDED");

  CHECK(Difference(before, analytics.Look()) == "");

  const Picture backups = Picture::Of(analytics / "backups");
  fs::remove(analytics / "app/logging.conf");
  const Picture incomplete = analytics.Look();
  CHECK(system.EndOf(system.StartRun("archive-files", "analytics")) == "ROLLED_BACK");
  const Finished unknown =
      system.Recourse({"start", "archive-files", "--target", "analytics", "--input", "what=x"});
  CHECK(unknown.code == 4);
  CHECK(unknown.err.find("inputs.what: \"x\" does not fit") != std::string::npos);
  CHECK(Difference(backups, Picture::Of(analytics / "backups")) == "");
  CHECK(Difference(incomplete, analytics.Look()) == "");
}

TEST_CASE(
    "database and configuration come back together, also when the server dies in the restore, "
    "and a file that is not whole is never chosen",
    "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  RedisServer redis(system / "redis");
  analytics.WriteTarget(Analytics::CacheResource(redis));
  system.StartServer();
  system.StartServices("analytics");
  REQUIRE(system.EndOf(system.StartRun("backup", "analytics")) == "SUCCEEDED");
  REQUIRE(system.EndOf(system.StartRun("archive-files", "analytics")) == "SUCCEEDED");
  const std::string rows = analytics.Rows();
  const std::string environment = analytics.Read("app/.env");
  analytics.Write("backups/health_analytics_20991231_235959.db", "SQLite format 3 ... unfinished");
  Sql(analytics.database, "DELETE FROM metrics WHERE value > 100");
  analytics.Write("app/.env", "BROKEN=yes\n");
  redis.Ask({"MSET", "ahgd:1", "of rows that are gone", "other", "c"});

  const bool killed = system.ArmKill("restore_after_rename");
  const std::string run = system.StartRun("full-system-recovery", "analytics");
  CHECK_THAT(system.Approve(run), Contains("logging.conf"));
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(analytics.Rows() == rows);
  CHECK(analytics.Read("app/.env") == environment);
  CHECK(redis.Keys() == "other=c");
  CHECK(analytics.Answers());
  for (const auto& entry : fs::directory_iterator(analytics / "backups")) {
    CHECK_THAT(entry.path().string(), !Contains(".recovery-"));
  }
}

TEST_CASE(
    "a full recovery whose configuration cannot be put in place, or that is rejected, leaves "
    "the system as it was",
    "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  RedisServer redis(system / "redis");
  analytics.WriteTarget(Analytics::CacheResource(redis));
  system.StartServer();
  system.StartServices("analytics");
  redis.Ask({"MSET", "ahgd:1", "a", "other", "c"});
  REQUIRE(system.EndOf(system.StartRun("backup", "analytics")) == "SUCCEEDED");
  REQUIRE(system.EndOf(system.StartRun("archive-files", "analytics")) == "SUCCEEDED");
  const auto look = [&] { return analytics.Look().With("keys", redis.Keys()); };
  const Picture before = look();
  const std::string rejected = system.StartRun("full-system-recovery", "analytics");
  system.Reject(rejected);
  CHECK(system.EndOf(rejected) == "ROLLED_BACK");
  CHECK(Difference(before, look()) == "");

  const bool killed = system.ArmKill("restore_undo_before_put_back");
  const std::string run = system.StartRun("full-system-recovery", "analytics");
  CHECK(system.StandsAt(run) == "confirm");
  // What was unpacked goes away under the run, as by a disk that is emptied by hand.
  for (const auto& entry : fs::directory_iterator(analytics / "backups")) {
    const std::string path = entry.path();
    if (path.find(".recovery-") != std::string::npos) fs::remove(path + "/logging.conf");
  }
  system.Approve(run);
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "ROLLED_BACK");
  CHECK(Difference(before, look()) == "");
}

TEST_CASE("the database of a named time stamp comes back", "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  system.StartServer();
  system.StartServices("analytics");
  const std::string backup = system.StartRun("backup", "analytics");
  REQUIRE(system.EndOf(backup) == "SUCCEEDED");
  const std::string rows = analytics.Rows();
  Sql(analytics.database, "DELETE FROM metrics WHERE value > 100");
  const std::string name = fs::path(system.OutputsOf(backup)["backup"].as_string()).filename();
  const Picture before = analytics.Look();
  const std::string none =
      system.StartRun("recovery", "analytics", {"backup=health_analytics_20200101_000000.db"});
  CHECK(system.EndOf(none) == "ROLLED_BACK");
  CHECK(Difference(before, analytics.Look()) == "");
  const bool killed = system.ArmKill("restore_after_set_aside_db");
  const std::string run = system.StartRun("recovery", "analytics", {"backup=" + name});
  CHECK_THAT(system.Approve(run), Contains(name));
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(analytics.Rows() == rows);
}

TEST_CASE(
    "a broken configuration of nginx, or one behind which nobody answers, gives way to the old "
    "one, also when the server dies in the reload",
    "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  fs::create_directories(system / "nginx");
  const NginxServer nginx(system / "nginx", analytics.port());
  analytics.WriteTarget(nginx.Resource());
  system.StartServer();
  system.StartServices("analytics");
  const auto serves = [&nginx](const std::string& version) {
    return HttpGet(nginx.port(), "/nginx-version").body == version;
  };
  // Beside the configuration there are what nginx writes and the old one, which is kept.
  const auto look = [&] {
    Picture picture = analytics.Look();
    const Picture beside = Picture::Of(system / "nginx", {"nginx.out", "nginx.err", "error.log"});
    for (const auto& [name, fact] : beside.facts()) picture.With("nginx/" + name, fact);
    return picture;
  };
  Picture before;
  const auto start = [&](const std::string& text) {
    analytics.Write("app/nginx.new", text);
    before = look();
    return system.StartRun(
        "nginx-reload", "analytics",
        {"new_configuration=" + (analytics / "app/nginx.new"),
         "url=http://127.0.0.1:" + std::to_string(nginx.port()) + "/health/", "patience=500ms"});
  };
  const std::string old = *ReadFile(nginx.configuration(), 1 << 20);
  const std::string broken = start("http { this is none }\n");
  system.Approve(broken, "commander");
  CHECK(system.EndOf(broken) == "ROLLED_BACK");
  CHECK(Difference(before, look()) == "");
  CHECK(*ReadFile(nginx.configuration(), 1 << 20) == old);
  CHECK(serves("1"));

  // As good as the other one, but for where it leads.
  std::string astray = nginx.ConfigurationText("2");
  const std::string port = ":" + std::to_string(analytics.port());
  REQUIRE(astray.find(port) != astray.npos);
  astray.replace(astray.find(port), port.size(), ":" + std::to_string(FreePort()));
  const std::string unanswered = start(astray);
  system.Approve(unanswered, "commander");
  CHECK(system.EndOf(unanswered) == "ROLLED_BACK");
  CHECK(Difference(before, look()) == "");
  CHECK_THAT(system.TimelineOf(unanswered), Contains("serves"));
  CHECK(*ReadFile(nginx.configuration(), 1 << 20) == old);
  CHECK(serves("1"));

  const bool killed = system.ArmKill("nginx_after_put");
  const std::string run = start(nginx.ConfigurationText("2"));
  system.Approve(run, "commander");
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(serves("2"));
}

}  // namespace recourse::integration
