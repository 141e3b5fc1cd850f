#include "client/chatops/prove.h"

#include "client/chatops/answers.h"
#include "client/chatops/calls.h"

namespace recourse::chatops {

Result<std::string> ProveByToken(const client::Connection& server, const std::string& surface,
                                 const std::string& team, const std::string& token) {
  const auto own = server.With(token);
  if (!own) return Error{Code::kUnauthenticated, "that is no token"};
  const auto who = Asking(*own, "").Call(&v1::IdentityService::Stub::WhoAmI, own->identity(),
                                         v1::WhoAmIRequest());
  if (!who && who.error().code == Code::kUnauthenticated) {
    return Error{Code::kUnauthenticated, "the server does not know that token"};
  }
  if (!who) return Error{who.error().code, TextOf(who.error())};
  const std::string key = ChatUser{surface, team, who->principal()}.Key();
  const auto known =
      Asking(server, key)
          .Call(&v1::IdentityService::Stub::WhoAmI, server.identity(), v1::WhoAmIRequest());
  if (!known) return Error{known.error().code, TextOf(known.error())};
  if (known->principal() != who->principal()) {
    return Error{Code::kPermissionDenied, "the token is that of " + who->principal() + ", and " +
                                              key + " stands at another principal"};
  }
  return who->principal();
}

}  // namespace recourse::chatops
