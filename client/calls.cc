#include "client/calls.h"

#include <poll.h>

#include <algorithm>
#include <optional>

#include "engine/base/text.h"

namespace recourse::client {
namespace {

using Steady = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

// The time for which a server that is gone is waited for, from the first time that it was missed.
class Absence {
 public:
  explicit Absence(Milliseconds max) : max_(max) {}

  bool is_on() const { return since_.has_value(); }
  void End() {
    since_.reset();
    delay_ = kDelayMin;
  }
  // Waits until it is worth to ask again; false: the time is over. A server that can be reached may
  // still be one that stops, so there is a delay that grows, and only an answer ends the absence.
  bool Wait(const Connection& server) {
    if (!since_) since_ = Steady::now();
    poll(nullptr, 0, static_cast<int>(std::min(delay_, Left()).count()));
    delay_ = std::min(2 * delay_, kDelayMax);
    return Left().count() > 0 && server.WaitUntilServing(Left());
  }
  Error Over(const Connection& server) const {
    return server.Unanswered("the server has not come back within " + HumanDuration(max_));
  }

 private:
  static constexpr Milliseconds kDelayMin{100};
  static constexpr Milliseconds kDelayMax{1000};

  Milliseconds Left() const {
    const auto left = std::chrono::ceil<Milliseconds>(*since_ + max_ - Steady::now());
    return std::max(left, Milliseconds(0));
  }

  const Milliseconds max_;
  std::optional<Steady::time_point> since_;
  Milliseconds delay_ = kDelayMin;
};

// Whether a stream ended with its server rather than with the run. A call that is under way when a
// server stops is cancelled by it; this side cancels none of whose end it asks.
bool IsGone(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::CANCELLED;
}

}  // namespace

Result<v1::Run> StartRun(const Connection& server, const v1::StartRunRequest& request,
                         Milliseconds away_max) {
  Absence absence(away_max);
  for (;;) {
    const auto context = server.NewContext(
        request.wait() ? std::nullopt : std::optional(server.options().timeout.value_or(kTimeout)));
    v1::Run run;
    const grpc::Status status = server.runs().StartRun(context.get(), request, &run);
    if (status.ok()) return run;
    const bool may_repeat =
        IsGone(status) || status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    if (!may_repeat || request.request_id().empty()) return server.ErrorOf(status);
    if (!absence.Wait(server)) return absence.Over(server);
  }
}

Result<void> WatchRun(const Connection& server, const WatchOptions& options,
                      const std::function<bool(const v1::WatchRunResponse&)>& take) {
  Absence absence(options.away_max);
  bool answered = options.answered;
  std::int64_t sequence = options.after_sequence;
  for (;;) {
    const auto context = server.NewContext();
    v1::WatchRunRequest request;
    request.set_run(options.run);
    request.set_after_sequence(sequence);
    const auto stream = server.runs().WatchRun(context.get(), request);
    for (v1::WatchRunResponse response; stream->Read(&response);) {
      answered = true;
      if (absence.is_on()) {
        absence.End();
        if (options.back) options.back();
      }
      if (response.has_event()) sequence = response.event().sequence();
      if (!take(response)) {
        context->TryCancel();
        return {};
      }
    }
    const grpc::Status status = stream->Finish();
    if (status.ok()) return {};
    if (!IsGone(status) || !answered) return server.ErrorOf(status);
    if (!absence.is_on() && options.gone) options.gone();
    if (!absence.Wait(server)) return absence.Over(server);
  }
}

Result<v1::Approval> Decide(const Connection& server, const v1::Approval& approval,
                            v1::Decision decision, const std::string& reason) {
  v1::DecideRequest request;
  request.set_approval(approval.id());
  request.set_digest(approval.digest());
  request.set_decision(decision);
  request.set_reason(reason);
  const auto context = server.NewContext(server.options().timeout.value_or(kTimeout));
  v1::Approval decided;
  const grpc::Status status = server.approvals().Decide(context.get(), request, &decided);
  if (!status.ok()) return server.ErrorOf(status);
  return decided;
}

}  // namespace recourse::client
