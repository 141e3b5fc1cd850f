#include "server/principals.h"

#include <openssl/crypto.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "server/failure_limit.h"
#include "server/log_fields.h"
#include "server/one_time_code.h"
#include "server/principal_table.h"

namespace recourse::server {

Presented::Presented(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.starts_with(kScheme)) {
    header = Header::kBearer;
    token = Sha256Of(authorization.substr(kScheme.size()));
  } else if (!authorization.empty()) {
    header = Header::kOther;
  }
}

std::vector<PrincipalConfig> DefaultPrincipals(const std::string& data_directory) {
  return {
      {"operator", {"viewer", "operator", "admin"}, data_directory + "/operator.token"},
      {"approver",
       {"viewer", "dba", "incident-commander", "level-1", "level-2", "level-3"},
       data_directory + "/approver.token"},
  };
}

namespace {

Result<std::string> ReadSecondFactor(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return ErrnoError(errno, "second_factor_file " + path);
  if ((status.st_mode & 077) != 0) {
    return FailedPrecondition("second_factor_file " + path +
                              " can be read by others than its owner; make a new secret, then: "
                              "chmod 600 " +
                              path);
  }
  auto text = ReadFile(path, kTokenFileMax);
  if (!text) return std::move(text).error();
  auto secret = DecodeBase32(*text);
  if (!secret)
    return FailedPrecondition("second_factor_file " + path + ": " + secret.error().message);
  return secret;
}

}  // namespace

struct Principals::State {
  std::string local_operator;
  const Clock* clock = nullptr;
  SystemClock system_clock;
  std::unique_ptr<TokenStore> tokens;  // null: none can be made
  FailureLimit limit;
  std::optional<OneTimeCodes> codes;  // there once the clock is known
  std::mutex mutex;
  std::shared_ptr<const PrincipalTable> table;  // under mutex

  std::shared_ptr<const PrincipalTable> Current() {
    const std::lock_guard lock(mutex);
    return table;
  }
  Result<runtime::Caller> Check(const Presented& presented);
  // The one for whom `caller`, who is known, makes the call.
  Result<runtime::Caller> For(const Presented& presented, runtime::Caller caller);
  Result<const PrincipalConfig*> OfToken(const PrincipalTable& now, const Digest& token);
  // Whether somebody with the role admin has a way to prove it.
  bool HasAdmin();
};

bool Principals::State::HasAdmin() {
  const std::vector<Token> made = tokens == nullptr ? std::vector<Token>() : tokens->List();
  const auto now = Current();
  return std::any_of(now->configs.begin(), now->configs.end(), [&](const PrincipalConfig& config) {
    const bool is_admin =
        std::find(config.roles.begin(), config.roles.end(), "admin") != config.roles.end();
    const bool has_token = std::any_of(made.begin(), made.end(), [&](const Token& token) {
      return token.principal == config.name && !token.revoked;
    });
    return is_admin && (has_token || !config.token_file.empty() || !config.certificates.empty() ||
                        config.name == local_operator);
  });
}

Result<const PrincipalConfig*> Principals::State::OfToken(const PrincipalTable& now,
                                                          const Digest& token) {
  const PrincipalConfig* found = nullptr;
  // All are compared, each in constant time: how long it takes tells nothing about any token.
  for (const PrincipalTable::FileToken& known : now.tokens) {
    if (CRYPTO_memcmp(token.data(), known.digest.data(), token.size()) == 0) {
      found = &now.configs[known.owner];
    }
  }
  if (found != nullptr || tokens == nullptr) return found;
  auto owner = tokens->Find(token, clock->Now());
  if (!owner) return std::move(owner).error();
  if (!*owner) return found;
  found = now.Find(**owner);
  if (found == nullptr) {
    return Unknown("the call's token is that of " + **owner +
                   ", who is no longer one of this server's principals");
  }
  return found;
}

Result<runtime::Caller> Principals::State::Check(const Presented& presented) {
  const auto now = Current();
  const auto as = [](const PrincipalConfig& config) {
    return runtime::Caller{config.name, config.roles, "grpc"};
  };
  if (presented.header == Presented::Header::kBearer) {
    auto found = OfToken(*now, presented.token);
    if (!found) return std::move(found).error();
    if (*found != nullptr) return as(**found);
    return Unknown("the call's token is not one of this server's" + now->Advice(presented));
  }
  if (presented.header == Presented::Header::kOther) {
    return Unknown("the call's authorization is not of the form \"Bearer <token>\"" +
                   now->Advice(presented));
  }
  if (!presented.fingerprint.empty()) {
    auto found = now->OfCertificate(presented);
    if (!found) return std::move(found).error();
    return as(**found);
  }
  if (presented.peer.starts_with("unix:") && !local_operator.empty()) {
    if (const PrincipalConfig* found = now->Find(local_operator)) return as(*found);
  }
  return Unknown("the call carries no token" + now->Advice(presented));
}

