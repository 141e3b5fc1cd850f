// The API's EventService: the events of all runs.
#pragma once

#include "recourse/v1/event.grpc.pb.h"
#include "server/core.h"

namespace recourse::server {

class EventService final : public v1::EventService::CallbackService {
 public:
  explicit EventService(Core& core) : core_(core) {}

  grpc::ServerWriteReactor<v1::WatchEventsResponse>* WatchEvents(
      grpc::CallbackServerContext* context, const v1::WatchEventsRequest* request) override;

 private:
  Core& core_;
};

}  // namespace recourse::server
