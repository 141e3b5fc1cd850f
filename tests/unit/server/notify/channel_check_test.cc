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

struct Loadings {
  OpsOnly channels;
  Registry registry;
  runtime::Catalogue catalogue;

  Loadings() {
    AddNotifyActions(registry, &channels);
    for (const char* text : {kReport, kOuter}) {
      const auto loaded = definition::LoadWorkflow(
          text, &registry, [](std::string_view) { return std::optional<std::string>(kReport); });
      INFO(loaded.Report("w.yaml"));
      REQUIRE(loaded.workflow != nullptr);
      catalogue.workflows.emplace(loaded.workflow->name, loaded.workflow);
    }
  }

  Result<void> Check(const std::string& workflow, std::string_view inputs) const {
    return CheckChannels({workflow, *ParseJson(inputs), ""}, catalogue, channels, Time());
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
