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
    table.Add({"fdatasync of a small append, p50", Number(limits.fdatasync_ms_p50, 3) + " ms"});
    table.Add({"SQLite (WAL, FULL), two small rows a commit, p50",
               Number(limits.sqlite_alone_ms_p50, 3) + " ms"});
    table.Add({"bare SQLite, runs of six commits, alone",
               Number(limits.sqlite_runs_alone) + " runs/s"});
    table.Add({"bare SQLite, 256 runs sharing each commit",
               Number(limits.sqlite_runs_256) + " runs/s"});
    table.Print();
    fdatasync_ms_ = limits.fdatasync_ms_p50;
  }

  void PrintThroughput() {
    Table table({"runs of five steps in flight", "runs/s", "steps/s", "p50 ms", "p99 ms",
                 "server CPU", "RSS MiB", "journal B/run", "written B/run"});
    double alone = 0;
    for (const int in_flight : {1, 16, 64, 256}) {
      ServerProcess server(program_, FreshData("five"));
      server.Start();
      Api api = Serving(server);
      const Load load = RunFive(api, server, in_flight, 5);
      if (in_flight == 1) alone = load.p50_ms;
      table.Add({Number(in_flight), Number(load.runs_per_second), Number(load.runs_per_second * 5),
                 Number(load.p50_ms, 2), Number(load.p99_ms, 2),
                 Number(load.cpu_share * 100) + " %", MiB(load.rss_bytes),
                 Number(load.journal_bytes_per_run), Number(load.written_bytes_per_run)});
      server.Stop();
    }
    table.Print();
    std::printf("alone, p50 is %.2f times six fdatasyncs\n\n", alone / (6 * fdatasync_ms_));
  }

  void PrintParked() {
    ServerProcess server(program_, FreshData("parked"));
    server.Start();
    Api api = Serving(server);
    const Parked parked = ParkApprovals(api, server, 10'000, 1'000);
    Table table({"10,000 runs parked at an approval", "figure"});
    table.Add({"time to park", Number(parked.park_seconds, 2) + " s"});
    table.Add({"RSS for each", Number(parked.rss_bytes_each) + " B"});
    table.Add({"approve to done, p50", Number(parked.approve_to_done_p50_ms, 2) + " ms"});
    table.Add({"approve to done, p99", Number(parked.approve_to_done_p99_ms, 2) + " ms"});
    table.Print();
    server.Stop();
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
                 Number(recovered.done_seconds, 2),
                 Number(static_cast<double>(recovered.calls))});
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
  double fdatasync_ms_ = 0;
};

}  // namespace
}  // namespace recourse::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: recourse-bench PATH-TO-recoursed [FOLDER]\n");
    return 2;
  }
  const std::string folder = std::filesystem::absolute(argc == 3 ? argv[2] : "bench-data").string();
  recourse::bench::Bench(std::filesystem::absolute(argv[1]).string(), folder).Run();
  std::filesystem::remove_all(folder);
  return 0;
}
