// watch: a run as it happens, also across a restart of the server.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>

#include "client/calls.h"
#include "client/cli/live_view.h"
#include "client/cli/verbs.h"
#include "engine/base/ids.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

constexpr std::size_t kEventWidth = 160;

// Whether what the event says is said in full by the text on what the run waits for.
bool IsToldAgain(const v1::Event& event) {
  return event.type() == "ApprovalRequested" || event.type() == "ManualStarted" ||
         event.type() == "AttentionNeeded";
}

class Follower {
 public:
  Follower(const Common& common, const client::Connection& server, const WatchArguments& arguments)
      : common_(common),
        server_(server),
        arguments_(arguments),
        view_(!common.json),
        sequence_(arguments.after) {}

  Result<int> Follow() {
    client::WatchOptions options;
    options.run = arguments_.run;
    options.after_sequence = arguments_.after;
    options.away_max = common_.server.timeout.value_or(client::kAwayMax);
    options.answered = arguments_.answered;
    options.gone = [this] {
      gone_ = true;
      Remark("the server is gone; what it has answered for is in its journal. Waiting for it",
             Colour::kWaits);
      view_.Show("waits for the server");
    };
    options.back = [this] {
      gone_ = false;
      Remark("the server is back", Colour::kGood);
    };
    auto ended = client::WatchRun(
        server_, options, [this](const v1::WatchRunResponse& response) { return Take(response); });
    if (ended) return End();
    Error error = std::move(ended).error();
    if (gone_) {
      error.message += "; start it, then: " + Prefix(common_) + " watch " + arguments_.run +
                       client::HowToReadOffline(server_.options());
    }
    return error;
  }

 private:
  // False when there is nothing more to watch for.
  bool Take(const v1::WatchRunResponse& response) {
    if (response.has_event()) {
      const v1::Event& event = response.event();
      sequence_ = event.sequence();
      if (common_.json) {
        PrintLine(event);
      } else {
        const std::string told = narrator_.Tell(event);
        view_.Print(ClockTime(event.time()) + "  " +
                    (IsToldAgain(event) ? Brief(told, kEventWidth) : OneLine(told)));
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

  // What only the full view has of a run that succeeded; the run stays as it is when that cannot be
  // had.
  void AddOutputs() {
    if (run_.status() != v1::RUN_STATUS_SUCCEEDED) return;
    v1::GetRunRequest request;
    request.set_run(run_.id());
    const auto full = Unary(server_, &v1::RunService::Stub::GetRun, server_.runs(), request);
    if (!full) return;
    run_.set_outputs_json(full->outputs_json());
    run_.set_outputs_left_out(full->outputs_left_out());
  }

  int End() {
    AddOutputs();
    if (common_.json) {
      PrintLine(run_);
    } else if (IsOver(run_.status())) {
      view_.Print(run_.id() + " " + Painted(StatusName(run_.status()), ColourOf(run_.status())) +
                  " after " + Between(run_.start_time(), run_.end_time()) +
                  (run_.has_error()
                       ? ": " + Quoted(run_.error().code() + ": " + run_.error().message())
                       : ""));
      if (const std::string outputs = OutputsText(run_); !outputs.empty()) view_.Print(outputs);
      if (const std::string left = LeftText(common_, server_, run_); !left.empty()) {
        view_.Print(left);
      }
    } else {
      view_.Print("\n" + WaitingText(common_, run_));
    }
    return printed_ ? ExitCodeOf(run_) : int{kRefused};
  }

  const Common& common_;
  const client::Connection& server_;
  const WatchArguments& arguments_;
  LiveView view_;
  std::int64_t sequence_;
  Narrator narrator_;
  v1::Run run_;
  std::string told_;
  bool printed_ = true;  // every line, where lines are JSON
  bool gone_ = false;    // the server, and it has not come back yet
};

// What Ctrl-C says while a run is followed: set before the handler, and read by it alone.
std::string& Farewell() {
  static std::string text;
  return text;
}

// Only what a signal may interrupt anything with: write, and the signal's own end of the process.
void SayFarewell(int number) {
  const std::string& text = Farewell();
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
  std::signal(number, SIG_DFL);
  std::raise(number);
}

// While it lives, Ctrl-C says what becomes of the run that is followed.
class FarewellOnInterrupt {
 public:
  FarewellOnInterrupt(const Common& common, const std::string& run) {
    Farewell() = "\n" + FarewellText(common, run) + "\n";
    before_ = std::signal(SIGINT, SayFarewell);
    if (before_ == SIG_IGN) std::signal(SIGINT, SIG_IGN);  // in the background nobody types it
  }
  ~FarewellOnInterrupt() { std::signal(SIGINT, before_); }
  FarewellOnInterrupt(const FarewellOnInterrupt&) = delete;
  FarewellOnInterrupt& operator=(const FarewellOnInterrupt&) = delete;

 private:
  void (*before_)(int) = SIG_DFL;
};

}  // namespace

std::string FarewellText(const Common& common, const std::string& run) {
  const auto id = RunId::Parse(run);
  const std::string name = id ? id->ToString() : OneLine(run);
  return name + " goes on; " + Prefix(common) + AsCaller(common) + " watch " + ShellWord(name) +
         " follows it again";
}

Result<int> Follow(const Common& common, const client::Connection& server,
                   const WatchArguments& arguments) {
  const FarewellOnInterrupt farewell(common, arguments.run);
  return Follower(common, server, arguments).Follow();
}

int WatchRun(const Common& common, const WatchArguments& arguments) {
  return WithServer(
      common, [&](const client::Connection& server) { return Follow(common, server, arguments); });
}

}  // namespace recourse::cli
