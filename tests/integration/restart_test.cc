// A server that stops and comes back, or does not come up: what it does to runs and to watchers.
#include <catch2/catch.hpp>
#include <csignal>

#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
using Catch::Equals;

std::size_t CountOf(const std::string& what, const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

std::string AddressOf(const Scene& scene) {
  std::string address = *ReadFile(scene.data + "/address", 100);
  address.resize(address.find('\n'));
  return address;
}

TEST_CASE("a server that cannot have its port leaves the runs at work as they are",
          "[integration]") {
  Scene scene;
  const std::string run = scene.Start("gate");
  Eventually("the attempt is at work", [&] {
    return scene.Recourse({"timeline", run}).out.find("attempt 1 of wait") != std::string::npos;
  });
  scene.KillServer();
  const std::vector<std::string> timeline = {"timeline", run, "--file", scene.data + "/journal.db"};
  const std::string before = scene.Recourse(timeline).out;

  const Scene other;
  const Finished refused = Run({RECOURSED, "--data", scene.data, "--listen", AddressOf(other),
                                "--workflows", scene.folder / "workflows"},
                               scene.folder / "refused");
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Contains("cannot listen on"));
  CHECK(scene.Recourse(timeline).out == before);
  CHECK_THAT(scene.Effects(), Equals(""));
}

TEST_CASE("what a start goes on with is logged like any other transition", "[integration]") {
  Scene scene;
  const std::string run = scene.Start("gate");
  scene.KillServer();
  scene.StartServer();
  Eventually("the transition of the recovery is logged", [&] {
    const std::string log = scene.server().err();
    const auto line = log.find("run=" + run + " ");
    return line != std::string::npos && log.find("to=NEEDS_ATTENTION", line) != std::string::npos;
  });
}

TEST_CASE("a watcher follows its run across an orderly restart of the server", "[integration]") {
  Scene scene;
  const std::string run = scene.Start("ask");
  const auto watcher = scene.Background({"watch", run});
  Eventually("the watcher sees the question",
             [&] { return watcher->out().find("approval A-1") != std::string::npos; });
  scene.StopServer();
  Eventually("the watcher misses the server",
             [&] { return watcher->out().find("the server is gone") != std::string::npos; });
  scene.StartServer();
  CHECK(scene.Recourse({"approve", "A-1", "--as", "approver", "--wait"}).code == 0);
  CHECK(watcher->WaitForEnd(30s) == 0);
  const std::string seen = watcher->out();
  CHECK_THAT(seen, Contains(run + " SUCCEEDED"));
  CHECK(CountOf("the server is gone", seen) == 1);
  CHECK(CountOf("the server is back", seen) == 1);
}

}  // namespace
}  // namespace recourse::integration
