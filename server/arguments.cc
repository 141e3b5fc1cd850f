#include "server/arguments.h"

#include <filesystem>
#include <utility>

#include "engine/base/file.h"

namespace recourse::server {
namespace {

std::string Absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

// As a shell takes it.
std::string Word(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=@%+,";
  if (!text.empty() && text.find_first_not_of(kPlain) == text.npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

// What starts the same server from anywhere.
std::string CommandLine(const Arguments& arguments, const std::string& data) {
  std::string line = "recoursed --data " + Word(data);
  if (!arguments.config.empty()) line += " --config " + Word(Absolute(arguments.config));
  if (!arguments.listen.empty()) line += " --listen " + Word(arguments.listen);
  const auto add = [&](std::string_view flag, const std::vector<std::string>& directories) {
    for (const std::string& one : directories) line.append(flag).append(Word(Absolute(one)));
  };
  add(" --workflows ", arguments.workflows);
  add(" --targets ", arguments.targets);
  add(" --schedules ", arguments.schedules);
  add(" --escalation-policies ", arguments.escalation_policies);
  return line;
}

}  // namespace

Result<Config> Settle(const Arguments& arguments) {
  Config config;
  if (!arguments.config.empty()) {
    auto loaded = LoadConfig(arguments.config);
    if (!loaded) return std::move(loaded).error();
    config = *std::move(loaded);
  }
  if (!arguments.data.empty()) config.data = Absolute(arguments.data);
  if (config.data.empty()) {
    auto data = DefaultDataDirectory();
    if (!data) return std::move(data).error();
    config.data = *std::move(data);
  }
  if (!arguments.listen.empty()) {
    if (auto valid = CheckListenAddress(arguments.listen); !valid) {
      return std::move(valid).error().In("--listen");
    }
    config.listen = arguments.listen;
  }
  if (auto safe = CheckExposure(config); !safe) return std::move(safe).error().In("--listen");
  const auto add = [](const std::vector<std::string>& given,
                      std::vector<std::string>& directories) {
    for (const std::string& one : given) directories.push_back(Absolute(one));
  };
  add(arguments.workflows, config.workflows);
  add(arguments.targets, config.targets);
  add(arguments.schedules, config.schedules);
  add(arguments.escalation_policies, config.escalation_policies);
  if (config.socket.empty()) config.socket = config.data + "/recourse.sock";
  if (config.journal_key.empty()) config.journal_key = config.data + "/journal.key";
  if (config.journal_heads.empty()) config.journal_heads = config.data + "/heads.jsonl";
  config.engine.blob_directory = config.data + "/blobs";
  config.command = CommandLine(arguments, config.data);
  return config;
}

Result<void> NoteCommand(const Config& config) {
  auto written = WriteFileAtomically(config.data + "/started_with", config.command + "\n", 0600);
  if (!written) return std::move(written).error().In("note how this server was started");
  return {};
}

}  // namespace recourse::server
