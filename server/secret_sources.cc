#include "server/secret_sources.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "actions/process/child.h"
#include "engine/base/file.h"
#include "engine/base/no_such.h"
#include "engine/base/text.h"

namespace recourse::server {
namespace {

constexpr std::size_t kSecretMax = 64 * 1024;

Result<std::string> FromEnvironment(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  if (value != nullptr) return std::string(value);
  return FailedPrecondition("the server's environment has no variable " + variable);
}

Result<std::string> FromFile(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return ErrnoError(errno, "file " + path);
  if ((status.st_mode & 007) != 0) {
    return FailedPrecondition("the file " + path +
                              " can be read by everybody; replace the secret in it, then: chmod "
                              "o-rwx " +
                              path);
  }
  return ReadFile(path, kSecretMax + 2);
}

Result<std::string> FromCredential(const std::string& name) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr) {
    return FailedPrecondition(
        "systemd has given this server no credentials ($CREDENTIALS_DIRECTORY is not set); add "
        "LoadCredential=" +
        name + ":PATH to its unit");
  }
  return FromFile(std::string(directory) + "/" + name);
}

// The server's own environment: what the command needs to reach a vault stands there.
std::map<std::string, std::string> OwnEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

// What cannot be a secret, or could not be kept out of texts.
Result<std::string> Checked(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.size() < runtime::kSecretMin) {
    return FailedPrecondition("it has fewer than " + std::to_string(runtime::kSecretMin) +
                              " characters, too few to be kept out of what is stored and shown");
  }
  if (text.size() > kSecretMax) {
    return FailedPrecondition("it has more than " + std::to_string(kSecretMax) + " bytes");
  }
  if (!IsUtf8(text) || text.find('\0') != std::string::npos) {
    return FailedPrecondition("it is no text (UTF-8); store it in base64");
  }
  return text;
}

}  // namespace

Result<void> SecretSources::Knows(const std::string& name) const {
  if (configs_.contains(name)) return {};
  std::vector<std::string> names;
  for (const auto& [known, config] : configs_) names.push_back(known);
  return FailedPrecondition(NoSuch("secret", name, names).message +
                            "; the server's configuration says under \"secrets:\" where each "
                            "comes from");
}

Result<std::string> SecretSources::Read(const std::string& name, const std::stop_token& stop,
                                        std::chrono::steady_clock::time_point deadline) const {
  if (auto known = Knows(name); !known) return std::move(known).error();
  const SecretConfig& config = configs_.find(name)->second;
  using Kind = SecretConfig::Kind;
  auto text = config.kind == Kind::kEnvironment  ? FromEnvironment(config.from)
              : config.kind == Kind::kFile       ? FromFile(config.from)
              : config.kind == Kind::kCredential ? FromCredential(config.from)
                                                 : RunCommand(config, stop, deadline);
  if (text) text = Checked(*std::move(text));
  if (text) return text;
  return FailedPrecondition("the secret \"" + name + "\" cannot be had: " + text.error().message);
}

Result<std::string> SecretSources::RunCommand(
    const SecretConfig& config, const std::stop_token& stop,
    std::chrono::steady_clock::time_point deadline) const {
  const Policy policy;  // What the configuration names itself is allowed.
  process::ChildOptions options;
  options.output_max = kSecretMax + 2;
  options.grace = std::chrono::milliseconds(500);
  const recourse::Context context{
      .inputs = {},
      .key = {},
      .undo = {},
      .checkpoint = {},
      .clock = clock_,
      .deadline = std::min(deadline, std::chrono::steady_clock::now() + config.timeout),
      .stop = stop,
      .policy = policy};
  auto finished = process::RunChild({config.command, OwnEnvironment()}, options, context);
  if (!finished) return std::move(finished).error();
  if (finished->stopped) {
    return FailedPrecondition(config.command[0] + " did not end within " +
                              HumanDuration(config.timeout) + ", and was ended");
  }
  if (finished->signal != 0 || finished->exit_code != 0) {
    return FailedPrecondition(config.command[0] + " ended with " + finished->Ending() +
                              "; what it said is not shown, because it may hold secrets");
  }
  if (finished->output.cut) return FailedPrecondition(config.command[0] + " printed too much");
  return finished->output.text;
}

}  // namespace recourse::server
