#include "server/principals_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <string>

#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

constexpr const char* kFile = R"(
principals:
  - name: ada
    roles: [viewer, operator, dba, incident-commander]
    certificates: ["CN=ada", "EMAIL:ada@example.net"]
  - {name: bot, roles: [viewer], token_file: /etc/recourse/bot.token}
revoked_certificates:
  - AA:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99
)";

std::string WhyRefused(std::string_view text) {
  const auto file = ParsePrincipals(text, "principals.yaml");
  if (file) FAIL("taken: " << text);
  CHECK(file.error().code == Code::kInvalidArgument);
  return file.error().message;
}

}  // namespace

TEST_CASE("the file of principals names whom the site chooses, with roles of its own", "[server]") {
  const auto file = ParsePrincipals(kFile, "principals.yaml");
  REQUIRE(file);
  REQUIRE(file->principals.size() == 2);
  CHECK(file->principals[0].name == "ada");
  CHECK(file->principals[0].roles ==
        std::vector<std::string>{"viewer", "operator", "dba", "incident-commander"});
  CHECK(file->principals[0].token_file.empty());
  CHECK(file->principals[0].certificates ==
        std::vector<std::string>{"CN=ada", "EMAIL:ada@example.net"});
  CHECK(file->principals[1].token_file == "/etc/recourse/bot.token");
  CHECK(
      file->revoked_certificates ==
      std::vector<std::string>{"aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899"});
}

TEST_CASE("every mistake in the file of principals is told with its place", "[server]") {
  CHECK(WhyRefused("principals:\n  - {name: ada, roels: [viewer]}\n") ==
        "principals.yaml:2:17: unknown setting \"principals[0].roels\"; did you mean \"roles\"?\n"
        "principals.yaml:2:5: principals: a principal needs name and roles");
  CHECK(WhyRefused("principals: [{name: engine, roles: [viewer]}]")
            .ends_with("\"engine\" is the engine's own name"));
  CHECK(WhyRefused("principals: [{name: \"a\\nb\", roles: [viewer]}]").find("is no name") !=
        std::string::npos);
  CHECK(WhyRefused("principals: [{name: a, roles: [level 1]}]").find("a role is a word") !=
        std::string::npos);
  CHECK(WhyRefused("principals: [{name: a, roles: [x], certificates: [ada]}]")
            .find("\"ada\" names no certificate; write CN=ada") != std::string::npos);
  CHECK(WhyRefused("principals:\n  - {name: a, roles: [x], certificates: [CN=x]}\n"
                   "  - {name: b, roles: [x], certificates: [CN=x]}\n")
            .find("the certificate CN=x is named twice, by a and b") != std::string::npos);
  CHECK(WhyRefused("principals: [{name: a, roles: [x], chat: [slack]}]")
            .find("\"slack\" names nobody in a chat; write slack:TEAM/USER") != std::string::npos);
  CHECK(WhyRefused("principals:\n  - {name: a, roles: [x], chat: [irc:n/x]}\n"
                   "  - {name: b, roles: [x], chat: [irc:n/x]}\n")
            .find("the chat key irc:n/x is named twice, by a and b") != std::string::npos);
  CHECK(WhyRefused("revoked_certificates: []")
            .find("principals: must be there, or nobody could call") != std::string::npos);
  CHECK(WhyRefused("").starts_with("principals.yaml:"));
  CHECK(WhyRefused("principals: [{name: a, roles: [x]}]\nrevoked_certificates: [abc]")
            .find("expected the SHA-256 of a certificate") != std::string::npos);
}

TEST_CASE("a file that others can write is not believed", "[server]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("principals.yaml", kFile);
  REQUIRE(chmod(path.c_str(), 0664) == 0);
  const auto refused = LoadPrincipals(path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kFailedPrecondition);
  CHECK(refused.error().message.find("chmod go-w " + path) != std::string::npos);
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  CHECK(LoadPrincipals(path));
}

TEST_CASE("principals come from the configuration, a file, or are the usual two", "[server]") {
  const TemporaryDirectory directory;
  const std::vector<PrincipalConfig> configured = {{"night", {"viewer"}, "/t"}};
  CHECK(FindPrincipals(directory.path(), {}, "")->principals.size() == 2);
  CHECK(FindPrincipals(directory.path(), configured, "")->principals[0].name == "night");
  const std::string usual = directory.Write("principals.yaml", kFile);
  REQUIRE(chmod(usual.c_str(), 0600) == 0);
  CHECK(FindPrincipals(directory.path(), {}, "")->principals[0].name == "ada");
  CHECK(FindPrincipals(directory.path(), {}, "/no/such").error().code == Code::kNotFound);
  const auto both = FindPrincipals(directory.path(), configured, "");
  REQUIRE_FALSE(both);
  CHECK(both.error().message.find("keep one of the two") != std::string::npos);
}

}  // namespace recourse::server
