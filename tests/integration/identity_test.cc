// Who may call, seen from outside: tokens, the file of principals, the local socket, TLS.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "tests/integration/certificates.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

constexpr const char* kPrincipals = R"(
principals:
  - {name: root, roles: [viewer, operator, admin], token_file: TOKEN}
  - {name: ada, roles: [viewer, operator, dba], certificates: ["CN=ada"]}
  - {name: bot, roles: [viewer], certificates: ["URI:spiffe://example.net/bot"]}
)";

// A server with the principals above, and what else `config` says.
void Configure(Scene& scene, const std::string& config) {
  std::string principals = kPrincipals;
  principals.replace(principals.find("TOKEN"), 5, scene.folder / "root.token");
  const std::string file = scene.folder.Write("principals.yaml", principals);
  const std::string settings =
      scene.folder.Write("recourse.yaml", "principals_file: " + file + "\n" + config);
  scene.server_arguments = {"--config", settings};
}

// A server that speaks TLS to localhost, and to whom certificates of `clients` mean something.
struct TlsScene {
  TlsScene() : scene(false) {
    WriteServer(authority.Issue({"server", {"DNS:localhost", "IP:127.0.0.1"}}));
    scene.folder.Write("ca.pem", authority.certificate());
    scene.folder.Write("clients.pem", clients.certificate());
    Configure(scene, "tls: {certificate: " + (scene.folder / "server.pem") +
                         ", key: " + (scene.folder / "server.key") +
                         ", client_ca: " + (scene.folder / "clients.pem") + "}\n");
    scene.StartServer();
  }

  void WriteServer(const Pem& pem) const {
    // The key first: one without its certificate is not taken.
    scene.folder.Write("server.key", pem.key);
    scene.folder.Write("server.pem", pem.certificate);
  }

  std::string Address() const { return FirstLine(*ReadFile(scene.data + "/address", 100)); }

  // Who the server takes the caller for, over TLS.
  Finished WhoAmI(std::vector<std::string> options) const {
    options.insert(options.begin(), {"whoami", "--address", Address()});
    return scene.Recourse(options);
  }
  Finished WhoAmIWith(const Pem& pem) const {
    return WhoAmI({"--tls-ca", scene.folder / "ca.pem", "--tls-cert",
                   scene.folder.Write("me.pem", pem.certificate), "--tls-key",
                   scene.folder.Write("me.key", pem.key)});
  }

  Authority authority{"the server's authority"};
  Authority clients{"the clients' authority"};
  Scene scene;
};

}  // namespace

TEST_CASE("a token that could not be written is revoked, as nobody has seen it", "[integration]") {
  const Scene scene;
  const Finished made =
      Run({"/bin/sh", "-c",
           std::string(RECOURSE) + " --data " + scene.data + " tokens create approver > /dev/full"},
          scene.folder / "made");
  CHECK(made.code == 6);
  CHECK_THAT(made.err, Contains("the output could not be written (No space left on device). T-1, "
                                "which nobody has seen, is revoked"));
  CHECK_THAT(scene.Recourse({"tokens", "list"}).out, Contains("no token is in force"));
}

TEST_CASE("a token is created, used, listed and revoked with the command", "[integration]") {
  const Scene scene;
  const Finished made = scene.Recourse({"tokens", "create", "approver", "--note", "pager"});
  REQUIRE(made.code == 0);
  CHECK_THAT(made.err, Contains("T-1 for approver, in force now, expires "));
  const std::string file = scene.folder.Write("pager.token", made.out);
  const std::string token = FirstLine(made.out);
  CHECK(token.size() == 9 + 64);

  CHECK(scene.Recourse({"whoami", "--token-file", file}).out ==
        "approver: viewer, dba, incident-commander, level-1, level-2, level-3\n");
  const Finished list = scene.Recourse({"tokens", "list"});
  CHECK_THAT(list.out, Contains("T-1") && Contains("in force") && Contains("pager"));
  CHECK_THAT(list.out, !Contains(token.substr(9)));

  const Finished revoked =
      scene.Recourse({"tokens", "revoke", "T-1", "--reason", "the phone is lost"});
  CHECK_THAT(revoked.out,
             Contains("T-1 of approver is revoked, since ") && Contains(" by operator"));
  const Finished refused = scene.Recourse({"whoami", "--token-file", file});
  CHECK(refused.code == 4);
  CHECK_THAT(refused.err, Contains("the token T-1 of approver was revoked at "));
  CHECK_THAT(scene.Recourse({"tokens", "list"}).out, Contains("1 revoked or expired"));
  CHECK_THAT(scene.Recourse({"tokens", "list", "--all"}).out,
             Contains("revoked by operator") && Contains("the phone is lost"));
  CHECK(scene.Recourse({"tokens", "create", "approver", "--expires", "soon"}).code == 2);
}

