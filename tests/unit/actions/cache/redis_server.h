// A real Redis in the test's scratch folder, on a port that is free, without a word on the disk.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "engine/base/value.h"

namespace recourse::testing {

class RedisServer {
 public:
  RedisServer(std::string folder, std::vector<std::string> more = {}) : folder_(std::move(folder)) {
    std::vector<std::string> words = {"redis-server", "--port",    "0",
                                      "--unixsocket", socket(),    "--unixsocketperm",
                                      "700",          "--dir",     folder_,
                                      "--save",       "",          "--appendonly",
                                      "no",           "--logfile", folder_ + "/redis.log"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      execvp(arguments[0], arguments.data());
      _exit(127);
    }
    AwaitReady();
  }
  ~RedisServer() { Stop(); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  void Stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGCONT);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  void Freeze() const { kill(pid_, SIGSTOP); }

  std::string socket() const { return folder_ + "/redis.sock"; }
  Value Cache() const { return Value::Object({{"kind", "redis"}, {"socket", socket()}}); }
  Value Inputs() const { return Value::Object({{"cache", Cache()}}); }

 private:
  void AwaitReady() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket().copy(address.sun_path, sizeof address.sun_path - 1);
    for (;;) {
      REQUIRE(waitpid(pid_, nullptr, WNOHANG) == 0);
      const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM, 0));
      if (connect(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return;
      sched_yield();
    }
  }

  std::string folder_;
  pid_t pid_ = 0;
};

}  // namespace recourse::testing
