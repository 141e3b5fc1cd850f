#include "server/config_check.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

#include "engine/base/signing.h"
#include "server/notify/channel_file.h"
#include "server/principal_table.h"
#include "server/principals_file.h"
#include "server/tls.h"
#include "server/tokens.h"

namespace recourse::server {
namespace {

bool IsThere(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::vector<std::string> WithOwn(const Config& config, const std::string& name,
                                 std::vector<std::string> directories) {
  const std::string own = config.data + "/" + name;
  if (IsThere(own)) directories.insert(directories.begin(), own);
  return directories;
}

// How many principals there are. Errors are those of the start, which makes a token file that is
// missing.
Result<std::size_t> CheckPrincipals(const Config& config) {
  auto who = FindPrincipals(config.data, config.principals, config.principals_file);
  if (!who) return std::move(who).error();
  std::set<std::string> to_make;
  for (PrincipalConfig& principal : who->principals) {
    if (principal.token_file.empty() || IsThere(principal.token_file)) continue;
    if (!to_make.insert(principal.token_file).second) {
      return InvalidArgument("two principals have the token file " + principal.token_file);
    }
    const std::string directory =
        std::filesystem::path(principal.token_file).parent_path().string();
    if (directory != config.data && access(directory.c_str(), W_OK | X_OK) != 0) {
      return ErrnoError(errno, "make the token file of " + principal.name + " in " + directory);
    }
    principal.token_file.clear();
  }
  const std::size_t count = who->principals.size();
  if (auto tokens = TokenStore::Open(config.data + "/tokens.json"); !tokens) {
    return std::move(tokens).error();
  }
  auto table = PrincipalTable::Make(std::move(who->principals), who->revoked_certificates,
                                    config.local_operator);
  if (!table) return std::move(table).error();
  return count;
}

}  // namespace

DefinitionFiles::Directories DirectoriesOf(const Config& config) {
  return {config.workflows,
          WithOwn(config, "targets", config.targets),
          WithOwn(config, "schedules", config.schedules),
          WithOwn(config, "escalation_policies", config.escalation_policies),
          config.data + "/workflows",
          config.alert_rules.empty() ? config.data + "/alert_rules.yaml" : config.alert_rules,
          !config.alert_rules.empty()};
}

ConfigCheck CheckConfiguration(const Config& config, const AddActions& add_actions) {
  ConfigCheck check;
  // Of what may not be read nothing can be said that would be true of the start.
  if (access(config.data.c_str(), R_OK | X_OK) != 0 && errno != ENOENT) {
    check.wrong.push_back(ErrnoError(errno, "read " + config.data).message +
                          "; check as the user that the server runs as");
    return check;
  }
  const auto principals = CheckPrincipals(config);
  if (!principals) check.wrong.push_back(principals.error().message);
  if (IsThere(config.journal_key)) {
    auto key = SigningKey::Load(config.journal_key);
    if (!key) {
      check.wrong.push_back(
          std::move(key).error().In("the key that signs the journal's heads").message);
    }
  }
  if (config.tls) {
    if (auto usable = CheckTls(*config.tls); !usable) check.wrong.push_back(usable.error().message);
  }
  auto channels = notify::ChannelFile::Open(config.data, config.notifications);
  if (!channels) check.wrong.push_back(channels.error().message);

  Registry registry;
  add_actions(registry, channels ? channels->get() : nullptr);
  Definitions definitions = DefinitionFiles(DirectoriesOf(config), registry).Load();
  check.left_out = std::move(definitions.problems);
  const runtime::Catalogue& catalogue = definitions.catalogue;
  check.summary = std::to_string(principals ? *principals : 0) + " principals, " +
                  std::to_string(catalogue.workflows.size()) + " workflows, " +
                  std::to_string(catalogue.inventory.Names().size()) + " targets, " +
                  std::to_string(catalogue.schedules.size()) + " schedules";
  return check;
}

}  // namespace recourse::server
