// Programs of Node.js that tests run: what is written elsewhere, to check what is written here.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/integration/program.h"

namespace recourse::integration {

// A directory of a test's own, removed with it.
class Scratch {
 public:
  Scratch();
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

// What runs tests/node/<script> with the packages that scripts/install-deps has installed.
std::vector<std::string> NodeArguments(const std::string& script,
                                       const std::vector<std::string>& arguments);
Environment NodeEnvironment();

}  // namespace recourse::integration
