#include "server/principal_table.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/token.h"
#include "server/failure_limit.h"
#include "server/tokens.h"

namespace recourse::server {
namespace {

constexpr std::size_t kTokenLengthMin = 20;

Result<void> MakeTokenFile(const std::string& path) {
  auto random = RandomHex();
  if (!random) return std::move(random).error().In("make " + path);
  return WriteFileAtomically(path, *random + "\n", 0600);
}

Result<std::string> ReadTokenFile(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return ErrnoError(errno, "token file " + path);
    if (auto made = MakeTokenFile(path); !made) return std::move(made).error();
  } else if ((status.st_mode & 077) != 0) {
    return FailedPrecondition("token file " + path + " can be read by others than its owner; " +
                              "replace the token in it, then: chmod 600 " + path);
  }
  auto text = ReadFile(path, kTokenFileMax);
  if (!text) return std::move(text).error();
  auto token = TokenIn(*text);
  if (!token) {
    return FailedPrecondition("token file " + path + ": " + token.error().message +
                              ". Remove the file to have one made");
  }
  if (token->size() < kTokenLengthMin) {
    return FailedPrecondition("token file " + path + " holds a token of " +
                              std::to_string(token->size()) + " characters; at least " +
                              std::to_string(kTokenLengthMin) +
                              " are needed. Remove the file to have one made");
  }
  return token;
}

// Who is on this host may know where its files are.
bool IsOnThisHost(std::string_view peer) {
  const std::string address = FailureLimit::AddressOf(peer);
  return address.empty() || address.starts_with("127.") || address == "::1";
}

}  // namespace

bool HasRole(const std::vector<std::string>& roles, std::string_view role) {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

Error Unknown(std::string message) { return Error{Code::kUnauthenticated, std::move(message)}; }

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    for (const char c : (text.empty() ? "" : ", ") + name) {
      text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    }
  }
  return text;
}

Result<std::shared_ptr<const PrincipalTable>> PrincipalTable::Make(
    std::vector<PrincipalConfig> configs, const std::vector<std::string>& revoked,
    const std::string& local_operator) {
  auto table = std::make_shared<PrincipalTable>();
  table->configs = std::move(configs);
  table->revoked_certificates.insert(revoked.begin(), revoked.end());
  if (!local_operator.empty() && table->Find(local_operator) == nullptr) {
    return FailedPrecondition("local_operator: there is no principal \"" + local_operator + "\"");
  }
  for (std::size_t i = 0; i < table->configs.size(); ++i) {
    const PrincipalConfig& config = table->configs[i];
    for (const std::string& key : config.chat) {
      // A bot that is a person of its chat could give itself that person's word.
      if (HasRole(config.roles, kDelegate)) {
        return FailedPrecondition("principal " + config.name +
                                  " has the role delegate and so no chat "
                                  "key; " +
                                  key + " belongs to a person");
      }
      if (const PrincipalConfig* other = table->OfChat(key); other != &config) {
        return FailedPrecondition("principals " + other->name + " and " + config.name +
                                  " have the same chat key, " + key + "; each needs its own");
      }
    }
    if (config.token_file.empty()) continue;
    auto token = ReadTokenFile(config.token_file);
    if (!token) return std::move(token).error().In("principal " + config.name);
    const Digest digest = Sha256Of(*token);
    for (const FileToken& other : table->tokens) {
      if (other.digest != digest) continue;
      return FailedPrecondition("principals " + table->configs[other.owner].name + " and " +
                                config.name + " have the same token; each needs its own");
    }
    table->tokens.push_back({digest, i});
  }
  return std::shared_ptr<const PrincipalTable>(std::move(table));
}

const PrincipalConfig* PrincipalTable::Find(std::string_view name) const {
  const auto found = std::find_if(configs.begin(), configs.end(),
                                  [&](const auto& config) { return config.name == name; });
  return found == configs.end() ? nullptr : &*found;
}

const PrincipalConfig* PrincipalTable::OfChat(std::string_view key) const {
  const auto found = std::find_if(configs.begin(), configs.end(), [&](const auto& config) {
    return std::find(config.chat.begin(), config.chat.end(), key) != config.chat.end();
  });
  return found == configs.end() ? nullptr : &*found;
}

Result<const PrincipalConfig*> PrincipalTable::OfCertificate(const Presented& presented) const {
  const std::string shown = "the client certificate (" + Listed(presented.certificate) + ")";
  if (revoked_certificates.contains(presented.fingerprint)) {
    return Unknown(shown + " is revoked in the principals file");
  }
  const PrincipalConfig* owner = nullptr;
  for (const PrincipalConfig& config : configs) {
    const bool named = std::any_of(
        config.certificates.begin(), config.certificates.end(), [&](const std::string& name) {
          const auto& names = presented.certificate;
          return std::find(names.begin(), names.end(), name) != names.end();
        });
    if (!named) continue;
    if (owner != nullptr) {
      return Unknown(shown + " has names of two principals, " + owner->name + " and " +
                     config.name);
    }
    owner = &config;
  }
  if (owner != nullptr) return owner;
  std::vector<std::string> known;
  for (const PrincipalConfig& config : configs) {
    known.insert(known.end(), config.certificates.begin(), config.certificates.end());
  }
  return Unknown(shown + " names no principal; " +
                 (known.empty() ? "the principals file names no certificate"
                                : "the principals file knows " + Listed(known)));
}

std::string PrincipalTable::Advice(const Presented& presented) const {
  std::string advice = "; send \"authorization: Bearer <token>\" with a token ";
  if (!IsOnThisHost(presented.peer) || tokens.empty()) {
    return advice + "that was made on this server: recourse tokens create PRINCIPAL";
  }
  advice += "from";
  for (const FileToken& token : tokens) {
    const PrincipalConfig& config = configs[token.owner];
    advice +=
        (&token == &tokens.front() ? " " : ", ") + config.token_file + " (" + config.name + ")";
  }
  return advice;
}

}  // namespace recourse::server
