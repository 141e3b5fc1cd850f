// A program that a test runs: started, watched, signalled, and never left behind.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/file.h"

namespace recourse::integration {

using namespace std::chrono_literals;

// What a program did: its exit code (128 + n when signal n ended it) and what it wrote.
struct Finished {
  int code = 0;
  std::string out;
  std::string err;
};

// Variables over those of the test's own environment; empty values remove one. What the project's
// programs read (RECOURSE_*, NO_COLOR) is never inherited.
using Environment = std::map<std::string, std::string>;

class Program {
 public:
  // Starts it; output goes to `output`.out and `output`.err. It dies with the test. SIGXFSZ is
  // ignored in it, so that a limit on the size of files is an error of writes.
  Program(const std::vector<std::string>& arguments, const std::string& output,
          const Environment& environment = {});
  // Kills it when it still runs.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  int pid() const { return pid_; }
  void Signal(int number) const;
  // Its exit code; none when it has not ended within that time.
  std::optional<int> WaitForEnd(std::chrono::milliseconds patience);
  // What it has written so far.
  std::string out() const;
  std::string err() const;

 private:
  std::string output_;
  int pid_ = 0;
  Descriptor ended_;  // readable when it has ended
  std::optional<int> code_;
};

// Runs it to its end; the test fails when that takes longer than a minute.
Finished Run(const std::vector<std::string>& arguments, const std::string& output,
             const Environment& environment = {});

// Asks again and again until the answer is true; the test fails when it is not within 30 s.
void Eventually(const std::string& what, const std::function<bool()>& is_so);

}  // namespace recourse::integration
