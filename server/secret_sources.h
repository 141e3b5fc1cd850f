// Secrets from where the configuration says: the server's environment, a file, a credential of
// systemd, or what a command prints.
//
// Each is read when an action needs it, so that a new value counts from then on, and is kept
// nowhere. Thread safety: immutable.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/runtime/secrets.h"

namespace recourse::server {

struct SecretConfig {
  enum class Kind {
    kEnvironment,  // the variable `from`
    kFile,         // the file `from`, which only its owner and group may read
    kCredential,   // the file `from` in the directory $CREDENTIALS_DIRECTORY
    kCommand,      // the standard output of `command`, started without a shell
  };
  Kind kind = Kind::kEnvironment;
  std::string from;
  std::vector<std::string> command;
  std::chrono::microseconds timeout = std::chrono::seconds(10);  // of the command
};
using SecretConfigs = std::map<std::string, SecretConfig, std::less<>>;

class SecretSources final : public runtime::SecretSource {
 public:
  // A line end at the end of a file or an output does not belong to the secret.
  SecretSources(SecretConfigs configs, const Clock& clock)
      : configs_(std::move(configs)), clock_(clock) {}

  Result<std::string> Read(const std::string& name, const std::stop_token& stop,
                           std::chrono::steady_clock::time_point deadline) const override;
  Result<void> Knows(const std::string& name) const override;

 private:
  Result<std::string> RunCommand(const SecretConfig& config, const std::stop_token& stop,
                                 std::chrono::steady_clock::time_point deadline) const;

  const SecretConfigs configs_;
  const Clock& clock_;
};

}  // namespace recourse::server
