#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

constexpr const char* kGreet = R"(
name: greet
inputs:
  who: {type: string, default: world}
steps:
  - {id: confirm, approval: {prompt: "Greet ${inputs.who}?", approvers: [dba]}}
)";
constexpr const char* kOther = R"(
name: other
steps:
  - {id: confirm, approval: {prompt: "Go on?", approvers: [dba]}}
)";
constexpr const char* kTargeted = R"(
name: targeted
inputs:
  target: {type: target}
steps:
  - {id: confirm, approval: {prompt: "Go on?", approvers: [dba]}}
)";

Code CodeOf(const Result<journal::RunRow>& answer) { return answer ? Code{} : answer.error().code; }

}  // namespace

TEST_CASE_METHOD(EngineFixture, "the same request id starts one run", "[runtime]") {
  AddWorkflow(kGreet);
  AddWorkflow(kOther);
  AddTarget("name: health\n");
  AddWorkflow(kTargeted);
  StartEngine();
  const Value bob = Value::Object({{"who", "bob"}});
  const auto first = Start("greet", bob, "q-1").Get();
  REQUIRE(first);

  SECTION("asked again, it answers the run as it is now") {
    REQUIRE(Send(first->run, machine::Annotate{"hello"}).Get());
    const auto again = Start("greet", bob, "q-1").Get();
    REQUIRE(again);
    CHECK(again->run == first->run);
    CHECK(again->revision == first->revision + 1);
  }
  SECTION("also by the next server") {
    Crash();
    StartEngine();
    const auto again = Start("greet", bob, "q-1").Get();
    REQUIRE(again);
    CHECK(again->run == first->run);
  }
  SECTION("with other inputs or of another workflow it is refused") {
    CHECK(CodeOf(Start("greet", Value::Object({{"who", "eve"}}), "q-1").Get()) ==
          Code::kAlreadyExists);
    CHECK(CodeOf(Start("greet", Value(), "q-1").Get()) == Code::kAlreadyExists);
    CHECK(CodeOf(Start("other", Value(), "q-1").Get()) == Code::kAlreadyExists);
  }
  SECTION("a target counts by its name") {
    const Value health = Value::Object({{"target", "health"}});
    const auto run = Start("targeted", health, "q-2").Get();
    REQUIRE(run);
    const auto again = Start("targeted", health, "q-2").Get();
    REQUIRE(again);
    CHECK(again->run == run->run);
  }
}

TEST_CASE_METHOD(EngineFixture, "the same request id twice in one batch starts one run",
                 "[runtime]") {
  AddWorkflow(kGreet);
  StartEngine();
  Gate gate;
  journal().RefuseWith([&](auto) -> std::optional<Error> {
    gate.Pass();
    return std::nullopt;
  });
  auto before = Start("greet");
  gate.WaitFor(1);
  auto one = Start("greet", {}, "q-1");
  auto two = Start("greet", {}, "q-1");
  auto other = Start("greet", Value::Object({{"who", "eve"}}), "q-1");
  gate.Open();
  REQUIRE(before.Get());
  const auto first = one.Get();
  const auto second = two.Get();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->run == second->run);
  CHECK(CodeOf(other.Get()) == Code::kAlreadyExists);
  CHECK(journal().appends() == 2);
}

TEST_CASE_METHOD(EngineFixture, "a start that cannot be is refused by what is wrong", "[runtime]") {
  options.inputs_bytes_max = 1000;
  options.open_runs_max = 2;
  AddWorkflow(kGreet);
  AddWorkflow(kTargeted);
  StartEngine();

  const auto unknown = Start("gret").Get();
  CHECK(CodeOf(unknown) == Code::kNotFound);
  CHECK_THAT(unknown.error().message, Catch::Contains("did you mean \"greet\"?"));

  const auto misspelt = Start("greet", Value::Object({{"whom", "bob"}})).Get();
  CHECK(CodeOf(misspelt) == Code::kInvalidArgument);
  CHECK_THAT(misspelt.error().message, Catch::Contains("whom"));

  CHECK(CodeOf(Start("targeted", Value::Object({{"target", "nowhere"}})).Get()) == Code::kNotFound);

  const Value large = Value::Object({{"who", std::string(2000, 'x')}});
  CHECK(CodeOf(Start("greet", large).Get()) == Code::kResourceExhausted);

  const RunId run = Begin("greet");
  Begin("greet");
  CHECK(CodeOf(Start("greet").Get()) == Code::kResourceExhausted);
  REQUIRE(Send(run, machine::Cancel{"enough", false, {}}).Get());
  CHECK(Start("greet").Get());
}

TEST_CASE_METHOD(EngineFixture, "an input for another revision than the run's is refused",
                 "[runtime]") {
  AddWorkflow(kGreet);
  StartEngine();
  const auto row = Start("greet").Get();
  REQUIRE(row);
  CHECK(CodeOf(Send(row->run, machine::Annotate{"late"}, row->revision - 1).Get()) ==
        Code::kAborted);
  CHECK(Send(row->run, machine::Annotate{"in time"}, row->revision).Get());
  CHECK(CodeOf(Send(RunId{99}, machine::Annotate{"nowhere"}).Get()) == Code::kNotFound);
  CHECK(CodeOf(Send(row->run, machine::Resume{"not paused"}).Get()) == Code::kFailedPrecondition);
}

TEST_CASE_METHOD(EngineFixture, "the definition of a run is found by its digest", "[runtime]") {
  AddWorkflow(kGreet);
  StartEngine();
  const auto row = Start("greet").Get();
  REQUIRE(row);
  const auto known = engine().DefinitionOf(row->digest);
  REQUIRE(known);
  CHECK((*known)->name == "greet");
  CHECK(engine().DefinitionOf("none").error().code == Code::kNotFound);

  // A server that has loaded a newer definition goes on with the one that the run began with.
  Crash();
  AddWorkflow(std::string(kGreet) + "  - {id: more, checkpoint: true}\n");
  StartEngine();
  const auto stored = engine().DefinitionOf(row->digest);
  REQUIRE(stored);
  CHECK((*stored)->steps.size() == 1);
  REQUIRE(Decide(ApprovalId{1}, machine::Vote::kApprove, "bob").Get());
  CHECK(Settle(row->run).status == static_cast<int>(machine::RunStatus::kSucceeded));
  CHECK(StateOf(row->run).steps.size() == 1);
}

}  // namespace recourse::runtime
