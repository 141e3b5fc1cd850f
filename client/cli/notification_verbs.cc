// notifications list, retry, test: the channels that are told of runs.
#include <cstdio>
#include <memory>

#include "client/cli/tools.h"
#include "client/cli/verbs.h"

namespace recourse::cli {
namespace {

int ListChannels(const Common& common) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto list = Unary(server, &v1::NotificationService::Stub::ListChannels, server.notifications(),
                      v1::ListChannelsRequest());
    if (!list) return std::move(list).error();
    if (common.json) return PrintJson(*list);
    if (list->channels().empty()) {
      std::printf("no channels: nobody is told of anything. See docs/notifications.md\n");
      return kOk;
    }
    Table table({"CHANNEL", "KIND", "WAITING", "GIVEN UP", "SINCE (UTC)", "WHY"});
    for (const v1::Channel& channel : list->channels()) {
      const bool stuck = channel.waiting() + channel.given_up() > 0;
      const bool bad = stuck || !channel.trouble().empty();
      table.Add({channel.name(), channel.kind().empty() ? "no longer there" : channel.kind(),
                 std::to_string(channel.waiting()), std::to_string(channel.given_up()),
                 stuck ? When(channel.since_time()) : "",
                 channel.error().empty() ? channel.trouble() : channel.error()},
                bad ? Colour::kBad : Colour::kNone);
    }
    std::printf("%s", table.ToString().c_str());
    for (const std::string& problem : list->problems()) {
      std::printf("%s  %s\n", Painted("PROBLEM", Colour::kBad).c_str(), OneLine(problem).c_str());
    }
    return kOk;
  });
}

int RetryNotifications(const Common& common, const std::string& channel) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::RetryNotificationsRequest request;
    request.set_channel(channel);
    auto retried = Unary(server, &v1::NotificationService::Stub::RetryNotifications,
                         server.notifications(), request);
    if (!retried) return std::move(retried).error();
    if (common.json) return PrintJson(*retried);
    std::printf("%d are tried now; what comes of it: %s notifications list\n", retried->count(),
                Prefix(common).c_str());
    return kOk;
  });
}

int TestChannel(const Common& common, const std::string& channel) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::TestChannelRequest request;
    request.set_channel(channel);
    auto tested =
        Unary(server, &v1::NotificationService::Stub::TestChannel, server.notifications(), request);
    if (!tested) return std::move(tested).error();
    if (common.json) return PrintJson(*tested);
    std::printf("%s took the test message\n", OneLine(channel).c_str());
    return kOk;
  });
}

}  // namespace

std::string UndeliveredText(const Common& common, const v1::Channel& channel) {
  const std::string name = OneLine(channel.name());
  std::string text = Painted(name + "  NOT DELIVERED", Colour::kBad) + "  since " +
                     When(channel.since_time()) + " UTC, " + FromNow(channel.since_time()) + "\n";
  text += "what        " + std::to_string(channel.waiting()) + " that are tried again, " +
          std::to_string(channel.given_up()) + " given up; the oldest is about " +
          OneLine(channel.run()) + "\nwhy         " + OneLine(channel.error()) + "\n";
  const std::string prefix = Prefix(common) + " notifications ";
  text += "look        " + prefix + "test " + name + "\n";
  if (channel.given_up() > 0) text += "try again   " + prefix + "retry " + name + "\n";
  return text;
}

void AddNotificationVerbs(CLI::App& app, const Common& common, const AddVerb& add) {
  CLI::App* group = app.add_subcommand("notifications", "the channels that are told of runs");
  group->require_subcommand(1);
  group->fallthrough();
  const auto channel = std::make_shared<std::string>();
  add(*group, "list", "the channels, and what has not reached them",
      [&common] { return ListChannels(common); });
  add(*group, "retry", "try what waits now, and again what was given up",
      [&common, channel] { return RetryNotifications(common, *channel); })
      ->add_option("channel", *channel, "its name")
      ->required();
  add(*group, "test", "send a test message now",
      [&common, channel] { return TestChannel(common, *channel); })
      ->add_option("channel", *channel, "its name")
      ->required();
}

}  // namespace recourse::cli
