#include "bench/load/recovery.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "bench/load/table.h"

namespace recourse::bench {
namespace {

// Counts down from many threads; Wait() returns at zero.
class Countdown {
 public:
  explicit Countdown(int count) : left_(count) {}
  void Done() {
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) zero_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    zero_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable zero_;
  int left_;
};

// A client that asks again every 0.25 s until its run is over.
class Impatient {
 public:
  Impatient(Api& api, std::string request_id, Countdown& countdown,
            std::atomic<std::int64_t>& calls)
      : api_(api), request_id_(std::move(request_id)), countdown_(countdown), calls_(calls) {}

  void Ask() {
    ++calls_;
    api_.StartRun("slow", request_id_, true, 0.25,
                  [this](const grpc::Status& status, const v1::Run& run) {
                    if (!status.ok()) return Ask();
                    if (run.status() != v1::RUN_STATUS_SUCCEEDED)
                      GiveUp(run.id() + " did not succeed");
                    countdown_.Done();
                  });
  }

 private:
  Api& api_;
  const std::string request_id_;
  Countdown& countdown_;
  std::atomic<std::int64_t>& calls_;
};

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void StartAll(Api& api, const std::string& prefix, int count) {
  Countdown started(count);
  for (int i = 0; i < count; ++i) {
    api.StartRun("slow", prefix + std::to_string(i), false, 0,
                 [&started](const grpc::Status& status, const v1::Run&) {
                   if (!status.ok()) GiveUp("StartRun: " + status.error_message());
                   started.Done();
                 });
  }
  started.Wait();
}

}  // namespace

Recovered KillAndRestart(ServerProcess& server, int count, bool impatient) {
  const std::string prefix = impatient ? "impatient-" : "patient-";
  auto api = std::make_unique<Api>(server);
  api->WaitUntilServing();
  StartAll(*api, prefix, count);
  server.Kill();

  Recovered recovered;
  std::atomic<std::int64_t> calls = 0;
  Countdown done(count);
  std::vector<std::unique_ptr<Impatient>> clients;
  if (impatient) {
    for (int i = 0; i < count; ++i) {
      clients.push_back(std::make_unique<Impatient>(*api, prefix + std::to_string(i), done, calls));
    }
    for (auto& client : clients) client->Ask();
  }

  const auto start = Clock::now();
  const double started_at = WallSeconds();
  server.Start();
  api->WaitUntilServing();
  if (!impatient) {
    for (int i = 0; i < count; ++i) {
      api->StartRun("slow", prefix + std::to_string(i), true, 0,
                    [&done](const grpc::Status& status, const v1::Run&) {
                      if (!status.ok()) GiveUp("StartRun: " + status.error_message());
                      done.Done();
                    });
    }
  }
  done.Wait();
  recovered.done_seconds = Seconds(Clock::now() - start);
  // Each run that was at work has an event that says it is at work again, with its time.
  for (const double time : api->TimesOf("AttemptResumed")) {
    if (time < started_at) continue;  // of an earlier restart
    ++recovered.in_flight;
    recovered.resumed_seconds = std::max(recovered.resumed_seconds, time - started_at);
  }
  recovered.calls = calls;
  return recovered;
}

}  // namespace recourse::bench
