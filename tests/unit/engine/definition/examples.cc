#include "examples.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

namespace recourse::definition {

std::string Path(const std::string& path) { return std::string(RECOURSE_SOURCE_DIR) + "/" + path; }

std::string Read(const std::string& path) {
  std::ifstream file(Path(path));
  INFO(path);
  REQUIRE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

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

std::string AsWorkflow(const Example& example) {
  std::string text = example.text;
  if (text.starts_with("- ")) text = "steps:\n" + text;
  if (text.find("steps:\n") == text.npos) text += "steps:\n- {id: only, succeed: true}\n";
  if (!text.starts_with("name:")) text = "name: example\n" + text;
  return text;
}

}  // namespace recourse::definition
