#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "engine/base/json.h"
#include "support.h"

namespace recourse::definition {
namespace {

using Catch::Matchers::Contains;

std::string Refused(std::string_view text) {
  Inventory inventory;
  const auto added = inventory.AddFile(text, "t.yaml");
  REQUIRE_FALSE(added);
  CHECK(added.error().code == Code::kInvalidArgument);
  CHECK(inventory.Names().empty());
  return added.error().message;
}

TEST_CASE("a target's scripts and what lets people in are checked when it is loaded",
          "[definition]") {
  CHECK_THAT(Refused("name: a\ntraffic: [{name: x, kind: process, pid_file: /p}]\n"),
             Contains("target.traffic[0]: \"command\" is missing"));
  CHECK_THAT(Refused("name: a\nscripts: {restore: {phases: {apply: []}}}\n"),
             Contains("target.scripts.restore: \"program\" is missing"));
  CHECK_THAT(Refused("name: a\nscripts: {restore: {program: r, phases: {probe: []}}}\n"),
             Contains("\"apply\" is missing"));
  CHECK_THAT(Refused("name: a\nscripts: {restore: {program: r, phases: {aply: []}}}\n"),
             Contains("aply"));
}

TEST_CASE("a target is its file's content", "[definition]") {
  Inventory inventory;
  REQUIRE(
      inventory.AddFile("name: b\ndatabase:\n  {kind: sqlite, path: /b.db, mode: 0664}\n", "b"));
  REQUIRE(inventory.AddFile("name: a\n", "a"));
  CHECK(inventory.Names() == std::vector<std::string>{"a", "b"});
  REQUIRE(inventory.Find("b") != nullptr);
  CHECK(ToJson(*inventory.Find("b")) ==
        R"({"database":{"kind":"sqlite","mode":"0664","path":"/b.db"},"name":"b"})");
  CHECK(inventory.Find("c") == nullptr);

  const auto again = inventory.AddFile("name: a\n", "other.yaml");
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Code::kAlreadyExists);
}

TEST_CASE("two targets cannot have one database, except where only one of them is there at a time",
          "[definition]") {
  const std::string first = "name: a\ndatabase: {kind: sqlite, path: /data/x.db}\n";
  const std::string second =
      "name: b\nsummary: a copy\ndatabase: {kind: sqlite, path: /data/../data/x.db}\n";
  Inventory inventory;
  REQUIRE(inventory.AddFile(first, "a.yaml"));
  const auto added = inventory.AddFile(second, "b.yaml");
  REQUIRE_FALSE(added);
  CHECK(added.error().code == Code::kInvalidArgument);
  CHECK_THAT(added.error().message,
             Contains("b.yaml:3:1: database: /data/x.db is the database of the target \"a\" "
                      "already, from a.yaml"));
  CHECK(inventory.AddFile("name: c\n", "c.yaml"));
  CHECK(inventory.AddFile("name: d\n", "d.yaml"));

  char made[] = "/tmp/recourse-XXXXXX";
  REQUIRE(mkdtemp(made) != nullptr);
  const std::filesystem::path scratch = made;
  std::filesystem::create_directories(scratch / "real");
  std::filesystem::create_symlink(scratch / "real", scratch / "link");
  const auto text = [&](const std::string& name, const std::string& directory) {
    return "name: " + name + "\ndatabase: {kind: sqlite, path: " + (scratch / directory).string() +
           "/x.db}\n";
  };
  REQUIRE(inventory.AddFile(text("e", "real"), "e.yaml"));
  CHECK_FALSE(inventory.AddFile(text("f", "link"), "f.yaml"));
  std::filesystem::remove_all(scratch);

  Inventory alternatives(Inventory::Targets::kAlternatives);
  CHECK(alternatives.AddFile(first, "a.yaml"));
  CHECK(alternatives.AddFile(second, "b.yaml"));
}

TEST_CASE("who asks for a target that was left out is told why", "[definition]") {
  Inventory inventory;
  REQUIRE(inventory.AddFile("name: shop\n", "shop.yaml"));
  const auto added = inventory.AddFile("name: shop2\ndatabse: {}\nlod: {}\n", "shop2.yaml");
  REQUIRE_FALSE(added);
  inventory.LeaveOut("shop2", added.error().message);
  const Error error = inventory.NoTarget("shop2");
  CHECK(error.code == Code::kNotFound);
  CHECK(error.message ==
        "the target \"shop2\" was left out when the server read its file: shop2.yaml:2:1: "
        "target.databse is "
        "unknown; did you mean \"database\"?; correct it and send the server a SIGHUP. All that "
        "was left "
        "out: recourse info");
  CHECK(inventory.NoTarget("shpo").message ==
        "there is no target \"shpo\"; did you mean \"shop\"?");
}

TEST_CASE("a target's file is checked with places", "[definition]") {
  CHECK_THAT(Refused("summary: x\n"), Contains("t.yaml:1:1: target: \"name\" is missing"));
  CHECK_THAT(Refused("name: a\ndatabse: {}\n"),
             Contains("t.yaml:2:1: target.databse is unknown; did you mean \"database\"?"));
  CHECK_THAT(Refused("name: a\ndatabase: {kind: oracle, path: /x}\n"),
             Contains("t.yaml:2:18: target.database.kind: expected one of sqlite"));
  CHECK_THAT(Refused("name: a\ndatabase: {kind: sqlite, path: x.db}\n"),
             Contains("t.yaml:2:32: path: expected an absolute path"));
  CHECK_THAT(Refused("name: a\ndatabase: {kind: sqlite, path: /x, mode: rw}\n"),
             Contains("mode: expected permissions in octal"));
  CHECK_THAT(Refused("name: a\nbackups: {directory: /b, pattern: x%Y%m%d, max_age: soon}\n"),
             Contains("t.yaml:2:53: max_age: "));
  CHECK_THAT(Refused("name: a\nservices:\n  - {name: x, kind: process, pid_file: /p}\n"),
             Contains("t.yaml:3:5: target.services[0]: \"command\" is missing"));
  CHECK_THAT(Refused("name: a\ndatabase: {kind: sqlite, path: /x, owner: app, group: app}\n"),
             Contains("t.yaml:2:11: database: with \"owner\", \"mode\" is needed too"));
  CHECK_THAT(Refused("name: a\ntemporary_files: [/tmp/a, b]\n"),
             Contains("t.yaml:2:27: path: expected an absolute path"));
  CHECK_THAT(Refused("name: a\nschema: CREATE TABLE t (a)\n"),
             Contains("target.schema: expected an array"));
  CHECK_THAT(Refused("name: A!\n"), Contains("is no name"));
  CHECK_THAT(Refused("name: [\n"), Contains("t.yaml:"));
}

TEST_CASE("what a target says of its upkeep is checked when it is loaded", "[definition]") {
  Inventory inventory;
  const auto added = inventory.AddFile(
      "name: a\nwindow: {cron: 0 2 * * SUN#1, duration: 2h}\n"
      "releases: {link: /app/current, previous: /app/previous}\n"
      "update: {program: /app/update, phases: {apply: [go], probe: [look]}}\n"
      "packages: {list: {arguments: [/bin/true]}, apply: {program: /bin/true}}\n"
      "archives: {configuration: {from: /app, paths: [.env], to: /backups, keep_days: 30}}\n"
      "caching: {configuration: /app/.env, off: /app/.env.no-cache}\n"
      "evidence: {paths: [/app/logs], directory: /evidence}\n"
      "log_rotation: {paths: [/app/logs/*.log], keep_days: 30}\n"
      "cache: {kind: redis, prefix: \"app:\"}\n",
      "a");
  INFO((added ? "" : added.error().message));
  CHECK(added.ok());
  CHECK_THAT(Refused("name: a\nwindow: {cron: 0 2 * * SUN#9, duration: 2h}\n"),
             Contains("window: "));
  CHECK_THAT(Refused("name: a\nreleases: {link: current, previous: /p}\n"),
             Contains("link: expected an absolute path"));
  CHECK_THAT(Refused("name: a\nupdate: {program: /u, phases: {aply: [go]}}\n"),
             Contains("did you mean \"apply\"?"));
  CHECK_THAT(Refused("name: a\narchives: {x: {from: /app, paths: [a], to: /b}}\n"),
             Contains("\"keep_days\" is missing"));
}

TEST_CASE("what would fail hours later is refused when the target is loaded", "[definition]") {
  const auto backups = [](const std::string& more) {
    return Refused("name: a\nbackups: {directory: /b, " + more + "}\n");
  };
  CHECK_THAT(
      backups("pattern: health.db"),
      Contains("t.yaml:2:35: pattern: \"health.db\" does not name the day: write a name with "
               "%Y%m%d in it"));
  CHECK_THAT(backups("pattern: x/%Y%m%d"), Contains("holds a \"/\""));
  CHECK_THAT(backups("pattern: x%Y%m%d, keep_days: 0"),
             Contains("t.yaml:2:55: target.backups.keep_days: expected at least 1, found 0"));
  CHECK_THAT(backups("pattern: x%Y%m%d, keep_at_least: many"),
             Contains("target.backups.keep_at_least: expected an integer"));
  CHECK_THAT(backups("pattern: x%Y%m%d, max_age: 0s"), Contains("max_age: must be at least 1ms"));

  const auto service = [](const std::string& more) {
    return Refused("name: a\nservices:\n  - {name: x, kind: process, pid_file: /p, " + more +
                   "}\n");
  };
  CHECK_THAT(service("command: []"),
             Contains("t.yaml:3:53: command: expected a program and its arguments, found an empty "
                      "list"));
  CHECK_THAT(service("command: [\"\"]"), Contains("found an empty name"));
  CHECK_THAT(service("command: [/x], group: app"), Contains("group: with it, \"user\" is needed"));
  CHECK_THAT(service("command: [/x], environment: {\"A=B\": c}"),
             Contains("environment: \"A=B\" cannot name a variable"));

  const auto health = [](const std::string& members) {
    return Refused("name: a\nhealth: {" + members + "}\n");
  };
  CHECK_THAT(health("url: localhost:80"), Contains("url: expected a URL that begins with http://"));
  CHECK_THAT(health("url: \"http://x\", method: POST"), Contains("expected one of GET, HEAD"));
  CHECK_THAT(health("url: \"http://x\", status: 20"), Contains("expected at least 100"));
  CHECK_THAT(health("url: \"http://x\", request_timeout: 0s"), Contains("must be at least 1ms"));
  CHECK_THAT(Refused("name: a\ndisk: {path: /x, fail: {used_percnt: 95}}\n"),
             Contains("target.disk.fail.used_percnt is unknown; did you mean \"used_percent\"?"));
}

TEST_CASE("a service is checked by the members of its kind", "[definition]") {
  const auto service = [](const std::string& members) {
    return Refused("name: a\nservices:\n  - {" + members + "}\n");
  };
  CHECK_THAT(service("name: x"), Contains("t.yaml:3:5: target.services[0]: \"kind\" is missing"));
  CHECK_THAT(service("name: x, kind: upstart"),
             Contains("t.yaml:3:21: target.services[0].kind: expected one of process, systemd, "
                      "supervisor, compose, kubernetes, found \"upstart\""));
  CHECK_THAT(service("name: x, kind: systemd"), Contains("\"unit\" is missing"));
  CHECK_THAT(service("name: x, kind: systemd, unit: x.service, pid_file: /p"),
             Contains("t.yaml:3:47: target.services[0].pid_file is no member of kind systemd, but "
                      "of kind process"));
  CHECK_THAT(service("name: x, kind: systemd, unti: x.service"),
             Contains("unti is unknown; did you mean \"unit\"?"));
  CHECK_THAT(service("name: x, kind: systemd, unit: app"),
             Contains("unit: expected a unit's whole name, such as app.service"));
  CHECK_THAT(service("name: x, kind: systemd, unit: a.service, scope: user"),
             Contains("with user, \"runtime_directory\" is needed too"));
  CHECK_THAT(service("name: x, kind: systemd, unit: a.service, bus: x"),
             Contains("bus: with it, \"scope: user\" is needed too"));
  CHECK_THAT(service("name: x, kind: compose, project: p, socket: docker.sock"),
             Contains("socket: expected an absolute path"));
  CHECK_THAT(service("name: x, kind: kubernetes, namespace: n, kubeconfig: /k, workload: pod/x"),
             Contains("t.yaml:3:63: workload: expected deployment/NAME or statefulset/NAME"));
  CHECK_THAT(Refused("name: a\nnginx: {configuration: nginx.conf}\n"),
             Contains("configuration: expected an absolute path"));
  Inventory inventory;
  CHECK(inventory.AddFile(
      "name: a\n"
      "services:\n"
      "  - {name: a, kind: systemd, unit: a.service, scope: user, runtime_directory: /run/user/1}\n"
      "  - {name: b, kind: supervisor, socket: /run/s.sock, process: \"g:b\", stop_timeout: 1m}\n"
      "  - {name: c, kind: compose, project: p, reload_signal: HUP}\n"
      "  - {name: d, kind: kubernetes, workload: deployment/d, namespace: n, kubeconfig: /k}\n"
      "nginx: {configuration: /n.conf, pid_file: /n.pid, error_log: /n.log}\n",
      "a"));
}

TEST_CASE("all that is wrong with a target is told at once", "[definition]") {
  const std::string refused = Refused(
      "name: A!\n"
      "databse: {}\n"
      "backups: {directory: b, pattern: health.db, keep_days: 0}\n"
      "services: [{name: x, kind: process, pid_file: p, command: []}]\n");
  for (const char* place : {"t.yaml:1:7: ", "t.yaml:2:1: ", "t.yaml:3:22: ", "t.yaml:3:34: ",
                            "t.yaml:3:56: ", "t.yaml:4:47: ", "t.yaml:4:59: "}) {
    CHECK_THAT(refused, Contains(place));
  }
}

TEST_CASE("what is measured of a host, and what answers there, is checked with the target",
          "[definition]") {
  const auto refused = [](const std::string& resource) {
    return Refused("name: a\n" + resource + "\n");
  };
  CHECK_THAT(refused("memory: {fail: {used_percent: 101}}"), Contains("expected at most 100"));
  CHECK_THAT(refused("cpu: {over: soon}"), Contains("t.yaml:2:13: over: "));
  CHECK_THAT(refused("load: {warn: {load_5: 1}}"), Contains("did you mean \"load_5m\"?"));
  CHECK_THAT(refused("logs: {paths: [app.log]}"),
             Contains("t.yaml:2:16: path: expected an absolute path"));
  CHECK_THAT(refused("logs: {paths: [/a], patterns: {error: E}, fail: {eror: 1}}"),
             Contains("unknown pattern \"eror\"; did you mean \"error\"?"));
  CHECK_THAT(refused("cache: {kind: memcached}"), Contains("expected one of redis"));
  CHECK_THAT(refused("cache: {kind: redis, password: x}"), Contains("password is unknown"));
  CHECK_THAT(refused("cache: {kind: redis, password_file: secret}"),
             Contains("password_file: expected an absolute path"));
  CHECK_THAT(refused("api: {url: \"127.0.0.1:5000\"}"), Contains("begins with http://"));
  CHECK_THAT(refused("api: {url: \"http://x\", auth: {bearer: x}}"),
             Contains("target.api.auth.bearer is unknown"));
  CHECK_THAT(refused("firewall: {timeout: 0s}"), Contains("timeout: must be at least 1ms"));
}

}  // namespace
}  // namespace recourse::definition
