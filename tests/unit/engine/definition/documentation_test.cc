// The examples of the documentation are true: each loads.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <vector>

#include "support.h"

namespace recourse::definition {
namespace {

struct Example {
  int line = 0;
  std::string text;
};

std::string Read(const std::string& path) {
  std::ifstream file(std::string(RECOURSE_SOURCE_DIR) + "/" + path);
  REQUIRE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The blocks between ```yaml and ```.
std::vector<Example> ExamplesOf(const std::string& path) {
  std::vector<Example> examples;
  std::istringstream lines(Read(path));
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!inside && line == "```yaml") {
      inside = true;
      examples.push_back({number, ""});
    } else if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      examples.back().text += line + "\n";
    }
  }
  CHECK_FALSE(inside);
  return examples;
}

TEST_CASE("every example of docs/workflows.md loads", "[definition][docs]") {
  const auto examples = ExamplesOf("docs/workflows.md");
  REQUIRE(examples.size() >= 5);
  for (const Example& example : examples) {
    // A part of a workflow is shown as its steps, or as the keys above them.
    std::string text = example.text;
    if (text.starts_with("- ")) text = "name: example\nsteps:\n" + text;
    if (text.find("\nsteps:") == text.npos) text += "steps:\n- {id: only, succeed: true}\n";
    if (text.find("name:") == text.npos) text = "name: example\n" + text;
    const Loaded loaded = LoadWorkflow(text, nullptr);
    INFO("docs/workflows.md:" << example.line << "\n" << loaded.Report("example"));
    CHECK(loaded.workflow != nullptr);
  }
}

TEST_CASE("every example of docs/targets.md is a target, and so are the shipped ones",
          "[definition][docs]") {
  for (const Example& example : ExamplesOf("docs/targets.md")) {
    Inventory inventory;
    const auto added =
        inventory.AddFile(example.text, "docs/targets.md:" + std::to_string(example.line));
    INFO((added ? "" : added.error().message));
    CHECK(added.ok());
  }
  Inventory inventory;
  for (const std::string path : {"targets/health.yaml", "targets/demo.yaml"}) {
    const auto added = inventory.AddFile(Read(path), path);
    INFO((added ? "" : added.error().message));
    CHECK(added.ok());
  }
}

}  // namespace
}  // namespace recourse::definition
