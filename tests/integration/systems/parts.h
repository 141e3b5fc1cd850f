// The real servers that a scratch system is made of. Each listens on the loopback interface alone,
// keeps what it has in the folder that it is given, and ends with the test.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/program.h"

namespace recourse::integration {

// Below the range from which the system gives out ports, so that nobody takes it while what belongs
// there is down.
int FreePort();

// What a program prints and its exit code, with arguments as a vector; none of its output is lost.
Finished RunIn(const std::string& directory, const std::vector<std::string>& arguments,
               const Environment& environment = {});

// GET of an URL on this machine: the status, 0 when nobody answers.
struct HttpAnswer {
  int status = 0;
  std::string body;
};
HttpAnswer HttpGet(int port, const std::string& path);

// Mounts a small disk, with these options of tmpfs, where only this process and what it starts see
// it. False where that is not possible. It goes with the process.
bool MountSmallDisk(const std::string& directory, const std::string& options);

// Takes a port as soon as nobody has it, and keeps it until the end of its life.
class PortThief {
 public:
  explicit PortThief(int port);
  ~PortThief();
  PortThief(const PortThief&) = delete;
  PortThief& operator=(const PortThief&) = delete;

 private:
  std::atomic<bool> over_ = false;
  std::thread thief_;
};

// Redis, ready when the constructor returns.
class RedisServer {
 public:
  explicit RedisServer(const std::string& directory, int port = FreePort());

  int port() const { return port_; }
  // What redis-cli prints for a command, without the last line end.
  std::string Ask(const std::vector<std::string>& command) const;
  // "a=1 b=2", by name: all keys of database 0 and their values as text.
  std::string Keys() const;
  // Ends it; Start() has it listen on the same port again, empty.
  void Stop();
  void Start();

 private:
  const std::string directory_;
  const int port_;
  std::unique_ptr<Program> program_;
};

// nginx in front of an application: /nginx-version answers `version`, all else goes to `app_port`.
class NginxServer {
 public:
  NginxServer(const std::string& directory, int app_port, int port = FreePort());
  ~NginxServer();

  int port() const { return port_; }
  const std::string& configuration() const { return configuration_; }
  const std::string& pid_file() const { return pid_file_; }
  const std::string& error_log() const { return error_log_; }
  // A configuration of the same shape that answers another version.
  std::string ConfigurationText(const std::string& version) const;
  // Its resource in a target's file.
  std::string Resource() const;

 private:
  const std::string directory_;
  const int app_port_;
  const int port_;
  const std::string configuration_;
  const std::string pid_file_;
  const std::string error_log_;
  std::unique_ptr<Program> program_;
};

// supervisord with programs, which it does not start by itself.
class SupervisorServer {
 public:
  struct Member {
    std::string name;
    std::string command;
    std::string user;  // empty: that of the test
  };
  SupervisorServer(const std::string& directory, const std::vector<Member>& members);
  ~SupervisorServer();

  const std::string& socket() const { return socket_; }
  // "RUNNING", "STOPPED", "FATAL" ...
  std::string StateOf(const std::string& name) const;

 private:
  const std::string directory_;
  const std::string socket_;
  std::unique_ptr<Program> program_;
};

// A real SMTP server that keeps each mail in a file.
class MailServer {
 public:
  explicit MailServer(const std::string& directory, int port = FreePort());

  int port() const { return port_; }
  std::vector<std::string> Mails() const;
  // Waits until a mail has all of these texts, and answers it.
  std::string MailWith(const std::vector<std::string>& texts) const;

 private:
  const std::string mails_;
  const int port_;
  std::unique_ptr<Program> program_;
};

}  // namespace recourse::integration
