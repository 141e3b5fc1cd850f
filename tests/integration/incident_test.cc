// What several people do to a run, through the real programs: groups of approvers, an override, a
// run put aside, an escalation that is told until somebody takes it, and two operators at once.
#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

constexpr const char* kRepair = R"(
name: repair
severity: high
inputs:
  target: {type: target}
on_failure: pause
steps:
  - id: confirm
    approval: {prompt: "Repair it?", approvers: {dba: 1, level-1: 1}, expires: 1h}
    pause_stops_clock: true
  - id: work
    action: debug.append
    with: {path: "/PLACE/wrong/effects"}
)";
constexpr const char* kPolicy = R"(
name: site
levels:
  - {to: level-1}
  - {after: 1h, to: level-2}
respond_within: {critical: 5m}
)";

void WriteFiles(const Scene& scene) {
  std::string repair = kRepair;
  for (std::size_t at; (at = repair.find("/PLACE")) != std::string::npos;) {
    repair.replace(at, 6, scene.data);
  }
  scene.folder.Write("workflows/repair.yaml", repair);
  scene.folder.Write("data/escalation_policies/site.yaml", kPolicy);
  scene.folder.Write("data/targets/box.yaml", "name: box\nescalation_policy: site\n");
}

std::string StartRepair(const Scene& scene) {
  return scene.Json({"start", "repair", "--target", "box", "--severity", "critical"})["id"]
      .as_string();
}

std::string Attention(const Scene& scene) { return scene.Recourse({"attention"}).out; }

}  // namespace

TEST_CASE("people steer an incident together, and everybody is told what the others did",
          "[integration]") {
  Scene scene(false);
  WriteFiles(scene);
  scene.StartServer();
  const std::string run = StartRepair(scene);
  scene.WaitForStatus(run, "RUN_STATUS_WAITING");

  // It tells those of the policy, until somebody takes it.
  CHECK_THAT(Attention(scene), Contains(run + "  WAITING  repair on box  (critical)"));
  CHECK_THAT(Attention(scene), Contains("respond by"));
  CHECK_THAT(Attention(scene), Contains("ack " + run));
  CHECK(scene.Recourse({"ack", run, "--reason", "I am on it"}).code == 0);
  CHECK_THAT(Attention(scene), Contains("taken by    operator"));
  CHECK_THAT(scene.Recourse({"--as", "approver", "ack", run}).err,
             Contains("acknowledged by operator already"));

  // A changed input asks anew: who had the old question in hand is told so.
  scene.folder.Write("data/effects", "");
  CHECK_THAT(scene.Recourse({"override", run, "work", "pat=x", "--reason", "typing error"}).err,
             Contains("did you mean \"path\""));
  CHECK(scene
            .Recourse({"override", run, "work", "path=" + scene.data + "/effects", "--reason",
                       "typing error"})
            .code == 0);
  scene.WaitForStatus(run, "RUN_STATUS_WAITING");
  CHECK_THAT(scene.Recourse({"--as", "approver", "approve", "A-1"}).err, Contains("settled"));

  // Put aside: nobody decides, whatever the clock says, also not after a crash.
  const Value before = scene.Json({"show", run});
  CHECK(scene.Recourse({"quarantine", run, "--reason", "it looks wrong"}).code == 0);
  scene.KillServer();
  scene.StartServer();
  CHECK_THAT(scene.Recourse({"--as", "approver", "approve", "A-2"}).err,
             Contains("quarantined by operator (it looks wrong)"));
  const Finished late =
      scene.Recourse({"resume", run, "--revision",
                      ToJson(before["revision"]).substr(1, ToJson(before["revision"]).size() - 2)});
  CHECK_THAT(late.err, Contains("since then: quarantined by operator: it looks wrong"));
  CHECK(scene.Recourse({"resume", run}).code == 0);

  // One of each group, and each person for one of them only.
  CHECK(scene.Recourse({"--as", "approver", "approve", "A-2"}).code == 0);
  CHECK(scene.StatusOf(run) == "RUN_STATUS_WAITING");
  CHECK_THAT(scene.Recourse({"approval", "A-2"}).out, Contains("1 of dba and 1 of level-1"));
  CHECK(scene.Recourse({"--as", "approver", "withdraw", "A-2", "--reason", "wait"}).code == 0);
  CHECK_THAT(scene.Recourse({"approval", "A-2"}).out, !Contains("approved by"));
  CHECK(scene.Recourse({"cancel", run, "--reason", "enough"}).code == 0);

  const std::string told = scene.Recourse({"timeline", run}).out;
  for (const char* line :
       {"nobody has acknowledged it: level-1 is told", "acknowledged by operator: I am on it",
        "path of work overridden by operator", "quarantined by operator: it looks wrong",
        "A-2: decision taken back by approver: wait"}) {
    CHECK_THAT(told, Contains(line));
  }
}

