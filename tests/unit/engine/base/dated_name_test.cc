#include "engine/base/dated_name.h"

#include <catch2/catch.hpp>

namespace recourse {
namespace {

TEST_CASE("a dated name gives back the day that it was made of", "[base]") {
  const Time time = FromTimestamp({1'790'000'000, 0});
  for (const std::string pattern : {"health_%Y%m%d.db", "%Y-%m-%dT%H%M%S"}) {
    INFO(pattern);
    REQUIRE(CheckNamePattern(pattern));
    const auto read = TimeOfName(pattern, NameAt(pattern, time));
    if (pattern == "%Y-%m-%dT%H%M%S") CHECK(read == time);
  }
  CHECK(NameAt("health_%Y%m%d.db", time) == "health_20260921.db");
  CHECK_FALSE(TimeOfName("health_%Y%m%d.db", "health_2026092.db"));
  CHECK_FALSE(TimeOfName("health_%Y%m%d.db", "health_20260921.db.tmp"));
}

TEST_CASE("a pattern that cannot tell one day from the next is refused", "[base]") {
  for (const std::string pattern : {"", "health.db", "%Y%m.db", "%H%M%S", "x/%Y%m%d", ".%Y%m%d"}) {
    INFO(pattern);
    const auto checked = CheckNamePattern(pattern);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Code::kInvalidArgument);
    CHECK_THAT(checked.error().message, Catch::Contains("\"" + pattern + "\""));
  }
}

}  // namespace
}  // namespace recourse
