// Who there is at one time, and what of a call proves who makes it. Private to principals.cc.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "server/principals.h"

namespace recourse::server {

inline constexpr std::int64_t kTokenFileMax = 4096;  // bytes; also of a secret of one-time codes

bool HasRole(const std::vector<std::string>& roles, std::string_view role);
// kUnauthenticated: nothing proves who calls.
Error Unknown(std::string message);
// "CN=ada, DNS:ada.example.net": names from elsewhere, fit for a line of the log.
std::string Listed(const std::vector<std::string>& names);

// Immutable.
struct PrincipalTable {
  std::vector<PrincipalConfig> configs;
  struct FileToken {
    Digest digest;
    std::size_t owner;  // in configs
  };
  std::vector<FileToken> tokens;
  std::set<std::string, std::less<>> revoked_certificates;

  static Result<std::shared_ptr<const PrincipalTable>> Make(std::vector<PrincipalConfig> configs,
                                                            const std::vector<std::string>& revoked,
                                                            const std::string& local_operator);

  const PrincipalConfig* Find(std::string_view name) const;
  const PrincipalConfig* OfChat(std::string_view key) const;
  Result<const PrincipalConfig*> OfCertificate(const Presented& presented) const;
  // What a caller without proof could send.
  std::string Advice(const Presented& presented) const;
};

}  // namespace recourse::server
