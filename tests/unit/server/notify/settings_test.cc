#include "server/notify/settings.h"

#include <catch2/catch.hpp>

#include "engine/base/file.h"

namespace recourse::notify {
namespace {

using Catch::Contains;
using Names = std::vector<std::string>;

constexpr const char* kTwo = R"(
channels:
  - {name: pager, kind: pagerduty, routing_key: pagerduty}
  - {name: ops, kind: slack, url_secret: slack}
routes:
  - {to: [ops]}
  - {to: [pager], severities: [critical], targets: [health], events: [needs_attention, run_succeeded]}
)";

Names ToldOf(const Settings& settings, const std::string& event, const std::string& severity,
             const std::string& target) {
  journal::RunRow run;
  run.severity = severity;
  run.target = target;
  return settings.ChannelsFor(machine::Notify{event, "x"}, run);
}

std::string Mistakes(const std::string& text) {
  const auto settings = ParseSettings(text, "n.yaml");
  REQUIRE_FALSE(settings);
  CHECK(settings.error().code == Code::kInvalidArgument);
  return settings.error().message;
}

}  // namespace

TEST_CASE("a route tells its channels of what fits all its conditions", "[notify]") {
  const auto settings = ParseSettings(kTwo, "n.yaml");
  INFO((settings ? "" : settings.error().message));
  REQUIRE(settings);
  CHECK(ToldOf(*settings, "needs_attention", "critical", "health") == Names{"pager", "ops"});
  CHECK(ToldOf(*settings, "needs_attention", "high", "health") == Names{"ops"});
  CHECK(ToldOf(*settings, "needs_attention", "critical", "other") == Names{"ops"});
  CHECK(ToldOf(*settings, "escalated", "critical", "health") == Names{"ops"});
  // A success is told to those only who ask for it.
  CHECK(ToldOf(*settings, "run_succeeded", "critical", "health") == Names{"pager"});
  CHECK(ToldOf(Settings(), "needs_attention", "critical", "health").empty());
}

TEST_CASE("routes may stand before the channels that they name", "[notify]") {
  CHECK(ParseSettings(
      "routes: [{to: [ops]}]\nchannels: [{name: ops, kind: slack, url_secret: s}]\n", "n.yaml"));
}

TEST_CASE("every mistake in the file is told with its place", "[notify]") {
  const std::string all = Mistakes(R"(channels:
  - {name: Ops, kind: slack, url_secret: s}
  - {name: ops, kind: pigeon}
  - {name: ops, kind: mail, server: smtp://x, from: a@b}
  - {name: hook, kind: webhook, url: "ftp://x", signing_secret: s, to: [x]}
  - {name: post, kind: mail, server: "http://x", from: a@b, to: [c@d], user: u}
  - {name: say, kind: slack, url_secret: s, text: "${run.nothing}", digest_after: many}
routes:
  - {to: [nobody], severities: [terrible], events: [birthday]}
  - {severities: [high]}
)");
  CHECK_THAT(all,
             Contains("n.yaml:2:5: channels[0]: a channel needs a name, of lower-case letters"));
  CHECK_THAT(
      all,
      Contains("n.yaml:3:5: channels[1]: kind: expected one of mail, mattermost, pagerduty, slack, "
               "webhook, found \"pigeon\""));
  CHECK_THAT(all, Contains("n.yaml:4:5: channels[2]: a channel of the kind mail needs to"));
  CHECK_THAT(all, Contains("n.yaml:4:5: channels[2]: there are two channels \"ops\""));
  CHECK_THAT(all, Contains("channels[3]: a channel of the kind webhook has no to"));
  CHECK_THAT(all, Contains("n.yaml:5:5: channels[3]: \"ftp://x\" is no http:// or https:// URL"));
  CHECK_THAT(all, Contains("channels[4]: \"http://x\" is no smtp:// or smtps:// URL"));
  CHECK_THAT(all, Contains("channels[4]: user needs password, the name of a secret"));
  CHECK_THAT(all, Contains("n.yaml:7:51: channels[5].text: "));
  CHECK_THAT(all, Contains("digest_after: expected a number of 0 to 10000, found \"many\""));
  CHECK_THAT(all,
             Contains("n.yaml:9:5: routes[0].to: there is no channel \"nobody\"; known are: "));
  CHECK_THAT(
      all,
      Contains(
          "routes[0].severities: there is no severity \"terrible\"; known are: critical, high"));
  CHECK_THAT(
      all,
      Contains("routes[0].events: there is no event \"birthday\"; known are: approval_requested"));
  CHECK_THAT(all, Contains("n.yaml:10:5: routes[1]: a route needs \"to\", a list of channels"));
}

TEST_CASE("without a file nobody is told, and a named one must be there", "[notify]") {
  const auto none = FindSettings("/nowhere", "");
  REQUIRE(none);
  CHECK(none->channels.empty());
  const auto missing = FindSettings("/nowhere", "/nowhere/mine.yaml");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Code::kNotFound);
}

TEST_CASE("the file in the documentation is one", "[notify]") {
  const auto text = ReadFile(RECOURSE_SOURCE_DIR "/docs/notifications.md", 1 << 20);
  REQUIRE(text);
  const auto begin = text->find("```yaml\n");
  REQUIRE(begin != std::string::npos);
  const auto settings = ParseSettings(
      text->substr(begin + 8, text->find("```", begin + 8) - begin - 8), "notifications.md");
  INFO((settings ? "" : settings.error().message));
  REQUIRE(settings);
  CHECK(settings->channels.size() == 5);
}

}  // namespace recourse::notify
