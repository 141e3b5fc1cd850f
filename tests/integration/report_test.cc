// The post-incident report, by the real programs.
#include <catch2/catch.hpp>
#include <map>

#include "engine/base/json.h"
#include "tests/integration/scene.h"

namespace recourse::integration {

using Catch::Contains;

TEST_CASE("a server and the journal's file give the same report, byte for byte", "[integration]") {
  Scene scene;
  const std::string run = scene.Start("ask");
  scene.WaitForStatus(run, "RUN_STATUS_WAITING");
  REQUIRE(scene.Recourse({"note", run, "looked at"}).code == 0);
  REQUIRE(
      scene.Recourse({"approve", "A-1", "--as", "approver", "--reason", "yes", "--wait"}).code ==
      0);

  std::map<std::string, std::string> online;
  for (const char* format : {"md", "json", "html"}) {
    INFO(format);
    const Finished made = scene.Recourse({"timeline", run, "--format", format});
    INFO(made.err);
    REQUIRE(made.code == 0);
    online[format] = made.out;
  }
  CHECK_THAT(online["md"],
             Contains("approver") && Contains("looked at") && Contains("The hash chain holds"));
  const auto json = ParseJson(online["json"]);
  REQUIRE(json);
  CHECK((*json)["proof"].BoolOr("sound", false));
  CHECK((*json)["approvals"].as_list().size() == 1);

  scene.StopServer();
  for (const auto& [format, text] : online) {
    INFO(format);
    const Finished made =
        scene.Recourse({"timeline", run, "--format", format, "--file", scene.data + "/journal.db"});
    CHECK(made.code == 0);
    CHECK(made.out == text);
  }
}

TEST_CASE("hostile text reaches a report as text", "[integration]") {
  Scene scene;
  const std::string run = scene.Start("escape");
  scene.WaitForStatus(run, "RUN_STATUS_WAITING");
  REQUIRE(scene.Recourse({"note", run, "<script>alert(1)</script> \x1b[2J [a](http://b)"}).code ==
          0);
  for (const char* format : {"md", "html", "json", "text"}) {
    INFO(format);
    const Finished made = scene.Recourse({"timeline", run, "--format", format});
    CHECK(made.code == 0);
    CHECK(made.out.find('\x1b') == std::string::npos);
  }
  const std::string html = scene.Recourse({"timeline", run, "--format", "html"}).out;
  CHECK(html.find("<script") == std::string::npos);
  CHECK_THAT(html, Contains("&lt;script&gt;"));
  CHECK_THAT(scene.Recourse({"timeline", run, "--format", "md"}).out,
             Contains("\\[a\\](http\\://b)"));
}

}  // namespace recourse::integration
