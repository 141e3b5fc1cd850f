// watch: a run as it happens, also across a restart of the server.
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "client/cli/live_view.h"
#include "client/cli/verbs.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

class Follower {
 public:
  Follower(const Common& common, const client::Connection& server, const WatchArguments& arguments)
      : common_(common),
        server_(server),
        arguments_(arguments),
        view_(!common.json),
        sequence_(arguments.after),
        connected_(arguments.answered) {}

  Result<int> Follow() {
    for (;;) {
      const auto context = server_.NewContext();
      v1::WatchRunRequest request;
      request.set_run(arguments_.run);
      request.set_after_sequence(sequence_);
      auto stream = server_.runs().WatchRun(context.get(), request);
      v1::WatchRunResponse response;
      while (stream->Read(&response)) {
        Welcome();
        if (!Take(response)) {
          context->TryCancel();
          return End();
        }
      }
      const grpc::Status status = stream->Finish();
      if (status.ok()) return End();
      if (!IsGone(status) || !connected_) return server_.ErrorOf(status);
      if (auto again = AwaitServer(); !again) return std::move(again).error();
    }
  }

 private:
  using Steady = std::chrono::steady_clock;

  // Whether the stream ended with its server rather than with the run. A call that is under way when
  // a server stops is cancelled by it; this side cancels none of whose end it asks.
  static bool IsGone(const grpc::Status& status) {
    return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
           status.error_code() == grpc::StatusCode::CANCELLED;
  }

  // A server has answered.
  void Welcome() {
    connected_ = true;
    if (!gone_since_) return;
    gone_since_.reset();
    delay_ = kDelayMin;
    Remark("the server is back", Colour::kGood);
  }

  // False when there is nothing more to watch for.
  bool Take(const v1::WatchRunResponse& response) {
    if (response.has_event()) {
      const v1::Event& event = response.event();
      sequence_ = event.sequence();
      if (common_.json) {
        PrintLine(event);
      } else {
        view_.Print(ClockTime(event.time()) + "  " + OneLine(narrator_.Tell(event)));
      }
    } else if (response.has_run()) {
      run_ = response.run();
      view_.Show(run_);
    } else if (response.has_news()) {
      view_.Show(response.news());
    }
    // The run is told before the events that led to it: a person is asked when they are told, too.
    if (sequence_ < run_.revision()) return true;
    const bool waits = run_.status() == v1::RUN_STATUS_QUEUED || WaitsLong();
    if (!run_.waiting().for_person() && !waits) return true;
    if (arguments_.until_waiting && run_.waiting().for_person()) return false;
    if (run_.waiting().reason() != told_ && !common_.json) {
      told_ = run_.waiting().reason();
      view_.Print("\n" + WaitingText(common_, run_));
    }
    return true;
  }

  // Whether what it waits for comes by itself, but not soon: whoever looks on may want to do
  // something else.
  bool WaitsLong() const {
    constexpr std::int64_t kLong = 60;
    return run_.status() == v1::RUN_STATUS_WAITING && run_.waiting().has_next_at() &&
           run_.waiting().next_at().seconds() > std::time(nullptr) + kLong;
  }

  // A program that reads the lines gets each as it happens.
  void PrintLine(const google::protobuf::Message& message) {
    if (PrintJsonLine(message) != kOk) printed_ = false;
  }

  void Remark(const std::string& text, Colour colour) {
    if (common_.json) {
      std::fprintf(stderr, "recourse: %s\n", text.c_str());
    } else {
      view_.Print(Painted(text, colour));
    }
  }

  // Waits until it is worth to ask again. A server that can be reached may still be one that stops,
  // so there is a delay that grows, and the server is back only when it has answered.
  Result<void> AwaitServer() {
    if (!gone_since_) {
      gone_since_ = Steady::now();
      Remark("the server is gone; what it has answered for is in its journal. Waiting for it",
             Colour::kWaits);
      view_.Show("waits for the server");
    }
    const auto patience = common_.server.timeout.value_or(kAwayMax);
    const auto until = *gone_since_ + patience;
    const auto left = [&] {
      const auto span = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
      return std::max(span, std::chrono::milliseconds(0));
    };
    poll(nullptr, 0, static_cast<int>(std::min(delay_, left()).count()));
    delay_ = std::min(2 * delay_, kDelayMax);
    if (left().count() > 0 && server_.WaitUntilServing(left())) return {};
    return server_.Unanswered("the server has not come back within " +
                              HumanDuration(patience) + "; start it, then: " +
                              Prefix(common_) + " watch " + arguments_.run +
                              client::HowToReadOffline(server_.options().data));
  }

  int End() {
    if (common_.json) {
      PrintLine(run_);
    } else if (IsOver(run_.status())) {
      view_.Print(run_.id() + " " + Painted(StatusName(run_.status()), ColourOf(run_.status())) +
                  " after " + Between(run_.start_time(), run_.end_time()) +
                  (run_.has_error() ? ": " + Quoted(run_.error().code() + ": " + run_.error().message())
                                    : ""));
      if (const std::string left = LeftText(common_, server_, run_); !left.empty()) {
        view_.Print(left);
      }
    } else {
      view_.Print("\n" + WaitingText(common_, run_));
    }
    return printed_ ? ExitCodeOf(run_) : int{kRefused};
  }

  // How long a server that is gone is waited for, unless told otherwise.
  static constexpr std::chrono::milliseconds kAwayMax{300'000};
  static constexpr std::chrono::milliseconds kDelayMin{100};
  static constexpr std::chrono::milliseconds kDelayMax{1000};

  const Common& common_;
  const client::Connection& server_;
  const WatchArguments& arguments_;
  LiveView view_;
  std::int64_t sequence_;
  Narrator narrator_;
  v1::Run run_;
  std::string told_;
  bool printed_ = true;  // every line, where lines are JSON
  bool connected_;       // a server has answered, so one that is gone may come back
  std::optional<Steady::time_point> gone_since_;
  std::chrono::milliseconds delay_ = kDelayMin;
};

}  // namespace

Result<int> Follow(const Common& common, const client::Connection& server,
                   const WatchArguments& arguments) {
  return Follower(common, server, arguments).Follow();
}

int WatchRun(const Common& common, const WatchArguments& arguments) {
  return WithServer(common, [&](const client::Connection& server) {
    return Follow(common, server, arguments);
  });
}

}  // namespace recourse::cli
