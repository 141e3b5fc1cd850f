// The chats in which a bot is killed: see killed_bot.h.
#pragma once

#include <map>
#include <set>

#include "tests/integration/chat/killed_bot.h"
#include "tests/integration/chat/mattermost_server.h"
#include "tests/integration/chat/slack_socket.h"
#include "tests/integration/chat/slack_workspace.h"
#include "tests/integration/irc_chat.h"

namespace recourse::integration {

// The port that the bot has told.
int PortOf(const BotScene& scene);

// Over HTTP: Slack tells bo when a click was not acknowledged, and he clicks again.
class SlackRoom : public MessageRoom {
 public:
  explicit SlackRoom(const Folder&) {}
  std::string Section(const Folder& folder) override;
  std::string Surface() const override { return "slack"; }
  std::string Channel() const override { return "C1"; }
  void Meet(const BotScene& scene) override;
  bool IsAsked(const std::string& approval) override;
  void Decide(const std::string& approval) override;
  bool Knows(const std::string&) override { return status_ == 200; }
  std::vector<Standing> About(const std::string& about) override;
  void CheckMessages(const std::string& run, const std::string& approval) override;

 protected:
  virtual std::string Label() const { return "Approve"; }
  const Value& Click(const std::string& approval);
  SlackWorkspace workspace_;
  bool knew_ = false;  // before the last bot began
  int status_ = 0;

 private:
  Value click_;
};

// A click that opens a dialog, which bo fills in and sends.
class SlackDialogRoom : public SlackRoom {
 public:
  using SlackRoom::SlackRoom;
  std::string Decision() const override { return "rejected"; }
  std::string Ending() const override { return "failed"; }
  void Meet(const BotScene& scene) override;
  void Decide(const std::string& approval) override;
  void CheckMessages(const std::string& run, const std::string& approval) override;

 protected:
  std::string Label() const override { return "Reject"; }

 private:
  bool clicked_ = false;  // with the bot that is there
  Value filled_in_;
  std::string answer_;
};

// In Socket Mode: Slack sends an envelope again that was not acknowledged.
class SlackSocketRoom : public SlackRoom {
 public:
  explicit SlackSocketRoom(const Folder& folder) : SlackRoom(folder) {
    workspace_.SetSocketUrl(socket_.url());
  }
  std::string Section(const Folder& folder) override;
  void Meet(const BotScene& scene) override;
  void Decide(const std::string& approval) override;
  bool Knows(const std::string& approval) override;

 protected:
  // Sends it to the bot that is there, once.
  void SendOnce(const std::string& envelope, const Value& payload);
  virtual std::string Deciding() const { return "click"; }
  SocketServer socket_;

 private:
  std::int64_t opened_ = 0;
  std::set<std::string> sent_;  // to the bot that is there
  bool knows_ = false;
};

// The same with a dialog.
class SlackSocketDialogRoom : public SlackSocketRoom {
 public:
  using SlackSocketRoom::SlackSocketRoom;
  std::string Decision() const override { return "rejected"; }
  std::string Ending() const override { return "failed"; }
  void Decide(const std::string& approval) override;
  void CheckMessages(const std::string& run, const std::string& approval) override;

 protected:
  std::string Label() const override { return "Reject"; }
  std::string Deciding() const override { return "submission"; }

 private:
  Value filled_in_;
};

class MattermostRoom : public MessageRoom {
 public:
  explicit MattermostRoom(const Folder&) {}
  std::string Section(const Folder& folder) override;
  std::string Surface() const override { return "mattermost"; }
  std::string Channel() const override { return "4xp9fdt77pncbef59f4k1qe83o"; }
  void Meet(const BotScene& scene) override { server_.SetBot(PortOf(scene)); }
  bool IsAsked(const std::string& approval) override;
  void Decide(const std::string& approval) override;
  bool Knows(const std::string&) override { return answer_.status == 200; }
  std::vector<Standing> About(const std::string& about) override;
  void CheckMessages(const std::string& run, const std::string& approval) override;

 protected:
  virtual std::string Label() const { return "Approve"; }
  const Value& Click(const std::string& approval);
  MattermostServer server_;
  MattermostServer::Heard answer_;

 private:
  Value click_;
};

// The same with a dialog.
class MattermostDialogRoom : public MattermostRoom {
 public:
  using MattermostRoom::MattermostRoom;
  std::string Decision() const override { return "rejected"; }
  std::string Ending() const override { return "failed"; }
  void Meet(const BotScene& scene) override;
  void Decide(const std::string& approval) override;
  void CheckMessages(const std::string& run, const std::string& approval) override;

 protected:
  std::string Label() const override { return "Reject"; }

 private:
  bool clicked_ = false;  // with the bot that is there
  bool knew_ = false;
  Value filled_in_;
};

// Lines cannot be changed or found again: they are said at least once, and at most twice when the
// bot is killed once.
class IrcRoom : public Room {
 public:
  explicit IrcRoom(const Folder& folder) : server_(folder), bo_(server_, "bo", kChannel) {}
  std::string Section(const Folder&) override { return IrcSection(server_); }
  std::string Surface() const override { return "irc"; }
  std::string Channel() const override { return kChannel; }
  void Meet(const BotScene& scene) override;
  bool IsAsked(const std::string& approval) override;
  void Decide(const std::string& approval) override;
  bool Knows(const std::string& approval) override;
  bool IsTold(const std::string& run, const std::string& approval) override;
  void CheckMessages(const std::string& run, const std::string& approval) override;

 private:
  int Heard(const std::string& text);
  IrcServer server_;
  IrcPerson bo_;
  int said_ = 0;     // to the bot that is there
  int refused_ = 0;  // by the bots that were there
};

}  // namespace recourse::integration
