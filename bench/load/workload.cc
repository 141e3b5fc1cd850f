#include "bench/load/workload.h"

#include <condition_variable>
#include <mutex>

#include "bench/load/table.h"

namespace recourse::bench {
namespace {

// Keeps a number of StartRun calls going; each one that ends starts the next.
class ClosedLoop {
 public:
  ClosedLoop(Api& api, std::string workflow, std::string prefix)
      : api_(api), workflow_(std::move(workflow)), prefix_(std::move(prefix)) {}

  // Until `more(started)` answers false.
  template <class More>
  void Run(int in_flight, const More& more) {
    std::unique_lock lock(mutex_);
    while (more(started_) || under_way_ > 0) {
      while (under_way_ < in_flight && more(started_)) {
        ++under_way_;
        const std::string id = prefix_.empty() ? "" : prefix_ + std::to_string(++started_);
        if (prefix_.empty()) ++started_;
        lock.unlock();
        Start(id);
        lock.lock();
      }
      changed_.wait(lock);
    }
  }

  std::vector<double>& spans_ms() { return spans_ms_; }

 private:
  void Start(const std::string& request_id) {
    const auto start = Clock::now();
    api_.StartRun(workflow_, request_id, true, 0,
                  [this, start](const grpc::Status& status, const v1::Run&) {
                    if (!status.ok()) GiveUp("StartRun: " + status.error_message());
                    const std::lock_guard lock(mutex_);
                    spans_ms_.push_back(Seconds(Clock::now() - start) * 1000);
                    --under_way_;
                    changed_.notify_one();
                  });
  }

  Api& api_;
  const std::string workflow_;
  const std::string prefix_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<double> spans_ms_;
  int started_ = 0;
  int under_way_ = 0;
};

}  // namespace

Load RunFive(Api& api, const ServerProcess& server, int in_flight, double seconds) {
  {
    ClosedLoop warm_up(api, "five", "");
    warm_up.Run(in_flight, [&](int started) { return started < in_flight * 4; });
  }
  const Usage before = server.usage();
  const std::int64_t journal_before = server.journal_bytes();
  ClosedLoop loop(api, "five", "");
  const auto start = Clock::now();
  loop.Run(in_flight, [&](int) { return Seconds(Clock::now() - start) < seconds; });
  const double elapsed = Seconds(Clock::now() - start);
  const Usage after = server.usage();
  const auto runs = static_cast<double>(loop.spans_ms().size());
  Load load;
  load.runs_per_second = runs / elapsed;
  load.p50_ms = Quantile(loop.spans_ms(), 0.5);
  load.p99_ms = Quantile(loop.spans_ms(), 0.99);
  load.cpu_share = (after.cpu_seconds - before.cpu_seconds) / elapsed;
  load.rss_bytes = after.rss_bytes;
  load.journal_bytes_per_run = static_cast<double>(server.journal_bytes() - journal_before) / runs;
  load.written_bytes_per_run =
      static_cast<double>(after.written_bytes - before.written_bytes) / runs;
  return load;
}

double RunAlone(Api& api, double seconds) {
  std::vector<double> spans;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end) {
    const auto start = Clock::now();
    v1::Run run;
    if (auto status = api.WaitForRun("five", "", &run); !status.ok()) {
      GiveUp("StartRun: " + status.error_message());
    }
    spans.push_back(Seconds(Clock::now() - start) * 1000);
  }
  return Quantile(spans, 0.5);
}

Parked ParkApprovals(Api& api, const ServerProcess& server, int count, int approve) {
  {
    ClosedLoop warm_up(api, "five", "");
    warm_up.Run(512, [](int started) { return started < 4000; });
  }
  const Usage before = server.usage();
  const auto start = Clock::now();
  ClosedLoop loop(api, "ask", "park-");
  loop.Run(512, [&](int started) { return started < count; });
  Parked parked;
  parked.park_seconds = Seconds(Clock::now() - start);
  parked.rss_bytes_each = static_cast<double>(server.usage().rss_bytes - before.rss_bytes) / count;
  std::vector<double> spans;
  for (int i = 1; i <= approve; ++i) {
    const std::string approval = "A-" + std::to_string(i);
    const std::string request_id = api.RequestOf(approval);
    const auto decided = Clock::now();
    if (auto status = api.Approve(approval); !status.ok()) {
      GiveUp("Decide: " + status.error_message());
    }
    v1::Run run;
    if (auto status = api.WaitForRun("ask", request_id, &run); !status.ok()) {
      GiveUp("wait: " + status.error_message());
    }
    if (run.status() != v1::RUN_STATUS_SUCCEEDED) GiveUp(run.id() + " did not succeed");
    spans.push_back(Seconds(Clock::now() - decided) * 1000);
  }
  parked.approve_to_done_p50_ms = Quantile(spans, 0.5);
  parked.approve_to_done_p99_ms = Quantile(spans, 0.99);
  return parked;
}

}  // namespace recourse::bench
