#include "server/config.h"

#include <arpa/inet.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <type_traits>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::server {
namespace {

constexpr std::int64_t kFileMax = 1024 * 1024;
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMiB = 1024 * 1024;
constexpr std::string_view kDuration = "duration";
constexpr std::array<std::string_view, 5> kLogLevels = {"debug", "info", "warning", "error", "off"};

// The member that a setting is about, of the configuration or of the engine's options in it.
template <auto kMember, class AnyConfig>
constexpr auto& Get(AnyConfig& config) {
  if constexpr (std::is_invocable_v<decltype(kMember), AnyConfig&>) {
    return config.*kMember;
  } else {
    return config.engine.*kMember;
  }
}

template <auto kMember>
constexpr Setting Number(std::string_view name, std::string_view unit, std::int64_t min,
                         std::int64_t max) {
  return {name,
          unit,
          min,
          max,
          [](const Config& config) -> std::int64_t { return Get<kMember>(config); },
          [](Config& config, std::int64_t value) {
            auto& member = Get<kMember>(config);
            member = static_cast<std::remove_reference_t<decltype(member)>>(value);
          }};
}

using runtime::Options;
constexpr std::array kNumericSettings = {
    Number<&Options::workers>("limits.workers", "threads", 1, 256),
    Number<&Options::batch_max>("limits.batch", "inputs", 1, 10'000),
    Number<&Options::mailbox_max>("limits.waiting_calls", "calls", 1, 1'000'000),
    Number<&Options::open_runs_max>("limits.open_runs", "runs", 1, 10'000'000),
    Number<&Options::inputs_bytes_max>("limits.inputs_bytes", "bytes", 1024, kMiB),
    Number<&Options::output_bytes_max>("limits.output_bytes", "bytes", 1024, kMiB),
    Number<&Config::message_bytes_max>("limits.message_bytes", "bytes", 64 * 1024, 64 * kMiB),
    Number<&Config::streams_max>("limits.streams", "calls", 1, 100'000),
    Number<&Config::readers>("limits.readers", "threads", 1, 64),
    Number<&Config::waiting_reads>("limits.waiting_reads", "calls", 1, 1'000'000),
    Setting{"grace", kDuration, 0, 600 * kSecond,
            [](const Config& config) { return std::int64_t{config.grace.count()}; },
            [](Config& config, std::int64_t value) {
              config.grace = std::chrono::microseconds(value);
            }},
    Setting{"journal.heads_every", kDuration, kSecond, 86'400 * kSecond,
            [](const Config& config) { return std::int64_t{config.heads_every.count()}; },
            [](Config& config, std::int64_t value) {
              config.heads_every = std::chrono::microseconds(value);
            }},
};

const Setting* FindNumeric(std::string_view name) {
  for (const Setting& setting : kNumericSettings) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

// Reads one file; gathers every mistake with its place.
class Parser {
 public:
  explicit Parser(std::string_view file) : file_(file) {}

  Result<Config> Parse(std::string_view text) {
    try {
      const YAML::Node root = YAML::Load(std::string(text));
      if (root.IsDefined() && !root.IsNull()) Root(root);
      // A run's inputs reach the server in one message and leave it in another, with more beside.
      if (config_.engine.inputs_bytes_max > config_.message_bytes_max / 2) {
        Report(root["limits"].Mark(),
               "limits.inputs_bytes: " + std::to_string(config_.engine.inputs_bytes_max) +
                   " is more than half of limits.message_bytes, " +
                   std::to_string(config_.message_bytes_max) +
                   ", and such inputs would not fit into a call; lower the one or raise the other");
      }
    } catch (const YAML::Exception& e) {
      Report(e.mark, e.msg);
    }
    if (!problems_.empty()) return InvalidArgument(problems_);
    return std::move(config_);
  }

 private:
  using Reader = std::function<void(const std::string& name, const YAML::Node&)>;
  using Members = std::map<std::string, Reader, std::less<>>;

  void Root(const YAML::Node& root) {
    Map(root, "",
        {
            {"data", Path(config_.data)},
            {"listen", [this](const auto& name, const auto& node) { Listen(name, node); }},
            {"socket", Path(config_.socket)},
            {"workflows", Paths(config_.workflows)},
            {"targets", Paths(config_.targets)},
            {"schedules", Paths(config_.schedules)},
            {"policy", [this](const auto& name, const auto& node) { PolicyOf(name, node); }},
            {"limits", [this](const auto& name, const auto& node) { Limits(name, node); }},
            {"journal", [this](const auto& name, const auto& node) { Journal(name, node); }},
            {"log", [this](const auto& name, const auto& node) { Log(name, node); }},
            {"grace", [this](const auto& name, const auto& node) { Numeric(name, node); }},
            {"principals", [this](const auto& name, const auto& node) { List(name, node); }},
        });
  }

  void PolicyOf(const std::string& name, const YAML::Node& node) {
    Map(node, name,
        {{"allowed_roots", Paths(config_.policy.allowed_roots)},
         {"allowed_commands", Texts(config_.policy.allowed_commands)}});
  }

  void Limits(const std::string& name, const YAML::Node& node) {
    Members members;
    for (const Setting& setting : kNumericSettings) {
      if (setting.name.starts_with("limits.")) {
        members.emplace(setting.name.substr(7),
                        [this](const auto& full, const auto& value) { Numeric(full, value); });
      }
    }
    Map(node, name, members);
  }

  void Journal(const std::string& name, const YAML::Node& node) {
    Map(node, name,
        {{"key", Path(config_.journal_key)},
         {"heads", Path(config_.journal_heads)},
         {"heads_every",
          [this](const auto& full, const auto& value) { Numeric(full, value); }}});
  }

  void Log(const std::string& name, const YAML::Node& node) {
    Map(node, name,
        {{"level", [this](const auto& full, const auto& value) {
            const std::string level = Scalar(full, value);
            if (std::find(kLogLevels.begin(), kLogLevels.end(), level) == kLogLevels.end()) {
              Report(value.Mark(),
                     full + ": \"" + level + "\" is none of debug, info, warning, error, off");
            }
            config_.log_level = level;
          }}});
  }

  void Listen(const std::string& name, const YAML::Node& node) {
    config_.listen = Scalar(name, node);
    if (auto checked = CheckListenAddress(config_.listen); !checked) {
      Report(node.Mark(), name + ": " + checked.error().message);
    }
  }

  void List(const std::string& name, const YAML::Node& node) {
    if (!node.IsSequence()) return Report(node.Mark(), name + ": expected a list of principals");
    std::set<std::string> names;
    for (const YAML::Node& item : node) {
      PrincipalConfig principal;
      Map(item, name + "[" + std::to_string(config_.principals.size()) + "]",
          {{"name",
            [&](const auto& full, const auto& value) { principal.name = Scalar(full, value); }},
           {"roles", Texts(principal.roles)},
           {"token_file", Path(principal.token_file)}});
      if (principal.name.empty() || principal.token_file.empty() || principal.roles.empty()) {
        Report(item.Mark(), name + ": a principal needs name, roles and token_file");
      } else if (principal.name == "engine") {
        Report(item.Mark(), name + ": \"engine\" is the engine's own name");
      } else if (principal.name.starts_with("schedule:")) {
        Report(item.Mark(), name + ": names that begin with \"schedule:\" are those of schedules");
      } else if (!names.insert(principal.name).second) {
        Report(item.Mark(), name + ": there are two principals \"" + principal.name + "\"");
      }
      config_.principals.push_back(std::move(principal));
    }
    if (config_.principals.empty()) Report(node.Mark(), name + ": the list is empty");
  }

  void Numeric(const std::string& name, const YAML::Node& node) {
    const Setting& setting = *FindNumeric(name);
    const std::string text = Scalar(name, node);
    std::int64_t value = 0;
    bool valid = false;
    if (setting.unit == kDuration) {
      if (auto duration = ParseDuration(text); duration) {
        value = duration->count();
        valid = true;
      }
    } else {
      const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
      valid = problem == std::errc() && end == text.data() + text.size();
    }
    if (valid && value >= setting.min && value <= setting.max) return setting.set(config_, value);
    const auto show = [&](std::int64_t bound) {
      return setting.unit == kDuration ? FormatDuration(std::chrono::microseconds(bound))
                                       : std::to_string(bound);
    };
    const std::string kind = setting.unit == kDuration ? "duration such as 30s" : "whole number";
    const std::string is =
        valid ? "\" is not between " : "\" is no " + kind + "; expected one between ";
    Report(node.Mark(), name + ": \"" + text + is + show(setting.min) + " and " +
                            show(setting.max) + " (" + std::string(setting.unit) + ")");
  }

  Reader Path(std::string& into) {
    return [this, &into](const std::string& name, const YAML::Node& node) {
      into = AbsolutePath(name, node);
    };
  }
  Reader Paths(std::vector<std::string>& into) {
    return [this, &into](const std::string& name, const YAML::Node& node) {
      Each(name, node, [&](const auto& item) { into.push_back(AbsolutePath(name, item)); });
    };
  }
  Reader Texts(std::vector<std::string>& into) {
    return [this, &into](const std::string& name, const YAML::Node& node) {
      Each(name, node, [&](const auto& item) { into.push_back(Scalar(name, item)); });
    };
  }

  template <class Take>
  void Each(const std::string& name, const YAML::Node& node, Take take) {
    if (!node.IsSequence()) return Report(node.Mark(), name + ": expected a list");
    for (const YAML::Node& item : node) take(item);
  }

  void Map(const YAML::Node& node, const std::string& prefix, const Members& members) {
    if (!node.IsMap()) {
      return Report(node.Mark(), (prefix.empty() ? "the configuration" : prefix) +
                                     std::string(": expected settings as \"name: value\""));
    }
    std::vector<std::string> known;
    for (const auto& [name, reader] : members) known.push_back(name);
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      const std::string full = prefix.empty() ? key : prefix + "." + key;
      const auto member = members.find(key);
      if (member == members.end()) {
        const std::string nearest = Nearest(key, known);
        Report(entry.first.Mark(),
               "unknown setting \"" + full + "\"" +
                   (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
      } else if (!seen.insert(key).second) {
        Report(entry.first.Mark(), full + " is set twice");
      } else {
        member->second(full, entry.second);
      }
    }
  }

  std::string Scalar(const std::string& name, const YAML::Node& node) {
    if (node.IsScalar() && !node.Scalar().empty()) return node.Scalar();
    Report(node.Mark(), name + ": expected a value");
    return "";
  }

  std::string AbsolutePath(const std::string& name, const YAML::Node& node) {
    std::string path = Scalar(name, node);
    if (!path.empty() && path.front() != '/') {
      Report(node.Mark(), name + ": \"" + path + "\" is not an absolute path");
    }
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
  }

  void Report(const YAML::Mark& mark, const std::string& message) {
    if (!problems_.empty()) problems_ += '\n';
    problems_ += file_ + ":" + std::to_string(mark.line + 1) + ":" +
                 std::to_string(mark.column + 1) + ": " + message;
  }

  std::string file_;
  Config config_;
  std::string problems_;
};

}  // namespace

std::span<const Setting> NumericSettings() { return kNumericSettings; }

Result<Config> ParseConfig(std::string_view text, std::string_view file) {
  if (!IsUtf8(text)) return InvalidArgument(std::string(file) + ": not UTF-8");
  return Parser(file).Parse(text);
}

Result<Config> LoadConfig(const std::string& path) {
  auto text = ReadFile(path, kFileMax);
  if (!text) return std::move(text).error().In("read the configuration");
  return ParseConfig(*text, path);
}

Result<std::string> DefaultDataDirectory() {
  if (geteuid() == 0) {
    const std::string system = "/var/lib/recourse";
    const bool exists = access(system.c_str(), F_OK) == 0;
    if (access(exists ? system.c_str() : "/var/lib", W_OK) == 0) return system;
  }
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return std::string(state) + "/recourse";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string(home) + "/.local/state/recourse";
  return FailedPrecondition(
      "neither XDG_STATE_HOME nor HOME is set, so there is no default data directory; "
      "name one with --data");
}

Result<void> CheckListenAddress(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  const std::string host(address.substr(0, colon == std::string_view::npos ? 0 : colon));
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view() : address.substr(colon + 1);
  int number = -1;
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (problem != std::errc() || end != port.data() + port.size() || number < 0 ||
      number > std::numeric_limits<std::uint16_t>::max()) {
    return InvalidArgument("\"" + std::string(address) +
                           "\" is no address; write it as 127.0.0.1:7373");
  }
  in_addr parsed = {};
  const bool loopback4 = inet_pton(AF_INET, host.c_str(), &parsed) == 1 && host.starts_with("127.");
  if (loopback4 || host == "localhost" || host == "[::1]") return {};
  return InvalidArgument("\"" + std::string(address) +
                         "\" is not on loopback; tokens would cross the network in the clear");
}

}  // namespace recourse::server
