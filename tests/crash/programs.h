// The real programs that the crash test plays with.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "engine/base/file.h"

namespace recourse::crash {

// How long anything is waited for.
inline constexpr auto kPatience = std::chrono::seconds(60);

// How often each fail point was passed, by name.
using Passes = std::map<std::string, int>;

// One start of recoursed on a data directory.
class ServerProcess {
 public:
  enum class Ended { kAsAsked, kKilled, kOtherwise };

  // Starts the program and returns once it is ready or has died. `fail_point` is "name:n"; empty:
  // none. Each point that it passes is written to `log`; what the program says to
  // <data>/server.log.
  ServerProcess(const std::string& data, const std::string& fail_point, std::string log);
  // Ends it with SIGKILL when it still lives.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  bool ready() const { return ready_; }
  // Asks it to stop, unless it has died, and waits for its end.
  Ended Stop();
  // Those of this start.
  Passes passes() const;

 private:
  bool WaitUntilReady();

  const std::string log_;
  pid_t pid_ = 0;
  Descriptor output_;
  bool ready_ = false;
};

// Runs a program to its end. Answers what it said; `exit_code` is -1 when it was killed.
struct Said {
  int exit_code = -1;
  std::string text;  // standard output and standard error
};
Said RunProgram(const std::vector<std::string>& arguments);

// A directory of its own with a short path, for the sockets in it; removed with what is in it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace recourse::crash