TEST_CASE("tokens outlive the server, and so does their revocation", "[integration]") {
  Scene scene;
  const std::string kept =
      scene.folder.Write("kept.token", scene.Recourse({"tokens", "create", "approver"}).out);
  const std::string lost =
      scene.folder.Write("lost.token", scene.Recourse({"tokens", "create", "approver"}).out);
  REQUIRE(scene.Recourse({"tokens", "revoke", "T-2"}).code == 0);
  scene.KillServer();
  scene.StartServer();
  CHECK(scene.Recourse({"whoami", "--token-file", kept}).code == 0);
  CHECK(scene.Recourse({"whoami", "--token-file", lost}).code == 4);
}

TEST_CASE("SIGHUP reads the principals again, and a mistake leaves them as they were",
          "[integration]") {
  Scene scene(false);
  Configure(scene, "");
  scene.StartServer();
  const std::string root = scene.folder / "root.token";
  const std::string ada = scene.folder.Write(
      "ada.token", scene.Recourse({"tokens", "create", "ada", "--token-file", root}).out);
  CHECK(scene.Recourse({"whoami", "--token-file", ada}).out == "ada: viewer, operator, dba\n");

  scene.folder.Write("principals.yaml", "principals: [{name: ada, roles: viewer}]\n");
  scene.server().Signal(SIGHUP);
  Eventually("the mistake is told", [&] {
    return scene.server().err().find("the principals stay as they were: ") != std::string::npos;
  });
  CHECK_THAT(scene.server().err(),
             Contains("principals.yaml:1:33: principals[0].roles: expected a list"));
  CHECK(scene.Recourse({"whoami", "--token-file", ada}).code == 0);

  scene.folder.Write("principals.yaml",
                     "principals: [{name: root, roles: [admin], token_file: " + root + "}]\n");
  scene.server().Signal(SIGHUP);
  Eventually("ada is gone", [&] {
    return scene.Recourse({"whoami", "--token-file", ada}).code == 4;
  });
  CHECK_THAT(scene.Recourse({"whoami", "--token-file", ada}).err,
             Contains("ada, who is no longer one of this server's principals"));
}

