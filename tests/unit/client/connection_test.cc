#include "client/connection.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

namespace recourse::client {

TEST_CASE("the data directory of root is the system's, of others their own", "[client]") {
  if (std::filesystem::exists("/var/lib/recourse")) {
    WARN("this machine has a server of its own, which would be found instead");
    return;
  }
  const char* home = std::getenv("HOME");
  const std::string before = home == nullptr ? "" : home;
  unsetenv("XDG_STATE_HOME");
  setenv("HOME", "/nowhere", 1);
  CHECK(FindData() == (geteuid() == 0 ? "/var/lib/recourse" : "/nowhere/.local/state/recourse"));
  setenv("HOME", before.c_str(), 1);
}

TEST_CASE("who may not read a token is told whose it is, and of tokens of their own", "[client]") {
  const std::string advice = HowToBeLetIn("/", "/nowhere/operator.token");
  CHECK_THAT(advice, Catch::Contains("run it as the owner, who is root\n") &&
                         Catch::Contains("--token-file FILE") &&
                         Catch::Contains("recourse tokens create"));
}

}  // namespace recourse::client
