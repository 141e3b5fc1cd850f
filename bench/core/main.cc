// What the engine itself does, without a network: an engine over a journal in a new folder, driven
// from one thread of this process.
//
//   recourse-bench-core DIRECTORY [SECONDS]
#include <malloc.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <mutex>

#include "actions/debug/debug.h"
#include "bench/core/measure.h"
#include "engine/journal/sqlite/sqlite_journal.h"
#include "engine/runtime/engine.h"

namespace recourse::bench {
namespace {

constexpr const char* kEcho = R"(
name: echo
steps:
  - {id: a, action: debug.echo, with: {value: 1}}
  - {id: b, action: debug.echo, with: {value: "${steps.a.output.value}"}}
  - {id: c, action: debug.echo, with: {value: 3}}
  - {id: d, action: debug.echo, with: {value: 4}}
  - {id: e, action: debug.echo, with: {value: 5}}
)";
constexpr const char* kParked = R"(
name: parked
steps:
  - {id: confirm, approval: {prompt: "Go on?", approvers: [dba]}}
)";
constexpr const char* kSlow = R"(
name: slow
steps:
  - {id: wait, action: debug.echo, with: {value: 1, delay: 1h}, timeout: 2h}
)";
constexpr int kParkedRuns = 10'000;
constexpr int kInFlight = 1'000;

// An engine with its journal; what it needs stands before it.
class Bench {
 public:
  explicit Bench(std::string directory) : directory_(std::move(directory)) {
    AddDebugActions(registry_);
    for (const char* text : {kEcho, kParked, kSlow}) {
      auto loaded = definition::LoadWorkflow(text, &registry_);
      if (loaded.workflow == nullptr) std::fputs(loaded.Report("bench").c_str(), stderr);
      RECOURSE_CHECK(loaded.workflow != nullptr);
      workflows_[loaded.workflow->name] = loaded.workflow;
    }
    Open();
  }

  void Open() {
    auto journal = journal::OpenSqliteJournal(directory_ + "/journal.db", clock_.Now());
    RECOURSE_CHECK(journal.ok());
    journal_ = *std::move(journal);
    auto engine = runtime::Engine::Start({}, *journal_, registry_, workflows_, {}, policy_, clock_);
    RECOURSE_CHECK(engine.ok());
    engine_ = *std::move(engine);
  }
  void Close() {
    engine_.reset();
    journal_.reset();
  }

  runtime::Engine& engine() { return *engine_; }
  journal::Journal& journal() { return *journal_; }

 private:
  const std::string directory_;
  SystemClock clock_;
  Registry registry_;
  Policy policy_;
  runtime::Workflows workflows_;
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<runtime::Engine> engine_;
};

const runtime::Caller kCaller{"bench", {"dba"}, "bench"};

// Keeps `width` runs in flight until `end`: each that is over starts the next.
class Load {
 public:
  Load(runtime::Engine& engine, int width, Steady::time_point end)
      : engine_(engine), end_(end), in_flight_(width) {}

  void Run() {
    const int width = in_flight_;
    for (int i = 0; i < width; ++i) Begin();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return in_flight_ == 0; });
  }
  Durations& durations() { return durations_; }
  std::int64_t runs() const { return runs_; }

 private:
  // On the core loop's thread, but for the first ones.
  void Begin() {
    const auto begin = Steady::now();
    engine_.StartRun({"echo", {}, {}}, kCaller, [this, begin](Result<journal::RunRow> row) {
      RECOURSE_CHECK(row.ok());
      engine_.WhenSettled(row->run, [this, begin](Result<journal::RunRow> settled) {
        RECOURSE_CHECK(settled.ok() && settled->finished.has_value());
        End(begin);
      });
    });
  }
  void End(Steady::time_point begin) {
    const auto now = Steady::now();
    const bool more = now < end_;
    {
      const std::lock_guard lock(mutex_);
      durations_.Add(now - begin);
      ++runs_;
      if (!more && --in_flight_ == 0) idle_.notify_all();
    }
    if (more) Begin();  // Without more this may be gone.
  }

  runtime::Engine& engine_;
  const Steady::time_point end_;
  std::mutex mutex_;
  std::condition_variable idle_;
  int in_flight_;
  Durations durations_;
  std::int64_t runs_ = 0;
};

