// Notifications through real servers: mail by SMTP, and a channel that is down.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "engine/base/file.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// A real SMTP server that keeps each mail in a file.
class MailServer {
 public:
  explicit MailServer(const Folder& folder, const std::string& port)
      : mails_(folder / "mails/new"),
        program_({"/usr/bin/python3", "-m", "aiosmtpd", "-n", "-l", "127.0.0.1:" + port, "-c",
                  "aiosmtpd.handlers.Mailbox", folder / "mails"},
                 folder / "smtp") {}

  std::vector<std::string> Mails() const {
    std::vector<std::string> mails;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(mails_, none)) {
      mails.push_back(*ReadFile(entry.path().string(), 1 << 20));
    }
    return mails;
  }

 private:
  const std::string mails_;
  Program program_;
};

std::string FreePort(const Folder& folder) {
  const auto found = Run(
      {"/usr/bin/python3", "-c",
       "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"},
      folder / "port");
  return found.out.substr(0, found.out.find('\n'));
}

}  // namespace

TEST_CASE("people are told by mail of a run that asks, also when the mail server comes up later",
          "[integration]") {
  Scene scene(false);
  const std::string port = FreePort(scene.folder);
  std::filesystem::create_directories(scene.data);
  scene.folder.Write("data/notifications.yaml",
                     "channels:\n  - {name: mail, kind: mail, server: \"smtp://127.0.0.1:" + port +
                         "\", from: recourse@example.net, to: [dba@example.net]}\n"
                         "routes: [{to: [mail]}]\n");
  scene.StartServer();
  scene.Start("ask");
  Eventually("the failure is seen", [&] {
    return scene.Recourse({"attention"}).out.find("mail  NOT DELIVERED") != std::string::npos;
  });
  CHECK_THAT(scene.Recourse({"attention"}).out,
             Contains("1 that are tried again, 0 given up") && Contains("notifications test mail"));
  const auto tested = scene.Recourse({"notifications", "test", "mail"});
  CHECK(tested.code != 0);
  CHECK_THAT(tested.err, Contains("connect"));

  // It is told by the next server too.
  scene.KillServer();
  const MailServer mail(scene.folder, port);
  scene.StartServer();
  Eventually("the mail comes", [&] { return !mail.Mails().empty(); });
  const std::string one = mail.Mails().front();
  CHECK_THAT(one, Contains("X-RcptTo: dba@example.net"));
  CHECK_THAT(one, Contains("Subject: [recourse] R-1 asks for approval A-1"));
  Eventually("nothing is missing", [&] {
    return scene.Recourse({"attention"}).out.find("NOT DELIVERED") == std::string::npos;
  });
  CHECK_THAT(scene.Recourse({"notifications", "list"}).out, Contains("mail     mail  0"));
  CHECK(scene.Recourse({"notifications", "test", "mail"}).code == 0);
  CHECK_THAT(scene.Recourse({"notifications", "retry", "nobody"}).err,
             Contains("no channel \"nobody\""));
}

TEST_CASE(
    "what a workflow says is mailed once, also when the server is killed before the mail is sent",
    "[integration]") {
  Scene scene(false);
  const std::string port = FreePort(scene.folder);
  std::filesystem::create_directories(scene.data);
  scene.folder.Write("data/notifications.yaml",
                     "channels:\n  - {name: mail, kind: mail, server: \"smtp://127.0.0.1:" + port +
                         "\", from: recourse@example.net, to: [dba@example.net]}\n");
  scene.folder.Write(
      "workflows/report.yaml",
      "name: report\ninputs: {lost: {type: bool, default: false}}\nsteps:\n"
      "  - {id: tell, action: notify.send, with: {channel: mail, subject: Daily check, "
      "text: \"all is well\\nreally\"}}\n"
      "  - {id: lost, action: notify.send, with: {channel: mial, text: x}, "
      "when: \"${inputs.lost}\", on_failure: continue}\n");
  scene.StartServer();
  CHECK_THAT(scene.server().err(),
             Contains("workflow report, step lost: there is no channel \"mial\" in the file of "
                      "notifications; known are: mail"));
  CHECK_THAT(scene.Recourse({"plan", "report"}).out, Contains("tell mail (mail): Daily check"));
  for (const std::string verb : {"plan", "start"}) {
    const Finished refused = scene.Recourse({verb, "report", "--input", "lost=true"});
    CHECK(refused.code == 4);
    CHECK_THAT(refused.err,
               Contains("the step lost could tell nobody: there is no channel \"mial\"") &&
                   Contains("known are: mail; nothing was started"));
  }
  const std::string run = scene.Start("report");
  scene.WaitForStatus(run, "RUN_STATUS_SUCCEEDED");
  Eventually("it is tried in vain", [&] {
    return scene.Recourse({"attention"}).out.find("mail  NOT DELIVERED") != std::string::npos;
  });
  scene.KillServer();
  const MailServer mail(scene.folder, port);
  scene.StartServer();
  Eventually("the mail comes", [&] { return !mail.Mails().empty(); });
  Eventually("nothing is missing", [&] {
    return scene.Recourse({"attention"}).out.find("NOT DELIVERED") == std::string::npos;
  });
  REQUIRE(mail.Mails().size() == 1);
  CHECK_THAT(mail.Mails().front(), Contains("Subject: [recourse] Daily check\n"));
}

TEST_CASE("the file of notifications is read again on SIGHUP, and what is wrong with it is listed",
          "[integration]") {
  Scene scene(false);
  std::filesystem::create_directories(scene.data);
  const auto write = [&](const std::string& name, const std::string& more) {
    scene.folder.Write("data/notifications.yaml",
                       "channels: [{name: " + name +
                           ", kind: mail, server: \"smtp://127.0.0.1:1\", from: a@b.c, "
                           "to: [d@e.f]}]\nroutes: [{to: [" +
                           name + "]" + more + "}]\n");
  };
  write("old", "");
  scene.StartServer();
  Eventually("it is known before it is needed", [&] {
    return scene.Recourse({"notifications", "list"}).out.find("Failed to connect") !=
           std::string::npos;
  });
  scene.Start("ask");
  Eventually("it is tried in vain", [&] {
    return scene.Recourse({"attention"}).out.find("old  NOT DELIVERED") != std::string::npos;
  });
  write("new", ", targets: [nowhere]");
  scene.server().Signal(SIGHUP);
  Eventually("what waited is given up, with the reason", [&] {
    return scene.Recourse({"notifications", "list"}).out.find("no longer in the file") !=
           std::string::npos;
  });
  const std::string listed = scene.Recourse({"notifications", "list"}).out;
  CHECK_THAT(listed, Contains("new ") && Contains("no longer there") &&
                         Contains("PROBLEM  routes[0].targets: there is no target \"nowhere\""));
  write("new", ", targets: 7");
  scene.server().Signal(SIGHUP);
  Eventually("the mistake is told", [&] {
    return scene.Recourse({"info"}).out.find("the notifications stay as they were") !=
           std::string::npos;
  });
}

TEST_CASE("a mistake in the file of notifications keeps the server from starting",
          "[integration]") {
  Scene scene(false);
  std::filesystem::create_directories(scene.data);
  scene.folder.Write("data/notifications.yaml", "channels: [{name: x, kind: pigeon}]\n");
  const Finished refused = scene.StartSecondServer();
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, Contains("notifications.yaml:1:12: channels[0]: kind: expected one of"));
}

}  // namespace recourse::integration
