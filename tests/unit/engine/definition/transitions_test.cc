#include "engine/definition/transitions.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace recourse::definition {
namespace {

using Kind = Transition::Kind;

struct Way {
  int to;
  Kind kind;
  std::string condition;
  bool operator==(const Way&) const = default;
};

std::vector<Way> WaysFrom(const Workflow& workflow, int step) {
  std::vector<Way> ways;
  for (const Transition& each : TransitionsFrom(workflow, step)) {
    ways.push_back({each.to, each.kind, each.condition});
  }
  return ways;
}

}  // namespace

TEST_CASE("a step leads to the next one, to its next, or to the end", "[definition]") {
  const auto workflow =
      Load(WithSteps("  - {id: a, action: do.it, next: c}\n"
                     "  - {id: b, action: do.it}\n"
                     "  - {id: c, switch: [{when: '${now < now}', goto: b}]}\n"
                     "  - {id: d, action: do.it}\n"));
  CHECK(WaysFrom(*workflow, 0) == std::vector<Way>{{2, Kind::kDone, ""}});
  CHECK(WaysFrom(*workflow, 1) == std::vector<Way>{{2, Kind::kDone, ""}});
  CHECK(WaysFrom(*workflow, 2) ==
        std::vector<Way>{{1, Kind::kCase, "now < now"}, {3, Kind::kDefault, ""}});
  CHECK(WaysFrom(*workflow, 3) == std::vector<Way>{{4, Kind::kDone, ""}});
}

TEST_CASE("a false condition, an error rule and on_failure: continue are ways too",
          "[definition]") {
  const auto workflow =
      Load(WithSteps("  - {id: a, checkpoint: true}\n"
                     "  - id: b\n    action: do.it\n    when: '${now == now}'\n"
                     "    on_error: {ABORTED: {rollback_to: a, goto: c}, NOT_FOUND: continue}\n"
                     "    on_failure: continue\n"
                     "  - {id: c, action: do.it}\n"
                     "  - {id: d, fail: {message: 'no'}}\n"));
  const auto ways = TransitionsFrom(*workflow, 1);
  REQUIRE(ways.size() == 5);
  CHECK(ways[0].kind == Kind::kSkipped);
  CHECK(ways[0].condition == "now == now");
  CHECK(ways[1].kind == Kind::kDone);
  CHECK(ways[2].code == Code::kAborted);
  CHECK(ways[2].rollback_to == 0);
  CHECK(ways[2].to == 2);
  CHECK(ways[3].code == Code::kNotFound);
  CHECK(ways[3].to == 2);
  CHECK(ways[4].kind == Kind::kFailed);
  CHECK_FALSE(ways[4].code);
  CHECK(TransitionsFrom(*workflow, 3).empty());
}

}  // namespace recourse::definition
