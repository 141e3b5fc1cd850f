// Steps with steps inside, and steps that wait for people, through the real programs and a kill.
#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

constexpr const char* kUpdate = R"(
name: update
steps:
  - id: both
    parallel:
      branches:
        web:
          - {id: drain, action: debug.append, with: {path: "/PLACE/web"}}
        people:
          - id: tell
            manual:
              prompt: Before the update
              by: [dba, operator]
              items:
                - {id: customer, text: Tell the customer}
                - {id: backup, text: A backup is there, check: {action: host.disk, with: {path: /}}}
  - {id: go, wait: {signal: go, timeout: 1h}}
  - {id: note, workflow: note, with: {text: "${steps.go.output.payload.text}"}}
outputs:
  customer: "${steps.tell.output.items.customer.by}"
  text: "${steps.note.output.text}"
on_finish:
  - {id: last, action: debug.append, with: {path: "/PLACE/last"}}
)";
constexpr const char* kNote = R"(
name: note
inputs:
  text: {type: string}
steps:
  - {id: say, set: {text: "noted: ${inputs.text}"}}
outputs: {text: "${steps.say.output.text}"}
)";

void WriteWorkflows(const Scene& scene) {
  std::string update = kUpdate;
  for (std::size_t at; (at = update.find("/PLACE")) != std::string::npos;) {
    update.replace(at, 6, scene.data);
  }
  scene.folder.Write("workflows/update.yaml", update);
  scene.folder.Write("workflows/note.yaml", kNote);
}

}  // namespace

TEST_CASE("branches, a checklist, a signal and a sub-workflow come through a kill",
          "[integration]") {
  Scene scene(false);
  WriteWorkflows(scene);
  scene.StartServer();
  const Finished parked = scene.Recourse({"start", "update", "--wait"});
  CHECK(parked.code == 5);
  CHECK_THAT(parked.out, Contains("checklist at tell: Before the update"));
  CHECK_THAT(parked.out, Contains("customer (Tell the customer)"));
  CHECK_THAT(parked.out, Contains("recourse answer R-1 customer\n"));

  scene.KillServer();
  scene.StartServer();
  CHECK(scene.Recourse({"answer", "R-1", "customers"}).code != 0);
  CHECK(scene.Recourse({"answer", "R-1", "customer", "--reason", "by phone"}).code == 0);
  scene.WaitForStatus("R-1", "RUN_STATUS_WAITING");
  CHECK_THAT(scene.Recourse({"show", "R-1"}).out, Contains("go waits for the signal go"));
  CHECK_THAT(scene.Recourse({"show", "R-1"}).out, Contains("recourse signal R-1 go"));

  CHECK_THAT(scene.Recourse({"signal", "R-1", "goo"}).err, Contains("did you mean \"go\"?"));
  const Finished done =
      scene.Recourse({"signal", "R-1", "go", "--payload", R"({"text":"now"})", "--wait"});
  CHECK(done.code == 0);
  const Value outputs = *ParseJson(scene.Json({"show", "R-1"})["outputs_json"].as_string());
  CHECK(outputs["customer"] == Value("operator"));
  CHECK(outputs["text"] == Value("noted: now"));
  const Finished told = scene.Recourse({"timeline", "R-1"});
  CHECK_THAT(told.out, Contains("both begins its branches: web, people"));
  CHECK_THAT(told.out, Contains("tell: backup is done: its check succeeded"));
  CHECK_THAT(told.out, Contains("note/say"));
}

TEST_CASE("a workflow that would run itself is left out with its place", "[integration]") {
  Scene scene(false);
  scene.folder.Write("workflows/circle.yaml",
                     "name: circle\nsteps:\n  - {id: again, workflow: circle}\n");
  const Finished checked =
      scene.Recourse({"workflows", "validate", scene.folder / "workflows/circle.yaml"});
  CHECK(checked.code == 4);
  CHECK_THAT(checked.out, Contains("circle.yaml:3:27: workflow: \"circle\" would run itself"));
}

}  // namespace recourse::integration
