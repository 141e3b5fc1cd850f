#include "engine/rehearsal/rehearsal.h"

#include <catch2/catch.hpp>

namespace recourse::rehearsal {
namespace {

using Catch::Matchers::Contains;

class Actions final : public ActionCatalogue {
 public:
  Actions() {
    Add("read.it", RepeatClass::kReadOnly, false);
    Add("do.it", RepeatClass::kIdempotent, false);
    Add("undo.it", RepeatClass::kProbed, true);
    Add("once.it", RepeatClass::kOnce, false);
  }
  const ActionSpec* Find(std::string_view name) const override {
    for (const ActionSpec& spec : specs_) {
      if (spec.name == name) return &spec;
    }
    return nullptr;
  }
  std::vector<const ActionSpec*> All() const override {
    std::vector<const ActionSpec*> all;
    for (const ActionSpec& spec : specs_) all.push_back(&spec);
    return all;
  }

 private:
  void Add(std::string name, RepeatClass repeat, bool undo) {
    ActionSpec spec;
    spec.name = std::move(name);
    spec.inputs = Value::Object({{"type", "object"}});
    spec.output = Value::Object({{"type", "object"}});
    spec.repeat = repeat;
    spec.has_prepare = undo;
    spec.can_compensate = undo;
    specs_.push_back(std::move(spec));
  }
  std::vector<ActionSpec> specs_;
};

constexpr std::string_view kWorkflow = R"(
name: recovery
inputs:
  target: {type: target, requires: [services]}
steps:
  - id: look
    action: read.it
    retry: {attempts: 2, delay: 1s, on: [UNAVAILABLE]}
    on_error: {DATA_LOSS: {goto: confirm}}
    next: end
  - id: confirm
    approval: {prompt: "Go on?", approvers: [dba], expires: 15m, exclude_requester: true}
  - id: stop
    action: undo.it
    for_each: "${inputs.target.services}"
    with: {service: "${item}"}
  - id: put
    action: undo.it
  - id: burn
    action: once.it
    irreversible: true
outputs: {seen: "${has(steps.put) && has(steps.put.output.rows) ? steps.put.output.rows : 0}"}
)";

Report Play(const std::string& cases, std::string_view workflow = kWorkflow) {
  static const Actions actions;
  const auto loaded = definition::LoadWorkflow(workflow, &actions);
  INFO(loaded.Report("w.yaml"));
  REQUIRE(loaded.workflow != nullptr);
  return Rehearse(*loaded.workflow, cases);
}

// One case on a target with two services.
Report PlayOne(const std::string& body) {
  return Play(
      "targets:\n  demo:\n    services:\n"
      "      - {name: a, kind: process, pid_file: /run/a, command: [/bin/a]}\n"
      "      - {name: b, kind: process, pid_file: /run/b, command: [/bin/b]}\n"
      "cases:\n  - name: one\n    inputs: {target: demo}\n" +
      body);
}

std::string Problems(const Report& report) {
  std::string text;
  for (const auto& problem : report.problems) {
    text += std::to_string(problem.place.line) + ": " + problem.message + "\n";
  }
  for (const Verdict& verdict : report.verdicts) {
    for (const std::string& problem : verdict.problems) text += problem + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a rehearsal follows the way that the scripted outcomes lead", "[rehearsal]") {
  const Report healthy =
      PlayOne("    expect: {status: SUCCEEDED, path: [look], outputs: {seen: 0}}\n");
  CHECK(Problems(healthy) == "");
  CHECK(healthy.unreached == std::vector<std::string>{"confirm", "stop", "put", "burn"});

  CHECK(Problems(PlayOne("    script:\n"
                         "      look: {fail: DATA_LOSS}\n"
                         "      confirm: approve\n"
                         "      put: {output: {rows: 7}}\n"
                         "    expect:\n"
                         "      status: SUCCEEDED\n"
                         "      path: [look, confirm, 'stop[0]', 'stop[1]', put, burn]\n"
                         "      outputs: {seen: 7}\n")) == "");
}

TEST_CASE("attempts take their entries one after the other, and the clock jumps to the retry",
          "[rehearsal]") {
  CHECK(Problems(PlayOne("    script: {look: [{fail: UNAVAILABLE}, {output: {}}]}\n"
                         "    expect: {status: SUCCEEDED, path: [look]}\n")) == "");
  CHECK(Problems(PlayOne("    script: {look: {fail: UNAVAILABLE}}\n"
                         "    expect: {status: ROLLED_BACK, error: UNAVAILABLE}\n")) == "");
}

TEST_CASE("a failure rolls back in reverse order, item by item", "[rehearsal]") {
  CHECK(Problems(PlayOne("    script:\n"
                         "      look: {fail: DATA_LOSS}\n"
                         "      confirm: {decide: approve, by: somebody, after: 10m}\n"
                         "      put: {fail: INTERNAL, left: partial}\n"
                         "    expect:\n"
                         "      status: ROLLED_BACK\n"
                         "      path: [..., put]\n"
                         "      undone: [put, 'stop[1]', 'stop[0]']\n"
                         "      error: INTERNAL\n")) == "");
}

TEST_CASE("approvals are decided as scripted, expire, or stay open", "[rehearsal]") {
  const std::string damaged = "    script:\n      look: {fail: DATA_LOSS}\n";
  CHECK(Problems(PlayOne(damaged +
                         "      confirm: reject\n"
                         "    expect: {status: ROLLED_BACK, error: PERMISSION_DENIED}\n")) == "");
  CHECK(Problems(PlayOne(damaged + "      confirm: expire\n"
                                   "    expect: {status: NEEDS_ATTENTION, waits: in time}\n")) ==
        "");
  // After the expiry there is nothing left to approve.
  CHECK(Problems(PlayOne(damaged + "      confirm: {decide: approve, after: 16m}\n"
                                   "    expect: {status: NEEDS_ATTENTION}\n")) == "");
  CHECK(Problems(PlayOne(damaged + "    expect: {status: WAITING, waits: Go on}\n")) == "");
  // What is asked once more after a rejection can be looked at.
  CHECK(Problems(PlayOne(damaged + "      confirm: [expire, open]\n"
                                   "    answers: [retry]\n"
                                   "    expect: {status: WAITING, waits: Go on}\n")) == "");
  // The reminder at half the time takes no entry: the second one is for the second question.
  CHECK(Problems(PlayOne(
            damaged + "      confirm: [expire, approve]\n"
                      "    answers: [retry]\n"
                      "    expect: {status: SUCCEEDED, path: [look, confirm, confirm, ...]}\n")) ==
        "");
  // The rules of the approval hold in a rehearsal too.
  CHECK_THAT(Problems(PlayOne(damaged + "      confirm: {decide: approve, by: operator}\n"
                                        "    expect: {status: SUCCEEDED}\n")),
             Contains("CastVote is refused: PERMISSION_DENIED"));
}

TEST_CASE("a crash is answered by the action's class and probe", "[rehearsal]") {
  const std::string begin = "    script:\n      look: {fail: DATA_LOSS}\n      confirm: approve\n";
  for (const std::string crash : {"before", "during", "after"}) {
    INFO(crash);
    CHECK(Problems(PlayOne(begin + "      put: {crash: " + crash +
                           "}\n    expect: {status: SUCCEEDED}\n")) == "");
  }
  CHECK(Problems(PlayOne(begin + "      put: {crash: after, probe: unknown}\n"
                                 "    expect: {status: NEEDS_ATTENTION}\n")) == "");
  CHECK(Problems(PlayOne(begin + "      burn: {crash: after}\n"
                                 "    answers: [{skip: {output: {}}}]\n"
                                 "    expect: {status: SUCCEEDED, path: [..., burn]}\n")) == "");
}

TEST_CASE("a compensation that fails asks, and is answered", "[rehearsal]") {
  const std::string body =
      "    script:\n      look: {fail: DATA_LOSS}\n      confirm: approve\n"
      "      'stop[0]': {undo_fails: 3}\n      put: {fail: ABORTED}\n";
  CHECK(Problems(PlayOne(body + "    expect: {status: NEEDS_ATTENTION, undone: ['stop[1]']}\n")) ==
        "");
  CHECK(Problems(PlayOne(
            body + "    answers: [retry]\n"
                   "    expect: {status: ROLLED_BACK, undone: ['stop[1]', 'stop[0]']}\n")) == "");
}

TEST_CASE("what goes otherwise than expected is told with both", "[rehearsal]") {
  const Report report = PlayOne(
      "    script: {look: {fail: NOT_FOUND, message: it is gone}}\n"
      "    expect: {status: SUCCEEDED, path: [look, put], undone: [put], error: ABORTED, outputs: "
      "{}}\n");
  CHECK_FALSE(report.ok());
  const std::string problems = Problems(report);
  CHECK_THAT(problems,
             Contains("status: expected SUCCEEDED, found ROLLED_BACK (NOT_FOUND: it is gone)"));
  CHECK_THAT(problems, Contains("path: expected [look, put], found [look]"));
  CHECK_THAT(problems, Contains("undone: expected [put], found []"));
  CHECK_THAT(problems, Contains("error: expected ABORTED, found NOT_FOUND: it is gone"));
}

TEST_CASE("a file of cases is checked as a definition is: all problems, each with its place",
          "[rehearsal]") {
  const Report report = Play(
      "cases:\n"
      "  - name: one\n"
      "    scirpt: {}\n"
      "    expect: {status: SUCEEDED}\n"
      "  - name: two\n"
      "    script: {lok: {output: {}}, confirm: maybe, look: {fail: DATALOSS}}\n"
      "    answers: [retyr]\n"
      "    expect: {status: FAILED, path: [put, burned]}\n");
  CHECK(report.verdicts.empty());
  const std::string problems = Problems(report);
  CHECK_THAT(problems, Contains("3: unknown key \"scirpt\"; did you mean \"script\"?"));
  CHECK_THAT(problems, Contains("4: unknown status \"SUCEEDED\"; did you mean \"SUCCEEDED\"?"));
  CHECK_THAT(problems, Contains("6: unknown step \"lok\"; did you mean \"look\"?"));
  CHECK_THAT(problems, Contains("6: expected approve, reject, expire or open"));
  CHECK_THAT(problems, Contains("DATALOSS"));
  CHECK_THAT(problems, Contains("7: unknown answer \"retyr\"; did you mean \"retry\"?"));
  CHECK_THAT(problems, Contains("8: unknown step \"burned\"; did you mean \"burn\"?"));
}

TEST_CASE("a run that goes in a circle ends the case", "[rehearsal]") {
  const Report report = Play(
      "cases:\n  - name: one\n    expect: {status: SUCCEEDED}\n",
      "name: w\nsteps:\n  - {id: a, wait: {for: 1h}}\n"
      "  - {id: b, action: do.it, next: a, max_visits: 1000000, on_error: {NOT_FOUND: {goto: c}}}\n"
      "  - {id: c, succeed: true}\n");
  CHECK_FALSE(report.ok());
}

TEST_CASE("branches, checklists, signals and what runs at last are rehearsed", "[rehearsal]") {
  constexpr std::string_view kBranches = R"(
name: w
steps:
  - id: both
    parallel:
      branches:
        left: [{id: l, action: undo.it}]
        right: [{id: r, action: undo.it}, {id: tick, manual: {prompt: p, by: [dba], items: [{id: one, text: t}]}}]
  - {id: go, wait: {signal: go, timeout: 1h}}
on_finish:
  - {id: last, action: do.it}
)";
  const auto play = [&](const std::string& rest) {
    return Problems(Play("cases:\n  - name: one\n" + rest, kBranches));
  };
  CHECK(play("    script: {tick: approve}\n    answers: [{signal: {name: go}}]\n"
             "    expect: {status: SUCCEEDED, path: [both, l, r, tick, go, last]}\n") == "");
  CHECK(
      play("    script: {tick: reject}\n"
           "    expect: {status: ROLLED_BACK, undone: [r, l], path: [both, l, r, tick, last]}\n") ==
      "");
  CHECK(
      play(
          "    script: {tick: approve}\n"
          "    expect: {status: ROLLED_BACK, error: DEADLINE_EXCEEDED, path: [..., go, last]}\n") ==
      "");
  // One branch dies with the server: the other one has not begun.
  CHECK(play("    script: {l: {crash: after}, tick: approve}\n    answers: [{signal: {name: go}}]\n"
             "    expect: {status: SUCCEEDED}\n") == "");
}

TEST_CASE("a case begins when it says, inside the window or before it", "[rehearsal]") {
  constexpr std::string_view kWindow =
      "name: w\nwindow: {cron: '0 2 * * *', duration: 2h}\n"
      "steps:\n  - {id: a, action: undo.it, expect: 30m}\n"
      "  - {id: b, action: do.it, expect: 100m}\n";
  CHECK(Problems(Play("cases:\n  - name: one\n    at: 2026-11-29T01:00:00Z\n"
                      "    expect: {status: ROLLED_BACK, path: [a], undone: [a]}\n",
                      kWindow)) == "");
  CHECK_THAT(
      Problems(Play("cases:\n  - {name: one, at: soon, expect: {status: FAILED}}\n", kWindow)),
      Contains("at: expected a time such as"));
}

TEST_CASE("a part of the error's message can be expected", "[rehearsal]") {
  const std::string failed =
      "    script: {look: {fail: INTERNAL, message: page 23 is damaged}}\n"
      "    expect: {status: ROLLED_BACK, message: ";
  CHECK(Problems(PlayOne(failed + "page 23}\n")) == "");
  CHECK_THAT(Problems(PlayOne(failed + "page 24}\n")),
             Contains("message: expected \"...page 24...\", found INTERNAL: "));
}

TEST_CASE("two cases of one name are a problem with both places", "[rehearsal]") {
  const auto workflow =
      definition::LoadWorkflow("name: t\nsteps:\n  - {id: fine, succeed: true}\n", nullptr)
          .workflow;
  REQUIRE(workflow != nullptr);
  const Report report = Rehearse(*workflow,
                                 "cases:\n"
                                 "  - {name: same, expect: {status: SUCCEEDED}}\n"
                                 "  - {name: same, expect: {status: FAILED}}\n");
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].place.line == 3);
  CHECK_THAT(report.problems[0].message,
             Contains("there are two cases named \"same\"; the first is in line 2"));
}

}  // namespace recourse::rehearsal
