#include "client/cli/top_watch.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace recourse::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kEvery = 1000ms;
// Less than a person waits for a screen that ends; a server that is busy longer is told as one
// that does not answer.
constexpr auto kAnswersWithin = 3000ms;
constexpr int kRunsMax = 1000;

bool IsEnd(const std::string& type) {
  return type == "RunSucceeded" || type == "RunFailed" || type == "RunCancelled" ||
         type == "RunRolledBack";
}

}  // namespace

Result<TopState> AskForTop(const client::Connection& server) {
  v1::ListRunsRequest request;
  for (const v1::RunStatus status :
       {v1::RUN_STATUS_QUEUED, v1::RUN_STATUS_RUNNING, v1::RUN_STATUS_WAITING,
        v1::RUN_STATUS_PAUSED, v1::RUN_STATUS_NEEDS_ATTENTION, v1::RUN_STATUS_ROLLING_BACK}) {
    request.add_statuses(status);
  }
  request.set_page_size(kRunsMax);
  auto list =
      Unary(server, &v1::RunService::Stub::ListRuns, server.runs(), request, kAnswersWithin);
  if (!list) return std::move(list).error();
  TopState state;
  state.runs.assign(list->runs().begin(), list->runs().end());
  state.more_runs = !list->next_page_token().empty();
  auto info = Unary(server, &v1::AdminService::Stub::GetInfo, server.admin(), v1::GetInfoRequest(),
                    kAnswersWithin);
  if (info) {
    state.info = *std::move(info);
  } else if (info.error().code != Code::kPermissionDenied) {
    return std::move(info).error();
  }
  state.known_at = SystemClock().Now();
  return state;
}

TopWatch::TopWatch(const client::Connection& server)
    : server_(server),
      changed_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      counted_since_(SystemClock().Now()),
      asks_([this] { AskAgain(); }),
      counts_([this] { CountFinished(); }) {}

TopWatch::~TopWatch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    if (stream_ != nullptr) stream_->TryCancel();
  }
  ends_.notify_all();
  asks_.join();
  counts_.join();
}

TopState TopWatch::State() const {
  const std::lock_guard lock(mutex_);
  TopState state = state_;
  state.now = SystemClock().Now();
  const Time minute_ago = state.now - 1min;
  state.finished =
      std::count_if(finished_.begin(), finished_.end(), [&](Time end) { return end > minute_ago; });
  state.watched = std::min<std::chrono::seconds>(
      60s, std::chrono::floor<std::chrono::seconds>(state.now - counted_since_));
  return state;
}

void TopWatch::Taken() {
  std::uint64_t count = 0;
  static_cast<void>(!read(changed_.get(), &count, sizeof count));
}

void TopWatch::Wake() {
  const std::uint64_t one = 1;
  static_cast<void>(!write(changed_.get(), &one, sizeof one));
}

bool TopWatch::Pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !ends_.wait_for(lock, time, [this] { return ending_; });
}

void TopWatch::AskAgain() {
  do {
    auto state = AskForTop(server_);
    {
      const std::lock_guard lock(mutex_);
      if (state) {
        state_ = *std::move(state);
      } else {
        const std::string& message = state.error().message;
        state_.problem = message.substr(0, message.find('\n'));
      }
    }
    Wake();
  } while (Pause(kEvery));
}

void TopWatch::CountFinished() {
  do {
    const auto context = server_.NewContext();
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
      stream_ = context.get();
      // What happens while nobody reads is not counted.
      counted_since_ = SystemClock().Now();
      finished_.clear();
    }
    const auto stream = server_.events().WatchEvents(context.get(), v1::WatchEventsRequest());
    for (v1::WatchEventsResponse response; stream->Read(&response);) {
      if (!IsEnd(response.event().type())) continue;
      const std::lock_guard lock(mutex_);
      finished_.push_back(TimeOf(response.event().time()));
      while (finished_.front() < finished_.back() - 1min) finished_.pop_front();
    }
    stream->Finish();
    const std::lock_guard lock(mutex_);
    stream_ = nullptr;
  } while (Pause(kEvery));
}

}  // namespace recourse::cli
