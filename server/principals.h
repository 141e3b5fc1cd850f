// Who may call: principals, their roles, and what proves who calls: a token, a client certificate,
// or the local socket.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/runtime/engine.h"
#include "server/tokens.h"

namespace recourse::server {

struct PrincipalConfig {
  std::string name;
  std::vector<std::string> roles;
  // Absolute; made with a new token at start when it does not exist. Empty: none.
  std::string token_file;
  // Absolute; holds the secret of one-time codes, in base32. Empty: the principal makes none.
  std::string second_factor_file = {};
  // Names in client certificates: "CN=ada", "DNS:bot.example.net", "URI:spiffe://example.net/bot".
  std::vector<std::string> certificates = {};
  // Who the person is in chats: "slack:T024BE7LD/U2147483697", "irc:ops/ada". A delegate may make
  // calls for whom such a key names.
  std::vector<std::string> chat = {};
};

// The role of a program that speaks for people, such as recourse-bot.
inline constexpr std::string_view kDelegate = "delegate";

// The principals of a server without configuration: two, so that a workflow that excludes its
// requester from the approval can be run. Their token files are `operator.token` and
// `approver.token` in `data_directory`.
std::vector<PrincipalConfig> DefaultPrincipals(const std::string& data_directory);

// What a call shows to prove who makes it.
struct Presented {
  // `authorization` is the value of that header, empty when there is none. Its token is kept as a
  // hash only.
  explicit Presented(std::string_view authorization = "");

  enum class Header { kNone, kBearer, kOther };
  Header header = Header::kNone;
  Digest token = {};                     // of kBearer
  std::string peer;                      // "ipv4:192.0.2.7:41234", "unix:"; empty: not known
  std::vector<std::string> certificate;  // the names in a client certificate that was verified
  std::string fingerprint;               // its SHA-256 in hexadecimal; empty: none was shown
  // The value of the header recourse-on-behalf-of: a key of PrincipalConfig::chat. None: the call
  // is the caller's own.
  std::optional<std::string> on_behalf_of = {};
};

struct PrincipalOptions {
  std::string tokens_file;     // of created tokens; empty: none can be made
  std::string local_operator;  // who calls over the local socket without a token; empty: nobody
  std::vector<std::string> revoked_certificates;  // SHA-256 in hexadecimal
  const Clock* clock = nullptr;                   // must outlive the principals; null: the system's
};

class Principals {
 public:
  // Reads the token files and makes the missing ones (mode 0600, 256 random bits).
  // kFailedPrecondition: a token file that others than its owner can read, one with a token shorter
  // than 20 characters, two principals with the same token or chat key, a delegate with a chat key,
  // or a local operator who is none of them; and the errors of TokenStore::Open. Otherwise the
  // system's error.
  static Result<Principals> Load(std::vector<PrincipalConfig> configs,
                                 PrincipalOptions options = {});
  ~Principals();
  Principals(Principals&&) noexcept;

  // Puts others in their place, for every call and open stream from now on. Errors are those of
  // Load; the former principals then stay.
  Result<void> Replace(std::vector<PrincipalConfig> configs,
                       std::vector<std::string> revoked_certificates) const;

  // Who calls `rpc`. A failure is recorded in the log, and slows down who fails often.
  // kUnauthenticated: nothing was shown, or nothing that proves who calls; the message says what
  // was shown and what would do. kResourceExhausted: too many failures; it says how long to wait.
  // Of a call on behalf of another it answers that person, with `via` set and without the roles
  // admin and delegate. kPermissionDenied: the caller is no delegate, or nobody has that key.
  Result<runtime::Caller> Authenticate(const Presented& presented, std::string_view rpc) const;

  // The same for a stream that goes on: nothing is recorded.
  Result<runtime::Caller> StillThere(const Presented& presented) const;

  std::vector<PrincipalConfig> configs() const;

  // Whether it is a one-time code of the principal now, for this approval; see one_time_code.h. The
  // file is read anew each time. kPermissionDenied: it is none, or the principal makes none.
  // kFailedPrecondition: its file cannot be used.
  Result<void> CheckCode(const std::string& principal, std::string_view code,
                         const std::string& approval) const;

  // The created tokens. kFailedPrecondition: this server keeps none.
  Result<TokenStore*> tokens() const;
  Time Now() const;

 private:
  struct State;
  explicit Principals(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace recourse::server
