#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {

TEST_CASE_METHOD(EngineFixture, "requests beyond what may wait are refused at once", "[runtime]") {
  options.mailbox_max = 3;
  AddWorkflow(kParks);
  StartEngine();
  Gate gate;
  journal().RefuseWith([&](auto) -> std::optional<Error> {
    gate.Pass();
    return std::nullopt;
  });
  auto first = Start("parks");
  gate.WaitFor(1);
  std::vector<RunAnswer> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(Start("parks"));
  const auto refused = Start("parks").Get();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kResourceExhausted);
  CHECK(engine().info().inputs_waiting == 3);
  gate.Open();
  CHECK(first.Get());
  for (RunAnswer& answer : waiting) CHECK(answer.Get());
}

TEST_CASE_METHOD(EngineFixture, "a batch has no more inputs than it may", "[runtime]") {
  options.batch_max = 4;
  AddWorkflow(kParks);
  StartEngine();
  Gate gate;
  journal().RefuseWith([&](std::span<const journal::RunChange> changes) -> std::optional<Error> {
    gate.Pass();
    return changes.size() > 4 ? std::optional(Internal("too many")) : std::nullopt;
  });
  auto first = Start("parks");
  gate.WaitFor(1);
  std::vector<RunAnswer> waiting;
  for (int i = 0; i < 10; ++i) waiting.push_back(Start("parks"));
  gate.Open();
  CHECK(first.Get());
  for (RunAnswer& answer : waiting) CHECK(answer.Get());
  CHECK(journal().appends() == 1 + 3);
}

TEST_CASE_METHOD(EngineFixture, "options out of bounds are refused by name", "[runtime]") {
  const Registry registry;
  const Policy policy;
  options.workers = 0;
  const auto refused = Engine::Start(options, journal(), registry, Workflows(),
                                     definition::Inventory(), policy, clock);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kInvalidArgument);
  CHECK_THAT(refused.error().message, Catch::Contains("workers"));
}

}  // namespace recourse::runtime
