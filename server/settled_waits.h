// Calls that wait until a run has settled: it is over, or waits for a person.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/runtime/engine.h"
#include "recourse/v1/run.pb.h"
#include "server/reader_pool.h"

namespace recourse::server {

class SettledWaits;

// A call of StartRun that waits. When its caller leaves, it ends and the run goes on.
class WaitingCall final : public grpc::ServerUnaryReactor {
 public:
  // The call lives until gRPC is done with it and nobody else holds the pointer.
  static std::shared_ptr<WaitingCall> Make(SettledWaits& waits, v1::Run* response);

  // Answers the call; later answers change nothing.
  void Answer(const Result<v1::Run>& run);

  void OnCancel() override;
  void OnDone() override { self_.reset(); }

 private:
  friend class SettledWaits;
  WaitingCall(SettledWaits& waits, v1::Run* response) : waits_(waits), response_(response) {}

  SettledWaits& waits_;
  v1::Run* const response_;
  std::shared_ptr<WaitingCall> self_;
  std::mutex mutex_;
  bool answered_ = false;  // under mutex_
  RunId run_;              // under mutex_; none before Join
};

// The waiting calls by run. The engine is asked once for each run, however many calls wait for it
// or come and go: impatient clients cost nothing that stays.
//
// Thread safety: every function may be called from any thread; none blocks.
class SettledWaits {
 public:
  // Both must outlive this; the engine must have stopped before this is destroyed.
  SettledWaits(runtime::Engine& engine, ReaderPool& readers) : engine_(engine), readers_(readers) {}

  void Join(RunId run, std::shared_ptr<WaitingCall> call);
  void Leave(RunId run, const WaitingCall* call);

 private:
  void Settled(RunId run, const Result<journal::RunRow>& row);

  runtime::Engine& engine_;
  ReaderPool& readers_;
  std::mutex mutex_;
  // Under mutex_. A run is there while the engine has been asked and has not answered.
  std::unordered_map<RunId, std::vector<std::shared_ptr<WaitingCall>>> waiting_;
};

}  // namespace recourse::server
