// Who may call: principals, their roles, and the tokens that prove who calls.
//
// Thread safety: immutable once loaded; may be read from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/runtime/engine.h"

namespace recourse::server {

struct PrincipalConfig {
  std::string name;
  std::vector<std::string> roles;
  std::string token_file;  // absolute; made with a new token at start when it does not exist
};

// The principals of a server without configuration: two, so that a workflow that excludes its
// requester from the approval can be run. Their token files are `operator.token` and
// `approver.token` in `data_directory`.
std::vector<PrincipalConfig> DefaultPrincipals(const std::string& data_directory);

class Principals {
 public:
  // Reads the token files and makes the missing ones (mode 0600, 256 random bits).
  // kFailedPrecondition: a token file that others than its owner can read, one with a token shorter
  // than 20 characters, or two principals with the same token. Otherwise the system's error.
  static Result<Principals> Load(std::vector<PrincipalConfig> configs);

  // The principal whose token stands in `authorization`, the value of that header.
  // kUnauthenticated: no header (empty), not "Bearer <token>", or an unknown token; the message
  // says where the tokens are.
  Result<runtime::Caller> Authenticate(std::string_view authorization) const;

  const std::vector<PrincipalConfig>& configs() const { return configs_; }

 private:
  explicit Principals(std::vector<PrincipalConfig> configs) : configs_(std::move(configs)) {}

  std::vector<PrincipalConfig> configs_;
  std::vector<Digest> digests_;  // of the tokens, in the order of configs_
};

}  // namespace recourse::server
