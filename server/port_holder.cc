#include "server/port_holder.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <filesystem>
#include <set>
#include <sstream>
#include <vector>

#include "engine/base/file.h"

namespace recourse::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";
constexpr std::int64_t kTableMax = 64 * 1024 * 1024;
constexpr std::string_view kLock = "/journal.db.lock";

// The inodes of the sockets that listen on the port, as /proc/net/tcp has them (see proc(5)).
void AddSockets(const char* table, int port, std::set<std::string>& inodes) {
  const auto text = ReadFile(table, kTableMax);
  if (!text) return;
  std::istringstream lines(*text);
  std::string line;
  std::getline(lines, line);  // the head
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::vector<std::string> fields;
    for (std::string word; words >> word;) fields.push_back(word);
    if (fields.size() < 10 || fields[3] != kListening) continue;
    const std::string& local = fields[1];
    int found = 0;
    std::from_chars(local.data() + local.rfind(':') + 1, local.data() + local.size(), found, 16);
    if (found == port) inodes.insert("socket:[" + fields[9] + "]");
  }
}

// What the process has open, by the names that the kernel gives.
std::vector<std::string> OpenIn(const fs::path& process) {
  std::vector<std::string> names;
  std::error_code problem;
  for (fs::directory_iterator entry(process / "fd", problem), end; !problem && entry != end;
       entry.increment(problem)) {
    char name[PATH_MAX];
    const ssize_t length = readlink(entry->path().c_str(), name, sizeof(name));
    if (length > 0) names.emplace_back(name, static_cast<std::size_t>(length));
  }
  return names;
}

PortHolder Describe(const fs::path& process, const std::vector<std::string>& open) {
  PortHolder holder;
  auto name = ReadFile((process / "comm").string(), 4096);
  holder.who = name ? name->substr(0, name->find('\n')) : "a process";
  holder.who += " (pid " + process.filename().string();
  for (const std::string& file : open) {
    if (!file.ends_with(kLock)) continue;
    holder.data = file.substr(0, file.size() - kLock.size());
    holder.who += ", journal " + holder.data + "/journal.db";
  }
  holder.who += ")";
  return holder;
}

}  // namespace

PortHolder HolderOfPort(int port) {
  std::set<std::string> sockets;
  AddSockets("/proc/net/tcp", port, sockets);
  AddSockets("/proc/net/tcp6", port, sockets);
  if (sockets.empty()) return {};
  std::error_code problem;
  for (fs::directory_iterator entry("/proc", problem), end; !problem && entry != end;
       entry.increment(problem)) {
    const std::string pid = entry->path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::vector<std::string> open = OpenIn(entry->path());
    if (std::ranges::any_of(open, [&](const auto& name) { return sockets.contains(name); })) {
      return Describe(entry->path(), open);
    }
  }
  return {};
}

}  // namespace recourse::server
