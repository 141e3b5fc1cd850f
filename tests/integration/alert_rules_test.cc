// The rules by which alerts start runs change, and parts of them break.
#include <csignal>

#include "tests/integration/hooked.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

TEST_CASE("rules are read again at SIGHUP, and good ones stay when the file is broken",
          "[integration]") {
  Hooked hooked;
  CHECK_THAT(hooked.Post("alert", Alert("Quiet", "a", "firing")).out, Contains("\"no_rule\""));
  hooked.scene.folder.Write(
      "alert_rules.yaml", "fallback: triage\nrules:\n- {name: r, matchers: [], workflow: ecko}\n");
  hooked.scene.server().Signal(SIGHUP);
  Eventually("the mistake is told", [&] {
    return hooked.scene.server().err().find("alert_rules.yaml:3:") != std::string::npos;
  });
  CHECK_THAT(hooked.scene.server().err(),
             Contains("unknown workflow \"ecko\"; did you mean \"echo\"?"));
  CHECK_THAT(hooked.Post("alert", Alert("Loud", "b", "firing")).out, Contains("\"started\""));
  hooked.scene.folder.Write(
      "alert_rules.yaml", "fallback: triage\nrules:\n- {name: r, matchers: [], workflow: echo}\n");
  hooked.scene.server().Signal(SIGHUP);
  Eventually("the rule counts", [&] {
    return hooked.Post("alert", Alert("Quiet", "a", "firing")).out.find("\"started\"") !=
           std::string::npos;
  });
}

TEST_CASE("a broken workflow takes no other rule with it, also when the server starts with it",
          "[integration]") {
  Hooked hooked;
  hooked.scene.StopServer();
  hooked.scene.folder.Write("workflows/ask.yaml", "name: ask\nsteps: broken\n");
  hooked.scene.StartServer();
  CHECK_THAT(hooked.Post("alert", Alert("Loud", "a", "firing")).out, Contains("\"started\""));
  // People are told of what it would have started.
  CHECK_THAT(hooked.Post("alert", Alert("Waits", "b", "firing")).out,
             Contains("\"fallback\",\"run\":\"R-2\""));
  CHECK_THAT(hooked.scene.Recourse({"attention"}).out,
             Contains("R-2") && Contains("ALERT RULE") && Contains("unknown workflow \"ask\"") &&
                 Contains("an alert for it starts triage"));
  CHECK_THAT(hooked.scene.server().err(), Contains("unknown workflow \"ask\""));
}

}  // namespace
}  // namespace recourse::integration
