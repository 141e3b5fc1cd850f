// The API's NotificationService: the channels, and what has not reached them.
#pragma once

#include <vector>

#include "actions/notify/notify.h"
#include "recourse/v1/notification.grpc.pb.h"
#include "server/core.h"

namespace recourse::server {

// For each channel that something was tried for in vain: how much, since when and why. What was
// given up because its channel is no longer in the file of `channels` is told for a day; null: for
// ever. Errors are the reader's.
Result<std::vector<v1::Channel>> UndeliveredChannels(journal::Reader& reader,
                                                     const ChannelNames* channels, Time now);

// Of the server's file; null: it has none.
const ChannelNames* ChannelsOf(const Core& core);

class NotificationService final : public v1::NotificationService::CallbackService {
 public:
  explicit NotificationService(Core& core) : core_(core) {}

  grpc::ServerUnaryReactor* ListChannels(grpc::CallbackServerContext* context,
                                         const v1::ListChannelsRequest* request,
                                         v1::ListChannelsResponse* response) override;
  grpc::ServerUnaryReactor* RetryNotifications(grpc::CallbackServerContext* context,
                                               const v1::RetryNotificationsRequest* request,
                                               v1::RetryNotificationsResponse* response) override;
  grpc::ServerUnaryReactor* TestChannel(grpc::CallbackServerContext* context,
                                        const v1::TestChannelRequest* request,
                                        v1::TestChannelResponse* response) override;

 private:
  Core& core_;
};

}  // namespace recourse::server
