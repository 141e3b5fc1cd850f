// Principals as they stand in a file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/settings/yaml_reader.h"
#include "server/principals.h"

namespace recourse::server {

// What stands in <data>/principals.yaml, or in the file that the configuration names instead.
struct PrincipalsFile {
  std::vector<PrincipalConfig> principals;
  std::vector<std::string> revoked_certificates;  // SHA-256 of the certificate, in hexadecimal
};

// kInvalidArgument: every mistake, a line each, as "file:line:column: message".
Result<PrincipalsFile> ParsePrincipals(std::string_view text, std::string_view file);

// The same from the file. kFailedPrecondition: others than its owner may write it, so that anybody
// could give himself a role. Otherwise the system's error.
Result<PrincipalsFile> LoadPrincipals(const std::string& path);

// Who there is on a server with this data directory: `configured`, when it is not empty; else what
// stands in `file`, when that is not empty; else in <data>/principals.yaml, when that exists; else
// DefaultPrincipals. kFailedPrecondition: they stand in two places. Otherwise as LoadPrincipals.
Result<PrincipalsFile> FindPrincipals(const std::string& data,
                                      const std::vector<PrincipalConfig>& configured,
                                      const std::string& file);

// Reads a list of principals for a file that has one among other things. `token_files`: each must
// have one, because there is no other way to prove who one is.
void ReadPrincipals(YamlReader& reader, const std::string& name, const YAML::Node& node,
                    bool token_files, std::vector<PrincipalConfig>& into);

}  // namespace recourse::server
