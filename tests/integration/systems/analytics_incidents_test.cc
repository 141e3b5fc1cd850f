// incidents of health analytics on real parts.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>

#include "engine/base/digest.h"
#include "tests/integration/systems/analytics.h"

namespace recourse::integration {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

// A process that holds the write lock of a database until it is killed; `stubborn`: TERM is not
// enough.
std::unique_ptr<Program> HolderOf(const std::string& database, const std::string& output,
                                  bool stubborn) {
  const std::string code =
      "import signal, sqlite3\n" +
      std::string(stubborn ? "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" : "") +
      "held = sqlite3.connect('" + database +
      "', isolation_level=None)\nheld.execute('BEGIN IMMEDIATE')\n"
      "print('held', flush=True)\nwhile True:\n  signal.pause()\n";
  auto holder =
      std::make_unique<Program>(std::vector<std::string>{"/usr/bin/python3", "-c", code}, output);
  Eventually("the lock is held",
             [&holder] { return holder->out().find("held") != std::string::npos; });
  return holder;
}

// A network of this thread's own, and of the programs that it starts, for as long as this lives:
// other cases may be run by the same process.
class OwnNetwork {
 public:
  OwnNetwork() {
    if (geteuid() != 0) return;
    before_ = Descriptor(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    works_ = before_.valid() && unshare(CLONE_NEWNET) == 0;
  }
  ~OwnNetwork() {
    if (works_) CHECK(setns(before_.get(), CLONE_NEWNET) == 0);
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;

  bool works() const { return works_; }

 private:
  Descriptor before_;
  bool works_ = false;
};

// Of a system whose services do not run, so that its logs count.
Picture BesidesEvidence(const Analytics& analytics) {
  Picture picture = analytics.Look({"evidence"});
  const Picture application = Picture::Of(analytics / "app");
  for (const auto& [name, fact] : application.facts()) picture.With("app/" + name, fact);
  return picture;
}

}  // namespace

TEST_CASE("an application that is down is restarted, and one that answers is left alone",
          "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  system.StartServer();
  system.StartServices("analytics");
  const Picture before = analytics.Look();
  const std::string well = system.StartRun("app-down", "analytics", {"patience=300ms"});
  CHECK(system.EndOf(well) == "SUCCEEDED");
  CHECK(system.OutputsOf(well)["result"].as_string() == "it answers; nothing was touched");

  system.StopServices("analytics");
  const std::string run = system.StartRun("app-down", "analytics", {"patience=300ms"});
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(system.OutputsOf(run)["result"].as_string() == "restarted");
  CHECK(Difference(before, analytics.Look()) == "");
}

TEST_CASE(
    "an application that a restart does not bring back goes back to the release before, also "
    "when the server dies in the switch",
    "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  const bool killed = GENERATE(false, true);
  analytics.WriteTarget("", "300ms");
  analytics.BreakRelease(2);
  if (killed) {
    if (!system.ArmKill("swap_link_after_rename")) return;
  } else {
    system.StartServer();
  }
  const std::string run = system.StartRun("app-down", "analytics", {"patience=300ms"});
  CHECK_THAT(system.Approve(run, "commander"), Contains("Go back to the release before"));
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(analytics.Current() == "releases/1");
  CHECK(analytics.Answers());
  CHECK_THAT(system.OutputsOf(run)["result"].as_string(), Contains("went back from releases/2"));
}

TEST_CASE("when the release before does not answer either all is put back, and people are asked",
          "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  analytics.WriteTarget("", "200ms");
  analytics.BreakRelease(1);
  analytics.BreakRelease(2);
  // The server dies when the first step is put back.
  const bool killed = system.ArmKill("before_compensate");
  if (!killed) system.StartServer();
  const Picture before = analytics.Look();
  const std::string run = system.StartRun("app-down", "analytics", {"patience=300ms"});
  system.Approve(run, "commander");
  if (killed) system.SurviveKill();
  CHECK(system.StandsAt(run) == "still_down");
  CHECK(system.EndOf(run) == "WAITING");
  CHECK(Difference(before, analytics.Look()) == "");
}

TEST_CASE("a damaged database of analytics comes back, also when the server dies in the restore",
          "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  system.StartServer();
  system.StartServices("analytics");
  const std::string rows = analytics.Rows();
  REQUIRE(system.EndOf(system.StartRun("backup", "analytics")) == "SUCCEEDED");
  analytics.Damage();
  const Picture damaged = analytics.Look();
  const std::string refused = system.StartRun("corruption-response", "analytics");
  system.Reject(refused);
  CHECK(system.EndOf(refused) == "NEEDS_ATTENTION");
  system.Recourse({"rollback", refused, "--reason", "as it was", "--wait"});
  CHECK(system.EndOf(refused) == "ROLLED_BACK");
  CHECK(Difference(damaged, analytics.Look()) == "");

  const bool killed = system.ArmKill("restore_after_rename");
  const std::string run = system.StartRun("corruption-response", "analytics");
  CHECK_THAT(system.Approve(run), Contains("is damaged"));
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(analytics.Rows() == rows);
  CHECK(analytics.Answers());
}

TEST_CASE("of a slow application the own keys in the cache go after an approval, and no others",
          "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  RedisServer redis(system / "redis");
  analytics.WriteTarget(Analytics::CacheResource(redis));
  system.StartServer();
  system.StartServices("analytics");
  redis.Ask({"MSET", "ahgd:1", "a", "ahgd:2", "b", "other", "c"});
  const std::string all = redis.Keys();
  const std::vector<std::string> slow = {"response_ms_max=0"};

  const std::string rejected = system.StartRun("slow-service", "analytics", slow);
  CHECK_THAT(system.Reject(rejected, "commander"), Contains("Keys of others stay"));
  CHECK(system.StandsAt(rejected) == "people");
  CHECK(redis.Keys() == all);
  CHECK(system.Recourse({"cancel", rejected, "--reason", "looked at"}).code == 0);

  const Picture before = analytics.Look();
  const bool killed = system.ArmKill("cache_keys_removed");
  const std::string run = system.StartRun("slow-service", "analytics", slow);
  system.Approve(run, "commander");
  if (killed) system.SurviveKill();
  CHECK(system.StandsAt(run) == "people");
  CHECK(redis.Keys() == "other=c");
  CHECK(Difference(before, analytics.Look()) == "");
  CHECK(system.Recourse({"cancel", run, "--reason", "looked at"}).code == 0);

  const std::string gone = system.StartRun("slow-service", "analytics", slow);
  CHECK(system.EndOf(gone) == "WAITING");
  redis.Stop();
  system.Approve(gone, "commander");
  CHECK(system.EndOf(gone) == "NEEDS_ATTENTION");
  CHECK_THAT(system.TimelineOf(gone), Contains("UNAVAILABLE"));
}

TEST_CASE(
    "a holder of the lock that does not let go is killed after two approvals, and its open "
    "transaction is gone",
    "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  system.StartServer();
  system.StartServices("analytics");
  const Picture before = analytics.Look();
  const std::string free = system.StartRun("database-locked", "analytics");
  CHECK(system.EndOf(free) == "SUCCEEDED");
  CHECK(Difference(before, analytics.Look()) == "");

  const auto holder = HolderOf(analytics.database, system.folder / "holder", true);
  // In the step that kills: the signal before is told once more, and SIGKILL is still to come.
  const bool killed = system.ArmKill("signal_sent:2");
  const std::string run = system.StartRun("database-locked", "analytics", {"patience=200ms"});
  const std::string pid = std::to_string(holder->pid());
  // It is no service's: a restart would not free it, and none is asked for.
  CHECK_THAT(system.Approve(run), Contains("would not free it, by " + pid));
  CHECK(holder->WaitForEnd(0ms) == std::nullopt);
  CHECK_THAT(system.Approve(run), Contains("SIGKILL"));
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(system.OutputsOf(run)["result"].as_string() == "freed by SIGKILL");
  CHECK(holder->WaitForEnd(5s) == 128 + SIGKILL);
  CHECK(Difference(before, analytics.Look()) == "");
}

TEST_CASE(
    "a holder that was told to end is not told twice when the server dies, and a no leaves it",
    "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  system.StartServer();
  system.StartServices("analytics");
  const auto holder = HolderOf(analytics.database, system.folder / "holder", false);
  const Picture before = analytics.Look();
  const std::string rejected = system.StartRun("database-locked", "analytics");
  CHECK_THAT(system.Reject(rejected), Contains("Tell exactly these processes to end"));
  CHECK(system.EndOf(rejected) == "FAILED");
  CHECK(holder->WaitForEnd(0ms) == std::nullopt);
  CHECK(Difference(before, analytics.Look()) == "");

  const bool killed = system.ArmKill("signal_sent");
  const std::string run = system.StartRun("database-locked", "analytics");
  system.Approve(run);
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(holder->WaitForEnd(5s) == 128 + SIGTERM);
  CHECK(analytics.Answers());
}

TEST_CASE(
    "an application that does not start while the database is locked comes up once it is free",
    "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  analytics.Write("releases/2/app", "#!/bin/sh\nsqlite3 " + analytics.database +
                                        " 'BEGIN IMMEDIATE; ROLLBACK' || exit 1\n"
                                        "exec " RECOURSE_DEMO_SERVICE " \"$@\"\n");
  system.StartServer();
  system.StartServices("analytics");
  const Picture before = analytics.Look();
  system.StopServices("analytics");
  const auto holder = HolderOf(analytics.database, system.folder / "holder", false);
  const std::string run = system.StartRun("database-locked", "analytics");
  CHECK_THAT(system.Approve(run), Contains("Tell exactly these processes to end"));
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(system.OutputsOf(run)["result"].as_string() == "freed by SIGTERM");
  CHECK(Difference(before, analytics.Look()) == "");
}

TEST_CASE(
    "short of memory, caching is switched off after approvals, and on again when that is worse",
    "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  analytics.WriteTarget("", "300ms");
  system.StartServer();
  system.StartServices("analytics");
  const std::vector<std::string> short_of_it = {"used_percent=0.001"};
  const std::string enough = system.StartRun("memory-pressure", "analytics", {"used_percent=100"});
  CHECK(system.EndOf(enough) == "SUCCEEDED");

  analytics.Write("app/.env.off", "BROKEN=yes\n");
  const Picture before = analytics.Look();
  const std::string worse = system.StartRun("memory-pressure", "analytics", short_of_it);
  CHECK_THAT(system.Approve(worse, "commander"), Contains("Most is used by"));
  system.Approve(worse, "commander");
  CHECK(system.StandsAt(worse) == "people");
  CHECK(Difference(before, analytics.Look()) == "");
  CHECK(system.Recourse({"cancel", worse, "--reason", "looked at"}).code == 0);

  analytics.Write("app/.env.off", "ENABLE_CACHING=false\n");
  const bool killed = system.ArmKill("place_after_rename");
  const std::string run = system.StartRun("memory-pressure", "analytics", short_of_it);
  system.Approve(run, "commander");
  system.Approve(run, "commander");
  if (killed) system.SurviveKill();
  CHECK(system.StandsAt(run) == "people");
  CHECK(analytics.Read("app/.env") == "ENABLE_CACHING=false\n");
  CHECK(analytics.Answers());
}

TEST_CASE(
    "evidence is kept with checksums, twice without overwriting, and nothing is blocked "
    "without an approval or that must never be",
    "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  fs::create_directories(system / "mail");
  const MailServer mail(system / "mail");
  system.WriteMailChannel(mail);
  analytics.Write("app/logs/ahgd.log", "Failed login for root from 203.0.113.7\n");
  const bool killed = system.ArmKill("evidence_after_rename");
  if (!killed) system.StartServer();
  const Picture before = BesidesEvidence(analytics);
  const std::vector<std::string> what = {"what=logins from nowhere", "address=127.0.0.1",
                                         "channel=ops-mail"};
  const std::string run = system.StartRun("security-incident", "analytics", what);
  if (killed) system.SurviveKill();
  CHECK_THAT(system.Approve(run, "commander"), Contains("Block 127.0.0.1"));
  CHECK(system.EndOf(run) == "NEEDS_ATTENTION");
  const Value kept = system.OutputOf(run, "collect");
  CHECK_THAT(mail.MailWith({"SECURITY INCIDENT"}), Contains(kept["manifest_sha256"].as_string()));
  const auto manifest = ReadFile(kept["manifest"].as_string(), 1 << 20);
  REQUIRE(manifest);
  CHECK(ToHex(Sha256Of(*manifest)) == kept["manifest_sha256"].as_string());
  CHECK_THAT(*manifest, Contains("ahgd.log"));

  const std::string second = system.StartRun("security-incident", "analytics", what);
  system.Reject(second, "commander");
  CHECK(system.StandsAt(second) == "report");
  CHECK(NamesIn(analytics / "evidence").size() == 2);
  CHECK(Difference(before, BesidesEvidence(analytics)) == "");
}

TEST_CASE(
    "an address is blocked once when the server dies in it, and let in again when it dies in the "
    "rollback",
    "[integration][analytics]") {
  // The firewall is that of a network of the test's own.
  const OwnNetwork network;
  if (!network.works()) {
    WARN("no network of its own can be made here, which takes root; not tried");
    return;
  }
  System system;
  const auto run_as_root = [&](const std::vector<std::string>& arguments) {
    return RunIn(system.folder / "ran", arguments);
  };
  if (run_as_root({"/sbin/ip", "link", "set", "lo", "up"}).code != 0 ||
      run_as_root({"/usr/sbin/nft", "add", "table", "inet", "theirs"}).code != 0) {
    WARN("it needs /sbin/ip and /usr/sbin/nft; not tried");
    return;
  }
  const auto rules = [&] { return run_as_root({"/usr/sbin/nft", "list", "ruleset"}).out; };
  const Analytics analytics(system);
  system.allowed_commands = {"/usr/sbin/nft"};
  if (!system.ArmKill("address_blocked")) return;
  const Picture before = BesidesEvidence(analytics);
  const std::string firewall = rules();
  const std::string run =
      system.StartRun("security-incident", "analytics",
                      {"what=logins from nowhere", "address=203.0.113.7", "block_for=1h"});
  system.Approve(run, "commander");
  system.SurviveKill();
  CHECK(system.StandsAt(run) == "report");
  const std::string blocked = rules();
  CHECK_THAT(blocked, Contains("203.0.113.7 ") && Contains("table inet theirs"));
  CHECK(blocked.find("203.0.113.7") == blocked.rfind("203.0.113.7"));

  system.ArmKill("address_unblocked");
  system.Recourse({"rollback", run, "--reason", "it was one of ours"});
  system.SurviveKill();
  CHECK(system.EndOf(run) == "ROLLED_BACK");
  const std::string left = rules();
  CHECK_THAT(left, Catch::StartsWith(firewall));
  CHECK_THAT(left, !Contains("elements"));  // the table that it was blocked in is empty
  CHECK(Difference(before, BesidesEvidence(analytics)) == "");
  CHECK(NamesIn(analytics / "evidence").size() == 1);
}

TEST_CASE("an incident that nobody takes is told to one level after the other, management at once",
          "[integration][analytics]") {
  System system;
  const Analytics analytics(system);
  system.WritePolicy("analytics", true);
  analytics.WriteTarget("escalation_policy: analytics\n", "100ms");
  analytics.BreakRelease(2);
  system.StartServer();
  const std::string run = system.StartRun("app-down", "analytics", {"patience=300ms"});
  CHECK(system.EndOf(run) == "WAITING");
  system.KillServer();
  system.StartServer();
  Eventually("level 3 is told",
             [&] { return system.TimelineOf(run).find("level-3") != std::string::npos; });
  const std::string told = system.TimelineOf(run);
  INFO(told);
  CHECK(told.find("level-1") < told.find("level-2"));
  CHECK(told.find("management") < told.find("level-2"));
  CHECK(told.rfind("level-2") < told.rfind("level-3"));
}

}  // namespace recourse::integration
