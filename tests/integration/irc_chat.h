// A server whose people have keys, a real IRC server, and the real bot between them.
#pragma once

#include <catch2/catch.hpp>
#include <csignal>

#include "engine/base/file.h"
#include "tests/integration/certificates.h"
#include "tests/integration/irc.h"

namespace recourse::integration {

inline constexpr const char* kChannel = "#incidents";

// A server whose people have keys, an IRC server, and a bot between them.
class Chat : public Scene {
 public:
  explicit Chat(bool start = true) : Scene(false), irc(folder) {
    folder.Write("data/principals.yaml", Principals());
    folder.Write("data/bo.code", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n");
    folder.Write("workflows/wipe.yaml",
                 "name: wipe\nsteps:\n  - id: ask\n    approval: {prompt: \"Wipe it?\", approvers: [dba], "
                 "second_factor: true}\n");
    folder.Write("bot.yaml", BotConfig());
    if (start) {
      StartServer();
      StartBot();
    }
  }
  ~Chat() {
    if (!bot_) return;
    bot_->Signal(SIGTERM);
    CHECK(bot_->WaitForEnd(10s) == 0);
  }

  // `environment` is set in it beside what it has anyway.
  void StartBot(const Environment& environment = {}) {
    bot_ = std::make_unique<Program>(
        std::vector<std::string>{RECOURSE_BOT, "--config", folder / "bot.yaml"},
        folder / ("bot-" + std::to_string(++bots_)), environment);
    Eventually("the bot is there", [&] { return bot_->out().find("is there") != std::string::npos; });
  }
  // It has ended by itself.
  void DropBot() { bot_.reset(); }
  void KillBot() {
    bot_->Signal(SIGKILL);
    REQUIRE(bot_->WaitForEnd(10s));
    bot_.reset();
  }
  bool BotHasEnded() { return bot_->WaitForEnd(0s).has_value(); }
  std::string BotErrors() const { return bot_->err(); }
  // The message about it stands, and where it stands is stored.
  void WaitUntilTold(const std::string& about, const std::string& place = kChannel) const {
    const std::string run = about.starts_with("A-") ? Json({"approval", about}).StringOr("run", "") : about;
    Eventually(about + " is told", [&] {
      return Recourse({"timeline", run}).out.find("tells of " + about + " in irc: " + place) !=
             std::string::npos;
    });
  }

  // In the channel, seen by the bot there, and known to it.
  std::unique_ptr<IrcPerson> Person(const std::string& name) const {
    auto person = std::make_unique<IrcPerson>(irc, name, kChannel);
    LogIn(*person, name);
    return person;
  }
  void LogIn(IrcPerson& person, const std::string& name) const {
    auto token = ReadFile(data + "/" + name + ".token", 4096);
    REQUIRE(token);
    // Until the bot is in the channel and sees who is there.
    Eventually(name + " is logged in", [&] {
      person.TellBot("login " + token->substr(0, token->find('\n')));
      return !person.Hears("NOTICE " + name + " :you are " + name, 1s).empty();
    });
  }

  IrcServer irc;

 private:
  std::string Principals() const {
    const auto one = [&](const std::string& name, const std::string& roles, const std::string& more) {
      return "  - {name: " + name + ", roles: [" + roles + "], token_file: " + data + "/" + name +
             ".token" + more + "}\n";
    };
    return "principals:\n" +
           one("operator", "viewer, operator, admin", "") +
           one("ada", "viewer, operator", ", chat: [\"irc:ops/ada\"]") +
           one("bo", "viewer, operator, dba, incident-commander",
               ", second_factor_file: " + data + "/bo.code, chat: [\"irc:ops/bo\"]") +
           one("eve", "viewer, operator, dba", "") + one("bot", "viewer, delegate, dba", "");
  }
  std::string BotConfig() const {
    return "server:\n  data: " + data + "\n  token_file: " + data + "/bot.token\n" +
           "surfaces:\n  irc:\n    network: ops\n    server: 127.0.0.1:" +
           std::to_string(irc.port()) + "\n    tls: false\n    nick: recourse\n" +
           "routes:\n  - {surface: irc, channel: \"" + kChannel + "\"}\n";
  }

  std::unique_ptr<Program> bot_;
  int bots_ = 0;
};

}  // namespace recourse::integration
