#include "server/settled_waits.h"

#include <utility>

#include "server/status.h"
#include "server/view/run_details.h"

namespace recourse::server {

std::shared_ptr<WaitingCall> WaitingCall::Make(SettledWaits& waits, v1::Run* response) {
  std::shared_ptr<WaitingCall> call(new WaitingCall(waits, response));
  call->self_ = call;
  return call;
}

void WaitingCall::Answer(const Result<v1::Run>& run) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(answered_, true)) return;
    if (run) *response_ = *run;
  }
  Finish(run ? grpc::Status::OK : ToStatus(run.error()));
}

void WaitingCall::OnCancel() {
  RunId run;
  {
    const std::lock_guard lock(mutex_);
    run = run_;
  }
  waits_.Leave(run, this);
  Answer(Error{Code::kCancelled, "the caller left; the run goes on"});
}

void SettledWaits::Join(RunId run, std::shared_ptr<WaitingCall> call) {
  {
    const std::lock_guard lock(call->mutex_);
    if (call->answered_) return;
    call->run_ = run;
  }
  {
    const std::lock_guard lock(mutex_);
    const auto [calls, first] = waiting_.try_emplace(run);
    calls->second.push_back(std::move(call));
    if (!first) return;
  }
  engine_.WhenSettled(run, [this, run](const Result<journal::RunRow>& row) { Settled(run, row); });
}

void SettledWaits::Leave(RunId run, const WaitingCall* call) {
  const std::lock_guard lock(mutex_);
  const auto calls = waiting_.find(run);
  if (calls == waiting_.end()) return;
  std::erase_if(calls->second, [&](const auto& each) { return each.get() == call; });
}

void SettledWaits::Settled(RunId run, const Result<journal::RunRow>& row) {
  std::vector<std::shared_ptr<WaitingCall>> calls;
  {
    const std::lock_guard lock(mutex_);
    auto node = waiting_.extract(run);
    if (!node.empty()) calls = std::move(node.mapped());
  }
  if (calls.empty()) return;
  readers_.Post([run, calls = std::move(calls), row](journal::Reader* reader) {
    const std::string started = run.ToString() + " was started; its end is not known";
    const Error stopping = Unavailable("the server is stopping; look at it when it is back");
    const Result<v1::Run> answer = !row                ? Result<v1::Run>(row.error().In(started))
                                   : reader == nullptr ? Result<v1::Run>(stopping.In(started))
                                                       : BasicView(*reader, *row);
    for (const auto& call : calls) call->Answer(answer);
  });
}

}  // namespace recourse::server
