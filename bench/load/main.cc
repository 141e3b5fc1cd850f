// The load generator: what the engine does in a second, beside what the machine could do at most.
//
//   recourse-bench PATH-TO-recoursed [FOLDER]
//
// FOLDER (default: a new one below the current directory) gets the data and is removed afterwards;
// it must lie on the disk that is to be measured. Everything runs on this machine, so the clients'
// share of the processors is missing to the server.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "bench/load/limits.h"
#include "bench/load/recovery.h"
#include "bench/load/table.h"
#include "bench/load/workload.h"

namespace recourse::bench {
namespace {

namespace fs = std::filesystem;

std::string MiB(std::int64_t bytes) { return Number(static_cast<double>(bytes) / 1048576, 1); }

class Bench {
 public:
  Bench(std::string program, std::string folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}

  void Run() {
    std::printf("%u processors\n\n", std::thread::hardware_concurrency());
    PrintLimits();
    PrintAlone();
    PrintThroughput();
    PrintParked();
    PrintRecovery();
  }

 private:
  std::string FreshData(const std::string& name) {
    const std::string data = folder_ + "/" + name;
    fs::remove_all(data);
    WriteWorkflows(data);
    return data;
  }

  void PrintLimits() {
    const Limits limits = MeasureLimits(folder_ + "/limits");
    Table table({"the machine's own limit", "figure"});
    table.Add({"fdatasync of a small append, p50",
               Number(SyncedAppend(folder_ + "/limits/append", 1000), 3) + " ms"});
    table.Add({"SQLite (WAL, FULL), two small rows a commit, p50",
               Number(limits.sqlite_alone_ms_p50, 3) + " ms"});
    table.Add(
        {"bare SQLite, runs of six commits, alone", Number(limits.sqlite_runs_alone) + " runs/s"});
    table.Add(
        {"bare SQLite, 256 runs sharing each commit", Number(limits.sqlite_runs_256) + " runs/s"});
    table.Print();
  }

  void PrintThroughput() {
    Table table({"runs of five steps in flight", "runs/s", "steps/s", "p50 ms", "p99 ms",
                 "server CPU", "RSS MiB", "journal B/run", "written B/run"});
    for (const int in_flight : {1, 16, 64, 256}) {
      ServerProcess server(program_, FreshData("five"));
      server.Start();
      Api api = Serving(server);
      const Load load = RunFive(api, server, in_flight, 5);
      table.Add({Number(in_flight), Number(load.runs_per_second), Number(load.runs_per_second * 5),
                 Number(load.p50_ms, 2), Number(load.p99_ms, 2),
                 Number(load.cpu_share * 100) + " %", MiB(load.rss_bytes),
                 Number(load.journal_bytes_per_run), Number(load.written_bytes_per_run)});
      server.Stop();
    }
    table.Print();
  }

  // The disk's speed drifts by more than the engine's, so that each round of runs stands beside
  // appends made right before and after it.
  void PrintAlone() {
    ServerProcess server(program_, FreshData("alone"));
    server.Start();
    Api api = Serving(server);
    Table table(
        {"runs of five steps, one at a time", "p50 ms", "fdatasync ms", "times six of them"});
    std::vector<double> ratios;
    const std::string file = folder_ + "/alone/append";
    // A new journal's write-ahead log grows until its first checkpoint, which costs each sync more.
    RunAlone(api, 2);
    double before = SyncedAppend(file, 300);
    for (int round = 1; round <= 7; ++round) {
      const double alone = RunAlone(api, 1);
      const double after = SyncedAppend(file, 300);
      ratios.push_back(alone / (3 * (before + after)));
      table.Add({"round " + Number(round), Number(alone, 2), Number((before + after) / 2, 3),
                 Number(ratios.back(), 2)});
      before = after;
    }
    table.Add({"median", "", "", Number(Quantile(ratios, 0.5), 2)});
    table.Print();
    server.Stop();
  }

  void PrintParked() {
    Table table({"10,000 runs parked at an approval", "time to park, s", "RSS for each, B",
                 "approve to done, p50 ms", "p99 ms"});
    for (int round = 1; round <= 3; ++round) {
      ServerProcess server(program_, FreshData("parked"));
      server.Start();
      Api api = Serving(server);
      const Parked parked = ParkApprovals(api, server, 10'000, 1'000);
      table.Add({"round " + Number(round), Number(parked.park_seconds, 2),
                 Number(parked.rss_bytes_each), Number(parked.approve_to_done_p50_ms, 2),
                 Number(parked.approve_to_done_p99_ms, 2)});
      server.Stop();
    }
    table.Print();
  }

  void PrintRecovery() {
    Table table({"kill -9 with 1,000 runs in flight", "at work", "all at work again after s",
                 "all done after s", "calls meanwhile"});
    for (const bool impatient : {false, true}) {
      ServerProcess server(program_, FreshData("recovery"));
      server.Start();
      Serving(server);
      const Recovered recovered = KillAndRestart(server, 1000, impatient);
      table.Add({impatient ? "clients that ask again every 0.25 s" : "clients that wait",
                 Number(recovered.in_flight), Number(recovered.resumed_seconds, 3),
                 Number(recovered.done_seconds, 2), Number(static_cast<double>(recovered.calls))});
      server.Stop();
    }
    table.Print();
  }

  static Api Serving(const ServerProcess& server) {
    server.WaitForTokens();
    Api api(server);
    api.WaitUntilServing();
    return api;
  }

  const std::string program_;
  const std::string folder_;
};

}  // namespace
}  // namespace recourse::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: recourse-bench PATH-TO-recoursed [FOLDER]\n");
    return 2;
  }
  const std::string folder = std::filesystem::absolute(argc == 3 ? argv[2] : "bench-data").string();
  if (std::filesystem::exists(folder)) {
    std::fprintf(
        stderr,
        "recourse-bench: %s exists, perhaps left by an interrupted bench; remove it first\n",
        folder.c_str());
    return 2;
  }
  recourse::bench::Bench(std::filesystem::absolute(argv[1]).string(), folder).Run();
  std::filesystem::remove_all(folder);
  return 0;
}
