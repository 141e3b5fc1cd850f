// The server under load: a real process on a data directory of its own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace recourse::bench {

struct Usage {
  double cpu_seconds = 0;
  std::int64_t rss_bytes = 0;
  std::int64_t written_bytes = 0;  // to disk
};

class ServerProcess {
 public:
  // `program` is recoursed; `data` its data directory, whose workflows are those of the bench.
  ServerProcess(std::string program, std::string data);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Starts the program, without waiting until it serves.
  void Start();
  // Waits until it has made the files that a client needs. Ends the bench after 30 s.
  void WaitForTokens() const;
  // Ends it with SIGKILL.
  void Kill();
  // Ends it with SIGTERM and waits.
  void Stop();

  Usage usage() const;
  std::int64_t journal_bytes() const;
  std::string socket() const { return data_ + "/recourse.sock"; }
  std::string Token(const std::string& principal) const;

 private:
  void End(int signal);

  const std::string program_;
  const std::string data_;
  pid_t pid_ = 0;
};

// Writes the definitions that the load runs into `data`/workflows.
void WriteWorkflows(const std::string& data);

// Ends the bench with a message: a figure from a broken set-up is none.
[[noreturn]] void GiveUp(const std::string& message);

}  // namespace recourse::bench
