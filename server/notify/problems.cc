#include "server/notify/problems.h"

#include <algorithm>

#include "engine/base/text.h"
#include "server/notify/channel_check.h"

namespace recourse::notify {
namespace {

void CheckNames(const std::string& where, const std::vector<std::string>& wanted,
                const std::vector<std::string>& known, const std::string& what,
                std::vector<std::string>& problems) {
  for (const std::string& name : wanted) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string nearest = Nearest(name, known);
    problems.push_back(where + ": there is no " + what + " \"" + name + "\"" +
                       (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
  }
}

void CheckSteps(const runtime::Workflows& workflows, const ChannelNames& channels,
                std::vector<std::string>& problems) {
  for (const auto& [name, workflow] : workflows) {
    for (const definition::Step& step : workflow->steps) {
      const auto* action = std::get_if<definition::ActionStep>(&step.kind);
      for (; action != nullptr; action = action->compensation.get()) {
        const std::string channel =
            action->sends ? action->with.source().StringOr("channel", "") : "";
        if (channel.empty() || channel.find("${") != std::string::npos) continue;
        if (auto kind = channels.KindOf(channel); !kind) {
          problems.push_back(
              "workflow " + name + ", step " + step.id + ": " + kind.error().message +
              ". A person or a program cannot start a run that comes to it when all goes well; any "
              "other run is started, also by a schedule or an alert, and the step fails then");
        }
      }
    }
  }
}

}  // namespace

std::vector<std::string> ProblemsWith(const Settings& settings, const runtime::Catalogue& catalogue,
                                      const ChannelNames& channels,
                                      const runtime::SecretSource* secrets) {
  std::vector<std::string> problems;
  for (const ChannelSettings& channel : settings.channels) {
    if (channel.secret.empty()) continue;
    const auto known = secrets != nullptr
                           ? secrets->Knows(channel.secret)
                           : FailedPrecondition("there is no secret \"" + channel.secret +
                                                "\": this server's configuration has none");
    if (!known) {
      problems.push_back("channel " + channel.name + ": " + known.error().message +
                         ". What is told through it waits");
    }
  }
  std::vector<std::string> workflows;
  for (const auto& [name, workflow] : catalogue.workflows) workflows.push_back(name);
  const std::vector<std::string> targets = catalogue.inventory.Names();
  for (std::size_t i = 0; i < settings.routes.size(); ++i) {
    const std::string where = "routes[" + std::to_string(i) + "]";
    CheckNames(where + ".targets", settings.routes[i].targets, targets, "target", problems);
    CheckNames(where + ".workflows", settings.routes[i].workflows, workflows, "workflow", problems);
  }
  CheckSteps(catalogue.workflows, channels, problems);
  for (std::string& problem : ScheduleProblems(catalogue, channels)) {
    problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace recourse::notify
