#include <catch2/catch.hpp>

#include "tests/unit/engine/definition/support.h"

namespace recourse::definition {
namespace {

TEST_CASE("an approval that is not given holds the run where other failures do not",
          "[definition]") {
  const auto workflow = Load(
      "name: w\non_failure: continue\nsteps:\n"
      "  - {id: ask, approval: {prompt: p, approvers: [dba]}}\n  - {id: a, action: do.it}\n");
  CHECK(workflow->steps[0].on_failure == OnFailure::kPause);
  CHECK_FALSE(workflow->steps[1].on_failure);
}

TEST_CASE("a definition cannot let a run past an approval that is not given", "[definition]") {
  CHECK(Refusal("name: w\nsteps:\n"
                "  - {id: ask, approval: {prompt: p, approvers: [dba]}, on_failure: continue}\n") ==
        "w.yaml:3:68: on_failure: an approval that is not given cannot be passed; expected one of "
        "rollback, pause, fail, found \"continue\"\n");
  const std::string rule =
      "w.yaml:3:66: on_error: an approval that is not given cannot be passed; expected {goto: "
      "step} or {rollback_to: checkpoint, goto: step}, found continue\n";
  CHECK(Refusal("name: w\nsteps:\n  - {id: ask, approval: {prompt: p, approvers: [dba]}, "
                "on_error: {\"*\": continue}}\n") == rule);
  CHECK(Refusal("name: w\nsteps:\n  - {id: ask, approval: {prompt: p, approvers: [dba]}, "
                "on_error: {PERMISSION_DENIED: {continue: true}}}\n") == rule);
}

TEST_CASE("a step with an approval inside cannot let a run past it either", "[definition]") {
  const std::string inside =
      "parallel: {branches: {a: [{id: ask, approval: {prompt: p, approvers: [dba]}}], b: [{id: x, "
      "action: do.it}]}}";
  CHECK_THAT(
      Refusal("name: w\nsteps:\n  - {id: both, " + inside + ", on_failure: continue}\n"),
      Catch::Contains(
          "on_failure: the approval \"ask\" inside, when it is not given, cannot be passed"));
  CHECK_THAT(
      Refusal("name: w\nsteps:\n  - {id: both, " + inside + ", on_error: {\"*\": continue}}\n"),
      Catch::Contains("on_error: the approval \"ask\" inside"));
  const auto inherited =
      Load("name: w\non_failure: continue\nsteps:\n  - {id: both, " + inside + "}\n");
  CHECK(inherited->steps[0].on_failure == OnFailure::kPause);
}

TEST_CASE("a stored definition that lets a run past an approval is read so that it does not",
          "[definition]") {
  const Loaded loaded = LoadWorkflow(
      "name: w\nsteps:\n  - {id: ask, approval: {prompt: p, approvers: [dba]}, on_failure: "
      "continue, on_error: {\"*\": continue}}\n",
      nullptr);
  REQUIRE(loaded.workflow != nullptr);
  CHECK(loaded.workflow->steps[0].on_failure == OnFailure::kPause);
  CHECK(loaded.workflow->steps[0].on_error.empty());
}

TEST_CASE("approvers are roles, or how many it takes of each", "[definition]") {
  const auto workflow = Load(
      "name: w\nsteps:\n  - {id: ask, pause_stops_clock: true, approval: {prompt: p, approvers: "
      "{dba: 2, owner: 1}, second_factor: true}}\n");
  const auto& approval = std::get<ApprovalStep>(workflow->steps[0].kind);
  CHECK(approval.approvers == std::vector<std::string>{"dba", "owner"});
  CHECK(approval.groups == std::vector<ApprovalStep::Group>{{"dba", 2}, {"owner", 1}});
  CHECK(approval.quorum == 3);
  CHECK(approval.second_factor);
  CHECK(workflow->steps[0].pause_stops_clock);
  CHECK(Refusal("name: w\nsteps:\n"
                "  - {id: ask, approval: {prompt: p, approvers: {dba: 0}, quorum: 2}}\n")
            .find(" dba: ") != std::string::npos);
  CHECK(Refusal("name: w\nsteps:\n"
                "  - {id: ask, approval: {prompt: p, approvers: {dba: 1}, quorum: 2}}\n")
            .find("quorum: \"approvers\" says how many it takes of each role") !=
        std::string::npos);
}

TEST_CASE("an action that is not there any more makes its own step unknown", "[definition]") {
  const Loaded loaded = LoadStoredWorkflow(
      "name: w\nsteps:\n  - {id: a, action: gone.away}\n  - {id: b, action: undo.it}\n"
      "  - {id: c, action: gone.away, compensate: none}\n",
      &TestActions());
  REQUIRE(loaded.workflow != nullptr);
  const auto action = [&](int step) -> const ActionStep& {
    return std::get<ActionStep>(loaded.workflow->steps[static_cast<std::size_t>(step)].kind);
  };
  CHECK_FALSE(action(0).known);
  CHECK(action(0).can_compensate);  // nobody can say that it has no way back
  CHECK(action(1).known);
  CHECK(action(1).repeat == TestActions().Find("undo.it")->repeat);
  CHECK_FALSE(action(2).can_compensate);
}

}  // namespace
}  // namespace recourse::definition
