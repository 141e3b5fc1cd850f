#include "actions/proc_stat.h"

#include <sstream>
#include <string>

#include "engine/base/file.h"

namespace recourse {
namespace {

constexpr std::uint64_t kOfKernel = 0x00200000;  // PF_KTHREAD of the kernel's sched.h

}  // namespace

std::optional<ProcStat> ReadProcStat(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  const auto text = ReadFile("/proc/" + std::to_string(pid) + "/stat", 65536);
  if (!text) return std::nullopt;
  // The second field is the name in parentheses, which may itself contain anything.
  const auto name_end = text->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text->substr(name_end + 1));
  ProcStat stat;
  std::string skipped;
  fields >> stat.state >> stat.parent >> stat.group;
  for (int field = 6; field < 9; ++field) fields >> skipped;
  std::uint64_t flags = 0;
  fields >> flags;
  stat.of_kernel = (flags & kOfKernel) != 0;
  for (int field = 10; field < 14; ++field) fields >> skipped;
  std::int64_t of_kernel_ticks = 0;
  fields >> stat.cpu_ticks >> of_kernel_ticks;
  stat.cpu_ticks += of_kernel_ticks;
  for (int field = 16; field < 22; ++field) fields >> skipped;
  fields >> stat.start_time >> skipped;
  if (!(fields >> stat.resident_pages)) return std::nullopt;
  return stat;
}

}  // namespace recourse
