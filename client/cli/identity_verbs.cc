// tokens create, list, revoke; whoami: on the command line.
#include <memory>

#include "client/cli/tools.h"
#include "client/cli/verbs.h"

namespace recourse::cli {

void AddIdentityVerbs(CLI::App& app, const Common& common, const AddVerb& add) {
  const auto token = std::make_shared<TokenArguments>();
  CLI::App* group = app.add_subcommand("tokens", "what proves who calls; needs the role admin");
  group->require_subcommand(1);
  group->fallthrough();
  CLI::App* create = add(*group, "create", "make a token and print it, this once",
                         [&common, token] { return CreateToken(common, *token); });
  create->add_option("principal", token->principal, "whose it is to be")->required();
  create->add_option("--expires", token->expires, "how long it is good, or never")
      ->capture_default_str();
  create->add_option("--note", token->note, "what it is for");
  CLI::App* list = add(*group, "list", "those that were made, without what they are",
                       [&common, token] { return ListTokens(common, *token); });
  list->add_option("--principal", token->principal, "only of this principal");
  list->add_flag("--all", token->all, "also those that are revoked or expired");
  CLI::App* revoke = add(*group, "revoke", "take one out of force, at once",
                         [&common, token] { return RevokeToken(common, *token); });
  revoke->add_option("token", token->id, "its id, T-7")->required();
  revoke->add_option("--reason", token->reason, "why; shown with the token");
  add(app, "whoami", "who the server takes you for, and your roles",
      [&common] { return WhoAmI(common); });
}

}  // namespace recourse::cli
