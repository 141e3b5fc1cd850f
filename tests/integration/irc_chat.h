// A server whose people have keys, a real IRC server, and the real bot between them.
#pragma once

#include "engine/base/file.h"
#include "tests/integration/bot_scene.h"
#include "tests/integration/certificates.h"
#include "tests/integration/irc.h"

namespace recourse::integration {

inline constexpr const char* kChannel = "#incidents";

// The bot's section `irc`.
inline std::string IrcSection(const IrcServer& irc) {
  return "irc:\n    network: ops\n    server: 127.0.0.1:" + std::to_string(irc.port()) +
         "\n    tls: false\n    nick: recourse\n    line_interval: 20ms";
}

// Until the bot knows the person, who is in its channel, as the principal of that name.
inline void LogIn(const Scene& scene, IrcPerson& person, const std::string& name) {
  auto token = ReadFile(scene.data + "/" + name + ".token", 4096);
  REQUIRE(token);
  Eventually("the bot is in the channel", [&] { return person.SeesBot(); });
  Eventually(name + " is logged in", [&] {
    person.TellBot("login " + token->substr(0, token->find('\n')));
    return !person.Hears("NOTICE " + name + " :you are " + name, 1s).empty();
  });
}

// A server whose people have keys, an IRC server, and a bot between them.
class Chat : public BotScene {
 public:
  // `start` false: neither server nor bot begins; the IRC server then speaks TLS too.
  explicit Chat(bool start = true) : irc(folder, !start) {
    folder.Write(
        "workflows/wipe.yaml",
        "name: wipe\nsteps:\n  - id: ask\n    approval: {prompt: \"Wipe it?\", approvers: [dba], "
        "second_factor: true}\n");
    Configure(IrcSection(irc), "irc", kChannel);
    if (start) {
      StartServer();
      StartBot();
    }
  }
  ~Chat() { StopBot(); }

  // The message about it stands, and where it stands is stored.
  void WaitUntilTold(const std::string& about, const std::string& place = kChannel) const {
    const std::string run =
        about.starts_with("A-") ? Json({"approval", about}).StringOr("run", "") : about;
    Eventually(about + " is told", [&] {
      return Recourse({"timeline", run}).out.find("tells of " + about + " in irc: " + place) !=
             std::string::npos;
    });
  }

  // In the channel, seen by the bot there, and known to it.
  std::unique_ptr<IrcPerson> Person(const std::string& name) const {
    auto person = std::make_unique<IrcPerson>(irc, name, kChannel);
    LogIn(*this, *person, name);
    return person;
  }

  IrcServer irc;
};

}  // namespace recourse::integration
