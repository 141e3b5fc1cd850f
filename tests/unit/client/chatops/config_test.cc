#include "client/chatops/config.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "client/chatops/command.h"
#include "client/chatops/surfaces.h"
#include "engine/base/file.h"
#include "tests/unit/server/fixture.h"

namespace recourse::chatops {
namespace {

Result<Settings> Parsed(const std::string& text) { return ParseSettings(text, "bot.yaml"); }

constexpr const char* kHead = R"(server: {data: /var/lib/recourse, token_file: /etc/bot.token}
surfaces:
  irc: {network: ops, server: "irc.example.net:6697", nick: recourse}
)";

std::string Refused(const std::string& text) {
  const auto config = Parsed(text);
  REQUIRE_FALSE(config);
  return config.error().message;
}

TEST_CASE("a run is told in the first channel of a surface that fits it", "[chatops]") {
  const auto settings = Parsed(std::string(kHead) + R"(routes:
  - {surface: irc, channel: "#database", targets: [shop], severities: [critical, high]}
  - {surface: irc, channel: "#backups", workflows: [backup]}
  - {surface: irc, channel: "#incidents"}
)");
  REQUIRE(settings);
  const Config* config = &settings->config;
  const irc::Options& irc = *settings->surfaces.irc;
  CHECK(irc.channels == std::vector<std::string>{"#database", "#backups", "#incidents"});
  CHECK_FALSE(settings->surfaces.slack);
  CHECK(irc.server.host == "irc.example.net");
  CHECK(irc.server.port == "6697");
  CHECK(irc.server.tls);
  v1::Run run;
  run.set_target("shop");
  run.set_severity("high");
  CHECK(config->RouteOf("irc", run)->channel == "#database");
  run.set_severity("low");
  CHECK(config->RouteOf("irc", run)->channel == "#incidents");
  run.set_workflow("backup");
  CHECK(config->RouteOf("irc", run)->channel == "#backups");
  CHECK(config->RouteOf("slack", run) == nullptr);
}

TEST_CASE("every mistake in the bot's configuration is told at once, with its place", "[chatops]") {
  CHECK(Refused("server: {data: x}\nsurfaces: {irk: {}}\nroutes: [{surface: irc, chanel: a}]\n") ==
        "bot.yaml:1:16: server.data: \"x\" is not an absolute path\n"
        "bot.yaml:1:9: server: token_file must be there: the token of the bot's principal\n"
        "bot.yaml:2:12: unknown setting \"surfaces.irk\"; did you mean \"irc\"?\n"
        "bot.yaml:3:25: unknown setting \"routes[0].chanel\"; did you mean \"channel\"?\n"
        "bot.yaml:3:10: routes[0]: a route needs surface and channel\n"
        "bot.yaml:2:11: surfaces.irk: no route goes there, so that nobody would be told anything; "
        "add one to routes");
  CHECK(
      Refused(std::string(kHead) + "routes: [{surface: irc, channel: \"#x\", severities: [huge]}]")
          .find("\"huge\" is no severity") != std::string::npos);
  CHECK(Refused("surfaces: {irc: {network: a b, server: host, nick: \"x y\"}}\n"
                "routes: [{surface: irc, channel: \"#x\"}]\n")
            .find("surfaces.irc.server: expected HOST:PORT") != std::string::npos);
  CHECK(Refused("").find("bot.yaml:") == 0);
}

TEST_CASE("a channel that can be none is told at its place, also one that YAML takes for a comment",
          "[chatops]") {
  CHECK(Refused(std::string(kHead) + "routes:\n  - surface: irc\n    channel: incidents\n") ==
        "bot.yaml:6:14: routes[0].channel: \"incidents\" is no channel of IRC, such as "
        "\"#incidents\"");
  CHECK_THAT(
      Refused(std::string(kHead) + "routes:\n  - surface: irc\n    channel: #incidents\n"),
      Catch::Contains(
          "bot.yaml:6:14: channel: an unquoted # begins a comment; write channel: \"#incidents\""));
  CHECK_THAT(
      Refused(std::string(kHead) + "routes:\n  - {surface: irc, channel: #incidents}\n"),
      Catch::Contains(
          "bot.yaml:5:29: channel: an unquoted # begins a comment; write channel: \"#incidents\""));
  const std::string two =
      "server: {token_file: /t}\nsurfaces:\n  slack: {bot_token_file: /b, app_token_file: /a}\n"
      "routes: [{surface: slack, channel: \"#ops\"}]\n";
  CHECK_THAT(
      Refused(two),
      Catch::Contains("bot.yaml:4:36: routes[0].channel: \"#ops\" is no id of a channel in Slack"));
}

TEST_CASE("how often the bot may send a line on IRC is a setting with limits", "[chatops]") {
  const auto with = [](const std::string& interval) {
    return "server: {token_file: /t}\nsurfaces:\n"
           "  irc: {network: ops, server: \"irc.example.net:6697\", nick: r, line_interval: " +
           interval + "}\nroutes: [{surface: irc, channel: \"#x\"}]\n";
  };
  const auto settings = Parsed(with("20ms"));
  REQUIRE(settings);
  CHECK(settings->surfaces.irc->interval == std::chrono::milliseconds(20));
  for (const std::string wrong : {"0s", "9ms", "11s", "often"}) {
    CHECK(Refused(with(wrong)) == "bot.yaml:3:79: surfaces.irc.line_interval: \"" + wrong +
                                      "\" is no time from 10ms to 10s, such as 500ms");
  }
}

TEST_CASE("a route that can never count is told", "[chatops]") {
  const std::string all = "routes:\n  - {surface: irc, channel: \"#a\", targets: [x, y]}\n";
  CHECK(Refused(std::string(kHead) + all +
                "  - {surface: irc, channel: \"#b\", targets: [y], severities: [high]}\n") ==
        "bot.yaml:6:5: routes[1]: counts for no run, because routes[0] before it fits all of them");
  CHECK(
      Parsed(std::string(kHead) + all + "  - {surface: irc, channel: \"#b\", targets: [y, z]}\n"));
  CHECK(Parsed(std::string(kHead) + all + "  - {surface: irc, channel: \"#b\"}\n"));
}

TEST_CASE("Slack and Mattermost are told what their settings lack", "[chatops]") {
  const std::string problems = Refused(
      "server: {token_file: /t}\nsurfaces:\n  slack: {listen: \"127.0.0.1:8081\"}\n"
      "  mattermost: {url: \"https://chat\"}\n"
      "routes: [{surface: slack, channel: C1}, {surface: mattermost, channel: "
      "zi8kbu6it3bkfdz1eb6hmf8dxe}]\n");
  for (const char* problem : {"surfaces.slack: bot_token_file must be there",
                              "surfaces.slack: listen needs signing_secret_files",
                              "surfaces.mattermost: token_file must be there",
                              "surfaces.mattermost: command_token_files must"}) {
    CHECK_THAT(problems, Catch::Contains(problem));
  }
}

TEST_CASE("a secret that others can read is not used", "[chatops]") {
  const server::TemporaryDirectory directory;
  SurfaceSettings settings;
  settings.slack.emplace();
  settings.slack->bot_token_file = directory.Write("bot", "xoxb-1");
  REQUIRE(chmod(settings.slack->bot_token_file.c_str(), 0644) == 0);
  const auto connection =
      client::Connection::Open({.data = directory.path(),
                                .address = "127.0.0.1:1",
                                .token_file = directory.Write("token", "12345")});
  REQUIRE(connection);
  const Report report = [](const std::string&) {};
  const auto made = MakeSurfaces(settings, *connection, report);
  REQUIRE_FALSE(made);
  CHECK_THAT(made.error().message, Catch::Contains("chmod 600"));
}

TEST_CASE("the pages on chats have configurations that are taken, and every command", "[chatops]") {
  const auto page = [](const std::string& name) {
    auto text = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/docs/" + name, 1 << 20);
    REQUIRE(text);
    return *text;
  };
  const auto block = [](const std::string& text, const std::string& first) {
    const auto begin = text.find("```yaml\n" + first) + 8;
    return text.substr(begin, text.find("```", begin) - begin);
  };
  const std::string chat = page("chat.md");
  const auto settings = Parsed(block(chat, "server:"));
  INFO((settings ? "" : settings.error().message));
  CHECK(settings);
  for (const Verb& verb : Verbs()) {
    INFO(verb.name);
    CHECK(chat.find("`" + std::string(verb.name)) != std::string::npos);
  }
  for (const auto& [name, surface] :
       {std::pair("chat-slack.md", "slack"), std::pair("chat-mattermost.md", "mattermost")}) {
    const std::string text = page(name);
    const std::string first = std::string(surface) + ":";
    for (auto at = text.find("```yaml\n" + first); at != std::string::npos;
         at = text.find("```yaml\n" + first, at + 1)) {
      const std::string channel =
          std::string(surface) == "slack" ? "C024BE91L" : "zi8kbu6it3bkfdz1eb6hmf8dxe";
      std::string section = "server: {token_file: /t}\nroutes: [{surface: " + std::string(surface) +
                            ", channel: " + channel + "}]\nsurfaces:\n  ";
      for (const char c : block(text.substr(at), first))
        section += c == '\n' ? "\n  " : std::string(1, c);
      const auto taken = Parsed(section);
      INFO(section << (taken ? "" : taken.error().message));
      CHECK(taken);
    }
  }
}

}  // namespace
}  // namespace recourse::chatops
