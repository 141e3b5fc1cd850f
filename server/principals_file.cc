#include "server/principals_file.h"

#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <map>
#include <set>

#include "engine/base/file.h"

namespace recourse::server {
namespace {

constexpr std::int64_t kPrincipalsFileMax = 1024 * 1024;
constexpr std::size_t kNameLengthMax = 128;
constexpr std::array<std::string_view, 4> kCertificateNames = {"CN=", "DNS:", "URI:", "EMAIL:"};

// Names stand in log lines and in tables: blanks are for people, control characters for nobody.
bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kNameLengthMax && text.front() != ' ' &&
         text.back() != ' ' && std::none_of(text.begin(), text.end(), [](unsigned char c) {
           return c < 0x20 || c == 0x7f;
         });
}

bool IsRole(std::string_view text) {
  return IsName(text) && text.find(' ') == std::string_view::npos;
}

bool IsCertificateName(std::string_view text) {
  return std::any_of(kCertificateNames.begin(), kCertificateNames.end(), [&](auto kind) {
    return text.starts_with(kind) && text.size() > kind.size();
  });
}

// "slack:T024BE7LD/U2147483697": the chat, the team or network in it, the person.
bool IsChatKey(std::string_view text) {
  const auto colon = text.find(':');
  const auto slash = text.find('/', colon == std::string_view::npos ? 0 : colon);
  return IsName(text) && colon != std::string_view::npos && slash != std::string_view::npos &&
         colon > 0 && slash > colon + 1 && slash + 1 < text.size();
}

// Digits and letters of a fingerprint alone: tools print it with colons and in capitals.
std::string Fingerprint(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ':') digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return digits;
}

bool IsFingerprint(std::string_view digits) {
  return digits.size() == 64 && std::all_of(digits.begin(), digits.end(),
                                            [](unsigned char c) { return std::isxdigit(c); });
}

PrincipalConfig ReadOne(YamlReader& reader, const std::string& name, const YAML::Node& item) {
  PrincipalConfig principal;
  reader.Map(item, name,
             {{"name", reader.Text(principal.name)},
              {"roles", reader.Texts(principal.roles)},
              {"token_file", reader.Path(principal.token_file)},
              {"second_factor_file", reader.Path(principal.second_factor_file)},
              {"certificates", reader.Texts(principal.certificates)},
              {"chat", reader.Texts(principal.chat)}});
  for (const std::string& role : principal.roles) {
    if (!role.empty() && !IsRole(role)) {
      reader.Report(item.Mark(), name + ": \"" + role + "\" is no role: a role is a word");
    }
  }
  for (const std::string& certificate : principal.certificates) {
    if (certificate.empty() || IsCertificateName(certificate)) continue;
    reader.Report(item.Mark(), name + ": \"" + certificate +
                                   "\" names no certificate; write CN=ada, DNS:bot.example.net, "
                                   "URI:spiffe://example.net/bot or EMAIL:ada@example.net");
  }
  for (const std::string& key : principal.chat) {
    if (key.empty() || IsChatKey(key)) continue;
    reader.Report(item.Mark(), name + ": \"" + key +
                                   "\" names nobody in a chat; write slack:TEAM/USER, "
                                   "mattermost:TEAM/USER or irc:NETWORK/NAME");
  }
  return principal;
}

// Two principals with one certificate, or one chat key, could not be told apart.
void RefuseShared(YamlReader& reader, const std::string& name, const YAML::Node& node,
                  const std::vector<PrincipalConfig>& principals, std::string_view what,
                  std::vector<std::string> PrincipalConfig::*member) {
  std::map<std::string, std::string> owners;
  for (const PrincipalConfig& principal : principals) {
    for (const std::string& text : principal.*member) {
      const auto [at, added] = owners.emplace(text, principal.name);
      if (added || text.empty()) continue;
      reader.Report(node.Mark(), name + ": the " + std::string(what) + " " + text +
                                     " is named twice, by " + at->second + " and " +
                                     principal.name);
    }
  }
}

}  // namespace

