// What README.md says to type works, and what docs/command.md shows is what happens: its workflow
// is loaded, its commands are run in their order, and their output is compared but for times,
// durations and digests.
#include <catch2/catch.hpp>
#include <regex>
#include <sstream>

#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

struct Example {
  std::vector<std::string> arguments;
  std::string output;
  int code = 0;
};

// The lines between "```kind" and "```", where that stands for the `nth` time.
std::vector<std::string> Block(const std::string& text, const std::string& kind, int nth = 1) {
  std::istringstream lines(text);
  std::vector<std::string> block;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      if (inside) break;
      inside = line == "```" + kind && --nth == 0;
    } else if (inside) {
      block.push_back(line);
    }
  }
  return block;
}

std::vector<Example> ExamplesIn(const std::vector<std::string>& lines) {
  std::vector<Example> examples;
  for (const std::string& line : lines) {
    if (line.starts_with("$ recourse ")) {
      std::istringstream words(line.substr(11));
      Example& example = examples.emplace_back();
      for (std::string word; words >> word;) example.arguments.push_back(word);
    } else if (line.starts_with("[exit code ")) {
      examples.back().code = line[11] - '0';
    } else {
      examples.back().output += line + "\n";
    }
  }
  return examples;
}

// Without what differs from day to day; columns are as wide as their content.
std::string Timeless(const std::string& text) {
  std::string same = std::regex_replace(text, std::regex("[0-9a-f]{64}"), "DIGEST");
  same = std::regex_replace(same, std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]"), "DAY ");
  same = std::regex_replace(same, std::regex("[+-][0-9]{2}:[0-9]{2} [A-Z]{3,4}\\b"), " ZONE");
  same = std::regex_replace(same, std::regex("[0-9]{2}:[0-9]{2}:[0-9]{2}"), "TIME");
  const std::string span = "[0-9.]+ (?:ms|s|min|h|days)\\b";
  same = std::regex_replace(same, std::regex("\\bnow\\b|" + span + "(?: " + span + ")*(?: ago)?"),
                            "SPAN");
  return std::regex_replace(same, std::regex(" +"), " ");
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST_CASE("what README.md says to type by hand works as it stands there", "[integration]") {
  const std::string source = RECOURSE_SOURCE_DIR;
  const auto readme = ReadFile(source + "/README.md", 1 << 20);
  const auto target = ReadFile(source + "/targets/demo.yaml", 1 << 20);
  REQUIRE((readme && target));
  const Folder folder;
  // The places are those of the test: its build, and a folder that nobody else uses.
  const std::string demo = folder / "demo";
  const std::string server = RECOURSED;
  const std::string build = server.substr(0, server.find("/server/recoursed"));
  folder.Write("targets/demo.yaml", Replaced(*target, "/tmp/recourse-demo", demo));
  std::string script = "set -e -m\ncd " + source + "\n";
  for (const std::string& line : Block(readme->substr(readme->find("## By hand")), "sh")) {
    script += line + "\n";
  }
  script = Replaced(script, "$PWD/build/release", build);
  script = Replaced(script, "/tmp/recourse-demo", demo);
  script = Replaced(script, "--targets targets", "--targets " + (folder / "targets"));
  const Finished typed =
      Run({"/bin/bash", "-c", script + "wait || true\n"}, folder / "typed", {{"HOME", demo}});
  INFO(typed.out << typed.err);
  CHECK(typed.code == 0);
  CHECK_THAT(typed.out, Contains("corruption-response"));
  CHECK_THAT(typed.out, Contains("R-1 SUCCEEDED after "));
  CHECK_THAT(typed.out, Contains("verify succeeded"));
  // The demo service of the target can work with the table: it writes these columns.
  const Finished written = Run({"/bin/bash", "-c",
                                "sqlite3 " + demo +
                                    "/health.db \"INSERT INTO metrics (component, timestamp, "
                                    "value) VALUES ('cpu', 1, 0.5)\""},
                               folder / "written");
  INFO(written.out << written.err);
  CHECK(written.code == 0);
}

TEST_CASE("the examples of docs/command.md do what they show", "[integration]") {
  const auto text = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/docs/command.md", 1 << 20);
  REQUIRE(text);
  std::string workflow;
  for (const std::string& line : Block(*text, "yaml")) workflow += line + "\n";
  Scene scene(false);
  scene.folder.Write("workflows/rotate.yaml", workflow);
  scene.StartServer();
  std::vector<Example> examples = ExamplesIn(Block(*text, "console"));
  REQUIRE(examples.size() > 5);
  const std::vector<Example> plans = ExamplesIn(Block(*text, "console", 2));
  REQUIRE(plans.size() == 1);
  examples.insert(examples.end(), plans.begin(), plans.end());
  for (const Example& example : examples) {
    const Finished finished = scene.Recourse(example.arguments);
    INFO(example.arguments[0] << " " << finished.out << finished.err);
    CHECK(finished.code == example.code);
    CHECK(Timeless(finished.out + finished.err) == Timeless(example.output));
  }
}

TEST_CASE("the routine of docs/operations.md for a record that proves itself works",
          "[integration]") {
  const auto text = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/docs/operations.md", 1 << 20);
  REQUIRE(text);
  Scene scene;
  REQUIRE(scene.Recourse({"start", "echo", "--wait"}).code == 0);
  Eventually("the run is over for a second", [&] {
    return scene
               .Recourse({"journal", "export", "--older-than", "1s", "--to",
                          scene.folder / "first.jsonl"})
               .code == 0;
  });
  const std::string command = RECOURSE;
  std::string script = "set -e\nPATH=" + command.substr(0, command.rfind('/')) + ":$PATH\ncd " +
                       (scene.folder / "") + "\n";
  for (const std::string& line :
       Block(text->substr(text->find("## A record that proves itself")), "sh")) {
    script += line + "\n";
  }
  script = Replaced(script, "--older-than 90d", "--older-than 1s");
  const Finished typed =
      Run({"/bin/bash", "-c", script}, scene.folder / "typed", {{"RECOURSE_DATA", scene.data}});
  INFO(typed.out << typed.err);
  CHECK(typed.code == 0);
  CHECK_THAT(typed.out, Contains("the journal is sound") && Contains("removed 1 runs") &&
                            Contains("R-1  SUCCEEDED"));
}

TEST_CASE("the example of docs/rehearsal.md does what it shows", "[integration]") {
  const auto text = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/docs/rehearsal.md", 1 << 20);
  REQUIRE(text);
  const Scene scene(false);  // no server is needed
  const auto write = [&](const std::string& name, int nth) {
    std::string yaml;
    for (const std::string& line : Block(*text, "yaml", nth)) yaml += line + "\n";
    return scene.folder.Write(name, yaml);
  };
  const std::string workflow = write("rotate.yaml", 1);
  write("rotate.test.yaml", 2);
  const std::vector<Example> examples = ExamplesIn(Block(*text, "console"));
  REQUIRE(examples.size() == 1);
  const Finished finished = scene.Recourse({"workflows", "test", workflow});
  const std::string folder = workflow.substr(0, workflow.rfind('/') + 1);
  const std::string out = std::regex_replace(finished.out, std::regex(folder), "");
  CHECK(finished.code == examples[0].code);
  CHECK(Timeless(out) == Timeless(examples[0].output));
}

TEST_CASE("the examples of docs/schedules.md do what they show", "[integration]") {
  const std::string root = RECOURSE_SOURCE_DIR;
  const auto text = ReadFile(root + "/docs/schedules.md", 1 << 20);
  REQUIRE(text);
  std::string schedule;
  for (const std::string& line : Block(*text, "yaml")) schedule += line + "\n";
  Scene scene(false);
  scene.folder.Write("schedules/example.yaml", schedule);
  scene.server_arguments = {"--workflows",
                            root + "/workflows",
                            "--targets",
                            root + "/targets",
                            "--schedules",
                            scene.folder / "schedules",
                            "--escalation-policies",
                            root + "/escalation_policies"};
  scene.StartServer();
  const std::vector<Example> examples = ExamplesIn(Block(*text, "console"));
  REQUIRE(examples.size() >= 4);
  for (const Example& example : examples) {
    const Finished finished = scene.Recourse(example.arguments);
    INFO(example.arguments[1] << " " << finished.out << finished.err);
    CHECK(finished.code == example.code);
    CHECK(Timeless(finished.out + finished.err) == Timeless(example.output));
  }
}

TEST_CASE("the examples of docs/identity.md do what they show", "[integration]") {
  const auto text = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/docs/identity.md", 1 << 20);
  REQUIRE(text);
  const Scene scene;
  const std::vector<Example> examples = ExamplesIn(Block(*text, "console"));
  REQUIRE(examples.size() == 4);
  for (const Example& example : examples) {
    const Finished finished = scene.Recourse(example.arguments);
    INFO(example.arguments[0] << " " << finished.out << finished.err);
    CHECK(finished.code == example.code);
    CHECK(Timeless(finished.out + finished.err) == Timeless(example.output));
  }
}

TEST_CASE("docs/command.md names every verb and every exit code of the command", "[integration]") {
  const auto text = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/docs/command.md", 1 << 20);
  REQUIRE(text);
  const Scene scene(false);
  const Finished help = scene.Recourse({"--help"});
  CHECK(help.code == 0);
  std::istringstream lines(help.out.substr(help.out.find("Subcommands:")));
  int verbs = 0;
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line) && line.starts_with("  "); ++verbs) {
    const std::string verb = line.substr(2, line.find(' ', 2) - 2);
    CHECK_THAT(*text, Contains("`" + verb));
  }
  CHECK(verbs > 15);
  for (int code = 0; code <= 5; ++code) {
    CHECK_THAT(*text, Contains("| " + std::to_string(code) + " | "));
  }
}

}  // namespace
}  // namespace recourse::integration
