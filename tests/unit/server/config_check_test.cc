#include "server/config_check.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "actions/debug/debug.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

using Catch::Matchers::Contains;

Config ConfigOf(const TemporaryDirectory& directory) {
  Config config;
  config.data = directory.File("data");
  config.journal_key = config.data + "/journal.key";
  return config;
}

ConfigCheck Checked(const Config& config) {
  return CheckConfiguration(
      config, [](Registry& registry, const ChannelNames*) { AddDebugActions(registry); });
}

}  // namespace

TEST_CASE("a configuration that is right is checked without making anything", "[server]") {
  const TemporaryDirectory directory;
  const ConfigCheck check = Checked(ConfigOf(directory));
  CHECK(check.wrong.empty());
  CHECK(check.left_out.empty());
  CHECK(check.summary == "2 principals, 0 workflows, 0 targets, 0 schedules");
  CHECK_FALSE(std::filesystem::exists(directory.File("data")));
}

TEST_CASE("every file that would keep the server down is told at once, with the place",
          "[server]") {
  const TemporaryDirectory directory;
  directory.Write("data/principals.yaml", "principals:\n  - {name: ada, roels: [viewer]}\n");
  directory.Write("data/notifications.yaml", "chanels: []\n");
  const ConfigCheck check = Checked(ConfigOf(directory));
  REQUIRE(check.wrong.size() == 2);
  CHECK_THAT(check.wrong[0], Contains("principals.yaml:2:17: "));
  CHECK_THAT(check.wrong[1], Contains("notifications.yaml:1:1: "));
}

TEST_CASE("a token file that the start could not make is told by a check", "[server]") {
  const TemporaryDirectory directory;
  const std::string who = "principals: [{name: ada, roles: [admin], token_file: ";
  directory.Write("data/principals.yaml", who + directory.File("none/ada.token") + "}]\n");
  ConfigCheck check = Checked(ConfigOf(directory));
  REQUIRE(check.wrong.size() == 1);
  CHECK_THAT(check.wrong[0], Contains("make the token file of ada in " + directory.File("none")));
  const std::string same = directory.File("data/ada.token");
  directory.Write("data/principals.yaml",
                  who + same + "}, {name: bob, roles: [viewer], token_file: " + same + "}]\n");
  check = Checked(ConfigOf(directory));
  REQUIRE(check.wrong.size() == 1);
  CHECK_THAT(check.wrong[0], Contains("two principals have the token file " + same));
}

TEST_CASE("of a data directory that cannot be read nothing more is said", "[server]") {
  const TemporaryDirectory directory;
  directory.Write("data", "a file\n");
  Config config = ConfigOf(directory);
  config.data += "/below";
  const ConfigCheck check = Checked(config);
  REQUIRE(check.wrong.size() == 1);
  CHECK_THAT(check.wrong[0], Contains("check as the user that the server runs as"));
}

TEST_CASE("what a start would leave out is told by a check", "[server]") {
  const TemporaryDirectory directory;
  directory.Write("data/workflows/a.yaml", "name: a\nsteps: [{id: a, action: debug.ehco}]\n");
  directory.Write("data/targets/shop.yaml", "name: shop\ndatabse: {}\n");
  const ConfigCheck check = Checked(ConfigOf(directory));
  CHECK(check.wrong.empty());
  REQUIRE(check.left_out.size() == 2);
  CHECK_THAT(check.left_out[0] + check.left_out[1],
             Contains("workflows/a.yaml:2:") && Contains("targets/shop.yaml:2:1: "));
}

}  // namespace recourse::server