void ReadPrincipals(YamlReader& reader, const std::string& name, const YAML::Node& node,
                    bool token_files, std::vector<PrincipalConfig>& into) {
  if (!node.IsSequence()) {
    return reader.Report(node.Mark(), name + ": expected a list of principals");
  }
  std::set<std::string> names;
  for (const YAML::Node& item : node) {
    PrincipalConfig principal =
        ReadOne(reader, name + "[" + std::to_string(into.size()) + "]", item);
    if (principal.name.empty() || principal.roles.empty() ||
        (token_files && principal.token_file.empty())) {
      reader.Report(item.Mark(), name + ": a principal needs name" +
                                     (token_files ? ", roles and token_file" : " and roles"));
    } else if (!IsName(principal.name)) {
      reader.Report(item.Mark(), name + ": \"" + principal.name + "\" is no name");
    } else if (principal.name == "engine") {
      reader.Report(item.Mark(), name + ": \"engine\" is the engine's own name");
    } else if (principal.name.starts_with("schedule:")) {
      reader.Report(item.Mark(),
                    name + ": names that begin with \"schedule:\" are those of schedules");
    } else if (!names.insert(principal.name).second) {
      reader.Report(item.Mark(), name + ": there are two principals \"" + principal.name + "\"");
    }
    into.push_back(std::move(principal));
  }
  RefuseShared(reader, name, node, into, "certificate", &PrincipalConfig::certificates);
  RefuseShared(reader, name, node, into, "chat key", &PrincipalConfig::chat);
  if (into.empty()) reader.Report(node.Mark(), name + ": the list is empty");
}

Result<PrincipalsFile> ParsePrincipals(std::string_view text, std::string_view file) {
  YamlReader reader(file, "the file of principals");
  PrincipalsFile found;
  auto read = reader.Read(text, [&](const YAML::Node& root) {
    reader.Map(root, "",
               {{"principals",
                 [&](const auto& name, const auto& node) {
                   ReadPrincipals(reader, name, node, false, found.principals);
                 }},
                {"revoked_certificates", [&](const auto& name, const auto& node) {
                   reader.Each(name, node, [&](const YAML::Node& item) {
                     found.revoked_certificates.push_back(Fingerprint(reader.Scalar(name, item)));
                     if (IsFingerprint(found.revoked_certificates.back())) return;
                     reader.Report(item.Mark(),
                                   name +
                                       ": expected the SHA-256 of a certificate, as openssl x509 "
                                       "-noout -fingerprint -sha256 prints it");
                   });
                 }}});
    if (found.principals.empty() && root.IsMap() && !root["principals"]) {
      reader.Report(root.Mark(), "principals: must be there, or nobody could call");
    }
  });
  if (!read) return std::move(read).error();
  return found;
}

Result<PrincipalsFile> LoadPrincipals(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return ErrnoError(errno, "principals file " + path);
  if ((status.st_mode & 022) != 0) {
    return FailedPrecondition("principals file " + path +
                              " can be written by others than its owner, who could give themselves "
                              "any role; look at what it says, then: chmod go-w " +
                              path);
  }
  auto text = ReadFile(path, kPrincipalsFileMax);
  if (!text) return std::move(text).error().In("read the principals");
  return ParsePrincipals(*text, path);
}

Result<PrincipalsFile> FindPrincipals(const std::string& data,
                                      const std::vector<PrincipalConfig>& configured,
                                      const std::string& file) {
  const std::string usual = data + "/principals.yaml";
  const bool is_there = access(usual.c_str(), F_OK) == 0;
  if (!file.empty()) return LoadPrincipals(file);
  if (!configured.empty() && is_there) {
    return FailedPrecondition("principals stand in the configuration and in " + usual +
                              "; keep one of the two");
  }
  if (!configured.empty()) return PrincipalsFile{configured, {}};
  if (is_there) return LoadPrincipals(usual);
  return PrincipalsFile{DefaultPrincipals(data), {}};
}

}  // namespace recourse::server