Result<runtime::Caller> Principals::State::For(const Presented& presented, runtime::Caller caller) {
  if (!presented.on_behalf_of) return caller;
  const std::string& key = *presented.on_behalf_of;
  if (!HasRole(caller.roles, kDelegate)) {
    return Error{Code::kPermissionDenied, caller.principal +
                                              " may not act for others: that takes the "
                                              "role delegate"};
  }
  const auto now = Current();
  const PrincipalConfig* person = now->OfChat(key);
  if (person == nullptr) {
    const std::string shown = Listed({key});
    return Error{Code::kPermissionDenied, "nobody here is known as " + shown +
                                              ", so nothing was done. Whoever keeps the file "
                                              "of principals can add it to yours: chat: [\"" +
                                              shown + "\"]"};
  }
  runtime::Caller acting{person->name, person->roles, key.substr(0, key.find(':'))};
  std::erase_if(acting.roles,
                [](const std::string& role) { return role == "admin" || role == kDelegate; });
  acting.via = caller.principal + " for " + key;
  return acting;
}

Principals::Principals(std::unique_ptr<State> state) : state_(std::move(state)) {}
Principals::~Principals() = default;
Principals::Principals(Principals&&) noexcept = default;

Result<Principals> Principals::Load(std::vector<PrincipalConfig> configs,
                                    PrincipalOptions options) {
  auto state = std::make_unique<State>();
  state->local_operator = options.local_operator;
  state->clock = options.clock != nullptr ? options.clock : &state->system_clock;
  state->codes.emplace(state->clock->Now());
  if (!options.tokens_file.empty()) {
    auto tokens = TokenStore::Open(options.tokens_file);
    if (!tokens) return std::move(tokens).error();
    state->tokens = *std::move(tokens);
  }
  auto table = PrincipalTable::Make(std::move(configs), options.revoked_certificates,
                                    options.local_operator);
  if (!table) return std::move(table).error();
  state->table = *std::move(table);
  if (!state->HasAdmin()) {
    spdlog::warn(
        "no principal with the role admin has a token or a certificate, so that nobody can "
        "make tokens: give one a token_file, or name it as local_operator");
  }
  return Principals(std::move(state));
}

Result<void> Principals::Replace(std::vector<PrincipalConfig> configs,
                                 std::vector<std::string> revoked_certificates) const {
  auto table =
      PrincipalTable::Make(std::move(configs), revoked_certificates, state_->local_operator);
  if (!table) return std::move(table).error();
  const std::lock_guard lock(state_->mutex);
  state_->table = *std::move(table);
  return {};
}

Result<runtime::Caller> Principals::Authenticate(const Presented& presented,
                                                 std::string_view rpc) const {
  const auto now = std::chrono::steady_clock::now();
  const std::string address = FailureLimit::AddressOf(presented.peer);
  // What is no token cannot be guessed.
  const bool guess = presented.header == Presented::Header::kBearer;
  const auto wait = guess ? state_->limit.MustWait(address, now) : std::nullopt;
  auto caller =
      wait ? Result<runtime::Caller>(Error{Code::kResourceExhausted,
                                           "too many calls with wrong tokens came from " + address +
                                               "; it is heard again in " + HumanDuration(*wait)})
           : state_->Check(presented);
  if (caller) return state_->For(presented, *std::move(caller));
  const auto count = static_cast<std::uint64_t>(state_->limit.Failed(address, guess && !wait, now));
  // Each at first, then ever fewer: a flood of calls must not become a flood of lines.
  if (count <= static_cast<std::uint64_t>(FailureLimit::kBurst) || std::has_single_bit(count)) {
    const std::string& message = caller.error().message;
    spdlog::warn("authentication failed: {}={} {}={} {}={}: {}", log_field::kPeer,
                 address.empty() ? "local" : address, log_field::kRpc, rpc, log_field::kCount,
                 count, message.substr(0, message.find(';')));
  }
  return caller;
}

Result<runtime::Caller> Principals::StillThere(const Presented& presented) const {
  auto caller = state_->Check(presented);
  if (!caller) return caller;
  return state_->For(presented, *std::move(caller));
}

std::vector<PrincipalConfig> Principals::configs() const { return state_->Current()->configs; }

Result<TokenStore*> Principals::tokens() const {
  if (state_->tokens != nullptr) return state_->tokens.get();
  return FailedPrecondition("this server keeps no tokens of its own");
}

Time Principals::Now() const { return state_->clock->Now(); }

Result<void> Principals::CheckCode(const std::string& principal, std::string_view code,
                                   const std::string& approval) const {
  const auto table = state_->Current();
  const PrincipalConfig* config = table->Find(principal);
  if (config == nullptr || config->second_factor_file.empty()) {
    return Error{
        Code::kPermissionDenied,
        "code: this server knows no one-time codes of " + principal +
            ": the principals file has no second_factor_file for them. Nothing was decided"};
  }
  auto secret = ReadSecondFactor(config->second_factor_file);
  if (!secret) return std::move(secret).error();
  return state_->codes->Check(principal, *secret, code, approval, Now());
}

}  // namespace recourse::server