TEST_CASE("who is on the host's socket is the local operator, and cannot decide what he asked",
          "[integration]") {
  Scene scene(false);
  Configure(scene, "local_operator: ada\n");
  scene.StartServer();
  struct stat status = {};
  REQUIRE(stat((scene.data + "/recourse.sock").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(status.st_uid == geteuid());
  CHECK(scene.Recourse({"whoami"}).out == "ada: viewer, operator, dba\n");

  const std::string run = scene.Start("ask");
  scene.WaitForStatus(run, "RUN_STATUS_WAITING");
  const Finished own = scene.Recourse({"approve", "A-1"});
  CHECK(own.code == 4);
  // Nor with a token of his own: he is one person, whichever way he comes.
  const std::string token = scene.folder.Write(
      "ada.token",
      scene.Recourse({"tokens", "create", "ada", "--token-file", scene.folder / "root.token"}).out);
  CHECK(scene.Recourse({"approve", "A-1", "--token-file", token}).code == 4);
  CHECK(scene.StatusOf(run) == "RUN_STATUS_WAITING");

  // At the port there is no local operator.
  const std::string address = FirstLine(*ReadFile(scene.data + "/address", 100));
  CHECK(scene.Recourse({"whoami", "--address", address}).code == 3);
}

TEST_CASE("the socket knows nobody unless the configuration says so", "[integration]") {
  Scene scene(false);
  Configure(scene, "");
  scene.StartServer();
  const Finished refused = scene.Recourse({"whoami"});
  CHECK(refused.code == 4);
  CHECK_THAT(refused.err, Contains("the call carries no token"));
}

TEST_CASE("a server on which nobody could make tokens says so at its start", "[integration]") {
  Scene scene(false);
  const std::string file = scene.folder.Write(
      "who.yaml",
      "principals: [{name: ada, roles: [viewer, admin]}, {name: bot, roles: [viewer]}]");
  const auto start = [&](const std::string& more) {
    scene.server_arguments = {
        "--config", scene.folder.Write("recourse.yaml", "principals_file: " + file + "\n" + more)};
    scene.StartServer();
    const std::string log = scene.server().err();
    scene.StopServer();
    return log;
  };
  const std::string warning = "no principal with the role admin has a token or a certificate";
  CHECK_THAT(start(""), Contains(warning));
  CHECK_THAT(start("local_operator: ada\n"), !Contains(warning));
}

TEST_CASE("a local operator who is nobody keeps the server from starting", "[integration]") {
  Scene scene(false);
  Configure(scene, "local_operator: adda\n");
  const Finished refused = scene.StartSecondServer();
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, Contains("local_operator: there is no principal \"adda\""));
}

TEST_CASE("over TLS a token or a certificate says who calls", "[integration]") {
  const TlsScene tls;
  const std::string ca = tls.scene.folder / "ca.pem";
  CHECK(tls.WhoAmI({"--tls-ca", ca, "--token-file", tls.scene.folder / "root.token"}).out ==
        "root: viewer, operator, admin\n");
  CHECK(tls.WhoAmIWith(tls.clients.Issue({"ada", {}})).out == "ada: viewer, operator, dba\n");
  CHECK(tls.WhoAmIWith(tls.clients.Issue({"x", {"URI:spiffe://example.net/bot"}})).out ==
        "bot: viewer\n");

  const Finished unmapped = tls.WhoAmIWith(tls.clients.Issue({"eve", {"DNS:eve.example.net"}}));
  CHECK(unmapped.code == 4);
  CHECK_THAT(
      unmapped.err,
      Contains("the client certificate (CN=eve, DNS:eve.example.net) names no principal; the "
               "principals file knows CN=ada, URI:spiffe://example.net/bot"));
  const Finished both =
      tls.WhoAmIWith(tls.clients.Issue({"ada", {"URI:spiffe://example.net/bot"}}));
  CHECK(both.code == 4);
  CHECK_THAT(both.err, Contains("has names of two principals, ada and bot"));
}

TEST_CASE("certificates that prove nothing are refused", "[integration]") {
  const TlsScene tls;
  const Authority stranger("a stranger");
  CHECK(tls.WhoAmIWith(stranger.Issue({"ada", {}})).code != 0);
  CHECK(tls.WhoAmIWith(tls.clients.Issue({"ada", {}, std::chrono::hours(-1)})).code != 0);

  // The same for the server's, on the other side.
  const Finished wrong =
      tls.WhoAmI({"--tls-ca", tls.scene.folder.Write("stranger.pem", stranger.certificate()),
                  "--token-file", tls.scene.folder / "root.token"});
  CHECK(wrong.code == 3);
  CHECK_THAT(wrong.err, Contains("with TLS as this side has it") && Contains("--tls-ca"));
  CHECK_THAT(wrong.err, Contains("is not valid for ") && !Contains("SSL"));
  const Finished plain = tls.WhoAmI({"--token-file", tls.scene.folder / "root.token"});
  CHECK(plain.code == 3);
  CHECK_THAT(plain.err, Contains("if it speaks TLS: --tls-ca"));
}

TEST_CASE("a server whose certificate has expired is not believed, and says so", "[integration]") {
  const TlsScene tls;
  const std::vector<std::string> options = {"--tls-ca", tls.scene.folder / "ca.pem", "--token-file",
                                            tls.scene.folder / "root.token"};
  CHECK(tls.WhoAmI(options).code == 0);
  tls.WriteServer(
      tls.authority.Issue({"server", {"DNS:localhost", "IP:127.0.0.1"}, std::chrono::hours(-1)}));
  Eventually("the expired certificate is shown", [&] { return tls.WhoAmI(options).code == 3; });
}

TEST_CASE("a certificate can be revoked without a restart", "[integration]") {
  TlsScene tls;
  const Pem ada = tls.clients.Issue({"ada", {}});
  CHECK(tls.WhoAmIWith(ada).code == 0);
  const auto former = ReadFile(tls.scene.folder / "principals.yaml", 1 << 20);
  REQUIRE(former);
  const Finished fingerprint = Run({"/usr/bin/openssl", "x509", "-noout", "-fingerprint", "-sha256",
                                    "-in", tls.scene.folder / "me.pem"},
                                   tls.scene.folder / "openssl");
  REQUIRE(fingerprint.code == 0);
  const std::string shown = FirstLine(fingerprint.out);
  tls.scene.folder.Write("principals.yaml", *former + "revoked_certificates: [\"" +
                                                shown.substr(shown.find('=') + 1) + "\"]\n");
  tls.scene.server().Signal(SIGHUP);
  Eventually("it is revoked", [&] { return tls.WhoAmIWith(ada).code == 4; });
  CHECK_THAT(tls.WhoAmIWith(ada).err, Contains("the client certificate (CN=ada) is revoked"));
  CHECK(tls.WhoAmIWith(tls.clients.Issue({"ada", {}})).code == 0);
}

TEST_CASE("a renewed certificate is taken without a restart", "[integration]") {
  TlsScene tls;
  const Authority next("the next authority");
  const std::string ca = tls.scene.folder.Write("next.pem", next.certificate());
  const std::vector<std::string> options = {"--tls-ca", ca, "--token-file",
                                            tls.scene.folder / "root.token"};
  CHECK(tls.WhoAmI(options).code == 3);
  tls.WriteServer(next.Issue({"server", {"DNS:localhost", "IP:127.0.0.1"}}));
  Eventually("the renewed certificate is shown", [&] { return tls.WhoAmI(options).code == 0; });
  CHECK_THAT(tls.scene.server().err(),
             Contains("TLS: the certificate") && Contains("is good until"));
}

TEST_CASE("TLS files that cannot be used keep the server from starting", "[integration]") {
  const Authority authority("an authority");
  const Pem one = authority.Issue({"server", {"DNS:localhost"}});
  const Pem other = authority.Issue({"server", {"DNS:localhost"}});
  Scene scene(false);
  const std::string certificate = scene.folder.Write("server.pem", one.certificate);
  const auto start = [&](const std::string& key) {
    Configure(scene, "tls: {certificate: " + certificate + ", key: " + key + "}\n");
    return scene.StartSecondServer();
  };
  const Finished wrong = start(scene.folder.Write("other.key", other.key));
  CHECK(wrong.code == 1);
  CHECK_THAT(wrong.err, Contains("is not the key of the certificate in " + certificate));
  CHECK_THAT(start(scene.folder / "none.key").err, Contains("tls.key: open "));
  CHECK_THAT(start(certificate).err, Contains("holds no private key in PEM"));
  const std::string key = scene.folder.Write("server.key", one.key);
  REQUIRE(chmod(key.c_str(), 0644) == 0);
  CHECK_THAT(start(key).err, Contains("can be read by everybody"));
}

TEST_CASE("nothing is reached from elsewhere without TLS, unless that is said and then warned of",
          "[integration]") {
  Scene scene(false);
  scene.listen = "0.0.0.0:0";
  const Finished refused = scene.StartSecondServer();
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, Contains("\"0.0.0.0:0\" is not on loopback"));

  Configure(scene, "insecure: true\n");
  scene.StartServer();
  CHECK_THAT(scene.server().err(), Contains("warning insecure: true: 0.0.0.0:0 may be reached"));
  const Finished other = scene.Recourse(
      {"whoami", "--address", "192.0.2.1:7373", "--token-file", scene.folder / "root.token"});
  CHECK(other.code == 3);
  CHECK_THAT(other.err, Contains("the token would cross the network in the clear"));
}

}  // namespace recourse::integration
