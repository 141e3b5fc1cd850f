#include "client/chatops/config.h"

#include <catch2/catch.hpp>

#include "client/chatops/command.h"
#include "client/chatops/irc/irc.h"
#include "engine/base/file.h"

namespace recourse::chatops {
namespace {

Result<Config> Parsed(const std::string& text, irc::Options& irc) {
  YamlReader reader("bot.yaml", "the configuration");
  return ParseConfig(text, reader, {{"irc", irc::ReadOptions(reader, irc)}});
}

constexpr const char* kHead = R"(server: {data: /var/lib/recourse, token_file: /etc/bot.token}
surfaces:
  irc: {network: ops, server: "irc.example.net:6697", nick: recourse}
)";

std::string Refused(const std::string& text) {
  irc::Options irc;
  const auto config = Parsed(text, irc);
  REQUIRE_FALSE(config);
  return config.error().message;
}

TEST_CASE("a run is told in the first channel of a surface that fits it", "[chatops]") {
  irc::Options irc;
  const auto config = Parsed(std::string(kHead) + R"(routes:
  - {surface: irc, channel: "#database", targets: [shop], severities: [critical, high]}
  - {surface: irc, channel: "#backups", workflows: [backup]}
  - {surface: irc, channel: "#incidents"}
)", irc);
  REQUIRE(config);
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
  CHECK(Refused(std::string(kHead) + "routes: [{surface: irc, channel: \"#x\", severities: [huge]}]")
            .find("\"huge\" is no severity") != std::string::npos);
  CHECK(Refused("surfaces: {irc: {network: a b, server: host, nick: \"x y\"}}\n"
                "routes: [{surface: irc, channel: \"#x\"}]\n")
            .find("surfaces.irc.server: expected HOST:PORT") != std::string::npos);
  CHECK(Refused("").find("bot.yaml:") == 0);
}

TEST_CASE("docs/chat.md has a configuration that is taken, and every command", "[chatops]") {
  const auto text = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/docs/chat.md", 1 << 20);
  REQUIRE(text);
  const auto begin = text->find("```yaml\n") + 8;
  irc::Options irc;
  const auto config = Parsed(text->substr(begin, text->find("```", begin) - begin), irc);
  INFO((config ? "" : config.error().message));
  CHECK(config);
  for (const Verb& verb : Verbs()) {
    INFO(verb.name);
    CHECK(text->find("`" + std::string(verb.name)) != std::string::npos);
  }
}

}  // namespace
}  // namespace recourse::chatops
