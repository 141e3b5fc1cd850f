#include "bench/core/measure.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "engine/base/check.h"

namespace recourse::bench {

double Durations::Quantile(double share) {
  RECOURSE_CHECK(!all_.empty());
  std::sort(all_.begin(), all_.end());
  const auto last = static_cast<double>(all_.size() - 1);
  const auto duration = all_[static_cast<std::size_t>(share * last)];
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::int64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t pages = 0;
  std::int64_t resident = 0;
  file >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::int64_t WrittenBytes() {
  std::ifstream file("/proc/self/io");
  std::string name;
  std::int64_t bytes = 0;
  while (file >> name >> bytes) {
    if (name == "write_bytes:") return bytes;
  }
  return 0;
}

double SyncMilliseconds(const std::string& directory) {
  const std::string path = directory + "/sync";
  const int file = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  RECOURSE_CHECK(file >= 0);
  const std::string page(4096, 'x');
  Durations durations;
  for (int i = 0; i < 300; ++i) {
    const auto begin = Steady::now();
    RECOURSE_CHECK(write(file, page.data(), page.size()) == static_cast<ssize_t>(page.size()));
    RECOURSE_CHECK(fdatasync(file) == 0);
    durations.Add(Steady::now() - begin);
  }
  close(file);
  unlink(path.c_str());
  return durations.Quantile(0.5);
}

}  // namespace recourse::bench
