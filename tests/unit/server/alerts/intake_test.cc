#include "server/alerts/intake.h"

#include <catch2/catch.hpp>
#include <thread>

#include "engine/base/text.h"
#include "server/alerts/guard.h"
#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::server::alerts {
namespace {

using machine::RunStatus;
using runtime::EngineFixture;

// "repair" succeeds at once; "ask" waits for a person; "look" looks; "triage" tells people.
class Hooked : public EngineFixture {
 public:
  Hooked() {
    AddAction("do.it");
    const std::string step = "steps: [{id: a, action: do.it}]\n";
    AddWorkflow("name: repair\ninputs: {target: {type: target}}\n" + step);
    AddWorkflow("name: strict\non_locked: reject\nlock: one\n" + step);
    AddWorkflow(
        "name: ask\nlock: one\nsteps: [{id: a, approval: {prompt: 'Go on?', approvers: [dba]}}]\n");
    AddWorkflow("name: look\ninputs: {run: {type: string}}\n" + step);
    AddWorkflow(
        "name: triage\ninputs: {alert: {type: string}, problem: {type: string}}\n"
        "steps: [{id: a, manual: {prompt: 'Look', by: [operator], items: [{id: i, text: t}]}}]\n");
    for (const char* name : {"db1", "db2"}) {
      AddTarget(std::string("name: ") + name + "\nsummary: A database\n");
    }
    StartEngine();
    Open();
  }

  void Open() {
    auto opened = Intake::Open(engine(), journal(), clock, [this] { return rules_; });
    if (!opened) FAIL(opened.error().ToString());
    intake_ = *std::move(opened);
  }
  // Workflows of the rules are not checked here.
  void AddRule(const std::string& workflow, const std::string& target = "${labels.instance}",
               const std::string& check = "", int daily_limit = 3) {
    Rules rules = *rules_;
    Rule rule;
    rule.name = "rule-" + workflow;
    rule.matchers.push_back(*Matcher::Parse("alertname = Db"));
    rule.launch = {workflow, Inputs("target", target)};
    rule.daily_limit = daily_limit;
    if (!check.empty()) rule.on_resolved = {check, Inputs("run", "${alert.run}")};
    rules.fallback = "triage";
    rules.rules = {rule};
    rules_ = std::make_shared<const Rules>(rules);
  }
  Result<std::vector<Taken>> Try(const std::vector<Alert>& alerts, std::int64_t truncated = 0) {
    return intake_->Take({alerts, truncated, "group"}, caller);
  }
  // "started R-1, repeated R-1".
  std::string Take(const std::vector<Alert>& alerts, std::int64_t truncated = 0) {
    auto all = Try(alerts, truncated);
    if (!all) FAIL(all.error().ToString());
    std::string text;
    for (const Taken& taken : *all) {
      text += (text.empty() ? "" : ", ") + std::string(ToString(taken.outcome));
      if (taken.run.number != 0) text += " " + taken.run.ToString();
    }
    return text;
  }
  Alert Fires(const std::string& key = "a", const std::string& instance = "db1") const {
    Alert alert;
    alert.source = "alertmanager";
    alert.key = key;
    alert.labels = {{"alertname", "Db"}, {"instance", instance}};
    alert.started = clock.Now();
    return alert;
  }
  Alert Resolved(Alert alert) const {
    alert.firing = false;
    alert.ended = clock.Now();
    return alert;
  }
  std::vector<std::string> NotesOf(const std::string& run) {
    std::vector<std::string> notes;
    auto events = OpenReader()->EventsOfRun(*RunId::Parse(run), 0, 1000);
    REQUIRE(events);
    for (const auto& event : *events) {
      const auto recorded = record::Decode(event);
      if (const auto* note = std::get_if<machine::RunAnnotated>(&recorded->event)) {
        notes.push_back(note->text);
      }
    }
    return notes;
  }
  RunStatus StatusOf(const std::string& run) {
    return static_cast<RunStatus>(Settle(*RunId::Parse(run)).status);
  }
  std::size_t Runs() { return OpenReader()->ListRuns({})->size(); }

