// top at a real terminal, in the size of old ones.
#include <catch2/catch.hpp>
#include <csignal>

#include "tests/integration/scene.h"
#include "tests/integration/terminal.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

Environment On(const Scene& scene) {
  return {{"RECOURSE_DATA", scene.data}, {"HOME", scene.folder / "home"}};
}

TEST_CASE("top shows what waits and for whom, follows the terminal's size, and leaves it as it was",
          "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  scene.Recourse({"start", "stuck", "--wait"});
  Terminal top({RECOURSE, "top"}, On(scene));
  top.WaitForScreen("2 runs wait for a person; need attention: 1, open approvals: 1");
  const std::vector<std::string> screen = top.Screen();
  REQUIRE(screen.size() == 24);
  CHECK_THAT(screen[0], Contains(" UTC  " + scene.data.substr(0, 20)));
  CHECK_THAT(screen[5], Contains("RUN  STATUS"));
  CHECK_THAT(screen[6], Contains("R-2  NEEDS_ATTENTION"));
  CHECK_THAT(screen[7], Contains("R-1  WAITING"));
  CHECK_THAT(screen[7], Contains("dba"));

  top.Resize(60, 8);
  top.WaitForScreen("1 of 2 open runs are shown");
  CHECK_THAT(top.Screen()[6], Contains("R-2  NEEDS_ATTENTION"));
  top.Resize(200, 50);
  top.WaitForScreen("stuck at once");
  top.WaitForScreen("R-1  WAITING");

  SECTION("q quits") { top.Type("q"); }
  SECTION("Ctrl-C quits") { top.Type("\x03"); }
  SECTION("SIGTERM quits") { top.Signal(SIGTERM); }
  CHECK(top.WaitForEnd() == 0);
  CHECK(top.IsRestored());
}

TEST_CASE("top counts what finishes, and what is over leaves the screen", "[integration]") {
  const Scene scene;
  Terminal top({RECOURSE, "top"}, On(scene));
  top.WaitForScreen("0 finished in the last ");
  const std::string gate = scene.Start("gate");
  top.WaitForScreen(gate + "  RUNNING");
  top.WaitForScreen("gate at wait");
  scene.OpenGate();
  top.WaitForScreen("1 finished in the last ");
  top.WaitForScreen("0 open: 0 at work");
  top.Type("q");
  CHECK(top.WaitForEnd() == 0);
}

TEST_CASE("top goes on when the server goes away and comes back", "[integration]") {
  Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  Terminal top({RECOURSE, "top"}, On(scene));
  top.WaitForScreen("R-1  WAITING");
  scene.KillServer();
  top.WaitForScreen("server   gone for ");
  top.WaitForScreen("R-1  WAITING");  // what was known stays
  scene.StartServer();
  top.WaitForScreen("attempts at work");
  top.Type("q");
  CHECK(top.WaitForEnd() == 0);
  CHECK(top.IsRestored());
}

TEST_CASE("without a terminal for it, top prints once what there is", "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  const Finished printed = scene.Recourse({"top"});
  CHECK(printed.code == 0);
  CHECK_THAT(printed.out, Contains("R-1  WAITING"));
  CHECK_THAT(printed.out, Contains("dba, but not the requester: approval A-1: Go on?"));
  CHECK(printed.out.find('\x1b') == std::string::npos);
  Environment dumb = On(scene);
  dumb["TERM"] = "dumb";
  Terminal top({RECOURSE, "top"}, dumb);
  CHECK(top.WaitForEnd() == 0);
  CHECK_THAT(top.written(), Contains("R-1  WAITING"));
  CHECK(top.written().find('\x1b') == std::string::npos);
  CHECK(scene.Json({"top"})["runs"].as_list().size() == 1);
}

}  // namespace
}  // namespace recourse::integration
