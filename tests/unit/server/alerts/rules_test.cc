#include "server/alerts/rules.h"

#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "tests/unit/engine/runtime/scripted.h"

namespace recourse::server::alerts {
namespace {

// The workflows triage, repair (a target, a depth, a note) and look (a run's id).
class Known {
 public:
  Known() {
    registry_.Add(std::make_unique<runtime::Scripted>("do.it"));
    const std::string steps = "steps: [{id: a, action: do.it}]\n";
    Add("name: triage\ninputs: {alert: {type: string}, problem: {type: string}}\n" + steps);
    Add("name: repair\ninputs:\n  target: {type: target}\n  depth: {type: int, default: 1}\n"
        "  note: {type: string, default: ''}\n" +
        steps);
    Add("name: look\ninputs: {run: {type: string}}\n" + steps);
    REQUIRE(inventory_.AddFile("name: db1\nsummary: A database\n", "db1.yaml"));
  }

  Result<std::shared_ptr<const Rules>> Load(const std::string& text) const {
    return LoadRules(text, "alert_rules.yaml", workflows_, inventory_);
  }
  Rules Loaded(const std::string& text) const {
    auto rules = Load(text);
    if (!rules) FAIL(rules.error().message);
    return **rules;
  }
  std::string Problems(const std::string& text) const {
    const auto rules = Load(text);
    REQUIRE_FALSE(rules);
    CHECK(rules.error().code == Code::kInvalidArgument);
    return rules.error().message;
  }

 private:
  void Add(const std::string& yaml) {
    auto loaded = definition::LoadWorkflow(yaml, &registry_);
    if (loaded.workflow == nullptr) FAIL(loaded.Report("w.yaml"));
    workflows_[loaded.workflow->name] = loaded.workflow;
  }