void MeasureLoad(Bench& bench, int width, int seconds) {
  const double cpu = CpuSeconds();
  const std::int64_t written = WrittenBytes();
  const auto begin = Steady::now();
  Load load(bench.engine(), width, begin + std::chrono::seconds(seconds));
  load.Run();
  const double took = std::chrono::duration<double>(Steady::now() - begin).count();
  const auto runs = static_cast<double>(load.runs());
  std::printf("%9d %9.0f %9.0f %9.2f %9.2f %9.0f%% %9.1f %9.1f\n", width, runs / took,
              5 * runs / took, load.durations().Quantile(0.5), load.durations().Quantile(0.99),
              100 * (CpuSeconds() - cpu) / took,
              static_cast<double>(WrittenBytes() - written) / runs / 1000,
              static_cast<double>(ResidentBytes()) / 1e6);
}

void MeasureParked(Bench& bench) {
  malloc_trim(0);
  const std::int64_t before = ResidentBytes();
  auto begin = Steady::now();
  std::promise<void> parked;
  std::atomic<int> left = kParkedRuns;
  for (int i = 0; i < kParkedRuns; ++i) {
    bench.engine().StartRun({"parked", {}, {}}, kCaller, [&](Result<journal::RunRow> row) {
      RECOURSE_CHECK(row.ok());
      if (--left == 0) parked.set_value();
    });
  }
  parked.get_future().get();
  const double took = std::chrono::duration<double>(Steady::now() - begin).count();
  const auto grown = static_cast<double>(ResidentBytes() - before);
  std::printf("%d parked in %.2f s, %.0f bytes of memory each\n", kParkedRuns, took,
              grown / kParkedRuns);

  Durations durations;
  for (int i = 1; i <= 1000; ++i) {
    begin = Steady::now();
    std::promise<void> done;
    machine::CastVote vote;
    vote.id = ApprovalId{i * 7};
    bench.engine().Vote(vote, kCaller, [&](Result<journal::ApprovalRow> row) {
      RECOURSE_CHECK(row.ok());
      done.set_value();
    });
    done.get_future().get();
    durations.Add(Steady::now() - begin);
  }
  std::printf("approved to done: p50 %.2f ms, p99 %.2f ms\n", durations.Quantile(0.5),
              durations.Quantile(0.99));
}

void MeasureRecovery(Bench& bench) {
  std::promise<void> started;
  std::atomic<int> left = kInFlight;
  for (int i = 0; i < kInFlight; ++i) {
    bench.engine().StartRun({"slow", {}, {}}, kCaller, [&](Result<journal::RunRow> row) {
      RECOURSE_CHECK(row.ok());
      if (--left == 0) started.set_value();
    });
  }
  started.get_future().get();
  bench.Close();
  const auto begin = Steady::now();
  bench.Open();
  RECOURSE_CHECK(bench.engine().info().attempts_at_work == kInFlight);
  std::printf("%d in flight resumed in %.3f s, among %d parked\n", kInFlight,
              std::chrono::duration<double>(Steady::now() - begin).count(), kParkedRuns - 1000);
}

int Main(const std::string& directory, int seconds) {
  std::filesystem::create_directories(directory);
  std::printf("a 4 KiB append with fdatasync takes %.3f ms here (median)\n\n",
              SyncMilliseconds(directory));
  Bench bench(directory);
  std::printf("%9s %9s %9s %9s %9s %10s %9s %9s\n", "in flight", "runs/s", "steps/s", "p50 ms",
              "p99 ms", "CPU", "kB/run", "RSS MB");
  for (const int width : {1, 16, 64, 256, 1024}) MeasureLoad(bench, width, seconds);
  std::printf("\n");
  MeasureParked(bench);
  MeasureRecovery(bench);
  bench.Close();
  return 0;
}

}  // namespace
}  // namespace recourse::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: recourse-bench-core DIRECTORY [SECONDS]\n", stderr);
    return 2;
  }
  return recourse::bench::Main(argv[1], argc > 2 ? std::atoi(argv[2]) : 3);
}
