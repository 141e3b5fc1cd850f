#include "engine/definition/advice.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace recourse::definition {
namespace {

std::string Advice(std::string_view steps) {
  std::string text;
  for (const Problem& problem : Advise(*Load(WithSteps(steps)))) {
    text += std::to_string(problem.place.line) + ": " + problem.message + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("an action that changes something wants a time-out of its own", "[definition]") {
  CHECK(Advice("  - {id: a, action: do.it}\n") == "5: the step \"a\" has no timeout of its own\n");
  CHECK(Advice("  - {id: a, action: do.it, timeout: 1m}\n  - {id: b, action: read.it}\n") == "");
}

TEST_CASE("an approval wants an expiry", "[definition]") {
  CHECK(Advice("  - {id: a, approval: {prompt: 'Go?', approvers: [dba]}}\n") ==
        "5: the approval of the step \"a\" never expires: the run may wait for ever\n");
  CHECK(Advice("  - {id: a, approval: {prompt: 'Go?', approvers: [dba], expires: 1h}}\n") == "");
}

TEST_CASE("a pivot wants an approval on every way to it", "[definition]") {
  const std::string approval =
      "  - {id: ask, approval: {prompt: 'Go?', approvers: [dba], expires: 1h}";
  const std::string pivot = "  - {id: p, action: do.it, timeout: 1m, irreversible: true}\n";
  const std::string warning =
      "the step \"p\" cannot be undone, and on some way to it nobody is asked\n";
  CHECK(Advice(approval + "}\n" + pivot) == "");
  CHECK(Advice(pivot) == "5: " + warning);
  // A false condition goes round the approval.
  CHECK(Advice(approval + ", when: '${now < now}'}\n" + pivot) == "6: " + warning);
}

TEST_CASE("who runs a workflow as a step is told what of it does not count there", "[definition]") {
  const std::string inner =
      "name: inner\nlock: x\ndeadline: 1h\nsteps:\n- {id: a, action: read.it}\n";
  const auto others = [&](std::string_view) { return std::optional(inner); };
  const auto advice = [&](const std::string& more) {
    std::string text;
    const Loaded outer = LoadWorkflow("name: w\n" + more + "steps:\n- {id: s, workflow: inner}\n",
                                      &TestActions(), others);
    REQUIRE(outer.workflow != nullptr);
    for (const Problem& problem : Advise(*outer.workflow)) text += problem.message + "\n";
    return text;
  };
  const std::string of = "the step \"s\" runs a workflow whose ";
  const std::string tail = " counts for runs of its own only; this workflow has none\n";
  CHECK(advice("") == of + "\"lock\"" + tail + of + "\"deadline\"" + tail);
  CHECK(advice("lock: x\ndeadline: 1h\n").empty());
}

}  // namespace recourse::definition
