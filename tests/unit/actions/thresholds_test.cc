#include "actions/thresholds.h"

#include <catch2/catch.hpp>

#include "engine/base/json.h"

namespace recourse {
namespace {

TEST_CASE("thresholds compare numbers as numbers and tell each that is reached", "[actions]") {
  const Measure measures[] = {{"used_percent", 9.5, Unit::kPercent, "is used"},
                              {"free_bytes", 2048, Unit::kBytes, "are free", true},
                              {"count", 12, Unit::kNumber, "are there", false, Code::kAborted}};
  const auto judged = [&](const std::string& inputs) {
    return JudgeMeasures(*ParseJson(inputs), Value::Object({{"n", 1}}), measures, "the thing");
  };
  SECTION("9.5 % is less than 10 %, though not as a text") {
    const Outcome fine = judged(R"({"fail": {"used_percent": 10, "free_bytes": 2048}})");
    REQUIRE(fine);
    CHECK(ToJson(fine.output()) == R"({"level":"ok","n":1,"reasons":[]})");
  }
  SECTION("what warns is told beside what was measured") {
    const Outcome warned = judged(R"({"warn": {"used_percent": 9.5, "free_bytes": 4096}})");
    REQUIRE(warned);
    CHECK(warned.output()["level"] == Value("warn"));
    CHECK(
        ToJson(warned.output()["reasons"]) ==
        R"(["9.5 % is used; the threshold is 9.5 %","2.0 KiB are free; the threshold is 4.0 KiB"])");
  }
  SECTION("what fails has the code of its measure, and the same facts") {
    const Outcome failed = judged(R"({"warn": {"count": 1}, "fail": {"count": 12}})");
    REQUIRE_FALSE(failed);
    CHECK(failed.failure().error ==
          Error{Code::kAborted, "the thing: 12 are there; the threshold is 12"});
    CHECK(failed.failure().evidence["level"] == Value("fail"));
    CHECK(failed.failure().left == LeftBehind::kNothing);
  }
}

}  // namespace
}  // namespace recourse
