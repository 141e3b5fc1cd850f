#include "engine/base/fail_point.h"

#ifdef RECOURSE_FAIL_POINTS

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace recourse {
namespace {

struct Trigger {
  std::string name;
  int passes_left = 0;
  int log = -1;
};

const Trigger& TheTrigger() {
  static const Trigger trigger = [] {
    Trigger read;
    if (const char* text = std::getenv("RECOURSE_FAIL_POINT")) {
      read.name = text;
      read.passes_left = 1;
      if (const auto colon = read.name.rfind(':'); colon != std::string::npos) {
        read.passes_left = std::atoi(read.name.c_str() + colon + 1);
        read.name.resize(colon);
      }
    }
    if (const char* path = std::getenv("RECOURSE_FAIL_POINT_LOG")) {
      read.log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    return read;
  }();
  return trigger;
}

}  // namespace

void PassFailPoint(const char* name) {
  const Trigger& trigger = TheTrigger();
  if (trigger.log >= 0) {
    const std::string line = std::string(name) + "\n";
    [[maybe_unused]] const auto written = write(trigger.log, line.data(), line.size());
  }
  if (trigger.passes_left == 0 || trigger.name != name) return;
  static std::atomic<int> passes = 0;
  if (++passes == trigger.passes_left) raise(SIGKILL);
}

}  // namespace recourse

#endif
