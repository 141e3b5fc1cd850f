// Contexts: several servers, each by its name.
#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>

#include "tests/integration/scene.h"
#include "tests/integration/terminal.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// Commands that find their server by a context alone.
class Elsewhere {
 public:
  explicit Elsewhere(const Scene& scene) : scene_(scene) {}
  Finished operator()(const std::vector<std::string>& arguments,
                      Environment environment = {}) const {
    environment.insert({{"RECOURSE_DATA", ""}, {"XDG_CONFIG_HOME", scene_.folder / "config"}});
    return scene_.Recourse(arguments, environment);
  }

 private:
  const Scene& scene_;
};

TEST_CASE("a context is added, used, shown and removed", "[integration]") {
  const Scene scene;
  const Elsewhere recourse(scene);
  const std::string address = *ReadFile(scene.data + "/address", 100);
  const std::string host_port = address.substr(0, address.find('\n'));
  CHECK_THAT(recourse({"context", "list"}).out, Contains("no contexts"));
  CHECK(recourse({"context", "add", "here", "--address", host_port, "--token-file",
                  scene.data + "/operator.token"})
            .code == 0);
  CHECK(recourse({"context", "add", "socket", "--socket", scene.data + "/recourse.sock",
                  "--token-file", scene.data + "/approver.token"})
            .code == 0);
  CHECK(recourse({"context", "add", "here", "--data", scene.data}).code == 2);
  CHECK(recourse({"context", "add", "none"}).code == 2);

  CHECK(recourse({"runs", "--context", "here"}).code == 0);
  CHECK(recourse({"runs"}, {{"RECOURSE_CONTEXT", "socket"}}).code == 0);
  CHECK(recourse({"runs"}).code == 3);  // none is used
  CHECK(recourse({"context", "use", "here"}).code == 0);
  CHECK(recourse({"runs"}).code == 0);
  CHECK_THAT(recourse({"context", "show"}).out, Contains("chosen by   recourse context use"));
  CHECK_THAT(recourse({"context", "list"}).out, Contains("here (current)"));
  const YAML::Node listed = YAML::Load(recourse({"context", "list", "--output", "yaml"}).out);
  CHECK(listed["current"].Scalar() == "here");
  CHECK(listed["contexts"][1]["name"].Scalar() == "socket");

  // What is suggested goes to the same server.
  const Finished started = recourse({"--context", "here", "start", "ask"});
  CHECK_THAT(started.out, Contains("recourse --context here watch R-1"));

  const Finished removed = recourse({"context", "remove", "here"});
  CHECK(removed.code == 0);
  CHECK_THAT(removed.out, Contains("its token is still in"));
  const Finished misspelt = recourse({"runs", "--context", "sockte"});
  CHECK(misspelt.code == 2);
  CHECK_THAT(misspelt.err, Contains("did you mean \"socket\"?"));
}

TEST_CASE("an error of a connection names the context and what chose it", "[integration]") {
  const Scene scene(false);
  const Elsewhere recourse(scene);
  scene.folder.Write("config/recourse/contexts.yaml",
                     "contexts:\n  away: {address: '127.0.0.1:1', token_file: " +
                         scene.folder.Write("away.token", std::string(43, 'a')) +
                         "}\n  mute: {address: '127.0.0.1:1', token_file: /none}\n");
  for (const std::string context : {"away", "mute"}) {
    const Finished flag = recourse({"runs", "--context", context});
    CHECK(flag.code == 3);
    CHECK_THAT(flag.err,
               Contains("the context " + context + " (127.0.0.1:1), which --context names"));
    CHECK_THAT(flag.err, Contains("config/recourse/contexts.yaml"));
  }
  CHECK_THAT(recourse({"runs"}, {{"RECOURSE_CONTEXT", "away"}}).err,
             Contains("which RECOURSE_CONTEXT names"));
}

TEST_CASE("a token that a context's server does not know is told with the context",
          "[integration]") {
  const Scene scene;
  const Elsewhere recourse(scene);
  scene.folder.Write("config/recourse/contexts.yaml",
                     "contexts:\n  here: {data: " + scene.data + ", token_file: " +
                         scene.folder.Write("other.token", std::string(43, 'a')) + "}\n");
  const Finished refused = recourse({"runs", "--context", "here"});
  CHECK(refused.code == 4);
  CHECK_THAT(refused.err, Contains("the context here (" + scene.data + "), which --context names"));
}

TEST_CASE("a verb that changes something says on a terminal which server is meant",
          "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  scene.folder.Write("config/recourse/contexts.yaml",
                     "current: prod\ncontexts: {prod: {data: " + scene.data + "}}\n");
  const Environment environment = {{"XDG_CONFIG_HOME", scene.folder / "config"},
                                   {"HOME", scene.folder / "home"}};
  Terminal asked({RECOURSE, "approve", "A-1", "--as", "approver"}, environment, 100, 40);
  asked.WaitFor("server: the context prod (" + scene.data + "), which is the current one");
  asked.WaitFor("[l]eave? ");
  asked.Type("l\n");
  CHECK(asked.WaitForEnd() == 5);
  Terminal cancelled({RECOURSE, "cancel", "R-1", "--reason", "x"}, environment);
  CHECK(cancelled.WaitForEnd() == 0);
  CHECK_THAT(cancelled.written(), Contains("server: the context prod"));
  Terminal plain({RECOURSE, "--data", scene.data, "cancel", "R-1"}, environment);
  plain.WaitForEnd();
  CHECK(plain.written().find("server: ") == std::string::npos);
}

TEST_CASE("every verb that answers programs does so in YAML as well", "[integration]") {
  const Scene scene;
  CHECK(YAML::Load(scene.Recourse({"start", "echo", "--output", "yaml"}).out)["id"].Scalar() ==
        "R-1");
  scene.WaitForStatus("R-1", "RUN_STATUS_SUCCEEDED");
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"runs"},
           {"show", "R-1"},
           {"timeline", "R-1"},
           {"approvals"},
           {"info"},
           {"workflows", "list"},
           {"workflows", "show", "ask"},
           {"workflows", "validate", scene.folder / "workflows/ask.yaml"},
           {"actions", "list"},
           {"targets", "list"},
           {"journal", "verify"},
           {"plan", "echo"},
           {"eval", "1 + 1"},
           {"note", "R-1", "yes"}}) {
    std::vector<std::string> in_json = arguments;
    in_json.insert(in_json.end(), {"--output", "yaml"});
    const Finished finished = scene.Recourse(in_json);
    INFO(arguments[0] << " " << finished.out << finished.err);
    CHECK(finished.code == 0);
    CHECK(YAML::Load(finished.out).IsMap());
  }
  const std::vector<YAML::Node> watched =
      YAML::LoadAll(scene.Recourse({"watch", "R-1", "--output", "yaml"}).out);
  REQUIRE(watched.size() > 3);
  CHECK(watched.front()["type"].Scalar() == "RunStarted");
  CHECK(watched.back()["status"].Scalar() == "RUN_STATUS_SUCCEEDED");
}

}  // namespace
}  // namespace recourse::integration
