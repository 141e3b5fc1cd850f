#include "server/principals.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/base/token.h"

namespace recourse::server {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kTokenLengthMin = 20;
constexpr std::int64_t kTokenFileMax = 4096;

Result<void> MakeTokenFile(const std::string& path) {
  std::string random(kTokenBytes, '\0');
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return ErrnoError(errno, "draw a token for " + path);
  }
  return WriteFileAtomically(path, Hex(random) + "\n", 0600);
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

}  // namespace

std::vector<PrincipalConfig> DefaultPrincipals(const std::string& data_directory) {
  return {
      {"operator", {"viewer", "operator", "admin"}, data_directory + "/operator.token"},
      {"approver",
       {"viewer", "dba", "incident-commander", "level-1", "level-2", "level-3"},
       data_directory + "/approver.token"},
  };
}

Result<Principals> Principals::Load(std::vector<PrincipalConfig> configs) {
  Principals principals(std::move(configs));
  for (const PrincipalConfig& config : principals.configs_) {
    auto token = ReadTokenFile(config.token_file);
    if (!token) return std::move(token).error().In("principal " + config.name);
    const Digest digest = Sha256Of(*token);
    for (std::size_t i = 0; i < principals.digests_.size(); ++i) {
      if (principals.digests_[i] != digest) continue;
      return FailedPrecondition("principals " + principals.configs_[i].name + " and " +
                                config.name + " have the same token; each needs its own");
    }
    principals.digests_.push_back(digest);
  }
  return principals;
}

Result<runtime::Caller> Principals::Authenticate(std::string_view authorization) const {
  constexpr std::string_view kScheme = "Bearer ";
  std::string problem = "the call carries no token";
  if (authorization.substr(0, kScheme.size()) == kScheme) {
    const Digest presented = Sha256Of(authorization.substr(kScheme.size()));
    const PrincipalConfig* found = nullptr;
    // All are compared, each in constant time: how long it takes tells nothing about any token.
    for (std::size_t i = 0; i < digests_.size(); ++i) {
      if (CRYPTO_memcmp(presented.data(), digests_[i].data(), presented.size()) == 0) {
        found = &configs_[i];
      }
    }
    if (found != nullptr) return runtime::Caller{found->name, found->roles, "grpc"};
    problem = "the call's token is not one of this server's";
  } else if (!authorization.empty()) {
    problem = "the call's authorization is not of the form \"Bearer <token>\"";
  }
  std::string message = problem + "; send \"authorization: Bearer <token>\" with a token from";
  for (const PrincipalConfig& config : configs_) {
    message +=
        (&config == &configs_.front() ? " " : ", ") + config.token_file + " (" + config.name + ")";
  }
  return Error{Code::kUnauthenticated, std::move(message)};
}

}  // namespace recourse::server
