#include "server/config.h"

#include <arpa/inet.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <type_traits>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/settings/yaml_reader.h"
#include "server/principals_file.h"

namespace recourse::server {
namespace {

constexpr std::int64_t kFileMax = 1024 * 1024;
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMiB = 1024 * 1024;
constexpr std::string_view kDuration = "duration";
constexpr auto kTimeoutMax = std::chrono::minutes(1);
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

// Reads the settings of one file.
class Parser {
 public:
  explicit Parser(std::string_view file) : reader_(file, "the configuration") {}

  Result<Config> Parse(std::string_view text) {
    auto read = reader_.Read(text, [this](const YAML::Node& root) {
      if (root.IsDefined() && !root.IsNull()) Root(root);
      Agree(root);
    });
    if (!read) return std::move(read).error();
    return std::move(config_);
  }

 private:
  void Root(const YAML::Node& root) {
    reader_.Map(root, "",
                {
                    {"data", reader_.Path(config_.data)},
                    {"listen", Member(&Parser::Listen)},
                    {"socket", reader_.Path(config_.socket)},
                    {"workflows", reader_.Paths(config_.workflows)},
                    {"targets", reader_.Paths(config_.targets)},
                    {"schedules", reader_.Paths(config_.schedules)},
                    {"escalation_policies", reader_.Paths(config_.escalation_policies)},
                    {"policy", Member(&Parser::PolicyOf)},
                    {"limits", Member(&Parser::Limits)},
                    {"journal", Member(&Parser::Journal)},
                    {"log", Member(&Parser::Log)},
                    {"grace", Member(&Parser::Numeric)},
                    {"principals", Member(&Parser::Principals)},
                    {"principals_file", reader_.Path(config_.principals_file)},
                    {"notifications", reader_.Path(config_.notifications)},
                    {"local_operator", reader_.Text(config_.local_operator)},
                    {"tls", Member(&Parser::Tls)},
                    {"insecure", reader_.Flag(config_.insecure)},
                    {"secrets", Member(&Parser::Secrets)},
                    {"http", Member(&Parser::Http)},
                    {"alert_rules", reader_.Path(config_.alert_rules)},
                });
  }

  // What settings ask of one another.
  void Agree(const YAML::Node& root) {
    // A run's inputs reach the server in one message and leave it in another, with more beside.
    if (config_.engine.inputs_bytes_max > config_.message_bytes_max / 2) {
      reader_.Report(root["limits"].Mark(),
                     "limits.inputs_bytes: " + std::to_string(config_.engine.inputs_bytes_max) +
                         " is more than half of limits.message_bytes, " +
                         std::to_string(config_.message_bytes_max) +
                         ", and such inputs would not fit into a call; lower the one or raise the "
                         "other");
    }
    if (!config_.principals.empty() && !config_.principals_file.empty()) {
      reader_.Report(root["principals_file"].Mark(),
                     "principals_file: principals stand here too; keep one of the two");
    }
    if (auto safe = CheckExposure(config_); !safe) {
      const bool http = IsLoopback(config_.listen);
      reader_.Report(http ? root["http"]["listen"].Mark() : root["listen"].Mark(),
                     (http ? "http.listen: " : "listen: ") + safe.error().message);
    }
  }

  void PolicyOf(const std::string& name, const YAML::Node& node) {
    reader_.Map(node, name,
                {{"allowed_roots", reader_.Paths(config_.policy.allowed_roots)},
                 {"allowed_commands", reader_.Texts(config_.policy.allowed_commands)}});
  }

  void Limits(const std::string& name, const YAML::Node& node) {
    YamlReader::Members members;
    for (const Setting& setting : kNumericSettings) {
      if (setting.name.starts_with("limits.")) {
        members.emplace(setting.name.substr(7), Member(&Parser::Numeric));
      }
    }
    reader_.Map(node, name, members);
  }

  void Journal(const std::string& name, const YAML::Node& node) {
    reader_.Map(node, name,
                {{"key", reader_.Path(config_.journal_key)},
                 {"heads", reader_.Path(config_.journal_heads)},
                 {"heads_every", Member(&Parser::Numeric)}});
  }

  void Log(const std::string& name, const YAML::Node& node) {
    reader_.Map(
        node, name,
        {{"level", [this](const auto& full, const auto& value) {
            const std::string level = reader_.Scalar(full, value);
            if (std::find(kLogLevels.begin(), kLogLevels.end(), level) == kLogLevels.end()) {
              reader_.Report(value.Mark(), full + ": \"" + level +
                                               "\" is none of debug, info, warning, "
                                               "error, off");
            }
            config_.log_level = level;
          }}});
  }

  void Listen(const std::string& name, const YAML::Node& node) {
    Address(name, node, config_.listen);
  }

  void Http(const std::string& name, const YAML::Node& node) {
    reader_.Map(node, name, {{"listen", [this](const auto& full, const auto& value) {
                                Address(full, value, config_.http_listen);
                              }}});
  }

  void Address(const std::string& name, const YAML::Node& node, std::string& into) {
    const std::string address = reader_.Scalar(name, node);
    if (auto checked = CheckListenAddress(address); checked) {
      into = address;
    } else {
      reader_.Report(node.Mark(), name + ": " + checked.error().message);
    }
  }

