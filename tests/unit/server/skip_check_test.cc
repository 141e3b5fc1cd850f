#include "server/skip_check.h"

#include <catch2/catch.hpp>

#include "actions/debug/debug.h"
#include "actions/registry.h"

namespace recourse::server {
namespace {

using Texts = std::vector<std::string>;

std::shared_ptr<const definition::Workflow> WorkflowOf(std::string_view text) {
  Registry registry;
  AddDebugActions(registry);
  const definition::Loaded loaded = definition::LoadWorkflow(text, &registry);
  INFO(loaded.Report("test"));
  REQUIRE(loaded.workflow != nullptr);
  return loaded.workflow;
}

}  // namespace

TEST_CASE("what later steps use of an output that is not given is named with who uses it",
          "[server]") {
  const auto workflow = WorkflowOf(R"(
name: t
steps:
  - {id: choose, action: debug.echo, with: {value: 1}}
  - {id: use, action: debug.echo, with: {value: "${steps.choose.output.value}"}}
  - {id: ask, approval: {prompt: "Take ${steps.choose.output.value}?", approvers: [dba]}}
  - {id: other, action: debug.echo, with: {value: "${steps.use.skipped}"}}
outputs: {took: "${steps.choose.output.value}"}
)");
  const Texts all = {"steps.choose.output.value (use, ask, the run's outputs)"};
  CHECK(MissingOutputs(*workflow, "choose", Value()) == all);
  CHECK(MissingOutputs(*workflow, "choose", Value::Object({{"path", "x"}})) == all);
  CHECK(MissingOutputs(*workflow, "choose", Value::Object({{"value", 2}})).empty());
  CHECK(MissingOutputs(*workflow, "use", Value()).empty());
}

TEST_CASE("an output that is asked for with has() may be missing", "[server]") {
  const auto workflow = WorkflowOf(R"(
name: t
steps:
  - {id: choose, action: debug.echo, with: {value: 1}}
  - {id: use, action: debug.echo, when: "${has(steps.choose.output.value)}",
     with: {value: "${steps.choose.output.value}"}}
)");
  CHECK(MissingOutputs(*workflow, "choose", Value()).empty());
}

}  // namespace recourse::server
