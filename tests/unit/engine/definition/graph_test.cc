#include <catch2/catch.hpp>

#include "support.h"

namespace recourse::definition {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("a step that is never reached is a problem", "[definition]") {
  CHECK_THAT(Refusal(WithSteps("  - {id: a, action: do.it, next: c}\n"
                               "  - {id: b, action: do.it}\n"
                               "  - {id: c, action: do.it}\n")),
             Contains("w.yaml:6:5: the step \"b\" is never reached"));
  CHECK_THAT(Refusal(WithSteps("  - {id: a, succeed: true}\n  - {id: b, action: do.it}\n")),
             Contains("the step \"b\" is never reached"));
  CHECK_THAT(Refusal(WithSteps("  - id: a\n    switch: [{when: '${true}', goto: c}, {default: c}]\n"
                               "  - {id: b, action: do.it}\n  - {id: c, action: do.it}\n")),
             Contains("the step \"b\" is never reached"));
}

TEST_CASE("a way to a step may be an error, a false condition or a failure that is passed over",
          "[definition]") {
  Load(
      WithSteps("  - {id: a, action: do.it, on_error: {ABORTED: {goto: b}}, next: end}\n"
                "  - {id: b, action: do.it}\n"));
  Load(WithSteps("  - {id: a, succeed: true, when: '${now < now}'}\n  - {id: b, action: do.it}\n"));
}

TEST_CASE("steps that go round without a way to an end are a problem", "[definition]") {
  CHECK_THAT(Refusal(WithSteps("  - {id: a, action: do.it}\n"
                               "  - {id: b, action: do.it}\n"
                               "  - {id: c, action: do.it, next: b}\n")),
             Contains("no way leads from the step \"a\" to an end; the run would go round in"));
  CHECK_THAT(Refusal(WithSteps("  - {id: a, action: do.it, next: a}\n")),
             Contains("round in \"a\""));
}

TEST_CASE("a circle with an exit is accepted", "[definition]") {
  Load(
      WithSteps("  - {id: a, action: do.it}\n"
                "  - id: b\n    switch: [{when: '${steps.a.output.more}', goto: a}]\n"
                "  - {id: c, succeed: true}\n"));
  Load(
      WithSteps("  - {id: a, action: do.it, next: a, on_error: {NOT_FOUND: {goto: b}}}\n"
                "  - {id: b, succeed: true}\n"));
}

TEST_CASE("a rollback leads to a checkpoint that was passed", "[definition]") {
  const std::string tail = "  - {id: other, action: do.it}\n";
  CHECK_THAT(Refusal(WithSteps("  - {id: a, action: do.it}\n"
                               "  - {id: b, action: do.it, on_error: {ABORTED: {rollback_to: a, "
                               "goto: other}}}\n" +
                               tail)),
             Contains("rollback_to: the step \"a\" is no checkpoint"));
  CHECK_THAT(Refusal(WithSteps("  - {id: skip, switch: [{when: '${now < now}', goto: b}]}\n"
                               "  - {id: a, checkpoint: true}\n"
                               "  - {id: b, action: do.it, on_error: {ABORTED: {rollback_to: a, "
                               "goto: other}}}\n" +
                               tail)),
             Contains("may not have passed the checkpoint \"a\" when the step \"b\" fails"));
  CHECK_THAT(Refusal(WithSteps("  - {id: a, checkpoint: true}\n"
                               "  - {id: p, action: do.it, irreversible: true}\n"
                               "  - {id: b, action: do.it, on_error: {ABORTED: {rollback_to: a, "
                               "goto: other}}}\n" +
                               tail)),
             Contains("the way back to \"a\" crosses the irreversible step \"p\""));
  Load(
      WithSteps("  - {id: p, action: do.it, irreversible: true}\n"
                "  - {id: a, checkpoint: true}\n"
                "  - {id: b, action: do.it, on_error: {ABORTED: {rollback_to: a, goto: other}}}\n" +
                tail));
}

TEST_CASE("2,000 steps that all lead back to each other are checked in time", "[definition]") {
  std::string steps;
  for (int i = 0; i < 1999; ++i) {
    const std::string id = std::to_string(i);
    steps += "  - {id: s" + id + ", action: do.it, with: {x: \"${has(steps.s" +
             std::to_string(1998 - i) + ")}\"}, on_error: {ABORTED: {goto: s" +
             std::to_string((i * 7919) % 1999) + "}, NOT_FOUND: {goto: s" +
             std::to_string(i > 0 ? i - 1 : 0) + "}}}\n";
  }
  Load(WithSteps(steps + "  - {id: done, succeed: true}\n"));
}

}  // namespace
}  // namespace recourse::definition
