// The files of the project that tests load, and the examples of its documentation.
#pragma once

#include <string>
#include <vector>

namespace recourse::definition {

// A block between ```yaml and ```.
struct Example {
  int line = 0;
  std::string text;
};

// `path` below the project's folder, as an absolute one.
std::string Path(const std::string& path);

// The file's content; the test fails when it cannot be read.
std::string Read(const std::string& path);

std::vector<Example> ExamplesOf(const std::string& path);

// The example as a whole workflow: where it shows steps alone, or the keys above them alone, the
// rest is added.
std::string AsWorkflow(const Example& example);

}  // namespace recourse::definition
