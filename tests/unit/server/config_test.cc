#include "server/config.h"

#include <catch2/catch.hpp>
#include <string>

namespace recourse::server {
namespace {

Config Parsed(std::string_view text) {
  auto config = ParseConfig(text, "recourse.yaml");
  if (!config) FAIL(config.error().message);
  return *std::move(config);
}

std::string Refused(std::string_view text) {
  auto config = ParseConfig(text, "recourse.yaml");
  if (config) FAIL("taken: " << text);
  CHECK(config.error().code == Code::kInvalidArgument);
  return config.error().message;
}

}  // namespace

TEST_CASE("an empty configuration file gives the defaults", "[server]") {
  for (const char* text : {"", "# nothing\n", "{}"}) {
    const Config config = Parsed(text);
    CHECK(config.listen == "127.0.0.1:7373");
    CHECK(config.engine.workers == 16);
    CHECK(config.grace == std::chrono::seconds(10));
    CHECK(config.principals.empty());
  }
}

TEST_CASE("inputs that fit into no call are refused before a run has them", "[server]") {
  CHECK(Refused("limits: {message_bytes: 65536}")
            .find("limits.inputs_bytes: 262144 is more than half of limits.message_bytes, 65536") !=
        std::string::npos);
  CHECK(Refused("limits: {inputs_bytes: 4194304}").find("limits.inputs_bytes") !=
        std::string::npos);
  CHECK(Parsed("limits: {message_bytes: 65536, inputs_bytes: 32768}").message_bytes_max == 65536);
}

TEST_CASE("the HTTP port is off until it is named, and as safe as the other", "[server]") {
  CHECK(Parsed("").http_listen == "");
  const Config config = Parsed("http: {listen: '127.0.0.1:7374'}\nalert_rules: /etc/rules.yaml\n");
  CHECK(config.http_listen == "127.0.0.1:7374");
  CHECK(config.alert_rules == "/etc/rules.yaml");
  CHECK(Refused("http: {listen: '0.0.0.0:7374'}").find("\"0.0.0.0:7374\" is not on loopback") !=
        std::string::npos);
  // Where it stands, and not where `listen` would.
  CHECK(Refused("listen: 127.0.0.1:7373\nhttp:\n  listen: 0.0.0.0:7374\n")
            .find(":3:11: http.listen: \"0.0.0.0:7374\"") != std::string::npos);
  CHECK(Refused("http: {listen: here}").find("http.listen: \"here\" is no address") !=
        std::string::npos);
  CHECK(Refused("http: {port: 1}").find("http.port") != std::string::npos);
  CHECK(Parsed("http: {listen: '0.0.0.0:7374'}\ninsecure: true\n").http_listen == "0.0.0.0:7374");
}

TEST_CASE("every setting of the file is taken", "[server]") {
  const Config config = Parsed(R"(
data: /srv/recourse/
listen: "[::1]:0"
socket: /run/recourse.sock
workflows: [/etc/recourse/workflows]
targets: [/etc/recourse/targets, /srv/targets]
policy: {allowed_roots: [/srv], allowed_commands: [systemctl, /usr/bin/pg_dump]}
limits: {workers: 4, batch: 100, waiting_calls: 50, open_runs: 10, inputs_bytes: 2048,
         output_bytes: 4096, message_bytes: 65536, streams: 5, readers: 2,
         waiting_reads: 7}
log: {level: warning}
grace: 1m
principals:
  - {name: night-shift, roles: [viewer, operator], token_file: /etc/recourse/night.token}
)");
  CHECK(config.data == "/srv/recourse");
  CHECK(config.listen == "[::1]:0");
  CHECK(config.socket == "/run/recourse.sock");
  CHECK(config.workflows == std::vector<std::string>{"/etc/recourse/workflows"});
  CHECK(config.targets.size() == 2);
  CHECK(config.policy.allowed_roots == std::vector<std::string>{"/srv"});
  CHECK(config.policy.allowed_commands.size() == 2);
  CHECK(config.engine.workers == 4);
  CHECK(config.engine.batch_max == 100);
  CHECK(config.engine.mailbox_max == 50);
  CHECK(config.engine.open_runs_max == 10);
  CHECK(config.engine.inputs_bytes_max == 2048);
  CHECK(config.waiting_reads == 7);
  CHECK(config.engine.output_bytes_max == 4096);
  CHECK(config.message_bytes_max == 65536);
  CHECK(config.streams_max == 5);
  CHECK(config.readers == 2);
  CHECK(config.log_level == "warning");
  CHECK(config.grace == std::chrono::minutes(1));
  REQUIRE(config.principals.size() == 1);
  CHECK(config.principals[0].name == "night-shift");
  CHECK(config.principals[0].roles == std::vector<std::string>{"viewer", "operator"});
}

TEST_CASE("an unknown setting is refused by name and place, with the nearest one", "[server]") {
  CHECK(Refused("grace: 1s\nlimits:\n  wokers: 4\n") ==
        "recourse.yaml:3:3: unknown setting \"limits.wokers\"; did you mean \"workers\"?");
  CHECK(Refused("colour: red") == "recourse.yaml:1:1: unknown setting \"colour\"");
}

TEST_CASE("all mistakes of a file are told at once", "[server]") {
  CHECK(Refused("data: here\nlimits: {workers: 0, streams: many}\nlog: {level: loud}\n") ==
        "recourse.yaml:1:7: data: \"here\" is not an absolute path\n"
        "recourse.yaml:2:19: limits.workers: \"0\" is not between 1 and 256 (threads)\n"
        "recourse.yaml:2:31: limits.streams: \"many\" is no whole number; expected one between 1 "
        "and 100000 (calls)\n"
        "recourse.yaml:3:14: log.level: \"loud\" is none of debug, info, warning, error, off");
}

TEST_CASE("what is no setting is refused with its place", "[server]") {
  CHECK(Refused("- data") ==
        "recourse.yaml:1:1: the configuration: expected settings as \"name: value\"");
  CHECK(Refused("workflows: /a") == "recourse.yaml:1:12: workflows: expected a list");
  CHECK(Refused("grace: 1s\ngrace: 2s") == "recourse.yaml:2:1: grace is set twice");
  CHECK(Refused("grace: 1h") ==
        "recourse.yaml:1:8: grace: \"1h\" is not between 0s and 10m (duration)");
  CHECK(Refused("data: [").starts_with("recourse.yaml:"));
  CHECK(Refused("data: \xff") == "recourse.yaml: not UTF-8");
}

TEST_CASE("a principal needs a name, roles and a token file of its own", "[server]") {
  CHECK(Refused("principals: [{name: a, token_file: /t}]") ==
        "recourse.yaml:1:14: principals: a principal needs name, roles and token_file");
  CHECK(Refused("principals: [{name: engine, roles: [viewer], token_file: /t}]")
            .ends_with("\"engine\" is the engine's own name"));
  CHECK(Refused("principals:\n"
                "  - {name: a, roles: [viewer], token_file: /t}\n"
                "  - {name: a, roles: [viewer], token_file: /u}\n")
            .starts_with("recourse.yaml:3:5: principals: there are two principals \"a\""));
  CHECK(Refused("principals: []") == "recourse.yaml:1:13: principals: the list is empty");
}

TEST_CASE("an address is a host and a port", "[server]") {
  for (const char* address : {"127.0.0.1:0", "localhost:7373", "[::1]:65535", "0.0.0.0:7373"}) {
    INFO(address);
    CHECK(CheckListenAddress(address));
  }
  for (const char* address :
       {":1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", ""}) {
    INFO(address);
    CHECK_FALSE(CheckListenAddress(address));
  }
}

TEST_CASE("nothing is listened on beyond loopback without TLS, unless that is said", "[server]") {
  for (const char* address : {"127.0.0.1:0", "127.0.0.2:80", "localhost:7373", "[::1]:65535"}) {
    INFO(address);
    CHECK(IsLoopback(address));
    Config config;
    config.listen = address;
    CHECK(CheckExposure(config));
  }
  for (const char* address : {"0.0.0.0:7373", "10.0.0.1:1", "[::]:1", "127.example.com:1"}) {
    INFO(address);
    CHECK_FALSE(IsLoopback(address));
    Config config;
    config.listen = address;
    const auto refused = CheckExposure(config);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("tokens would cross the network in the clear") !=
          std::string::npos);
    config.insecure = true;
    CHECK(CheckExposure(config));
    config.insecure = false;
    config.tls = TlsFiles{"/c.pem", "/k.pem", ""};
    CHECK(CheckExposure(config));
  }
  CHECK(Refused("grace: 1s\nlisten: 0.0.0.0:7373\n")
            .starts_with("recourse.yaml:2:9: listen: \"0.0.0.0:7373\" is not on loopback"));
  CHECK(Parsed("listen: 0.0.0.0:7373\ninsecure: true\n").insecure);
}

