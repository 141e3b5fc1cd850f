#include "client/chatops/mattermost/context.h"

#include "engine/base/json.h"
#include "engine/web/mac.h"

namespace recourse::chatops::mattermost {
namespace {

Value Members(const Meant& meant) {
  return Value::Object({{"action", meant.action},
                        {"about", meant.about},
                        {"digest", meant.digest},
                        {"channel", meant.channel},
                        {"reason", meant.asks_reason},
                        {"code", meant.asks_code}});
}

// Canonical JSON: no two meanings have the same.
std::string SecretOf(const Meant& meant, const std::string& key) {
  return recourse::web::HmacSha256(key, "recourse button " + ToJson(Members(meant)));
}

std::string ProofOf(const Asked& asked, const std::string& key) {
  const Value all = Value::Object({{"meant", Members(asked.meant)},
                                   {"post", asked.post},
                                   {"user", asked.user},
                                   {"team", asked.team},
                                   {"opened", asked.opened}});
  return recourse::web::HmacSha256(key, "recourse dialog " + ToJson(all));
}

Meant MeantBy(const Value& members) {
  return {.action = members.StringOr("action", ""),
          .about = members.StringOr("about", ""),
          .digest = members.StringOr("digest", ""),
          .channel = members.StringOr("channel", ""),
          .asks_reason = members.BoolOr("reason", false),
          .asks_code = members.BoolOr("code", false)};
}

}  // namespace

Value ContextOf(const Meant& meant, const std::string& key) {
  return Members(meant).With("secret", SecretOf(meant, key));
}

std::optional<Meant> ReadContext(const Value& context, const std::string& key) {
  Meant meant = MeantBy(context);
  if (!recourse::web::SameSecret(context.StringOr("secret", ""), SecretOf(meant, key)))
    return std::nullopt;
  return meant;
}

std::string StateOf(const Asked& asked, const std::string& key) {
  return ToJson(Members(asked.meant)
                    .With("post", asked.post)
                    .With("opened", asked.opened)
                    .With("proof", ProofOf(asked, key)));
}

std::optional<Asked> ReadState(const std::string& state, const std::string& user,
                               const std::string& team, const std::string& key) {
  const auto members = ParseJson(state);
  if (!members) return std::nullopt;
  Asked asked{MeantBy(*members), members->StringOr("post", ""), user, team,
              members->StringOr("opened", "")};
  if (!recourse::web::SameSecret(members->StringOr("proof", ""), ProofOf(asked, key)))
    return std::nullopt;
  return asked;
}

}  // namespace recourse::chatops::mattermost
