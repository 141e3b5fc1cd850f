// The stream of RunService.WatchRun.
#pragma once

#include <memory>

#include "recourse/v1/run.pb.h"
#include "server/core.h"
#include "server/stream.h"

namespace recourse::server {

class RunWatch final : public Stream<v1::WatchRunResponse> {
 public:
  // Begins to send the events of `run` after `sequence`, as long as the caller is `admitted`. The
  // reactor is gRPC's from here on.
  static grpc::ServerWriteReactor<v1::WatchRunResponse>* Start(Core& core, RunId run,
                                                               std::int64_t sequence,
                                                               StillAdmitted admitted);

  RunWatch(Core& core, RunId run, std::int64_t sequence);

  void Tell(const runtime::AttemptNews& news) override;
  void OnDone() override;

 private:
  Result<Batch> ReadOn(journal::Reader& reader) override;
  Result<void> AddEvents(journal::Reader& reader, Batch& batch);
  Result<void> AddRun(journal::Reader& reader, const journal::RunRow& row, Batch& batch);

  Core& core_;
  const RunId run_;
  // Of ReadOn, which runs once at a time:
  std::int64_t sequence_;            // of the last event read
  std::int64_t shown_revision_ = 0;  // of the run sent last; 0: none yet
  std::shared_ptr<const definition::Workflow> workflow_;
};

}  // namespace recourse::server
