// The API's NotificationService: the channels, and what has not reached them.
#pragma once

#include <vector>

#include "recourse/v1/notification.grpc.pb.h"
#include "server/core.h"

namespace recourse::server {

// For each channel that something was tried for in vain: how much, since when and why. Errors are the
// reader's.
Result<std::vector<v1::Channel>> UndeliveredChannels(journal::Reader& reader);

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
