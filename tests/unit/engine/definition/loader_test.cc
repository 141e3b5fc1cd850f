#include <catch2/catch.hpp>

#include "support.h"

namespace recourse::definition {
namespace {

using Catch::Matchers::Contains;
using std::chrono::minutes;
using std::chrono::seconds;

const char* const kEverything = R"(# a comment
name: every-thing
summary: One of each
severity: critical
inputs:
  target: {type: target, requires: [backups, services]}
  which: {type: string, default: latest}
lock: "database/${inputs.target.name}"
on_locked: reject
deadline: 15m
on_failure: pause
steps:
  - id: choose
    summary: Choose one
    action: backup.choose
    with: {backups: "${inputs.target.backups}", which: "${inputs.which}", limit: 3}
    expect: 10s
    max_visits: 3
  - id: pick
    switch:
      - {when: "${steps.choose.output.rows > 0}", goto: confirm}
      - {default: none_left}
  - id: confirm
    approval:
      prompt: "Restore ${steps.choose.output.path}?"
      approvers: [dba, incident-commander]
      quorum: 2
      exclude_requester: true
      expires: 15m
      on_expiry: reject
    on_error: {PERMISSION_DENIED: {goto: none_left}}
  - id: safe
    checkpoint: true
  - id: stop
    action: undo.it
    for_each: "${inputs.target.services}"
    with: {service: "${item}", number: "${index}"}
    timeout: 10m
    retry: {attempts: 3, delay: 0s, backoff: 1.5, max_delay: 30s, on: [ABORTED, UNAVAILABLE]}
    on_failure: rollback
    on_error:
      "*": continue
      DATA_LOSS: {rollback_to: safe, goto: choose}
      UNAVAILABLE: {goto: none_left}
  - id: defaults
    action: undo.it
    when: "${size(inputs.target.services) > 0}"
    irreversible: true
    compensate: none
    next: nap
  - id: nap
    wait: {for: 30s}
  - id: nap_until
    wait: {until: "${now}"}
    next: done
  - id: none_left
    fail: {code: DATA_LOSS, message: "No good backup of ${inputs.target.name}"}
  - id: done
    succeed: true
outputs:
  path: "${steps.choose.output.path}"
)";

TEST_CASE("a definition becomes a workflow with every part of it", "[definition]") {
  const auto workflow = Load(kEverything);
  CHECK(workflow->name == "every-thing");
  CHECK(workflow->severity == "critical");
  CHECK(workflow->on_locked == OnLocked::kReject);
  CHECK(workflow->deadline == minutes(15));
  CHECK(workflow->on_failure == OnFailure::kPause);
  REQUIRE(workflow->steps.size() == 10);
  CHECK(workflow->FindStep("nap") == 6);
  CHECK_FALSE(workflow->FindStep("end"));

  const Step& choose = workflow->steps[0];
  CHECK(choose.place.line == 13);
  CHECK(choose.expect == seconds(10));
  CHECK(choose.visits_max == 3);
  CHECK(std::get<ActionStep>(choose.kind).repeat == RepeatClass::kReadOnly);

  const auto& pick = std::get<SwitchStep>(workflow->steps[1].kind);
  REQUIRE(pick.cases.size() == 1);
  CHECK(pick.cases[0].go_to == 2);
  CHECK(pick.otherwise == 8);

  const auto& confirm = std::get<ApprovalStep>(workflow->steps[2].kind);
  CHECK(confirm.approvers == std::vector<std::string>{"dba", "incident-commander"});
  CHECK(confirm.quorum == 2);
  CHECK(confirm.exclude_requester);
  CHECK(confirm.expires == minutes(15));
  CHECK(confirm.on_expiry == OnExpiry::kReject);

  const auto& fail = std::get<FailStep>(workflow->steps[8].kind);
  CHECK(fail.code == Code::kDataLoss);
  CHECK(std::get<WaitStep>(workflow->steps[6].kind).duration);
  CHECK(std::get<WaitStep>(workflow->steps[7].kind).until);
  CHECK(workflow->steps[7].next == 9);
}

TEST_CASE("a step's retry and timeout begin with the action's own", "[definition]") {
  const auto workflow = Load(kEverything);
  const auto& stop = std::get<ActionStep>(workflow->steps[4].kind);
  CHECK(stop.timeout == minutes(10));
  CHECK(stop.retry ==
        RetryPolicy{3, seconds(0), 1.5, seconds(30), {Code::kAborted, Code::kUnavailable}});
  CHECK(stop.for_each);
  CHECK(stop.can_compensate);
  CHECK(stop.has_prepare);

  const auto& defaults = std::get<ActionStep>(workflow->steps[5].kind);
  CHECK(defaults.timeout == minutes(7));
  CHECK(defaults.retry.attempts == 4);
  CHECK(defaults.retry.delay == seconds(9));
  CHECK_FALSE(defaults.can_compensate);  // compensate: none
  CHECK(workflow->steps[5].irreversible);
  CHECK(workflow->steps[5].when);
}

TEST_CASE("the rule for any code comes after the others, wherever it stands", "[definition]") {
  const auto workflow = Load(kEverything);
  const std::vector<ErrorRule>& rules = workflow->steps[4].on_error;
  REQUIRE(rules.size() == 3);
  CHECK(rules[0].code == Code::kDataLoss);
  CHECK(rules[0].rollback_to == 3);
  CHECK(rules[0].go_to == 0);
  CHECK(rules[1].code == Code::kUnavailable);
  CHECK_FALSE(rules[2].code);
  CHECK_FALSE(rules[2].go_to);
}

TEST_CASE("the canonical form loads as the same workflow", "[definition]") {
  const auto workflow = Load(kEverything);
  const auto again = Load(workflow->canonical);
  CHECK(again->canonical == workflow->canonical);
  CHECK(again->digest == workflow->digest);
  CHECK(again->steps.size() == workflow->steps.size());
  CHECK_FALSE(again->steps[4].on_error.back().go_to);
  CHECK(workflow->digest.size() == 64);
}

TEST_CASE("comments and layout leave the digest as it is, content does not", "[definition]") {
  const auto digest = [](std::string_view yaml) { return Load(yaml)->digest; };
  const std::string plain = digest("name: w\nsteps:\n  - {id: a, action: do.it, with: {n: 12}}\n");
  CHECK(
      digest(
          "# why\nsteps:\n- action: do.it\n  with:\n    n: 12   # twelve\n  id: 'a'\nname: w\n") ==
      plain);
  CHECK(digest("name: w\nsteps:\n  - {id: a, action: do.it, with: {n: '12'}}\n") != plain);
  CHECK(digest("name: w\nsteps:\n  - {id: a, action: do.it, with: {n: 12.0}}\n") != plain);
}

TEST_CASE("text of every kind survives the canonical form", "[definition]") {
  const std::string yaml =
      "name: w\nsteps:\n  - id: a\n    action: do.it\n    with:\n      text: \"q\\\" b\\\\ "
      "t\\t n\\n c\\x01 d\\x7f u\\u00e9 \\u2028 e\\U0001F600 / : # - {}\"\n      key with: [1, {}, "
      "[]]\n"
      "      'true': ~\n";
  const auto workflow = Load(yaml);
  const auto stored = LoadStoredWorkflow(workflow->canonical, &TestActions()).workflow;
  REQUIRE(stored != nullptr);
  CHECK(stored->canonical == workflow->canonical);
  const auto with = [](const Workflow& w) {
    return std::get<ActionStep>(w.steps[0].kind).with.source();
  };
  CHECK(with(*stored) == with(*workflow));
}

TEST_CASE("without a catalogue, actions are not checked", "[definition]") {
  const Loaded loaded = LoadWorkflow("name: w\nsteps: [{id: a, action: gone.away}]\n", nullptr);
  REQUIRE(loaded.workflow != nullptr);
  CHECK(loaded.workflow->steps[0].id == "a");
}

TEST_CASE("every problem is told at once, in the order of the file", "[definition]") {
  const std::string report = Refusal(R"(nam: w
severity: urgent
steps:
  - id: a
    action: do.it
    tiemout: 10m
  - id: b
    action: do.i
    next: c
  - id: b
    checkpoint: false
)");
  CHECK(report ==
        "w.yaml:1:1: \"name\" is missing with the workflow's keys\n"
        "w.yaml:1:1: unknown key \"nam\"; did you mean \"name\"?\n"
        "w.yaml:2:11: severity: expected one of critical, high, medium, low, found \"urgent\"\n"
        "w.yaml:6:5: unknown key \"tiemout\"; did you mean \"timeout\"?\n"
        "w.yaml:8:13: unknown action \"do.i\"; did you mean \"do.it\"?\n"
        "w.yaml:9:11: unknown step \"c\"; did you mean \"a\"?\n"
        "w.yaml:10:9: id: a step \"b\" is there already\n"
        "w.yaml:11:17: checkpoint: expected true\n");
}

TEST_CASE("what a step may say is checked", "[definition]") {
  struct Case {
    const char* step;
    const char* expected;
  };
  const Case cases[] = {
      {"{id: a, acton: do.it}", "unknown key \"acton\"; did you mean \"action\"?"},
      {"{id: a}", "the step does not say what it does: expected one of action, approval"},
      {"{id: a, action: do.it, checkpoint: true}",
       "this one has both \"action\" and \"checkpoint\""},
      {"{action: do.it}", "the step has no \"id\""},
      {"{id: A, action: do.it}", "\"A\" is no name"},
      {"{id: end, action: do.it}", "means the end of the workflow"},
      {"{id: if, action: do.it}", "is a word of expressions"},
      {"{id: a, checkpoint: true, timeout: 3s}",
       "\"timeout\" has no meaning in the checkpoint step \"a\""},
      {"{id: a, action: do.it, timeout: 30}", "timeout: expected a duration such as 90s or 1h30m"},
      {"{id: a, action: do.it, timeout: 0s}", "timeout: must be at least"},
      {"{id: a, action: do.it, timeout: soon}", "timeout: "},
      {"{id: a, action: do.it, retry: {attempts: 0}}", "attempts: expected a whole number from 1"},
      {"{id: a, action: do.it, retry: {on: [ABROTED]}}", "did you mean \"ABORTED\"?"},
      {"{id: a, action: do.it, retry: {tries: 3}}", "unknown key \"tries\""},
      {"{id: a, action: do.it, on_failure: ignore}", "on_failure: expected one of rollback, pause"},
      {"{id: a, action: do.it, on_error: {DATALOSS: continue}}", "did you mean \"DATA_LOSS\"?"},
      {"{id: a, action: do.it, on_error: {ABORTED: stop}}", "expected continue, {goto: step}"},
      {"{id: a, action: do.it, on_error: {ABORTED: {rollback_to: a}}}", "expected continue, {goto"},
      {"{id: a, action: do.it, on_error: {ABORTED: {goto: b}}}", "unknown step \"b\""},
      {"{id: a, action: do.it, compensate: all}",
       "compensate: expected none or {action: name, with: inputs}"},
      {"{id: a, action: read.it, irreversible: true}", "irreversible: read.it changes nothing"},
      {"{id: a, action: do.it, irreversible: 'true'}", "irreversible: expected true or false"},
      {"{id: a, action: do.it, with: [1]}", "with: expected a map of the action's inputs"},
      {"{id: a, action: do.it, when: 'true'}", "when: expected one expression \"${...}\""},
      {"{id: a, action: do.it, when: '${1 +}'}", "when: "},
      {"{id: a, action: do.it, with: {x: '${1 +}'}}", "w.yaml:"},
      {"{id: a, action: do.it, with: {x: '${1'}}", "w.yaml:"},
      {"{id: a, action: do.it, max_visits: 0}", "max_visits: expected a whole number from 1"},
      {"{id: a, approval: {approvers: [dba]}}", "\"prompt\" is missing in the approval"},
      {"{id: a, approval: {prompt: x}}", "\"approvers\" is missing"},
      {"{id: a, approval: {prompt: x, approvers: [the dba]}}", "\"the dba\" is no name"},
      {"{id: a, approval: {prompt: x, approvers: dba}}", "expected a list of roles"},
      {"{id: a, approval: {prompt: x, approvers: [dba], on_expiry: hold}}", "has no \"expires\""},
      {"{id: a, approval: {prompt: 3, approvers: [dba]}}", "prompt: expected a string"},
      {"{id: a, switch: []}", "switch: expected a list of cases"},
      {"{id: a, switch: [{default: a}, {when: '${true}', goto: a}]}", "must be the last case"},
      {"{id: a, switch: [{when: '${true}'}]}", "\"goto\" is missing"},
      {"{id: a, wait: {}}", "expected one of \"for\", \"until\" and \"signal\""},
      {"{id: a, wait: {for: 3s, until: '${now}'}}",
       "expected one of \"for\", \"until\" and \"signal\""},
      {"{id: a, wait: {for: 3}}", "for: expected a duration"},
      {"{id: a, fail: {code: OOPS, message: x}}", "unknown error code \"OOPS\""},
      {"{id: a, fail: {}}", "\"message\" is missing"},
      {"{id: a, succeed: yes}", "succeed: expected true"},
      {"7", "expected a step, found a number"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.step);
    CHECK_THAT(Refusal(WithSteps("  - " + std::string(one.step) + "\n")), Contains(one.expected));
  }
}

TEST_CASE("what a workflow may say is checked", "[definition]") {
  const std::string steps = "steps: [{id: a, action: do.it}]\n";
  CHECK_THAT(Refusal("[]"), Contains("w.yaml:1:1: expected a map"));
  CHECK_THAT(Refusal("name: w\n"), Contains("\"steps\" is missing"));
  CHECK_THAT(Refusal("name: w\nsteps: []\n"), Contains("expected a list of at least one step"));
  CHECK_THAT(Refusal("name: my workflow\n" + steps), Contains("\"my workflow\" is no name"));
  CHECK_THAT(Refusal("name: w\non_locked: queue\n" + steps), Contains("has no \"lock\""));
  CHECK_THAT(Refusal("name: w\nlock: 3\n" + steps), Contains("lock: expected a string"));
  CHECK_THAT(Refusal("name: w\ndeadline: never\n" + steps), Contains("deadline: "));
  CHECK_THAT(Refusal("name: w\noutputs: x\n" + steps), Contains("outputs: expected a map"));
}

TEST_CASE("inputs of actions are checked against the action's schema", "[definition]") {
  struct Case {
    const char* with;
    const char* expected;
  };
  const Case cases[] = {
      {"{which: x}", "w.yaml:7:11: with: \"backups\" is missing (inputs of backup.choose)"},
      {"{backups: x}", "w.yaml:7:21: with.backups: expected an object, found a string"},
      {"{backups: {}, wich: x}", "w.yaml:7:25: with.wich is unknown; did you mean \"which\"?"},
      {"{backups: {}, limit: 11}", "w.yaml:7:32: with.limit: expected at most 10, found 11"},
      {"{backups: {}, verified: 'true'}", "with.verified: expected a boolean, found a string"},
      {"{backups: {}, limit: 'n${index}'}", "with.limit: expected an integer"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.with);
    CHECK_THAT(Refusal(WithSteps("  - id: a\n    action: backup.choose\n    with: " +
                                 std::string(one.with) + "\n")),
               Contains(one.expected));
  }
  CHECK_THAT(Refusal(WithSteps("  - id: a\n    action: backup.choose\n")),
             Contains("w.yaml:6:13: with: \"backups\" is missing"));
  Load(WithSteps("  - id: a\n    action: backup.choose\n    with: ${inputs.target.backups}\n"));
}

TEST_CASE("a definition has at most 2,000 steps", "[definition]") {
  std::string yaml = "name: w\nsteps:\n";
  for (int i = 0; i < 2000; ++i) yaml += "- {id: s" + std::to_string(i) + ", action: do.it}\n";
  Load(yaml);
  CHECK_THAT(
      Refusal(yaml + "- {id: more, action: do.it}\n"),
      Contains("w.yaml:2003:3: there are more than 2000 steps; at most that many are accepted"));
}

TEST_CASE("damaged text is refused with places, or loads as something that loads again",
          "[definition]") {
  const std::string whole = kEverything;
  std::uint32_t random = 20261121;
  const auto draw = [&random](std::size_t below) {
    random = random * 1664525 + 1013904223;
    return (random >> 8) % below;
  };
  for (int i = 0; i < 800; ++i) {
    std::string text = whole;
    for (std::size_t changes = 1 + draw(3); changes > 0; --changes) {
      const std::size_t at = draw(text.size());
      switch (draw(4)) {
        case 0:
          text.erase(at, 1 + draw(20));
          break;
        case 1:
          text[at] = "{}[]:-#'\"$|>&*!%@\n\t ,?"[draw(23)];
          break;
        case 2:
          text.insert(at, text.substr(draw(text.size()), draw(40)));
          break;
        default:
          text.resize(at + 1);
          break;
      }
    }
    INFO("change " << i << " of the text:\n" << text);
    const Loaded loaded = LoadWorkflow(text, &TestActions());
    REQUIRE((loaded.workflow == nullptr) == !loaded.problems.empty());
    for (const Problem& problem : loaded.problems) {
      REQUIRE(problem.place.line >= 1);
      REQUIRE(problem.place.column >= 1);
      REQUIRE_FALSE(problem.message.empty());
    }
    if (loaded.workflow == nullptr) continue;
    REQUIRE(Load(loaded.workflow->canonical)->digest == loaded.workflow->digest);
  }
}

TEST_CASE("a fail step ends the run also where failures do not stop it", "[definition]") {
  const auto workflow =
      Load("name: w\non_failure: continue\nsteps:\n  - {id: a, fail: {message: x}}\n");
  CHECK(workflow->steps[0].on_failure == OnFailure::kFail);
}

}  // namespace
}  // namespace recourse::definition
