#include "engine/base/ids.h"

#include <catch2/catch.hpp>

namespace recourse {

TEST_CASE("ids are read as people type them", "[base]") {
  CHECK(RunId::Parse("R-1042")->number == 1042);
  CHECK(RunId::Parse("r-7")->number == 7);
  CHECK(RunId::Parse("7")->ToString() == "R-7");
  for (const char* bad : {"", "R-", "A-7", "R-0", "R-x", "R--1", "99999999999999999999999"}) {
    INFO(bad);
    CHECK_FALSE(RunId::Parse(bad));
  }
}

}  // namespace recourse
