// What must hold in every chat of a bot that is killed: each decision counts once, none is lost,
// and the messages come to say what is.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/value.h"
#include "tests/integration/bot_scene.h"

namespace recourse::integration {

// One chat in which bo is asked to approve, and decides.
class Room {
 public:
  virtual ~Room() = default;

  // The bot's configuration: the section of the surface, its name, and the channel that is told.
  virtual std::string Section(const Folder& folder) = 0;
  virtual std::string Surface() const = 0;
  virtual std::string Channel() const = 0;

  // Another bot has started.
  virtual void Meet(const BotScene& scene) = 0;
  // Whether bo has been asked, or has decided before.
  virtual bool IsAsked(const std::string& approval) = 0;
  // bo decides, or does the same again, as people and chats do who have heard nothing. It is called
  // again and again until he Knows().
  virtual void Decide(const std::string& approval) = 0;
  // Whether it was acknowledged to bo or his chat that it counts.
  virtual bool Knows(const std::string& approval) = 0;

  // Whether the messages say how it has ended.
  virtual bool IsTold(const std::string& run, const std::string& approval) = 0;
  // Once the last bot has stopped: nothing stands twice, nothing that is over can be clicked, and
  // bo is named.
  virtual void CheckMessages(const std::string& run, const std::string& approval) = 0;
};

// A chat whose messages are changed in place.
class MessageRoom : public Room {
 public:
  struct Standing {
    std::string text;
    bool has_buttons = false;
  };
  // What bo decides, and how the run ends then.
  virtual std::string Decision() const { return "approved"; }
  virtual std::string Ending() const { return "succeeded"; }
  // The messages about a run or an approval, as they stand.
  virtual std::vector<Standing> About(const std::string& about) = 0;

  bool IsTold(const std::string& run, const std::string& approval) override;
  void CheckMessages(const std::string& run, const std::string& approval) override;
};

using MakeRoom = std::function<std::unique_ptr<Room>(const Folder&)>;

// Kills a bot at each of the points (as RECOURSE_FAIL_POINT names them: "bot_posted:2" is the
// second time) with SIGKILL, and starts it again. Each has a server and a room of its own, and all
// of them are at work at the same time: most of it is waiting.
void CheckKilledAt(const std::vector<std::string>& points, const MakeRoom& make);

}  // namespace recourse::integration
