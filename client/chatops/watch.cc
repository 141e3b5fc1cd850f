#include "client/chatops/watch.h"

#include <algorithm>

#include "client/chatops/projection.h"
#include "engine/base/clock.h"

namespace recourse::chatops {
namespace {

using namespace std::chrono_literals;

constexpr auto kSweepEvery = 30'000ms;
constexpr auto kSweepAgain = 2'000ms;  // after the first look: the stream may have begun behind it
constexpr auto kRetry = 1'000ms;
constexpr auto kListWithin = 10'000ms;
constexpr int kPageSize = 500;
// How far back runs are looked at that ended while no bot was there.
constexpr std::int64_t kFinishedSeconds = 7 * 24 * 3600;
constexpr int kFinishedMax = 1000;

}  // namespace

void Watch::Start() {
  follower_ = std::thread([this] { Follow(); });
  sweeper_ = std::thread([this] { Sweep(); });
}

void Watch::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (stream_ != nullptr) stream_->TryCancel();
  }
  changed_.notify_all();
  if (follower_.joinable()) follower_.join();
  if (sweeper_.joinable()) sweeper_.join();
}

bool Watch::Pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return stopping_; });
  return !stopping_;
}

void Watch::Follow() {
  do {
    const auto context = server_.NewContext();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      stream_ = context.get();
      look_ = true;  // at what happened while no stream was open
      changed_.notify_all();
    }
    v1::WatchEventsRequest request;
    if (position_) request.set_after_position(*position_);
    const auto stream = server_.events().WatchEvents(context.get(), request);
    for (v1::WatchEventsResponse response; stream->Read(&response);) {
      position_ = response.event().position();
      // A note changes no message; where messages stand is noted by this program itself.
      if (response.event().type() != "RunAnnotated") to_.touched(response.event().run(), true);
    }
    const grpc::Status status = stream->Finish();
    const std::lock_guard lock(mutex_);
    stream_ = nullptr;
    if (stopping_) return;
    if (status.error_code() == grpc::StatusCode::OUT_OF_RANGE) {
      report_("the server has another journal; what was known of the former one is forgotten");
      position_.reset();
      forget_ = true;
      to_.another_journal();
    } else {
      report_("the stream of events has ended, and is opened again: " +
              server_.ErrorOf(status).ToString());
    }
  } while (Pause(kRetry));
}

void Watch::Sweep() {
  auto next = kSweepAgain;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, next, [this] { return stopping_ || look_; });
      if (stopping_) return;
      next = std::exchange(look_, false) ? kSweepAgain : kSweepEvery;
      if (std::exchange(forget_, false)) {
        open_.clear();
        finished_seen_ = false;
      }
    }
    auto looked = LookAtOpenRuns();
    if (looked && !finished_seen_) looked = LookAtFinishedRuns();
    if (looked) continue;
    report_("the runs cannot be listed, and are again soon: " + looked.error().ToString());
    next = kSweepAgain;
  }
}

Result<void> Watch::LookAtOpenRuns() {
  std::map<std::string, std::int64_t> open;
  v1::ListRunsRequest request;
  for (int status = v1::RUN_STATUS_QUEUED; status < v1::RUN_STATUS_SUCCEEDED; ++status) {
    request.add_statuses(static_cast<v1::RunStatus>(status));
  }
  request.set_page_size(kPageSize);
  do {
    const Asking asking(server_, "", kListWithin);
    const auto page = asking.Call(&v1::RunService::Stub::ListRuns, server_.runs(), request);
    if (!page) return page.error();
    for (const v1::Run& run : page->runs()) open[run.id()] = run.revision();
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  for (const auto& [run, revision] : open) {
    const auto known = open_.find(run);
    if (known == open_.end() || known->second != revision) to_.touched(run, false);
  }
  for (const auto& [run, revision] : open_) {
    if (!open.contains(run)) to_.touched(run, false);  // it is over
  }
  open_ = std::move(open);
  return {};
}

Result<void> Watch::LookAtFinishedRuns() {
  const std::int64_t since = ToTimestamp(SystemClock().Now()).seconds - kFinishedSeconds;
  v1::ListRunsRequest request;
  for (int status = v1::RUN_STATUS_SUCCEEDED; status <= v1::RUN_STATUS_ROLLED_BACK; ++status) {
    request.add_statuses(static_cast<v1::RunStatus>(status));
  }
  request.set_page_size(kFinishedMax);
  const Asking asking(server_, "", kListWithin);
  const auto page = asking.Call(&v1::RunService::Stub::ListRuns, server_.runs(), request);
  if (!page) return page.error();
  for (const v1::Run& run : page->runs()) {
    if (run.change_time().seconds() >= since) to_.touched(run.id(), false);
  }
  finished_seen_ = true;
  return {};
}

}  // namespace recourse::chatops
