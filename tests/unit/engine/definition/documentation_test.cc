// The examples of the documentation are true: each loads. Those of docs/workflow-language.md name
// real actions and workflows, and are loaded by shipped_test.cc.
#include <catch2/catch.hpp>

#include "examples.h"
#include "support.h"

namespace recourse::definition {
namespace {

TEST_CASE("every example of docs/expressions.md loads", "[definition][docs]") {
  const auto examples = ExamplesOf("docs/expressions.md");
  REQUIRE_FALSE(examples.empty());
  for (const Example& example : examples) {
    const Loaded loaded = LoadWorkflow(AsWorkflow(example), nullptr);
    INFO("docs/expressions.md:" << example.line << "\n" << loaded.Report("example"));
    CHECK(loaded.workflow != nullptr);
  }
}

TEST_CASE("docs/workflow-language.md has an example of each kind of step", "[definition][docs]") {
  std::string all;
  for (const Example& example : ExamplesOf("docs/workflow-language.md")) all += example.text;
  for (const char* kind : {"action", "approval", "manual", "switch", "wait", "set", "parallel",
                           "workflow", "checkpoint", "succeed", "fail"}) {
    INFO(kind);
    CHECK(all.find("  " + std::string(kind) + ": ") + all.find("  " + std::string(kind) + ":\n") !=
          2 * std::string::npos);
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
