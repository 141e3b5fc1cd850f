// tokens, whoami: what proves who calls.
#include <cstdio>

#include "client/cli/verbs.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

std::string StateOf(const v1::Token& token) {
  if (token.has_revoke_time()) return "revoked";
  return token.in_force() ? "in force" : "expired";
}

std::string ExpiryOf(const v1::Token& token) {
  return token.has_expire_time() ? When(token.expire_time()) : "never";
}

Result<v1::CreateTokenRequest> RequestOf(const TokenArguments& arguments) {
  v1::CreateTokenRequest request;
  request.set_principal(arguments.principal);
  request.set_note(arguments.note);
  if (arguments.expires == "never") {
    request.set_never_expires(true);
    return request;
  }
  const auto lifetime = ParseDuration(arguments.expires);
  if (!lifetime) {
    return InvalidArgument("--expires " + arguments.expires + ": write it as 90d or 12h, or never");
  }
  request.mutable_lifetime()->set_seconds(
      std::chrono::duration_cast<std::chrono::seconds>(*lifetime).count());
  return request;
}

// A token that could not be shown is known to nobody, and must not stay in force.
Result<int> ShownOrRevoked(const Common& common, const client::Connection& server,
                           const v1::Token& token) {
  const auto written = FlushOutput();
  if (written) return kOk;
  v1::RevokeTokenRequest request;
  request.set_token(token.id());
  request.set_reason("it could not be shown when it was made");
  const auto revoked =
      Unary(server, &v1::IdentityService::Stub::RevokeToken, server.identity(), request);
  Error error = written.error();
  error.message += ". " + token.id() + ", which nobody has seen, is ";
  error.message += revoked ? "revoked; make another once it can be written"
                           : "in force, and could not be revoked: " + revoked.error().message +
                                 "\nrevoke it: " + Prefix(common) + " tokens revoke " + token.id();
  return Tell(error, kNotWritten);
}

}  // namespace

int CreateToken(const Common& common, const TokenArguments& arguments) {
  const auto request = RequestOf(arguments);
  if (!request) return Tell(request.error(), kUsage);
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto made = Unary(server, &v1::IdentityService::Stub::CreateToken, server.identity(), *request);
    if (!made) return std::move(made).error();
    const v1::Token& token = made->token();
    if (common.json) {
      const ExitCode printed = PrintJson(*made);
      return printed == kOk ? ShownOrRevoked(common, server, token) : Result<int>(printed);
    }
    std::fprintf(stderr,
                 "%s for %s, in force now, expires %s. It is shown this once: keep it in a file "
                 "that only %s can read, and name that with --token-file\n",
                 token.id().c_str(), Clean(token.principal()).c_str(), ExpiryOf(token).c_str(),
                 Clean(token.principal()).c_str());
    std::printf("%s\n", made->secret().c_str());
    return ShownOrRevoked(common, server, token);
  });
}

int ListTokens(const Common& common, const TokenArguments& arguments) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::ListTokensRequest request;
    request.set_principal(arguments.principal);
    auto list = AllPages(server, &v1::IdentityService::Stub::ListTokens, server.identity(), request,
                         [](auto& answer) { return answer.mutable_tokens(); });
    if (!list) return std::move(list).error();
    if (common.json) return PrintJson(*list);
    Table table({"TOKEN", "PRINCIPAL", "STATE", "CREATED (UTC)", "BY", "EXPIRES (UTC)", "LAST USED",
                 "NOTE"});
    int left_out = 0;
    for (const v1::Token& token : list->tokens()) {
      if (!token.in_force() && !arguments.all) {
        ++left_out;
        continue;
      }
      const std::string& why = token.revoke_reason();
      table.Add({token.id(), token.principal(),
                 StateOf(token) + (token.revoked_by().empty() ? "" : " by " + token.revoked_by()),
                 When(token.create_time()), token.created_by(), ExpiryOf(token),
                 token.has_last_use_time() ? FromNow(token.last_use_time()) : "never",
                 token.note() + (why.empty() ? "" : " (revoked: " + why + ")")},
                token.in_force() ? Colour::kNone : Colour::kFaint);
    }
    std::printf("%s", table.empty() ? "no token is in force that was made with tokens create\n"
                                    : table.ToString().c_str());
    if (left_out > 0) std::printf("%d revoked or expired: tokens list --all\n", left_out);
    return kOk;
  });
}

int RevokeToken(const Common& common, const TokenArguments& arguments) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::RevokeTokenRequest request;
    request.set_token(arguments.id);
    request.set_reason(arguments.reason);
    auto token = Unary(server, &v1::IdentityService::Stub::RevokeToken, server.identity(), request);
    if (!token) return std::move(token).error();
    if (common.json) return PrintJson(*token);
    std::printf("%s of %s is revoked, since %s UTC by %s\n", token->id().c_str(),
                Clean(token->principal()).c_str(), When(token->revoke_time()).c_str(),
                Clean(token->revoked_by()).c_str());
    return kOk;
  });
}

int WhoAmI(const Common& common) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto caller =
        Unary(server, &v1::IdentityService::Stub::WhoAmI, server.identity(), v1::WhoAmIRequest());
    if (!caller) return std::move(caller).error();
    if (common.json) return PrintJson(*caller);
    std::string roles;
    for (const std::string& role : caller->roles()) roles += (roles.empty() ? "" : ", ") + role;
    std::printf("%s: %s\n", Clean(caller->principal()).c_str(), Clean(roles).c_str());
    return kOk;
  });
}

}  // namespace recourse::cli