TEST_CASE("TLS, the principals file and the local operator are taken", "[server]") {
  const Config config = Parsed(R"(
listen: 0.0.0.0:7373
tls: {certificate: /etc/recourse/tls.pem, key: /etc/recourse/tls.key, client_ca: /etc/recourse/ca.pem}
principals_file: /etc/recourse/principals.yaml
local_operator: ada
)");
  REQUIRE(config.tls);
  CHECK(config.tls->certificate == "/etc/recourse/tls.pem");
  CHECK(config.tls->key == "/etc/recourse/tls.key");
  CHECK(config.tls->client_ca == "/etc/recourse/ca.pem");
  CHECK(config.principals_file == "/etc/recourse/principals.yaml");
  CHECK(config.local_operator == "ada");
  CHECK(Refused("tls: {certificate: /c.pem}") ==
        "recourse.yaml:1:6: tls: needs certificate and key");
  CHECK(Refused("insecure: perhaps") ==
        "recourse.yaml:1:11: insecure: \"perhaps\" is neither true nor false");
  CHECK(Refused("principals_file: /p\nprincipals:\n"
                "  - {name: a, roles: [viewer], token_file: /t}\n") ==
        "recourse.yaml:1:18: principals_file: principals stand here too; keep one of the two");
}

}  // namespace recourse::server