 private:
  static expression::Template Inputs(const std::string& name, const std::string& value) {
    if (value.empty()) return *expression::Template::Parse(Value(Value::Map()));
    return *expression::Template::Parse(Value::Object({{name, value}}));
  }

  std::shared_ptr<const Rules> rules_ = std::make_shared<const Rules>();
  std::unique_ptr<Intake> intake_;
};

}  // namespace

TEST_CASE("an alert starts one run, however often it is sent", "[alerts]") {
  Hooked hooked;
  hooked.AddRule("repair");
  const Alert alert = hooked.Fires();
  CHECK(hooked.Take({alert}) == "started R-1");
  CHECK(hooked.StatusOf("R-1") == RunStatus::kSucceeded);
  CHECK(hooked.Row(RunId{1}).requester == "ann");
  CHECK(hooked.Take({alert}) == "repeated R-1");

  SECTION("within one message, too") {
    const Alert other = hooked.Fires("b");
    CHECK(hooked.Take({other, other, alert}) == "started R-2, repeated R-2, repeated R-1");
  }
  SECTION("also when what it says of itself has changed, and what its rule says") {
    Alert changed = alert;
    changed.labels["instance"] = "db2";
    CHECK(hooked.Take({changed}) == "repeated R-1");
    hooked.AddRule("strict", "");
    CHECK(hooked.Take({alert}) == "repeated R-1");
  }
  SECTION("also when two messages come at once") {
    const Alert other = hooked.Fires("b");
    std::string one, two;
    {
      std::jthread first([&] { one = hooked.Take({other}); });
      std::jthread second([&] { two = hooked.Take({other}); });
    }
    CHECK(std::set<std::string>{one, two} == std::set<std::string>{"started R-2", "repeated R-2"});
  }
  SECTION("also to the next server") {
    hooked.Crash();
    hooked.StartEngine();
    hooked.Open();
    CHECK(hooked.Take({alert}) == "repeated R-1");
  }
  CHECK(hooked.NotesOf("R-1") ==
        std::vector<std::string>{"alert Db fires since " + TextOf(alert.started) +
                                 ": alertname=Db, instance=db1"});
}

TEST_CASE(
    "an alert that fits no rule starts nothing, and neither does the end of one that started "
    "nothing",
    "[alerts]") {
  Hooked hooked;
  hooked.AddRule("ask", "");
  Alert other = hooked.Fires();
  other.labels["alertname"] = "Other";
  CHECK(hooked.Take({other}) == "no_rule");
  CHECK(hooked.Take({hooked.Resolved(other)}) == "nothing");
  CHECK(hooked.Runs() == 0);
}

TEST_CASE("without rules an alert is to be sent again, and not taken for told", "[alerts]") {
  Hooked hooked;
  const auto taken = hooked.Try({hooked.Fires()});
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == Code::kUnavailable);
}

TEST_CASE("an alert that fires again while its run is open is noted there", "[alerts]") {
  Hooked hooked;
  hooked.AddRule("ask", "");
  const Alert first = hooked.Fires();
  CHECK(hooked.Take({first}) == "started R-1");
  hooked.clock.Advance(std::chrono::minutes(5));
  const Alert again = hooked.Fires();
  CHECK(hooked.Take({again}) == "noted R-1");
  CHECK(hooked.Take({again, first}) == "noted R-1, repeated R-1");
  CHECK(hooked.NotesOf("R-1").size() == 2);
  CHECK(hooked.NotesOf("R-1")[1] == "alert Db fires since " + TextOf(again.started) +
                                        " again, while this run is open; no other was started");

  SECTION("and its end too") { CHECK(hooked.Take({hooked.Resolved(again)}) == "resolved R-1"); }
  SECTION("once that is over it starts a run, because it is sent again") {
    REQUIRE(hooked.Send(RunId{1}, machine::Cancel{"done by hand", false, {}}).Get());
    CHECK(hooked.Take({again}) == "started R-2");
  }
}

