// A program of this machine that runs while a test wants it, and is ended with the test.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "actions/proc_stat.h"
#include "engine/base/value.h"

namespace recourse::testing {

class RunningProgram {
 public:
  // A shell says "ready" when it is so far that signals reach its traps.
  explicit RunningProgram(const std::string& script) {
    int pipes[2];
    REQUIRE(pipe(pipes) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      setpgid(0, 0);
      dup2(pipes[1], 1);
      execl("/bin/bash", "bash", "-c", script.c_str(), nullptr);
      _exit(127);
    }
    close(pipes[1]);
    char ready[6] = {};
    REQUIRE(read(pipes[0], ready, 5) == 5);
    group_ = pid_;
    close(pipes[0]);
    start_time_ = ReadProcStat(pid_)->start_time;
  }
  ~RunningProgram() {
    kill(-group_, SIGKILL);  // what it has started, too
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  pid_t pid() const { return pid_; }
  std::int64_t start_time() const { return start_time_; }
  Value Inputs() const {
    return Value::Object({{"pid", std::int64_t{pid_}}, {"start_time", start_time_}});
  }
  // The signal that ended it. Waits for that.
  int EndedBy() {
    int status = 0;
    REQUIRE(waitpid(pid_, &status, 0) == pid_);
    pid_ = 0;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

 private:
  pid_t pid_ = 0;
  pid_t group_ = 0;
  std::int64_t start_time_ = 0;
};

}  // namespace recourse::testing
