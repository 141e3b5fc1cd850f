// A chat system as the bot sees it: people who write and click, and messages that can be changed.
//
// The core (what is said, what may be clicked, what a click does) knows nothing of a vendor; a
// surface knows nothing of runs. Each surface is one folder beside this file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"

namespace recourse::chatops {

// Who wrote or clicked, by the identifiers of the chat system that people cannot choose.
struct ChatUser {
  std::string surface;  // "slack", "mattermost", "irc"
  std::string team;     // of Slack and Mattermost; IRC: the network's name in the configuration
  std::string id;       // the user's id; IRC: the account that the network has authenticated

  // As it stands in a principal's `chat`: "slack:T024BE7LD/U2147483697".
  std::string Key() const { return surface + ":" + team + "/" + id; }
  bool operator==(const ChatUser&) const = default;
};

// Where a message stands, so that it can be changed later.
struct MessagePlace {
  std::string channel;
  std::string message;  // Slack: its ts; Mattermost: the post's id; IRC has none
  bool operator==(const MessagePlace&) const = default;
};

enum class Tone { kNormal, kGood, kWarning, kBad };

struct Button {
  enum class Style { kPlain, kPrimary, kDanger };
  std::string action;  // a command's verb: "approve", "reject", "ack", "resume", "retry"...
  std::string label;
  Style style = Style::kPlain;
  bool asks_reason = false;  // the person is asked for a reason before the click counts
  bool asks_code = false;    // and for a one-time code
};

// A message as the core means it. Texts are plain: a surface escapes them, so that nothing in them
// is markup, mentions anybody or moves a terminal's cursor, and cuts what its vendor does not take,
// the lines first and never the title, the buttons or `command`.
struct ChatMessage {
  std::string about;  // "R-1042" or "A-381"
  // What was shown, for an approval: a click brings it back, and counts for nothing else.
  std::string digest;
  std::string title;
  Tone tone = Tone::kNormal;
  std::vector<std::pair<std::string, std::string>> fields;  // short ones, in order
  std::vector<std::string> lines;
  std::vector<Button> buttons;  // none when settled
  std::string command;  // how to do the same without buttons: "approve A-381"; empty: nothing to do
};

// Something that was written to the bot, without its name or the slash command's.
struct ChatCommand {
  ChatUser user;
  std::string channel;  // empty: it was said to the bot alone, outside of any channel
  std::string text;
  bool others_read = false;  // the text stands in the channel, where all can read it
  std::string delivery;  // tells a repeated delivery from a new one; empty: the surface has none
};

struct ChatClick {
  ChatUser user;
  MessagePlace place;
  std::string action;
  std::string about;
  std::string digest;
  std::string reason;
  std::string code;
  std::string delivery;
};

// What the person who wrote or clicked hears.
struct ChatAnswer {
  std::string text;              // plain; may have several lines
  bool for_all = false;          // shown to the channel, not to the person alone
  std::string picture_png = {};  // beside the text, when not empty
  std::string picture_name = {};
};

// What the core does with what people do. Called by a surface from its own threads, one or more;
// answers within two seconds, also when the server does not answer: then the answer says so.
// Nothing counts before the server has stored it.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual ChatAnswer OnCommand(const ChatCommand& command) = 0;
  virtual ChatAnswer OnClick(const ChatClick& click) = 0;
};

class Surface {
 public:
  virtual ~Surface() = default;

  virtual const std::string& name() const = 0;  // "slack"

  // Serves people until Stop(). kUnavailable...: it cannot begin, and why.
  virtual Result<void> Start(Listener& listener) = 0;
  virtual void Stop() = 0;

  // Posts to a channel, and changes what was posted. Both may take as long as the vendor's rate
  // limit asks for; kUnavailable and kResourceExhausted can be tried again, the others cannot. A
  // surface that cannot change a message (IRC) posts the change as a line.
  virtual Result<MessagePlace> Post(const std::string& channel, const ChatMessage& message) = 0;
  virtual Result<void> Update(const MessagePlace& place, const ChatMessage& message) = 0;
  // Whether Update() changes what stands there. False: what was said once is not said again without
  // need; a place's `message` is then what the bot keeps of it.
  virtual bool CanChange() const { return true; }

  // The bot's message about `about` in the channel, posted since then, when it is not known where
  // it stands: the bot ended before it could store that. Nothing: none is found, or none can be
  // looked for. Errors as Post().
  virtual Result<std::optional<MessagePlace>> Find(const std::string& /*channel*/,
                                                   const std::string& /*about*/,
                                                   std::int64_t /*since*/) {
    return std::optional<MessagePlace>();
  }

  // Whether it could begin as things are: the vendor is asked, and nothing is changed.
  virtual Result<void> Check() { return {}; }
};

}  // namespace recourse::chatops