TEST_CASE("an alert that comes back too often is held for people, with the reason", "[alerts]") {
  Hooked hooked;
  hooked.AddRule("repair");
  for (const char* run : {"R-1", "R-2", "R-3"}) {
    CHECK(hooked.Take({hooked.Fires()}) == "started " + std::string(run));
    CHECK(hooked.StatusOf(run) == RunStatus::kSucceeded);
    hooked.clock.Advance(std::chrono::minutes(10));
  }
  const Alert fourth = hooked.Fires();
  CHECK(hooked.Take({fourth}) == "held R-4");
  CHECK(hooked.StatusOf("R-4") == RunStatus::kPaused);
  CHECK(
      hooked.Row(RunId{4}).waits_for ==
      "started on hold by ann: the alert Db comes back: it has started 3 runs within 1h, the last "
      "is R-3. Find out why, then resume or cancel this one");
  CHECK(hooked.Take({fourth}) == "repeated R-4");

  SECTION("its end is noted on the run that is held") {
    CHECK(hooked.Take({hooked.Resolved(fourth)}) == "resolved R-4");
    CHECK(hooked.StatusOf("R-4") == RunStatus::kPaused);
  }
  SECTION("what comes while people have it makes no further run") {
    hooked.clock.Advance(std::chrono::minutes(1));
    CHECK(hooked.Take({hooked.Fires()}) == "noted R-4");
  }
  SECTION("a person lets it go on") {
    REQUIRE(hooked.Send(RunId{4}, machine::Resume{"the cause is found"}).Get());
    CHECK(hooked.StatusOf("R-4") == RunStatus::kSucceeded);
  }
}

TEST_CASE("alerts start so many runs on a target in a day, and then people only", "[alerts]") {
  Hooked hooked;
  hooked.AddRule("repair");
  for (const char* key : {"a", "b", "c"})
    CHECK(hooked.Take({hooked.Fires(key)}).find("started") == 0);
  for (const char* run : {"R-1", "R-2", "R-3"})
    CHECK(hooked.StatusOf(run) == RunStatus::kSucceeded);
  CHECK(hooked.Take({hooked.Fires("d")}) == "held R-4");
  CHECK(hooked.Row(RunId{4}).waits_for ==
        "started on hold by ann: alerts have asked for 3 runs on db1 within 24 h before it; the "
        "daily "
        "limit of the rule rule-repair is 3. Look at what they came to, then resume or cancel this "
        "one");
  CHECK(hooked.Take({hooked.Fires("dd")}) == "held R-5");
  // The count, and not the limit.
  CHECK(hooked.Row(RunId{5}).waits_for.find("asked for 4 runs on db1") != std::string::npos);

  SECTION("another target has its own") {
    CHECK(hooked.Take({hooked.Fires("e", "db2")}) == "started R-6");
  }
  SECTION("the next server counts what the last one has started") {
    hooked.Crash();
    hooked.StartEngine();
    hooked.Open();
    CHECK(hooked.Take({hooked.Fires("e")}) == "held R-6");
  }
  SECTION("what people start does not count, nor does the day before") {
    hooked.Begin("repair", Value::Object({{"target", "db2"}}));
    for (const char* key : {"e", "f", "g"}) {
      CHECK(hooked.Take({hooked.Fires(key, "db2")}).find("started") == 0);
    }
    hooked.clock.Advance(std::chrono::hours(25));
    CHECK(hooked.Take({hooked.Fires("h")}).find("started") == 0);
  }
}

TEST_CASE("a rule may leave every run to people", "[alerts]") {
  Hooked hooked;
  hooked.AddRule("repair", "db1", "", 0);
  CHECK(hooked.Take({hooked.Fires()}) == "held R-1");
  CHECK(hooked.Row(RunId{1}).waits_for ==
        "started on hold by ann: the rule rule-repair begins no run without a person (daily_limit: "
        "0). Resume it or cancel it");
}