  void Principals(const std::string& name, const YAML::Node& node) {
    ReadPrincipals(reader_, name, node, true, config_.principals);
  }

  void Tls(const std::string& name, const YAML::Node& node) {
    TlsFiles& tls = config_.tls.emplace();
    reader_.Map(node, name,
                {{"certificate", reader_.Path(tls.certificate)},
                 {"key", reader_.Path(tls.key)},
                 {"client_ca", reader_.Path(tls.client_ca)}});
    if (tls.certificate.empty() || tls.key.empty()) {
      reader_.Report(node.Mark(), name + ": needs certificate and key");
    }
  }

  void Secrets(const std::string& name, const YAML::Node& node) {
    if (!node.IsMap()) {
      return reader_.Report(node.Mark(), name + ": expected \"NAME: {env: VARIABLE}\" or its like");
    }
    for (const auto& entry : node) {
      const std::string secret = reader_.Scalar(name, entry.first);
      if (config_.secrets.contains(secret)) {
        reader_.Report(entry.first.Mark(), name + "." + secret + " is set twice");
      }
      config_.secrets[secret] = SecretAt(name + "." + secret, entry.second);
    }
  }

  SecretConfig SecretAt(const std::string& name, const YAML::Node& node) {
    SecretConfig secret;
    std::string timeout;
    int sources = 0;
    const auto from = [&](SecretConfig::Kind kind, YamlReader::Reader read) {
      return
          [&secret, &sources, kind, read = std::move(read)](const auto& full, const auto& value) {
            ++sources;
            secret.kind = kind;
            read(full, value);
          };
    };
    using Kind = SecretConfig::Kind;
    reader_.Map(node, name,
                {{"env", from(Kind::kEnvironment, reader_.Text(secret.from))},
                 {"file", from(Kind::kFile, reader_.Path(secret.from))},
                 {"credential", from(Kind::kCredential, reader_.Text(secret.from))},
                 {"command", from(Kind::kCommand, reader_.Texts(secret.command))},
                 {"timeout", reader_.Text(timeout)}});
    if (sources != 1) {
      reader_.Report(node.Mark(), name + ": needs one of env, file, credential and command");
    }
    if (secret.kind == Kind::kCredential && secret.from.find('/') != std::string::npos) {
      reader_.Report(node.Mark(), name + ".credential: the name of a file, with no \"/\"");
    }
    if (secret.kind == Kind::kCommand && secret.command.empty()) {
      reader_.Report(node.Mark(), name + ".command: expected a program and its arguments");
    }
    if (timeout.empty()) return secret;
    const auto limit = ParseDuration(timeout);
    if (limit && secret.kind == Kind::kCommand && limit->count() > 0 && *limit <= kTimeoutMax) {
      secret.timeout = *limit;
    } else {
      reader_.Report(node.Mark(), name + ".timeout: of a command, at most 1m");
    }
    return secret;
  }

  void Numeric(const std::string& name, const YAML::Node& node) {
    const Setting& setting = *FindNumeric(name);
    const std::string text = reader_.Scalar(name, node);
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
    reader_.Report(node.Mark(), name + ": \"" + text + is + show(setting.min) + " and " +
                                    show(setting.max) + " (" + std::string(setting.unit) + ")");
  }

  YamlReader::Reader Member(void (Parser::*take)(const std::string&, const YAML::Node&)) {
    return [this, take](const std::string& name, const YAML::Node& node) {
      (this->*take)(name, node);
    };
  }

  YamlReader reader_;
  Config config_;
};

// The host of "host:port"; empty: there is no port.
std::string HostOf(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  return std::string(address.substr(0, colon == std::string_view::npos ? 0 : colon));
}

}  // namespace

std::span<const Setting> NumericSettings() { return kNumericSettings; }

Result<Config> ParseConfig(std::string_view text, std::string_view file) {
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
  const std::string host = HostOf(address);
  const std::string_view port = host.empty() ? std::string_view() : address.substr(host.size() + 1);
  int number = -1;
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (problem != std::errc() || end != port.data() + port.size() || number < 0 ||
      number > std::numeric_limits<std::uint16_t>::max()) {
    return InvalidArgument("\"" + std::string(address) +
                           "\" is no address; write it as 127.0.0.1:7373");
  }
  return {};
}

bool IsLoopback(std::string_view address) {
  const std::string host = HostOf(address);
  in_addr parsed = {};
  const bool loopback4 = inet_pton(AF_INET, host.c_str(), &parsed) == 1 && host.starts_with("127.");
  return loopback4 || host == "localhost" || host == "[::1]";
}

Result<void> CheckExposure(const Config& config) {
  if (config.tls || config.insecure) return {};
  const bool http = IsLoopback(config.listen);
  if (http && (config.http_listen.empty() || IsLoopback(config.http_listen))) return {};
  return InvalidArgument("\"" + (http ? config.http_listen : config.listen) +
                         "\" is not on loopback; tokens would cross the network in the clear. Set "
                         "\"tls:\", or \"insecure: true\" where something else keeps others away");
}

}  // namespace recourse::server
