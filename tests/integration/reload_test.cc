// Definitions that change while the server runs.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

std::string Echo(int value) {
  return "name: echo\nsteps:\n  - {id: say, action: debug.echo, with: {value: " +
         std::to_string(value) + "}}\noutputs: {said: \"${steps.say.output.value}\"}\n";
}

constexpr const char* kBrokenFile = "name: echo\nsteps:\n  - {id: say, action: debug.ehco}\n";

void Hang(Scene& scene, const std::string& logged) {
  scene.server().Signal(SIGHUP);
  Eventually("the server has read its definitions again",
             [&] { return scene.server().err().find(logged) != std::string::npos; });
}

TEST_CASE("SIGHUP reads the definitions again, and a broken file never replaces a good one",
          "[integration]") {
  Scene scene;
  scene.folder.Write("workflows/echo.yaml", Echo(8));
  Hang(scene, "1 files differ, 0 problems");
  CHECK_THAT(scene.Recourse({"start", "echo", "--wait", "--output", "json"}).out,
             Contains("{\\\"said\\\":8}"));

  const std::string file = scene.folder.Write("workflows/echo.yaml", kBrokenFile);
  Hang(scene, "0 files differ, 2 problems");
  CHECK_THAT(scene.server().err(), Contains(file + ":3:"));
  const Finished info = scene.Recourse({"info"});
  CHECK_THAT(info.out, Contains(file + ":3:"));
  CHECK_THAT(info.out, Contains("what it held before stays in use"));
  CHECK(scene.Recourse({"start", "echo", "--wait"}).code == 0);
}

TEST_CASE("a run that waits keeps its definition over a reload", "[integration]") {
  Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  scene.folder.Write("workflows/ask.yaml", "name: ask\nsteps: [{id: other, action: debug.fail}]\n");
  Hang(scene, "1 files differ");
  const Finished approved = scene.Recourse({"approve", "A-1", "--as", "approver", "--wait"});
  CHECK(approved.code == 0);
  CHECK_THAT(approved.out, Contains("then succeeded"));
}

TEST_CASE("a workflow is applied, and is there after the next start", "[integration]") {
  Scene scene;
  const std::string fresh = scene.folder.Write(
      "fresh.yaml", "name: fresh\nsteps: [{id: a, action: debug.echo, with: {value: 1}}]\n");
  const Finished applied = scene.Recourse({"workflows", "apply", fresh});
  INFO(applied.err);
  CHECK(applied.code == 0);
  CHECK_THAT(applied.out, Contains("fresh is new, in " + scene.data + "/workflows/fresh.yaml"));
  CHECK(scene.Recourse({"start", "fresh", "--wait"}).code == 0);

  const std::string changed = scene.folder.Write("changed.yaml", Echo(9));
  CHECK_THAT(scene.Recourse({"workflows", "apply", changed}).out,
             Contains("echo is changed, in " + (scene.folder / "workflows/echo.yaml")));
  CHECK_THAT(scene.Recourse({"workflows", "apply", changed}).out, Contains("echo is as it was"));
  scene.KillServer();
  scene.StartServer();
  CHECK(scene.Recourse({"start", "fresh", "--wait"}).code == 0);
  CHECK(scene.Json({"workflows", "list"})["workflows"].as_list().size() == 7);
}

TEST_CASE("a broken workflow is not applied, and says where it is broken", "[integration]") {
  const Scene scene;
  const std::string file = scene.folder.Write("broken.yaml", kBrokenFile);
  const Finished refused = scene.Recourse({"workflows", "apply", file});
  CHECK(refused.code == 4);
  CHECK_THAT(refused.err, Contains(file + ":3:"));
  CHECK_THAT(refused.err, Contains("did you mean \"debug.echo\"?"));
  CHECK_THAT(refused.err, Contains("nothing was applied"));
  CHECK(scene.Recourse({"workflows", "apply", scene.folder / "none.yaml"}).code == 2);
  CHECK(scene.Recourse({"start", "echo", "--wait"}).code == 0);
  const Finished stranger = scene.Recourse({"workflows", "apply", file, "--as", "approver"});
  CHECK(stranger.code == 4);
  CHECK_THAT(stranger.err, Contains("needs the role admin"));
}

}  // namespace
}  // namespace recourse::integration
