#include "server/tokens.h"

#include <openssl/crypto.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::server {
namespace {

constexpr std::size_t kRandomBytes = 32;
constexpr std::int64_t kTokensFileMax = 8 * 1024 * 1024;
constexpr std::string_view kPrefix = "recourse_";

std::string Text(Time time) { return FormatTimestamp(ToTimestamp(time)); }

bool IsOver(const Token& token, Time now) {
  return token.revoked || (token.expires && *token.expires <= now);
}

Value Stored(const std::optional<Time>& time) { return time ? Value(Text(*time)) : Value(); }

Value Stored(const Token& token) {
  return Value::Object({{"id", token.id()},
                        {"principal", token.principal},
                        {"sha256", ToHex(token.digest)},
                        {"created", Text(token.created)},
                        {"created_by", token.created_by},
                        {"note", token.note},
                        {"expires", Stored(token.expires)},
                        {"last_used", Stored(token.last_used)},
                        {"revoked", Stored(token.revoked)},
                        {"revoked_by", token.revoked_by},
                        {"revoke_reason", token.revoke_reason}});
}

std::optional<Digest> DigestOf(std::string_view hex) {
  Digest digest = {};
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  const auto value = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = value(hex[2 * i]);
    const int low = value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return digest;
}

Result<std::optional<Time>> TimeIn(const Value& token, std::string_view name) {
  if (token[name].is_null()) return std::optional<Time>();
  auto time = ParseTimestamp(token.StringOr(name, ""));
  if (!time) return std::move(time).error().In(name);
  return std::optional<Time>(FromTimestamp(*time));
}

std::int64_t NumberOf(std::string_view id) {
  if (!id.starts_with("T-") || id.size() > 12) return 0;
  std::int64_t number = 0;
  for (const char c : id.substr(2)) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + (c - '0');
  }
  return number;
}

Result<Token> Read(const Value& stored) {
  Token token;
  token.number = NumberOf(stored.StringOr("id", ""));
  token.principal = stored.StringOr("principal", "");
  const auto digest = DigestOf(stored.StringOr("sha256", ""));
  if (token.number == 0 || token.principal.empty() || !digest) {
    return InvalidArgument("an entry has no id, principal or sha256");
  }
  token.digest = *digest;
  token.note = stored.StringOr("note", "");
  token.created_by = stored.StringOr("created_by", "");
  token.revoked_by = stored.StringOr("revoked_by", "");
  token.revoke_reason = stored.StringOr("revoke_reason", "");
  std::optional<Time> created;
  for (const auto& [name, into] :
       {std::pair("created", &created), std::pair("expires", &token.expires),
        std::pair("last_used", &token.last_used), std::pair("revoked", &token.revoked)}) {
    auto time = TimeIn(stored, name);
    if (!time) return std::move(time).error().In(token.id());
    *into = *time;
  }
  token.created = created.value_or(Time());
  return token;
}

}  // namespace

Result<std::string> RandomHex() {
  std::string random(kRandomBytes, '\0');
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return ErrnoError(errno, "draw 256 random bits");
  }
  return Hex(random);
}

Result<std::unique_ptr<TokenStore>> TokenStore::Open(std::string path) {
  std::unique_ptr<TokenStore> store(new TokenStore(std::move(path)));
  struct stat status = {};
  if (stat(store->path_.c_str(), &status) != 0) {
    if (errno != ENOENT) return ErrnoError(errno, "tokens file " + store->path_);
    return store;
  }
  if ((status.st_mode & 077) != 0) {
    return FailedPrecondition("tokens file " + store->path_ +
                              " can be read or changed by others than its owner, who could have "
                              "added a token; look at what it says, then: chmod 600 " +
                              store->path_);
  }
  auto text = ReadFile(store->path_, kTokensFileMax);
  if (!text) return std::move(text).error().In("read the tokens");
  if (auto parsed = store->Parse(*text); !parsed) {
    return FailedPrecondition(
        "tokens file " + store->path_ + ": " + parsed.error().message +
        ". Put a copy of it back; or move it away, and every token that was made with \"recourse "
        "tokens create\" is void, while the token files go on to work");
  }
  return store;
}

