#include "server/identity_service.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "engine/base/json.h"
#include "server/catalogue_page.h"
#include "server/convert.h"
#include "server/log_fields.h"
#include "server/watch_hub.h"

namespace recourse::server {
namespace {

using std::chrono::seconds;

constexpr std::size_t kNoteMax = 256;
constexpr auto kLifetimeDefault = std::chrono::days(90);
constexpr seconds kLifetimeMin = std::chrono::minutes(1);
constexpr seconds kLifetimeMax = std::chrono::days(3660);

v1::Token Shown(const Token& token, Time now) {
  v1::Token message;
  message.set_id(token.id());
  message.set_principal(token.principal);
  message.set_note(token.note);
  *message.mutable_create_time() = ToProto(token.created);
  message.set_created_by(token.created_by);
  if (token.expires) *message.mutable_expire_time() = ToProto(*token.expires);
  if (token.last_used) *message.mutable_last_use_time() = ToProto(*token.last_used);
  if (token.revoked) *message.mutable_revoke_time() = ToProto(*token.revoked);
  message.set_revoked_by(token.revoked_by);
  message.set_revoke_reason(token.revoke_reason);
  message.set_in_force(!token.revoked && (!token.expires || now < *token.expires));
  return message;
}

// When a token that is made now expires; none: never.
Result<std::optional<Time>> Expiry(const v1::CreateTokenRequest& request, Time now) {
  if (request.never_expires()) {
    if (!request.has_lifetime()) return std::optional<Time>();
    return InvalidArgument("lifetime: set, and never_expires too");
  }
  if (!request.has_lifetime()) return std::optional<Time>(now + kLifetimeDefault);
  const seconds lifetime(request.lifetime().seconds());
  if (lifetime < kLifetimeMin || lifetime > kLifetimeMax) {
    return InvalidArgument("lifetime: " + std::to_string(lifetime.count()) +
                           " s is not between one minute and ten years");
  }
  return std::optional<Time>(now + lifetime);
}

// Why somebody did it, on one line of the log however it was said.
std::string Why(const std::string& text) { return ToJson(Value(text)); }

template <class Message>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, Result<Message> answer,
                                 Message* response) {
  if (!answer) return Refuse(context, answer.error());
  *response = *std::move(answer);
  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  call->Finish(grpc::Status::OK);
  return call;
}

}  // namespace

Result<v1::CreateTokenResponse> IdentityService::Create(const v1::CreateTokenRequest& request,
                                                        const std::string& by) {
  if (auto fits = CheckSize("note", request.note(), kNoteMax); !fits) {
    return std::move(fits).error();
  }
  std::vector<std::string> names;
  for (const PrincipalConfig& config : core_.principals.configs()) names.push_back(config.name);
  if (std::find(names.begin(), names.end(), request.principal()) == names.end()) {
    return NoSuchIn("principal", request.principal(), names);
  }
  const Time now = core_.principals.Now();
  const auto expires = Expiry(request, now);
  if (!expires) return expires.error();
  auto store = core_.principals.tokens();
  if (!store) return std::move(store).error();
  auto made = (*store)->Create(request.principal(), request.note(), by, now, *expires);
  if (!made) return std::move(made).error();
  spdlog::info("token created: {}={} {}={} {}={}: {}", log_field::kToken, made->token.id(),
               log_field::kPrincipal, made->token.principal, log_field::kBy, by,
               Why(request.note()));
  v1::CreateTokenResponse response;
  *response.mutable_token() = Shown(made->token, now);
  response.set_secret(made->secret);
  return response;
}

Result<v1::ListTokensResponse> IdentityService::List(const v1::ListTokensRequest& request) {
  auto store = core_.principals.tokens();
  if (!store) return std::move(store).error();
  const auto size = PageSize(request.page_size());
  if (!size) return size.error();
  const std::vector<Token> tokens = (*store)->List();
  auto next = tokens.begin();
  if (!request.page_token().empty()) {
    next = std::find_if(tokens.begin(), tokens.end(),
                        [&](const Token& token) { return token.id() == request.page_token(); });
    if (next == tokens.end()) {
      return InvalidArgument("page_token: \"" + request.page_token() +
                             "\" was not given by this server, or its token is forgotten");
    }
    ++next;
  }
  v1::ListTokensResponse response;
  const Time now = core_.principals.Now();
  for (; next != tokens.end(); ++next) {
    if (!request.principal().empty() && next->principal != request.principal()) continue;
    if (response.tokens_size() == *size) {
      response.set_next_page_token(response.tokens(*size - 1).id());
      break;
    }
    *response.add_tokens() = Shown(*next, now);
  }
  return response;
}

Result<v1::Token> IdentityService::Revoke(const v1::RevokeTokenRequest& request,
                                          const std::string& by) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) {
    return std::move(fits).error();
  }
  auto store = core_.principals.tokens();
  if (!store) return std::move(store).error();
  const Time now = core_.principals.Now();
  auto revoked = (*store)->Revoke(request.token(), by, request.reason(), now);
  if (!revoked) {
    spdlog::warn("token not revoked: {}={} {}={}: {}", log_field::kToken, Why(request.token()),
                 log_field::kBy, by, revoked.error().message);
    return std::move(revoked).error();
  }
  spdlog::info("token revoked: {}={} {}={}: {}", log_field::kToken, revoked->id(), log_field::kBy,
               by, Why(request.reason()));
  return Shown(*revoked, now);
}

grpc::ServerUnaryReactor* IdentityService::WhoAmI(grpc::CallbackServerContext* context,
                                                  const v1::WhoAmIRequest*,
                                                  v1::WhoAmIResponse* response) {
  auto caller = Admit(core_.principals, *context, "IdentityService.WhoAmI");
  if (!caller) return Refuse(context, caller.error());
  v1::WhoAmIResponse answer;
  answer.set_principal(caller->principal);
  for (const std::string& role : caller->roles) answer.add_roles(role);
  return Answer<v1::WhoAmIResponse>(context, std::move(answer), response);
}

grpc::ServerUnaryReactor* IdentityService::CreateToken(grpc::CallbackServerContext* context,
                                                       const v1::CreateTokenRequest* request,
                                                       v1::CreateTokenResponse* response) {
  auto caller = Admit(core_.principals, *context, "IdentityService.CreateToken");
  if (!caller) return Refuse(context, caller.error());
  return Answer(context, Create(*request, caller->principal), response);
}

grpc::ServerUnaryReactor* IdentityService::ListTokens(grpc::CallbackServerContext* context,
                                                      const v1::ListTokensRequest* request,
                                                      v1::ListTokensResponse* response) {
  return AnswerNow(core_, context, "IdentityService.ListTokens", response,
                   [this, request] { return List(*request); });
}

grpc::ServerUnaryReactor* IdentityService::RevokeToken(grpc::CallbackServerContext* context,
                                                       const v1::RevokeTokenRequest* request,
                                                       v1::Token* response) {
  auto caller = Admit(core_.principals, *context, "IdentityService.RevokeToken");
  if (!caller) return Refuse(context, caller.error());
  auto answer = Revoke(*request, caller->principal);
  // Who had it loses open streams as well, now and not when somebody next looks.
  core_.hub.Recheck();
  return Answer(context, std::move(answer), response);
}

}  // namespace recourse::server
