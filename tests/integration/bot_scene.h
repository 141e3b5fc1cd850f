// A server whose people have keys, and the real bot that serves them in a chat.
#pragma once

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/integration/scene.h"

namespace recourse::integration {

class BotScene : public Scene {
 public:
  BotScene() : Scene(false) {
    folder.Write("data/principals.yaml", Principals());
    folder.Write("data/bo.code", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n");
  }
  ~BotScene() { StopBot(); }

  // `section`: the chat's in `surfaces`, such as "irc: {...}".
  void Configure(const std::string& section, const std::string& surface,
                 const std::string& channel) {
    folder.Write("bot.yaml", "server:\n  data: " + data + "\n  token_file: " + data +
                                 "/bot.token\nsurfaces:\n  " + section +
                                 "\nroutes:\n  - {surface: " + surface + ", channel: \"" + channel +
                                 "\"}\n");
  }

  // `environment` is set in it beside what it has anyway.
  void StartBot(const Environment& environment = {}) {
    LaunchBot(environment);
    AwaitBot();
  }
  void LaunchBot(const Environment& environment = {}) {
    bot_ = std::make_unique<Program>(
        std::vector<std::string>{RECOURSE_BOT, "--config", folder / "bot.yaml"},
        folder / ("bot-" + std::to_string(++bots_)), environment);
  }
  void AwaitBot() {
    Eventually("the bot is there",
               [&] { return bot_->out().find("is there") != std::string::npos; });
  }
  // SIGTERM, where there is one.
  void StopBot() {
    if (!bot_) return;
    bot_->Signal(SIGTERM);
    CHECK(bot_->WaitForEnd(10s) == 0);
    bot_.reset();
  }
  void KillBot() {
    bot_->Signal(SIGKILL);
    REQUIRE(bot_->WaitForEnd(10s));
    bot_.reset();
  }
  // As Program::WaitForEnd(), at once.
  std::optional<int> BotEnd() { return bot_->WaitForEnd(0s); }
  std::string BotErrors() const { return bot_->err(); }

 private:
  std::string Principals() const {
    const auto one = [&](const std::string& name, const std::string& roles,
                         const std::string& more) {
      return "  - {name: " + name + ", roles: [" + roles + "], token_file: " + data + "/" + name +
             ".token" + more + "}\n";
    };
    const std::string chats =
        "[\"irc:ops/bo\", \"slack:T024BE7LD/UBO\", \"mattermost:rdc9bgriktyx9p4kowh3dmgqyc/bo\"]";
    return "principals:\n" + one("operator", "viewer, operator, admin", "") +
           one("ada", "viewer, operator", ", chat: [\"irc:ops/ada\"]") +
           one("bo", "viewer, operator, dba, incident-commander",
               ", second_factor_file: " + data + "/bo.code, chat: " + chats) +
           one("eve", "viewer, operator, dba", "") + one("bot", "viewer, delegate, dba", "");
  }

  std::unique_ptr<Program> bot_;
  int bots_ = 0;
};

}  // namespace recourse::integration