TEST_CASE("a run goes on by a definition that it adopts, and its record stays sound",
          "[integration]") {
  Scene scene(false);
  const std::string head = "name: grow\nsteps:\n  - {id: go, wait: {signal: go, timeout: 1h}}\n";
  const std::string file = scene.folder.Write(
      "workflows/grow.yaml", head + "  - {id: one, action: debug.echo, with: {value: 1}}\n");
  scene.StartServer();
  const std::string run = scene.Start("grow");
  scene.WaitForStatus(run, "RUN_STATUS_WAITING");
  CHECK(scene.Recourse({"adopt", run, "--reason", "it lacks steps"}).code != 0);  // it is not held
  scene.Recourse({"pause", run});
  const std::string longer = scene.folder.Write(
      "new/grow.yaml", head +
                           "  - {id: one, action: debug.echo, with: {value: 1}}\n"
                           "  - {id: two, action: debug.echo, with: {value: 2}}\n"
                           "  - {id: three, action: debug.echo, with: {value: 3}}\n");
  CHECK(scene.Recourse({"workflows", "apply", longer}).code == 0);
  CHECK(scene.Recourse({"adopt", run, "--reason", "it lacks steps"}).code == 0);
  scene.KillServer();
  scene.StartServer();
  scene.Recourse({"resume", run});
  CHECK(scene.Recourse({"signal", run, "go", "--wait"}).code == 0);
  CHECK_THAT(scene.Recourse({"show", run}).out, Contains("three"));
  CHECK_THAT(scene.Recourse({"timeline", run}).out, Contains("three succeeded"));
  CHECK(scene.Recourse({"journal", "verify"}).code == 0);
  CHECK(scene.Recourse({"workflows", "graph", "--run", run, "--format", "dot"}).code == 0);
  // Until the run has been over long enough.
  const std::string copy = scene.folder / "copy.db";
  Finished imported;
  for (int tries = 0; tries < 200 && (tries == 0 || imported.code != 0); ++tries) {
    const std::string archive = scene.folder / ("old-" + std::to_string(tries) + ".jsonl");
    scene.Recourse({"journal", "export", "--older-than", "1s", "--to", archive});
    imported = scene.Recourse({"journal", "import", archive, "--file", copy});
  }
  CHECK(imported.code == 0);
  CHECK(scene.Recourse({"journal", "verify", "--file", copy}).code == 0);
}

TEST_CASE("an approval that was given and taken back is told as such, and asked anew",
          "[integration]") {
  Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  scene.Recourse({"pause", "R-1"});
  CHECK(scene.Recourse({"--as", "approver", "approve", "A-1"}).code == 0);
  CHECK_THAT(scene.Recourse({"--as", "approver", "withdraw", "A-1", "--reason", "wait"}).out,
             Contains("REVOKED"));
  CHECK_THAT(scene.Recourse({"approval", "A-1"}).out, Contains("given and taken back"));
  CHECK(scene.Recourse({"--as", "approver", "approve", "A-1"}).code != 0);
  CHECK(scene.Recourse({"journal", "verify"}).code == 0);
  scene.Recourse({"resume", "R-1"});
  scene.WaitForStatus("R-1", "RUN_STATUS_WAITING");
  CHECK(scene.Recourse({"--as", "approver", "approve", "A-2", "--wait"}).code == 0);
}

}  // namespace recourse::integration
