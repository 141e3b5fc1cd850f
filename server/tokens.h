// Tokens that were made with CreateToken: their hashes, whose they are, and how long they are good.
//
// A token has 256 random bits, so nobody can find it from its SHA-256 by trying: a slow hash, as
// passwords need one, would only make each call slow. It starts with "recourse_", so that programs
// that look for secrets in files find it.
//
// The file is JSON, replaced as a whole by each change and never half written.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"

namespace recourse::server {

struct Token {
  std::int64_t number = 0;  // its id is "T-<number>"; never given twice
  std::string principal;
  std::string note;
  Digest digest = {};
  Time created;
  std::string created_by;
  std::optional<Time> expires;    // none: never
  std::optional<Time> last_used;  // in this file it may be behind by a minute
  std::optional<Time> revoked;
  std::string revoked_by;
  std::string revoke_reason;

  std::string id() const { return "T-" + std::to_string(number); }
};

// 256 random bits in hexadecimal. Otherwise the system's error.
Result<std::string> RandomHex();

class TokenStore {
 public:
  // Reads `path`, which need not exist. kFailedPrecondition: others than its owner can read or
  // write it, or it does not hold tokens; nothing is guessed then. Otherwise the system's error.
  static Result<std::unique_ptr<TokenStore>> Open(std::string path);

  struct Made {
    Token token;
    std::string secret;  // the token itself, which is nowhere else
  };
  // Durable when it answers. kResourceExhausted: there are kTokensMax that are neither revoked nor
  // expired, or the disk is full.
  Result<Made> Create(const std::string& principal, const std::string& note, const std::string& by,
                      Time now, std::optional<Time> expires);

  // In force at once, and durable when it answers. One that is revoked already stays as it is.
  // kNotFound: there is none with that id. Otherwise the system's error: it is in force, but not
  // stored.
  Result<Token> Revoke(const std::string& id, const std::string& by, const std::string& reason,
                       Time now);

  // In the order of their making.
  std::vector<Token> List() const;

  // Whose token that is, and remembers that it was used. None: no token of these.
  // kUnauthenticated: it is revoked or expired; the message says which and when.
  Result<std::optional<std::string>> Find(const Digest& digest, Time now);

  // Writes what Find has remembered, if anything. Otherwise the system's error.
  Result<void> SaveUse();

 private:
  explicit TokenStore(std::string path) : path_(std::move(path)) {}
  Result<void> Parse(const std::string& text);
  Result<void> Save(const std::vector<Token>& tokens, std::int64_t last) const;

  const std::string path_;
  std::mutex change_mutex_;    // one change at a time; never held by Find, which must not wait
  std::int64_t last_ = 0;      // under change_mutex_: the highest number given
  mutable std::mutex mutex_;   // taken after change_mutex_, and not held while the disk works
  std::vector<Token> tokens_;  // under mutex_
  bool used_ = false;          // under mutex_: something to write for SaveUse
};

inline constexpr std::size_t kTokensMax = 1000;

}  // namespace recourse::server
