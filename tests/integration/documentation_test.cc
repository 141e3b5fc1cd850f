// What docs/command.md shows is what happens: its workflow is loaded, its commands are run in their
// order, and their output is compared but for times, durations and digests.
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

// The lines between "```kind" and "```".
std::vector<std::string> Block(const std::string& text, const std::string& kind) {
  std::istringstream lines(text);
  std::vector<std::string> block;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      if (inside) break;
      inside = line == "```" + kind;
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

TEST_CASE("the examples of docs/command.md do what they show", "[integration]") {
  const auto text = ReadFile(std::string(RECOURSE_SOURCE_DIR) + "/docs/command.md", 1 << 20);
  REQUIRE(text);
  std::string workflow;
  for (const std::string& line : Block(*text, "yaml")) workflow += line + "\n";
  Scene scene(false);
  scene.folder.Write("workflows/rotate.yaml", workflow);
  scene.StartServer();
  const std::vector<Example> examples = ExamplesIn(Block(*text, "console"));
  REQUIRE(examples.size() > 5);
  for (const Example& example : examples) {
    const Finished finished = scene.Recourse(example.arguments);
    INFO(example.arguments[0] << " " << finished.out << finished.err);
    CHECK(finished.code == example.code);
    CHECK(Timeless(finished.out + finished.err) == Timeless(example.output));
  }
}

TEST_CASE("the examples of docs/schedules.md do what they show", "[integration]") {
  const std::string root = RECOURSE_SOURCE_DIR;
  const auto text = ReadFile(root + "/docs/schedules.md", 1 << 20);
  REQUIRE(text);
  std::string schedule;
  for (const std::string& line : Block(*text, "yaml")) schedule += line + "\n";
  Scene scene(false);
  scene.folder.Write("schedules/example.yaml", schedule);
  scene.server_arguments = {"--workflows", root + "/workflows", "--targets",
                            root + "/targets",   "--schedules", scene.folder / "schedules"};
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
