#include "server/notification_service.h"

#include <algorithm>

#include "server/convert.h"
#include "server/notify/courier.h"

namespace recourse::server {
namespace {

constexpr int kUndeliveredMax = 10'000;
constexpr std::chrono::hours kLostShown{24};

v1::Channel& ChannelIn(std::vector<v1::Channel>& channels, const std::string& name) {
  const auto found = std::find_if(channels.begin(), channels.end(),
                                  [&](const v1::Channel& one) { return one.name() == name; });
  if (found != channels.end()) return *found;
  channels.emplace_back().set_name(name);
  return channels.back();
}

}  // namespace

Result<std::vector<v1::Channel>> UndeliveredChannels(journal::Reader& reader,
                                                     const ChannelNames* channels_known, Time now) {
  auto rows = reader.UndeliveredNotifications(kUndeliveredMax);
  if (!rows) return std::move(rows).error();
  std::vector<v1::Channel> channels;
  for (const journal::OutboxRow& row : *rows) {
    const bool old = row.given_up && *row.given_up + kLostShown < now;
    if (old && channels_known != nullptr && !channels_known->KindOf(row.channel)) continue;
    v1::Channel& channel = ChannelIn(channels, row.channel);
    if (row.given_up) channel.set_given_up(channel.given_up() + 1);
    if (channel.has_since_time()) continue;  // the oldest came first
    *channel.mutable_since_time() = ToProto(row.created);
    channel.set_run(row.run.ToString());
    channel.set_error(row.error);
  }
  // What waits behind one that was tried waits too.
  for (v1::Channel& channel : channels) {
    auto unsent = reader.UnsentNotifications(channel.name(), kUndeliveredMax);
    if (!unsent) return std::move(unsent).error();
    channel.set_waiting(static_cast<std::int32_t>(unsent->size()));
  }
  return channels;
}

const ChannelNames* ChannelsOf(const Core& core) {
  return core.courier == nullptr ? nullptr : &core.courier->names();
}

grpc::ServerUnaryReactor* NotificationService::ListChannels(grpc::CallbackServerContext* context,
                                                            const v1::ListChannelsRequest*,
                                                            v1::ListChannelsResponse* response) {
  const auto read = [this](journal::Reader& reader) -> Result<v1::ListChannelsResponse> {
    const auto* courier = core_.courier;
    auto undelivered = UndeliveredChannels(reader, ChannelsOf(core_), core_.clock.Now());
    if (!undelivered) return std::move(undelivered).error();
    std::vector<v1::Channel> channels;
    v1::ListChannelsResponse answer;
    if (courier != nullptr) {
      for (const auto& settings : courier->settings()->channels) {
        v1::Channel& channel = ChannelIn(channels, settings.name);
        channel.set_kind(notify::NameOf(settings.kind));
        channel.set_trouble(courier->TroubleWith(settings.name));
      }
      for (const std::string& problem : courier->Problems()) answer.add_problems(problem);
    }
    for (v1::Channel& one : *undelivered) {
      v1::Channel& channel = ChannelIn(channels, one.name());
      one.set_kind(channel.kind());
      one.set_trouble(channel.trouble());
      channel = std::move(one);
    }
    for (v1::Channel& channel : channels) *answer.add_channels() = std::move(channel);
    return answer;
  };
  return AnswerFrom(core_, core_.readers, context, "NotificationService.ListChannels", response,
                    read);
}

grpc::ServerUnaryReactor* NotificationService::RetryNotifications(
    grpc::CallbackServerContext* context, const v1::RetryNotificationsRequest* request,
    v1::RetryNotificationsResponse* response) {
  const auto retry = [this, request](journal::Reader&) -> Result<v1::RetryNotificationsResponse> {
    if (core_.courier == nullptr) return NotFound("this server has no channels");
    auto count = core_.courier->Retry(request->channel());
    if (!count) return std::move(count).error();
    v1::RetryNotificationsResponse answer;
    answer.set_count(*count);
    return answer;
  };
  return AnswerFrom(core_, core_.plan_readers, context, "NotificationService.RetryNotifications",
                    response, retry);
}

grpc::ServerUnaryReactor* NotificationService::TestChannel(grpc::CallbackServerContext* context,
                                                           const v1::TestChannelRequest* request,
                                                           v1::TestChannelResponse* response) {
  auto caller = Admit(core_.principals, *context, "NotificationService.TestChannel");
  if (!caller) return Refuse(context, caller.error());
  const auto test = [this, request,
                     who = caller->principal](journal::Reader&) -> Result<v1::TestChannelResponse> {
    if (core_.courier == nullptr) return NotFound("this server has no channels");
    if (auto sent = core_.courier->Test(request->channel(), who); !sent) {
      Error error = std::move(sent).error();
      if (error.code == Code::kInvalidArgument) error.code = Code::kFailedPrecondition;
      return error;
    }
    return v1::TestChannelResponse();
  };
  return AnswerFrom(core_.plan_readers, context, response, test);
}

}  // namespace recourse::server
