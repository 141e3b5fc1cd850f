#include <catch2/catch.hpp>

#include "support.h"

namespace recourse::definition {
namespace {

using Catch::Matchers::Contains;

// A choice `a`, then a step whose input is `expression`.
std::string Using(const std::string& expression) {
  return WithSteps(
      "  - {id: a, action: backup.choose, with: {backups: {}}}\n"
      "  - id: b\n    action: do.it\n    with: {x: \"${" +
      expression + "}\"}\n");
}

TEST_CASE("expressions name what there is", "[definition]") {
  for (const char* good :
       {"inputs.target.backups", "inputs.target.name", "inputs['target'].services", "inputs",
        "steps.a.output.path", "steps.a.output.manifest.anything", "steps.a.skipped", "run.id",
        "run.started < now", "run.fencing_token", "[1, 2].map(x, x * 2)",
        "has(steps.a.error) ? steps.a.error.message : 'none'", "has(inputs.target.health)",
        "has(inputs.target.health) ? inputs.target.health : {}"}) {
    CAPTURE(good);
    Load(Using(good));
  }
}

TEST_CASE("what expressions name and is not there is a problem", "[definition]") {
  struct Case {
    const char* expression;
    const char* expected;
  };
  const Case cases[] = {
      {"inptus.target", "w.yaml:8:18: unknown variable \"inptus\"; did you mean \"inputs\"?"},
      {"inputs.traget", "unknown input \"traget\"; did you mean \"target\"?"},
      {"inputs.target.health", "inputs.target.health: a target may lack it"},
      {"steps.aa.output.path", "unknown step \"aa\""},
      {"steps.a.outptu", "unknown member of steps.a \"outptu\"; did you mean \"output\"?"},
      {"steps.a.output.pth", "steps.a.output has no member \"pth\"; did you mean \"path\"?"},
      {"has(steps.a.output.pth)", "steps.a.output has no member \"pth\""},
      {"steps.a.output.path.name", "steps.a.output.path is a string, which has no member \"name\""},
      {"run.owner", "unknown member of \"run\" \"owner\""},
      {"item", "\"item\" is known in the \"with\" of a for_each only"},
      {"error.code", "\"error\" is known only where every way comes from a step's on_error"},
      {"steps.a.error.code", "the step \"a\" may not have failed before the step \"b\""},
      {"steps.b.output", "the step \"b\" may not have succeeded before the step \"b\""},
  };
  for (const Case& one : cases) {
    CAPTURE(one.expression);
    CHECK_THAT(Refusal(Using(one.expression)), Contains(one.expected));
  }
}

TEST_CASE("a member of an input that is no map is a problem", "[definition]") {
  CHECK_THAT(Refusal("name: w\ninputs: {a: {type: string}}\n"
                     "steps: [{id: s, action: do.it, with: {x: '${inputs.a.b}'}}]\n"),
             Contains("inputs.a has no member \"b\": it is no map"));
}

TEST_CASE("an output counts only on a path where its step has succeeded", "[definition]") {
  const std::string choose = "  - {id: a, action: backup.choose, with: {backups: {}}";
  const std::string use = "  - {id: b, action: do.it, with: {x: '${steps.a.output.path}'}";
  const auto refused = Contains(
      "the step \"a\" may not have succeeded before the step \"b\"; "
      "ask has(");

  SECTION("skipped by its condition") {
    CHECK_THAT(Refusal(WithSteps(choose + ", when: '${now < now}'}\n" + use + "}\n")), refused);
  }
  SECTION("failed and passed over") {
    CHECK_THAT(Refusal(WithSteps(choose + ", on_failure: continue}\n" + use + "}\n")), refused);
    CHECK_THAT(Refusal(WithSteps(choose + ", on_error: {ABORTED: continue}}\n" + use + "}\n")),
               refused);
  }
  SECTION("gone round by a switch") {
    CHECK_THAT(Refusal(WithSteps("  - {id: s, switch: [{when: '${now < now}', goto: b}]}\n" +
                                 choose + "}\n" + use + "}\n")),
               refused);
  }
  SECTION("undone by a rollback to an earlier checkpoint") {
    CHECK_THAT(Refusal(WithSteps("  - {id: c, checkpoint: true}\n" + choose + "}\n" +
                                 "  - {id: d, action: do.it, on_error: {ABORTED: {rollback_to: c, "
                                 "goto: b}}, next: end}\n" +
                                 use + "}\n")),
               refused);
  }
  SECTION("kept by a rollback to a later checkpoint") {
    Load(WithSteps(choose + "}\n  - {id: c, checkpoint: true}\n" +
                   "  - {id: d, action: do.it, on_error: {ABORTED: {rollback_to: c, goto: b}}, "
                   "next: end}\n" +
                   use + "}\n"));
  }
  SECTION("run on both ways") {
    Load(
        WithSteps("  - {id: s, switch: [{when: '${now < now}', goto: a}]}\n"
                  "  - {id: t, action: do.it}\n" +
                  choose + "}\n" + use + "}\n"));
  }
  SECTION("failed on a later visit") {
    CHECK_THAT(Refusal(WithSteps(choose + ", on_error: {ABORTED: {goto: b}}}\n" +
                                 "  - {id: again, switch: [{when: '${now < now}', goto: a}]}\n" +
                                 use + "}\n")),
               refused);
  }
  SECTION("asked for first") {
    Load(WithSteps(choose + ", when: '${now < now}'}\n" +
                   "  - {id: b, action: do.it, "
                   "with: {x: \"${has(steps.a.output) ? steps.a.output.path : ''}\"}}\n"));
    Load(WithSteps(choose + ", when: '${now < now}'}\n" + use +
                   ", when: '${has(steps.a.output)}'}\n"));
  }
}

TEST_CASE("a step is asked for before what it holds, where the run may not have come to it",
          "[definition]") {
  const std::string steps =
      "  - {id: s, switch: [{when: '${now < now}', goto: b}]}\n"
      "  - {id: a, action: backup.choose, with: {backups: {}}}\n";
  const auto use = [&](const std::string& expression) {
    return WithSteps(steps + "  - {id: b, action: do.it, with: {x: '${" + expression + "}'}}\n");
  };
  CHECK_THAT(Refusal(use("has(steps.a.output)")),
             Contains("steps.a.output: the run may not have come to the step \"a\"; ask "
                      "has(steps.a) first"));
  CHECK_THAT(Refusal(use("steps.a.skipped")), Contains("ask has(steps.a) first"));
  CHECK_THAT(Refusal(use("steps.a.output.path")),
             Contains("ask has(steps.a) && has(steps.a.output) first"));
  Load(use("has(steps.a) && has(steps.a.output) ? steps.a.output.path : \"\""));
  Load(use("has(steps.a) && steps.a.skipped"));
}

TEST_CASE("the outputs of a workflow stand at every end", "[definition]") {
  const std::string steps =
      "steps:\n  - {id: a, action: do.it, on_error: {ABORTED: {goto: c}}}\n"
      "  - {id: b, succeed: true}\n  - {id: c, succeed: true}\n";
  CHECK_THAT(
      Refusal("name: w\noutputs: {x: '${steps.a.output}'}\n" + steps),
      Contains(
          "w.yaml:2:17: steps.a.output: the step \"a\" may not have succeeded before the end"));
  Load("name: w\noutputs: {x: '${steps.a.output}'}\nsteps:\n  - {id: a, action: do.it}\n");
}

TEST_CASE("an error is known on an error path", "[definition]") {
  Load(
      WithSteps("  - {id: a, action: do.it, on_error: {ABORTED: {goto: b}}, next: end}\n"
                "  - {id: b, action: do.it, with: {x: '${error.code}', y: '${error.step}',\n"
                "     z: '${steps.a.error.evidence}'}}\n"));
  CHECK_THAT(Refusal(WithSteps("  - {id: a, action: do.it, on_error: {ABORTED: {goto: b}}}\n"
                               "  - {id: b, action: do.it, with: {x: '${error.code}'}}\n")),
             Contains("\"error\" is known only where"));
}

TEST_CASE("item and index are known for each item, and the output is a list", "[definition]") {
  Load(
      WithSteps("  - id: a\n    action: list.it\n    for_each: '${inputs.target.services}'\n"
                "    with: {x: '${item}', y: '${index}'}\n"
                "  - {id: b, action: do.it, with: {x: '${steps.a.output[0].name}'}}\n"));
  CHECK_THAT(Refusal(WithSteps("  - id: a\n    action: list.it\n    for_each: '${[item]}'\n")),
             Contains("\"item\" is known in"));
  CHECK_THAT(
      Refusal(WithSteps("  - id: a\n    action: list.it\n    for_each: '${[1]}'\n"
                        "  - {id: b, action: do.it, with: {x: '${steps.a.output.name}'}}\n")),
      Contains("steps.a.output is the list of its items' outputs"));
}

TEST_CASE("only actions have outputs", "[definition]") {
  CHECK_THAT(Refusal(WithSteps("  - {id: a, checkpoint: true}\n"
                               "  - {id: b, action: do.it, with: {x: '${steps.a.output}'}}\n")),
             Contains("the step \"a\" is checkpoint, which has no output"));
}

TEST_CASE("a lock names inputs only", "[definition]") {
  CHECK_THAT(Refusal("name: w\nlock: '${run.id}'\nsteps: [{id: a, action: do.it}]\n"),
             Contains("w.yaml:2:10: the lock is settled before the run begins"));
}

}  // namespace
}  // namespace recourse::definition