Result<void> TokenStore::Parse(const std::string& text) {
  auto root = ParseJson(text);
  if (!root) return std::move(root).error();
  if (root->IntOr("version", 0) != 1 || !(*root)["tokens"].is_list()) {
    return InvalidArgument("not a tokens file of version 1");
  }
  last_ = root->IntOr("last", 0);
  for (const Value& stored : (*root)["tokens"].as_list()) {
    auto token = Read(stored);
    if (!token) return std::move(token).error();
    last_ = std::max(last_, token->number);
    tokens_.push_back(*std::move(token));
  }
  return {};
}

Result<void> TokenStore::Save(const std::vector<Token>& tokens, std::int64_t last) const {
  Value::List list;
  for (const Token& token : tokens) list.push_back(Stored(token));
  const Value root =
      Value::Object({{"version", 1}, {"last", last}, {"tokens", Value(std::move(list))}});
  auto saved = WriteFileAtomically(path_, ToPrettyJson(root) + "\n", 0600);
  if (!saved) return std::move(saved).error().In("store the tokens");
  return {};
}

Result<TokenStore::Made> TokenStore::Create(const std::string& principal, const std::string& note,
                                            const std::string& by, Time now,
                                            std::optional<Time> expires) {
  auto random = RandomHex();
  if (!random) return std::move(random).error();
  Made made;
  made.secret = std::string(kPrefix) + *random;
  Token& token = made.token;
  token.principal = principal;
  token.note = note;
  token.digest = Sha256Of(made.secret);
  token.created = now;
  token.created_by = by;
  token.expires = expires;

  const std::lock_guard change(change_mutex_);
  std::vector<Token> tokens = List();
  if (tokens.size() >= kTokensMax) {
    // The oldest that is of no use makes room; what it did stands in the log.
    const auto over = std::find_if(tokens.begin(), tokens.end(),
                                   [&](const Token& each) { return IsOver(each, now); });
    if (over == tokens.end()) {
      return Error{Code::kResourceExhausted,
                   "there are " + std::to_string(kTokensMax) +
                       " tokens already; revoke some that nobody uses: recourse tokens list"};
    }
    tokens.erase(over);
  }
  token.number = last_ + 1;
  tokens.push_back(token);
  if (auto saved = Save(tokens, token.number); !saved) return std::move(saved).error();
  last_ = token.number;
  const std::lock_guard lock(mutex_);
  tokens_ = std::move(tokens);
  return made;
}

Result<Token> TokenStore::Revoke(const std::string& id, const std::string& by,
                                 const std::string& reason, Time now) {
  const std::lock_guard change(change_mutex_);
  Token answer;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(tokens_.begin(), tokens_.end(),
                                    [&](const Token& token) { return token.id() == id; });
    if (found == tokens_.end()) {
      return NotFound("there is no token \"" + id + "\"; what there is: recourse tokens list");
    }
    if (!found->revoked) {
      found->revoked = now;
      found->revoked_by = by;
      found->revoke_reason = reason;
    }
    answer = *found;
  }
  // In force even when the disk refuses: somebody may have the token who should not.
  if (auto saved = Save(List(), last_); !saved) {
    return std::move(saved).error().In(
        id +
        " is revoked until the server stops, but that is not stored; revoke it again when "
        "the disk is well");
  }
  return answer;
}

std::vector<Token> TokenStore::List() const {
  const std::lock_guard lock(mutex_);
  return tokens_;
}

Result<std::optional<std::string>> TokenStore::Find(const Digest& digest, Time now) {
  const std::lock_guard lock(mutex_);
  Token* found = nullptr;
  // All are compared, each in constant time: how long it takes tells nothing about any token.
  for (Token& token : tokens_) {
    if (CRYPTO_memcmp(digest.data(), token.digest.data(), digest.size()) == 0) found = &token;
  }
  if (found == nullptr) return std::optional<std::string>();
  if (IsOver(*found, now)) {
    const Time since = found->revoked ? *found->revoked : *found->expires;
    return Error{Code::kUnauthenticated,
                 "the token " + found->id() + " of " + found->principal +
                     (found->revoked ? " was revoked at " : " expired at ") + Text(since) +
                     "; ask who has the role admin for another: recourse tokens create " +
                     found->principal};
  }
  found->last_used = now;
  used_ = true;
  return std::optional(found->principal);
}

Result<void> TokenStore::SaveUse() {
  const std::lock_guard change(change_mutex_);
  std::vector<Token> tokens;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(used_, false)) return {};
    tokens = tokens_;
  }
  return Save(tokens, last_);
}

}  // namespace recourse::server
