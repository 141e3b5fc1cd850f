// The examples of the documentation are true: each loads.
#include <catch2/catch.hpp>

#include "examples.h"
#include "support.h"

namespace recourse::definition {
namespace {

TEST_CASE("every example of docs/workflows.md loads", "[definition][docs]") {
  const auto examples = ExamplesOf("docs/workflows.md");
  REQUIRE(examples.size() >= 5);
  for (const Example& example : examples) {
    const Loaded loaded = LoadWorkflow(AsWorkflow(example), nullptr);
    INFO("docs/workflows.md:" << example.line << "\n" << loaded.Report("example"));
    CHECK(loaded.workflow != nullptr);
  }
}

TEST_CASE("every example of docs/targets.md is a target", "[definition][docs]") {
  const auto examples = ExamplesOf("docs/targets.md");
  REQUIRE_FALSE(examples.empty());
  for (const Example& example : examples) {
    Inventory inventory;
    const auto added =
        inventory.AddFile(example.text, "docs/targets.md:" + std::to_string(example.line));
    INFO((added ? "" : added.error().message));
    CHECK(added.ok());
  }
}

}  // namespace
}  // namespace recourse::definition
