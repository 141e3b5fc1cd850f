#include "tests/integration/chat/node.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

namespace recourse::integration {

Scratch::Scratch() {
  std::string pattern = std::filesystem::temp_directory_path() / "recourse-chat-XXXXXX";
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

std::string Scratch::Write(const std::string& name, const std::string& text) const {
  std::ofstream(path(name)) << text;
  return path(name);
}

std::vector<std::string> NodeArguments(const std::string& script,
                                       const std::vector<std::string>& arguments) {
  INFO("scripts/install-deps installs what this needs into build/node");
  REQUIRE(std::filesystem::exists(RECOURSE_SOURCE_DIR "/build/node/node_modules/ws"));
  std::vector<std::string> all = {"/usr/bin/env", "node",
                                  RECOURSE_SOURCE_DIR "/tests/node/" + script};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

Environment NodeEnvironment() {
  return {{"NODE_PATH", RECOURSE_SOURCE_DIR "/build/node/node_modules"}};
}

}  // namespace recourse::integration