TEST_CASE("where a run cannot be started people are told by one that can", "[alerts]") {
  Hooked hooked;
  hooked.AddRule("repair");
  const Alert alert = hooked.Fires("a", "db9");
  CHECK(hooked.Take({alert}) == "fallback R-1");
  CHECK(hooked.Row(RunId{1}).status == static_cast<int>(RunStatus::kWaiting));
  const auto inputs = hooked.StateOf(RunId{1}).inputs;
  CHECK(inputs.StringOr("alert", "") ==
        "alert Db fires since " + TextOf(alert.started) + ": alertname=Db, instance=db9");
  CHECK(inputs.StringOr("problem", "").find("rule rule-repair: ") == 0);
  CHECK(inputs.StringOr("problem", "").find("db9") != std::string::npos);
  CHECK(hooked.Take({alert}) == "repeated R-1");

  SECTION("because the alert does not say what the rule asks for") {
    Alert bare = hooked.Fires("b");
    bare.labels.erase("instance");
    CHECK(hooked.Take({bare}) == "fallback R-2");
  }
  SECTION("because what it needs is locked, and its workflow does not wait") {
    hooked.Begin("ask");
    hooked.AddRule("strict", "");
    CHECK(hooked.Take({hooked.Fires("b")}) == "fallback R-3");
  }
}

TEST_CASE("what cannot be stored now is to be sent again, and then starts one run", "[alerts]") {
  Hooked hooked;
  hooked.AddRule("repair");
  const Alert alert = hooked.Fires();
  hooked.journal().RefuseWith([](auto) { return Unavailable("no disk"); });
  const auto refused = hooked.Try({alert});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kUnavailable);
  hooked.journal().RefuseWith(nullptr);
  CHECK(hooked.Take({alert}).find(" R-1") != std::string::npos);
  CHECK(hooked.Runs() == 1);
}

TEST_CASE("a resolved alert is noted on its run, and what is open is checked once", "[alerts]") {
  Hooked hooked;
  hooked.AddRule("ask", "", "look");
  const Alert alert = hooked.Fires();
  CHECK(hooked.Take({alert}) == "started R-1");
  hooked.clock.Advance(std::chrono::minutes(5));
  const Alert resolved = hooked.Resolved(alert);
  CHECK(hooked.Take({resolved, resolved}) == "resolved R-1, resolved R-1");
  CHECK(hooked.NotesOf("R-1") ==
        std::vector<std::string>{
            "alert Db fires since " + TextOf(alert.started) + ": alertname=Db, instance=db1",
            "alert Db, which fired since " + TextOf(alert.started) + ", is resolved since " +
                TextOf(*resolved.ended),
            "R-2 (look) looks whether all is well again"});
  CHECK(hooked.StateOf(RunId{2}).inputs.StringOr("run", "") == "R-1");
  CHECK(hooked.Runs() == 2);

  SECTION("one that is over needs no check") {
    const Alert other = hooked.Fires("b");
    hooked.AddRule("repair", "db1", "look");
    CHECK(hooked.Take({other}) == "started R-3");
    CHECK(hooked.StatusOf("R-3") == RunStatus::kSucceeded);
    CHECK(hooked.Take({hooked.Resolved(other)}) == "resolved R-3");
    CHECK(hooked.Runs() == 3);
  }
  SECTION("a check that cannot be started is told on the run") {
    const Alert other = hooked.Fires("b");
    hooked.AddRule("ask", "", "ask");
    CHECK(hooked.Take({other}) == "started R-3");
    CHECK(hooked.Take({hooked.Resolved(other)}) == "resolved R-3");
    CHECK(hooked.NotesOf("R-3").back().find(
              "ask, which is to look whether all is well again, could not be started: ") == 0);
  }
}

TEST_CASE("what the sender left out is told on every run of the message", "[alerts]") {
  Hooked hooked;
  hooked.AddRule("repair");
  const Alert alert = hooked.Fires();
  CHECK(hooked.Take({alert, hooked.Fires("b")}, 7) == "started R-1, started R-2");
  CHECK(hooked.Take({alert}, 7) == "repeated R-1");
  for (const char* run : {"R-1", "R-2"}) {
    const auto notes = hooked.NotesOf(run);
    REQUIRE(notes.size() == 2);
    CHECK(notes[1].find("the sender left 7 further alerts of this group out") == 0);
  }
}

}  // namespace recourse::server::alerts
