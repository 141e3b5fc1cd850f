#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include "actions/host/family.h"
#include "actions/host/proc.h"
#include "actions/proc_stat.h"
#include "actions/process/listing.h"
#include "actions/thresholds.h"
#include "actions/users.h"
#include "engine/base/file.h"
#include "engine/definition/checked_resources.h"

namespace recourse::host {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kTableMax = 256 * 1024 * 1024;
constexpr std::size_t kPeersTold = 10;

constexpr std::string_view kPortsOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "port": {"type": "integer", "description": "the one asked for; 0: all"},
    "listening": {"type": "boolean"},
    "listeners": {"type": "array", "items": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "address": {"type": "string", "description": "0.0.0.0 and :: are all of the machine's"},
        "port": {"type": "integer"},
        "user": {"type": "string"},
        "processes": {"type": "array",
          "description": "empty where the server may not look: run it as root, or as that user",
          "items": {
            "type": "object", "additionalProperties": false,
            "properties": {
              "pid": {"type": "integer"},
              "start_time": {"type": "integer"},
              "command": {"type": "string"}
            }
          }}
      }
    }},
    "connections": {"type": "integer", "description": "established ones"},
    "states": {"type": "object", "additionalProperties": {"type": "integer"},
      "description": "connections by state: established, time_wait, close_wait ..."},
    "peers": {"type": "array", "description": "who has most established connections, ten at most",
      "items": {
        "type": "object", "additionalProperties": false,
        "properties": {"address": {"type": "string"}, "connections": {"type": "integer"}}
      }}
  }
})";

using Counts = std::map<std::string, std::int64_t>;

Result<std::vector<Socket>> AllSockets() {
  std::vector<Socket> sockets;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    const auto text = ReadFile(table, kTableMax);
    if (!text && text.error().code == Code::kNotFound) continue;  // a kernel without IPv6
    if (!text) return text.error();
    for (Socket& socket : ReadSockets(*text)) sockets.push_back(std::move(socket));
  }
  return sockets;
}

// The inode of "socket:[12345]"; 0 for anything else.
std::uint64_t InodeOf(const std::string& link) {
  constexpr std::string_view kStart = "socket:[";
  std::uint64_t inode = 0;
  if (link.starts_with(kStart)) {
    std::from_chars(link.data() + kStart.size(), link.data() + link.size(), inode);
  }
  return inode;
}

// By inode of a socket, the processes that have it open, as far as this one may look.
std::map<std::uint64_t, Value::List> HoldersOf(const std::vector<Socket>& listeners) {
  std::map<std::uint64_t, Value::List> holders;
  for (const Socket& listener : listeners) holders[listener.inode];
  for (const pid_t pid : process::AllPids()) {
    std::error_code failed;
    const fs::path folder = "/proc/" + std::to_string(pid) + "/fd";
    std::vector<std::uint64_t> seen;
    for (auto entry = fs::directory_iterator(folder, failed);
         !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
      std::error_code gone;
      const std::uint64_t inode = InodeOf(fs::read_symlink(entry->path(), gone).string());
      const bool again = std::find(seen.begin(), seen.end(), inode) != seen.end();
      if (inode != 0 && holders.contains(inode) && !again) seen.push_back(inode);
    }
    const auto stat = seen.empty() ? std::nullopt : ReadProcStat(pid);
    if (!stat) continue;
    for (const std::uint64_t inode : seen) {
      holders[inode].push_back(Value::Object({{"pid", std::int64_t{pid}},
                                              {"start_time", stat->start_time},
                                              {"command", process::CommandLine(pid)}}));
    }
  }
  return holders;
}

Value ListenersValue(const std::vector<Socket>& listeners) {
  const auto holders = HoldersOf(listeners);
  Value::List list;
  for (const Socket& listener : listeners) {
    list.push_back(Value::Object({{"address", listener.address},
                                  {"port", listener.port},
                                  {"user", UserName(listener.user)},
                                  {"processes", holders.at(listener.inode)}}));
  }
  return list;
}

Value PeersValue(const Counts& by_peer) {
  std::vector<std::pair<std::string, std::int64_t>> peers(by_peer.begin(), by_peer.end());
  std::stable_sort(peers.begin(), peers.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (peers.size() > kPeersTold) peers.resize(kPeersTold);
  Value::List list;
  for (const auto& [address, count] : peers) {
    list.push_back(Value::Object({{"address", address}, {"connections", count}}));
  }
  return list;
}

// "4711 (nginx: master process), user root", or what is known of who listens.
std::string ListenersText(const Value& listeners) {
  std::string text;
  for (const Value& listener : listeners.as_list()) {
    if (!text.empty()) text += "; ";
    text += "on " + listener.StringOr("address", "") + " user " + listener.StringOr("user", "");
    for (const Value& process : listener["processes"].as_list()) {
      text += ", process " + std::to_string(process.IntOr("pid", 0)) + " (" +
              process.StringOr("command", "") + ")";
    }
  }
  return text;
}

class Ports final : public Action {
 public:
  Ports() {
    spec_.name = "host.ports";
    spec_.summary = "Tell who listens on a TCP port, and count its connections by state";
    spec_.inputs = PortsInputs();
    spec_.output = WithLevel(kPortsOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(60);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const std::int64_t port = context.inputs.IntOr("port", 0);
    const auto sockets = AllSockets();
    if (!sockets) return sockets.error();
    std::vector<Socket> listeners;
    Counts states, peers;
    for (const Socket& socket : *sockets) {
      if (port != 0 && socket.port != port) continue;
      if (socket.state == "listening") {
        listeners.push_back(socket);
        continue;
      }
      ++states[std::string(socket.state)];
      if (socket.state == "established") ++peers[socket.peer];
    }
    const std::int64_t established = states["established"];
    Value::Map by_state;
    for (const auto& [state, count] : states) by_state[state] = count;
    const Value facts = Value::Object({{"port", port},
                                       {"listening", !listeners.empty()},
                                       {"listeners", ListenersValue(listeners)},
                                       {"connections", established},
                                       {"states", std::move(by_state)},
                                       {"peers", PeersValue(peers)}});
    const std::string subject = port == 0 ? "this machine" : "port " + std::to_string(port);
    const Measure measures[] = {{"connections", static_cast<double>(established), Unit::kNumber,
                                 "connections are established"}};
    Outcome judged =
        JudgeMeasures(context.inputs, facts, measures, subject + " has too many connections");
    if (!judged) return judged;
    if (auto unmet = Unmet(context.inputs, facts, subject)) {
      return Failure{*std::move(unmet), judged.output(), LeftBehind::kNothing};
    }
    return judged;
  }

 private:
  // What the input `listening` asks for and is not so.
  static std::optional<Error> Unmet(const Value& inputs, const Value& facts,
                                    const std::string& subject) {
    const Value& wanted = inputs["listening"];
    const bool listening = facts.BoolOr("listening", false);
    if (!wanted.is_bool() || wanted.as_bool() == listening) return std::nullopt;
    if (!listening) return Unavailable("nobody listens on " + subject);
    return FailedPrecondition("somebody listens on " + subject + ": " +
                              ListenersText(facts["listeners"]));
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakePorts() { return std::make_unique<Ports>(); }

}  // namespace recourse::host