  Registry registry_;
  definition::WorkflowsByName workflows_;
  definition::Inventory inventory_;
};

Alert DbCorrupt() {
  Alert alert;
  alert.source = "alertmanager";
  alert.key = "c0ffee";
  alert.labels = {{"alertname", "DbCorrupt"}, {"instance", "db1:9100"}};
  alert.annotations = {{"summary", "page 23"}};
  alert.started = Time(std::chrono::seconds(1'800'000'000));
  return alert;
}

const std::string kBegin = "fallback: triage\nrules:\n";
const std::string kHead = kBegin + "- name: r\n  matchers: [alertname = DbCorrupt]\n";

}  // namespace

TEST_CASE("the first rule that fits is the alert's", "[alerts]") {
  const Known known;
  const Rules rules = known.Loaded(kBegin +
                                   "- {name: other, matchers: [alertname = DiskFull], workflow: "
                                   "repair, target: db1}\n"
                                   "- {name: both, matchers: [alertname = DbCorrupt, 'instance =~ "
                                   "\"db1.*\"'], workflow: repair, target: db1}\n"
                                   "- {name: rest, matchers: [], workflow: repair, target: db1}\n");
  CHECK(rules.fallback == "triage");
  CHECK(rules.For(DbCorrupt())->name == "both");
  Alert other = DbCorrupt();
  other.labels["instance"] = "db2";
  CHECK(rules.For(other)->name == "rest");
  CHECK(Rules().For(other) == nullptr);
}

TEST_CASE(
    "a rule says how often it may start runs by itself, and has bounds that hold without that",
    "[alerts]") {
  const Known known;
  const Rules plain = known.Loaded(kHead + "  workflow: repair\n  target: db1\n");
  CHECK(plain.rules[0].daily_limit == 3);
  CHECK(plain.rules[0].flapping_times == 3);
  CHECK(plain.rules[0].flapping_within == std::chrono::hours(1));
  CHECK(plain.rules[0].severity == "");
  const Rules set = known.Loaded(kHead +
                                 "  workflow: repair\n  target: db1\n  severity: high\n"
                                 "  daily_limit: 0\n  flapping: {times: 2, within: 30m}\n");
  CHECK(set.rules[0].daily_limit == 0);
  CHECK(set.rules[0].flapping_times == 2);
  CHECK(set.rules[0].flapping_within == std::chrono::minutes(30));
  CHECK(set.rules[0].severity == "high");
}

TEST_CASE("a run's inputs come from what the alert says", "[alerts]") {
  const Known known;
  const Rules rules =
      known.Loaded(kHead +
                   "  workflow: repair\n"
                   "  target: \"${labels.instance.split(':')[0]}\"\n"
                   "  inputs: {depth: 2, note: \"${alert.name} since ${alert.started}: "
                   "${annotations.summary}\"}\n"
                   "  on_resolved: {workflow: look, inputs: {run: \"${alert.run}\"}}\n");
  const auto inputs = InputsFor(rules.rules[0].launch, DbCorrupt());
  REQUIRE(inputs);
  CHECK(ToJson(*inputs) ==
        R"({"depth":2,"note":"DbCorrupt since 2027-01-15T08:00:00Z: page 23","target":"db1"})");
  const auto check = InputsFor(*rules.rules[0].on_resolved, DbCorrupt(), "R-7");
  REQUIRE(check);
  CHECK(ToJson(*check) == R"({"run":"R-7"})");

  SECTION("what it does not say is an error that names the expression") {
    Alert bare = DbCorrupt();
    bare.annotations.clear();
    const auto missing = InputsFor(rules.rules[0].launch, bare);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().message.find("summary") != std::string::npos);
    CHECK(missing.error().message.ends_with(" of alert_rules.yaml)"));
  }
  SECTION("they have a limit") {
    Alert large = DbCorrupt();
    large.annotations["summary"] = std::string(70'000, 'x');
    CHECK(InputsFor(rules.rules[0].launch, large).error().message ==
          "inputs: larger than 64.0 KiB");
  }
}

TEST_CASE("every mistake of a file is told at once, with its place", "[alerts]") {
  const Known known;
  CHECK(known.Problems(R"(fallback: triag
rules:
- name: Bad Name
  matchers: [severity, 7]
  workflow: repiar
  severity: urgent
  daily_limit: -1
  flapping: {times: 0, within: 0s}
  colour: red
- name: r
  matchers: []
  workflow: repair
  target: "${label.instance}"
  inputs: {target: db1, depht: 2, note: "${alert.nam} ${labels.x + 1}"}
- name: r
  matchers: []
  workflow: repair
)") ==
        R"(alert_rules.yaml:1:11: unknown workflow "triag"; did you mean "triage"?
alert_rules.yaml:3:9: rule: "Bad Name" is no name; use small letters, digits, - and _, a letter first, at most 64 in all
alert_rules.yaml:4:14: matchers: expected =, !=, =~ or !~ behind severity
alert_rules.yaml:4:24: matchers: expected a text
alert_rules.yaml:5:13: unknown workflow "repiar"; did you mean "repair"?
alert_rules.yaml:6:13: severity: expected one of critical, high, medium, low, found "urgent"
alert_rules.yaml:7:16: daily_limit: expected a whole number from 0 to 1000, found -1
alert_rules.yaml:8:21: times: expected a whole number from 1 to 100, found 0
alert_rules.yaml:8:32: within: must be at least 1s
alert_rules.yaml:9:3: unknown key "colour"
alert_rules.yaml:13:14: unknown variable "label"; did you mean "labels"?
alert_rules.yaml:14:12: inputs.target: target stands beside inputs too; keep one
alert_rules.yaml:14:44: unknown member of alert "nam"; did you mean "name"?
alert_rules.yaml:14:57: "+" does not work on string and int in `labels.x + 1`
alert_rules.yaml:15:3: inputs.target: is missing; the workflow "repair" needs it (target)
alert_rules.yaml:15:3: there are two rules "r")");
}

TEST_CASE("the names of inputs are checked where their values hang on the alert", "[alerts]") {
  const Known known;
  CHECK(known.Problems(kHead + "  workflow: repair\n  inputs: {depht: \"${labels.x}\"}\n") ==
        "alert_rules.yaml:3:3: inputs.target: repair needs it\n"
        "alert_rules.yaml:6:19: unknown input \"depht\"; did you mean \"depth\"?");
}

TEST_CASE("inputs that are constants are checked as those of a run", "[alerts]") {
  const Known known;
  CHECK(known.Problems(kHead + "  workflow: repair\n  target: db2\n") ==
        "alert_rules.yaml:6:11: inputs.target: there is no target \"db2\"; did you mean \"db1\"?");
  CHECK(known.Problems(kHead + "  workflow: repair\n  target: db1\n  inputs: {depth: deep}\n") ==
        "alert_rules.yaml:7:19: inputs.depth: expected a whole number, found \"deep\"");
}

TEST_CASE("an expression that cannot work is told when the rules are loaded", "[alerts]") {
  const Known known;
  const auto of = [&](const std::string& note) {
    return known.Problems(kHead + "  workflow: repair\n  target: db1\n  inputs: {note: \"" + note +
                          "\"}\n");
  };
  CHECK(of("${now}") == "alert_rules.yaml:7:21: unknown variable \"now\"");
  CHECK(of("${labels.a + 1}") ==
        "alert_rules.yaml:7:21: \"+\" does not work on string and int in `labels.a + 1`");
  CHECK(of("${secret('x')}") ==
        "alert_rules.yaml:7:21: inputs.note: a secret may stand in a workflow only");
  CHECK(of("${") == "alert_rules.yaml:7:21: expected \"}\" to close the \"${\"");
  CHECK(of("${alert.nam}") ==
        "alert_rules.yaml:7:21: unknown member of alert \"nam\"; did you mean \"name\"?");
}

TEST_CASE("the workflow that tells people must take what it is told", "[alerts]") {
  const Known known;
  CHECK(known.Problems("fallback: repair\nrules: []\n") ==
        "alert_rules.yaml:1:11: fallback: its inputs must be the texts alert and problem: "
        "inputs.alert: the workflow \"repair\" has no such input");
  CHECK(known.Problems("rules: []\n") ==
        "alert_rules.yaml:1:1: \"fallback\" is missing in the alert rules");
}

}  // namespace recourse::server::alerts
