#include "actions/host/proc.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <sstream>

#include "engine/base/file.h"

namespace recourse::host {
namespace {

constexpr std::array<std::string_view, 13> kStates = {
    "unknown", "established", "syn_sent", "syn_received", "fin_wait_1", "fin_wait_2",  "time_wait",
    "close",   "close_wait",  "last_ack", "listening",    "closing",    "syn_received"};

// "0100007F", or four such words of IPv6: each word in the byte order of the machine.
std::string AddressOf(std::string_view hex) {
  std::array<unsigned char, 16> bytes{};
  const std::size_t words = hex.size() / 8;
  if (hex.size() % 8 != 0 || (words != 1 && words != 4)) return "";
  for (std::size_t i = 0; i < words; ++i) {
    std::uint32_t word = 0;
    std::from_chars(hex.data() + 8 * i, hex.data() + 8 * (i + 1), word, 16);
    std::memcpy(bytes.data() + 4 * i, &word, sizeof word);
  }
  // An IPv4 peer of a socket of both families: ::ffff:127.0.0.1.
  static constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
  const bool mapped = words == 4 && std::memcmp(bytes.data(), kMapped.data(), kMapped.size()) == 0;
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(words == 1 || mapped ? AF_INET : AF_INET6, bytes.data() + (mapped ? 12 : 0), text,
            sizeof text);
  return text;
}

bool ReadEnd(const std::string& field, std::string& address, int& port) {
  const auto colon = field.find(':');
  if (colon == std::string::npos) return false;
  address = AddressOf(std::string_view(field).substr(0, colon));
  std::from_chars(field.data() + colon + 1, field.data() + field.size(), port, 16);
  return !address.empty();
}

}  // namespace

Result<Memory> ReadMemory(std::string_view meminfo) {
  std::map<std::string, std::int64_t> bytes;
  std::istringstream lines{std::string(meminfo)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::int64_t kibibytes = 0;
    if (words >> name >> kibibytes) bytes[name] = kibibytes * 1024;
  }
  if (bytes["MemTotal:"] <= 0 || !bytes.contains("MemAvailable:")) {
    return Internal("/proc/meminfo does not say how much memory there is and is available");
  }
  return Memory{bytes["MemTotal:"], bytes["MemAvailable:"], bytes["SwapTotal:"],
                bytes["SwapFree:"]};
}

Result<Memory> MemoryNow() {
  const auto text = ReadFile("/proc/meminfo", 1024 * 1024);
  if (!text) return text.error();
  return ReadMemory(*text);
}

Result<CpuTimes> ReadCpuTimes(std::string_view stat) {
  CpuTimes times;
  bool read = false;
  std::istringstream lines{std::string(stat)};
  for (std::string line; std::getline(lines, line) && line.starts_with("cpu");) {
    std::istringstream words(line);
    std::string name;
    std::int64_t user = 0, nice = 0, system = 0, interrupts = 0, soft_interrupts = 0;
    words >> name >> user >> nice >> system;
    if (name != "cpu") {
      ++times.cores;
      continue;
    }
    words >> times.idle >> times.iowait >> interrupts >> soft_interrupts >> times.steal;
    read = !words.fail();
    times.user = user + nice;
    times.system = system + interrupts + soft_interrupts;
  }
  if (!read) return Internal("/proc/stat does not say what the processors did");
  return times;
}

std::vector<Socket> ReadSockets(std::string_view table) {
  std::vector<Socket> sockets;
  std::istringstream lines{std::string(table)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, local, remote, state, queues, timer, retransmits, timeout;
    Socket socket;
    int peer_port = 0;
    if (!(words >> number >> local >> remote >> state >> queues >> timer >> retransmits >>
          socket.user >> timeout >> socket.inode)) {
      continue;
    }
    if (!ReadEnd(local, socket.address, socket.port) || !ReadEnd(remote, socket.peer, peer_port)) {
      continue;
    }
    std::size_t known = 0;
    std::from_chars(state.data(), state.data() + state.size(), known, 16);
    socket.state = kStates[known < kStates.size() ? known : 0];
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

}  // namespace recourse::host
