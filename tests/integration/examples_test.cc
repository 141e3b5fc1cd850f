// The examples, built as examples/README.md says and run against a real server that is restarted
// under them.
#include <catch2/catch.hpp>
#include <sstream>

#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

constexpr const char* kGuarded = R"(
name: guarded
steps:
  - {id: hold, wait: {signal: go}}
  - {id: ask, approval: {prompt: "Go on?", approvers: [dba], exclude_requester: true, expires: 1h}}
  - {id: then, action: debug.echo, with: {value: 1}}
)";

// The commands of a part of examples/README.md.
std::string CommandsOf(const std::string& part) {
  const auto readme = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/examples/README.md", 1 << 20);
  REQUIRE(readme);
  const auto begin = readme->find("```sh\n", readme->find("## " + part)) + 6;
  std::string commands = readme->substr(begin, readme->find("```", begin) - begin);
  const std::string build = "build/release";
  if (const auto at = commands.find(build); at != std::string::npos) {
    commands.replace(at, build.size(), RECOURSE_BINARY_DIR);
  }
  return "set -e\ncd " RECOURSE_SOURCE_DIR "\n" + commands;
}

// Builds an example; what a compiler takes on a busy machine is no failure.
void Build(const Scene& scene, const std::string& part) {
  scene.folder.Write("out/made", "");
  Program build({"/bin/bash", "-c", CommandsOf(part)}, scene.folder / "build",
                {{"PREFIX", scene.folder / "prefix"}, {"OUT", scene.folder / "out"}});
  const auto code = build.WaitForEnd(500s);
  INFO(build.out() << build.err());
  REQUIRE(code == 0);
}

// The numbers at the beginnings of lines.
std::vector<int> SequencesIn(const std::string& out) {
  std::vector<int> sequences;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && std::isdigit(static_cast<unsigned char>(line[0])) != 0) {
      sequences.push_back(std::stoi(line));
    }
  }
  return sequences;
}

// Runs the example on a run that waits for a signal, restarts the server meanwhile, and lets it
// end.
void Follow(Scene& scene, const std::vector<std::string>& command, const Environment& environment) {
  Program example(command, scene.folder / "example", environment);
  Eventually("the run waits", [&] {
    return example.out().find("hold") != std::string::npos || example.WaitForEnd(0ms);
  });
  INFO(example.out() << example.err());
  scene.KillServer();
  Eventually("the example has noticed",
             [&] { return example.out().find("the server is gone") != std::string::npos; });
  scene.StartServer();
  REQUIRE(scene.Recourse({"signal", "R-1", "go"}).code == 0);
  const auto code = example.WaitForEnd(60s);
  INFO(example.out() << example.err());
  REQUIRE(code == 0);
  CHECK_THAT(example.out(), Contains("asked: Go on?"));
  CHECK_THAT(example.out(), Contains("RUN_STATUS_SUCCEEDED"));
  // Each event once, in order, none missing.
  const std::vector<int> sequences = SequencesIn(example.out());
  REQUIRE(sequences.size() > 5);
  for (std::size_t i = 0; i < sequences.size(); ++i) CHECK(sequences[i] == static_cast<int>(i) + 1);
  // The same request id is the same run.
  const Finished again = Run(command, scene.folder / "again", environment);
  CHECK(again.code == 0);
  CHECK_THAT(again.out, Contains("R-1\n"));
  CHECK(scene.Json({"runs"})["runs"].as_list().size() == 1);
}

TEST_CASE("the programs are installed with their manual and what shells load", "[integration]") {
  const Scene scene(false);
  const std::string prefix = scene.folder / "prefix";
  const Finished installed = Run({"/usr/bin/cmake", "--install", RECOURSE_BINARY_DIR, "--component",
                                  "programs", "--prefix", prefix},
                                 scene.folder / "install");
  INFO(installed.out << installed.err);
  REQUIRE(installed.code == 0);
  for (const auto& [file, text] : std::vector<std::pair<std::string, std::string>>{
           {"share/man/man1/recourse.1", ".TH RECOURSE 1"},
           {"share/bash-completion/completions/recourse", "complete -F _recourse recourse"},
           {"share/zsh/vendor-completions/_recourse", "#compdef recourse"},
           {"share/fish/vendor_completions.d/recourse.fish", "complete -c recourse"}}) {
    INFO(file);
    const auto contents = ReadFile(prefix + "/" + file, 1 << 20);
    REQUIRE(contents);
    CHECK_THAT(*contents, Contains(text));
  }
  CHECK(Run({prefix + "/bin/recourse", "--version"}, scene.folder / "version").code == 0);
}

TEST_CASE("a program in C++ is built against what is installed, and follows a run across a restart",
          "[integration]") {
  Scene scene(false);
  scene.folder.Write("workflows/guarded.yaml", kGuarded);
  scene.StartServer();
  Build(scene, "C++");
  Follow(scene, {scene.folder / "out/example", scene.data, "guarded", "example-1"}, {});
}

TEST_CASE("a program in Python is made from the protos alone, and follows a run across a restart",
          "[integration]") {
  Scene scene(false);
  scene.folder.Write("workflows/guarded.yaml", kGuarded);
  scene.StartServer();
  Build(scene, "Python");
  Follow(scene,
         {"/usr/bin/python3", std::string(RECOURSE_SOURCE_DIR) + "/examples/python/client.py",
          "unix:" + scene.data + "/recourse.sock", scene.data + "/operator.token",
          scene.data + "/approver.token", "guarded", "example-1"},
         {{"PYTHONPATH", scene.folder / "out"}, {"PYTHONDONTWRITEBYTECODE", "1"}});
}

}  // namespace
}  // namespace recourse::integration
