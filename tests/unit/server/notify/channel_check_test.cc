#include "server/notify/channel_check.h"

#include <catch2/catch.hpp>

#include "actions/registry.h"
#include "engine/base/json.h"

namespace recourse::notify {
namespace {

using Catch::Matchers::Contains;

class OpsOnly final : public ChannelNames {
 public:
  Result<std::string> KindOf(const std::string& channel) const override {
    if (channel == "ops") return std::string("mail");
    return NotFound("there is no channel \"" + channel + "\"; known are: ops");
  }
};

constexpr const char* kReport = R"(
name: report
inputs: {channel: {type: string, default: ""}, urgent: {type: bool, default: false}}
steps:
- {id: look, set: {found: 3}}
- id: tell
  when: "${inputs.channel != '' && steps.look.output.found > 2}"
  action: notify.send
  with: {channel: "${inputs.channel}", text: "${steps.look.output.found} found"}
- id: page
  when: "${inputs.urgent}"
  action: notify.send
  with: {channel: pager, text: at once}
)";

constexpr const char* kOuter = R"(
name: outer
inputs: {where: {type: string}}
steps:
- {id: inner, workflow: report, with: {channel: "${inputs.where}"}}
)";

// What goes wrong is told to a channel that is misspelt, and so is what a case leads to.
constexpr const char* kRecovery = R"(
name: recovery
inputs: {found: {type: string, default: ""}}
steps:
- {id: look, action: notify.send, with: {channel: ops, text: begins}, on_error: {"*": {goto: tell}}}
- id: which
  switch:
  - {when: "${steps.look.output.kind == 'chat'}", goto: chat}
  - {default: done}
- {id: done, succeed: true}
- id: chat
  action: notify.send
  with: {channel: chatt, text: "${steps.look.output.text}"}
  next: end
- {id: tell, action: notify.send, with: {channel: opps, text: "${error.message}"}}
)";

struct Loadings {
  OpsOnly channels;
  Registry registry;
  runtime::Catalogue catalogue;

  Loadings() {
    AddNotifyActions(registry, &channels);
    for (const char* text : {kReport, kOuter, kRecovery}) {
      const auto loaded = definition::LoadWorkflow(
          text, &registry, [](std::string_view) { return std::optional<std::string>(kReport); });
      INFO(loaded.Report("w.yaml"));
      REQUIRE(loaded.workflow != nullptr);
      catalogue.workflows.emplace(loaded.workflow->name, loaded.workflow);
    }
  }

  Result<std::vector<LostMessage>> Check(const std::string& workflow,
                                         std::string_view inputs) const {
    return CheckChannels({workflow, *ParseJson(inputs), ""}, catalogue, &channels, Time());
  }
};

}  // namespace

TEST_CASE("a run that would tell a channel that there is not is refused, with those that there are",
          "[server][notify]") {
  const Loadings loaded;
  CHECK(loaded.Check("report", "{}"));
  CHECK(loaded.Check("report", R"({"channel": "ops"})"));
  const auto refused = loaded.Check("report", R"({"channel": "opps"})");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kNotFound);
  CHECK_THAT(
      refused.error().message,
      Contains("the step tell could tell nobody: there is no channel \"opps\"; known are: ops; "
               "nothing was started"));
}

TEST_CASE("a step that will not tell anybody refuses no run", "[server][notify]") {
  const Loadings loaded;
  const auto urgent = loaded.Check("report", R"({"urgent": true})");
  REQUIRE_FALSE(urgent);
  CHECK_THAT(urgent.error().message, Contains("pager"));
  CHECK(loaded.Check("report", R"({"urgent": false})"));
}

TEST_CASE("a step that a run comes to only when something happens refuses none, and is named",
          "[server][notify]") {
  const Loadings loaded;
  const auto lost = loaded.Check("recovery", "{}");
  REQUIRE(lost);
  REQUIRE(lost->size() == 2);
  CHECK(lost->front().step == "chat");
  CHECK(lost->back().step == "tell");
  CHECK(lost->back().why == "there is no channel \"opps\"; known are: ops");
}

TEST_CASE("a plan says which of its steps could tell nobody, each once", "[server][notify]") {
  const auto step = [](const std::string& id, Value::List problems) {
    return Value::Object({{"step", id}, {"problems", std::move(problems)}});
  };
  const Value plan = Value::Object(
      {{"steps", Value::List{step("look", {}), step("chat", {"there is no channel \"chatt\"; but"}),
                             step("tell", {"no room"})}},
       {"rollback", Value::List()}});
  const Value told = WithLostMessages(
      plan, {{"chat", "there is no channel \"chatt\""}, {"tell", "there is no channel \"opps\""}});
  const Value::List& steps = told["steps"].as_list();
  REQUIRE(steps.size() == 3);
  CHECK(steps[0] == plan["steps"].as_list()[0]);
  CHECK(steps[1] == plan["steps"].as_list()[1]);
  CHECK(steps[2]["problems"] ==
        Value(Value::List{"no room",
                          "would tell nobody as things are now: there is no channel \"opps\""}));
  CHECK(told["rollback"] == plan["rollback"]);
}

TEST_CASE("a channel that a workflow hands on to another is looked at too", "[server][notify]") {
  const Loadings loaded;
  CHECK(loaded.Check("outer", R"({"where": "ops"})"));
  const auto refused = loaded.Check("outer", R"({"where": "nowhere"})");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Contains("the step inner/tell could tell nobody"));
}

TEST_CASE("a schedule whose runs would tell a channel that there is not is told",
          "[server][notify]") {
  Loadings loaded;
  definition::Inventory none;
  auto schedule = definition::LoadSchedule(
      "name: nightly\nworkflow: report\ncron: '0 3 * * *'\ninputs: {channel: gone}\n", "s.yaml",
      loaded.catalogue.workflows, none);
  REQUIRE(schedule);
  loaded.catalogue.schedules.emplace("nightly", *schedule);
  const auto problems = ScheduleProblems(loaded.catalogue, loaded.channels);
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0],
             Contains("schedule nightly: the step tell could tell nobody: there is no channel "
                      "\"gone\""));
}

}  // namespace recourse::notify
