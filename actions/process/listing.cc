#include "actions/process/listing.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "actions/process/utf8.h"
#include "actions/users.h"
#include "engine/base/file.h"

namespace recourse::process {
namespace {

constexpr std::int64_t kArgumentsMax = 4 * 1024 * 1024;
constexpr std::size_t kShown = 300;

std::string FolderOfProcess(pid_t pid) { return "/proc/" + std::to_string(pid); }

}  // namespace

std::vector<pid_t> AllPids() {
  std::vector<pid_t> pids;
  std::error_code failed;
  for (auto entry = std::filesystem::directory_iterator("/proc", failed);
       !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    const std::string name = entry->path().filename();
    pid_t pid = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (read.ec == std::errc() && read.ptr == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

std::string CommandLine(pid_t pid) {
  const auto arguments = ReadFile(FolderOfProcess(pid) + "/cmdline", kArgumentsMax);
  std::string command = arguments ? *arguments : "";
  while (!command.empty() && command.back() == '\0') command.pop_back();
  if (command.empty()) {
    const auto name = ReadFile(FolderOfProcess(pid) + "/comm", 4096);
    if (!name) return "";
    command = "[" + name->substr(0, name->find('\n')) + "]";
  }
  if (command.size() > kShown) command = command.substr(0, kShown) + "...";
  std::replace_if(
      command.begin(), command.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return ToUtf8(command);
}

std::string UserOfProcess(pid_t pid) {
  struct stat info;
  return stat(FolderOfProcess(pid).c_str(), &info) == 0 ? UserName(info.st_uid) : "";
}

}  // namespace recourse::process
