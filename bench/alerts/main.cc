// What real alerts and callers notice while strangers send garbage to the HTTP port.
//
//   recourse-bench-alerts PATH-TO-recoursed [FOLDER]
//
// FOLDER as in bench/load. The senders, too, run on this machine: their share of the processors is
// missing to the server.
#include <poll.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "bench/alerts/garbage.h"
#include "bench/load/api.h"
#include "bench/load/table.h"

namespace recourse::bench {
namespace {

namespace fs = std::filesystem;

constexpr double kSeconds = 8;
constexpr int kEveryMs = 25;  // an alert, and a StartRun

void WriteRules(const std::string& data) {
  std::ofstream(data + "/server.yaml") << "log: {level: error}\nhttp: {listen: \"127.0.0.1:0\"}\n";
  std::ofstream(data + "/alert_rules.yaml")
      << "fallback: tell\nrules:\n"
         "  - {name: all, matchers: [], workflow: five, daily_limit: 1000}\n";
  std::ofstream(data + "/workflows/tell.yaml")
      << "name: tell\ninputs: {alert: {type: string}, problem: {type: string}}\n"
         "steps: [{id: say, action: debug.echo, with: {value: 1}}]\n";
  std::ofstream(data + "/principals.yaml")
      << "principals:\n"
      << "  - {name: operator, roles: [viewer, operator, admin], token_file: " << data
      << "/operator.token}\n"
      << "  - {name: approver, roles: [viewer, dba], token_file: " << data << "/approver.token}\n"
      << "  - {name: pager, roles: [alerts], token_file: " << data << "/pager.token}\n";
}

int PortIn(const std::string& log) {
  for (int tries = 0; tries < 3000; ++tries, poll(nullptr, 0, 10)) {
    std::ifstream file(log);
    for (std::string line; std::getline(file, line);) {
      if (line.find("  http ") != std::string::npos)
        return std::stoi(line.substr(line.rfind(':') + 1));
    }
  }
  GiveUp("the server names no HTTP port in " + log);
}

std::string AlertRequest(const std::string& token, int number) {
  const std::string body =
      R"({"key": "a)" + std::to_string(number) +
      R"(", "status": "firing", "labels": {"alertname": "Bench"}, "started": "2026-11-26T03:04:05Z"})";
  return "POST /hooks/alert HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Measured {
  double garbage_per_second = 0;
  std::vector<double> alerts_ms;
  int alerts_failed = 0;
  std::vector<double> starts_ms;
  double cpu_share = 0;
};

Measured Measure(ServerProcess& server, Api& api, int port, int per_second) {
  Measured measured;
  const std::string token = server.Token("pager");
  const Usage before = server.usage();
  const auto begun = Clock::now();
  Garbage garbage(port, per_second);
  std::thread alerts([&] {
    for (int number = 0; Seconds(Clock::now() - begun) < kSeconds; ++number) {
      const auto sent = Clock::now();
      const std::string answer = Exchange(port, "127.0.0.1", AlertRequest(token, number));
      measured.alerts_ms.push_back(Seconds(Clock::now() - sent) * 1000);
      if (answer.find("\"started\"") == std::string::npos) ++measured.alerts_failed;
      poll(nullptr, 0, kEveryMs);
    }
  });
  std::mutex mutex;
  int under_way = 0;
  while (Seconds(Clock::now() - begun) < kSeconds) {
    const auto asked = Clock::now();
    {
      const std::lock_guard lock(mutex);
      ++under_way;
    }
    api.StartRun("five", "", false, 0, [&, asked](const grpc::Status& status, const v1::Run&) {
      if (!status.ok()) GiveUp("StartRun: " + status.error_message());
      const std::lock_guard lock(mutex);
      measured.starts_ms.push_back(Seconds(Clock::now() - asked) * 1000);
      --under_way;
    });
    poll(nullptr, 0, kEveryMs);
  }
  alerts.join();
  const double elapsed = Seconds(Clock::now() - begun);
  measured.garbage_per_second = static_cast<double>(garbage.Stop()) / elapsed;
  measured.cpu_share = (server.usage().cpu_seconds - before.cpu_seconds) / elapsed;
  for (bool idle = false; !idle; poll(nullptr, 0, 10)) {
    const std::lock_guard lock(mutex);
    idle = under_way == 0;
  }
  return measured;
}

void Run(const std::string& program, const std::string& folder) {
  std::printf("%u processors\n\n", std::thread::hardware_concurrency());
  Table table({"garbage wanted/s", "reached/s", "alert p50 ms", "p99 ms", "alerts not taken",
               "StartRun p50 ms", "p99 ms", "server CPU"});
  for (const int per_second : {0, 1'000, 5'000, 10'000}) {
    const std::string data = folder + "/" + std::to_string(per_second);
    WriteWorkflows(data);
    WriteRules(data);
    ServerProcess server(program, data);
    server.Start();
    server.WaitForTokens();
    Api api(server);
    api.WaitUntilServing();
    Measured measured = Measure(server, api, PortIn(data + "/server.log"), per_second);
    table.Add({Number(per_second), Number(measured.garbage_per_second),
               Number(Quantile(measured.alerts_ms, 0.5), 2),
               Number(Quantile(measured.alerts_ms, 0.99), 2),
               Number(measured.alerts_failed) + " of " +
                   Number(static_cast<double>(measured.alerts_ms.size())),
               Number(Quantile(measured.starts_ms, 0.5), 2),
               Number(Quantile(measured.starts_ms, 0.99), 2),
               Number(measured.cpu_share * 100) + " %"});
    server.Stop();
  }
  table.Print();
}

}  // namespace
}  // namespace recourse::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: recourse-bench-alerts PATH-TO-recoursed [FOLDER]\n");
    return 2;
  }
  const std::string folder = std::filesystem::absolute(argc == 3 ? argv[2] : "bench-data").string();
  if (std::filesystem::exists(folder)) {
    std::fprintf(stderr, "recourse-bench-alerts: %s exists; remove it first\n", folder.c_str());
    return 2;
  }
  recourse::bench::Run(std::filesystem::absolute(argv[1]).string(), folder);
  std::filesystem::remove_all(folder);
  return 0;
}
