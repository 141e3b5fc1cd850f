#include "engine/base/flag_meant.h"

#include <catch2/catch.hpp>

namespace recourse {

TEST_CASE("a flag that nobody knows is answered with the nearest one", "[base]") {
  const std::vector<std::string> flags = {"--targets", "--format"};
  CHECK(FlagMeant("The following argument was not expected: --target", flags) ==
        "; did you mean \"--targets\"?");
  CHECK(FlagMeant("The following argument was not expected: --elsewhere", flags) == "");
}

TEST_CASE("a flag that there is, given a wrong value, is not offered again", "[base]") {
  const std::vector<std::string> flags = {"--targets", "--format"};
  CHECK(FlagMeant("--format: png not in {svg,dot,mermaid}", flags) == "");
  CHECK(FlagMeant("--targets requires an argument", flags) == "");
}

}  // namespace recourse
