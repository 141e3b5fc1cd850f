// IRC (RFC 2812): the plain fallback, driven by text alone.
//
// Who somebody is is proved by their Recourse token, sent to the bot in private; see session.h.
// They are then known as ChatUser{"irc", network, the token's principal}.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "client/chatops/irc/link.h"
#include "client/chatops/irc/session.h"
#include "client/chatops/surface.h"
#include "engine/base/file.h"
#include "engine/settings/yaml_reader.h"

namespace recourse::chatops::irc {

struct Options {
  std::string network;  // its name in chat keys: "ops" of "irc:ops/ada"
  Address server;
  Identity identity;
  std::string password_file;  // of identity.password, for whoever makes the surface; empty: none
  std::vector<std::string> channels;
  // Flood control: so many lines at once, then one each interval.
  int burst = 8;
  std::chrono::milliseconds interval{500};
};

// Reads the section `irc` of the bot's configuration.
YamlReader::Reader ReadOptions(YamlReader& reader, Options& into);

// Answers the name of the principal whose token it is, once it is clear that this name may speak as
// the user with that id. The error is for the person.
using Prove = std::function<Result<std::string>(const std::string& token)>;
using Report = std::function<void(const std::string& problem)>;

class IrcSurface : public Surface {
 public:
  IrcSurface(Options options, Prove prove, Report report);
  ~IrcSurface() override;

  const std::string& name() const override { return name_; }
  // A network that is not there is tried again for ever.
  Result<void> Start(Listener& listener) override;
  void Stop() override;
  // Answers once the lines are sent. kUnavailable: the bot is not in the channel now.
  Result<MessagePlace> Post(const std::string& channel, const ChatMessage& message) override;
  Result<void> Update(const MessagePlace& place, const ChatMessage& message) override;
  bool CanChange() const override { return false; }
  Result<void> Check() override;

 private:
  using Steady = std::chrono::steady_clock;
  // The lines of one message: how many are not sent yet, and whether the connection was lost
  // before.
  struct Delivery {
    std::size_t left = 0;
    bool lost = false;
  };
  struct Outgoing {
    std::string line;
    std::shared_ptr<Delivery> delivery;  // null: of a reply, or of the protocol
  };

  void Connect();
  void Serve(Link& link);
  Result<void> SendDue(Link& link);
  void Take(const std::string& text);
  void EndConnection();
  void Answer();
  void Handle(const Session::Heard& heard);
  std::optional<std::string> LogIn(const Session::Heard& heard);
  void Say(const std::vector<std::string>& lines);
  Result<void> Deliver(const std::string& channel, const std::string& text, std::size_t lines_max);
  bool Pause(std::chrono::milliseconds time);
  void Wake();

  const std::string name_ = "irc";
  const Options options_;
  const Prove prove_;
  const Report report_;
  Listener* listener_ = nullptr;
  Descriptor wake_;  // eventfd: there is something to send

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;            // these under mutex_
  std::optional<Session> session_;   // of the connection there is
  std::deque<std::string> urgent_;   // what the protocol asks for
  std::deque<std::string> replies_;  // to people, who wait for them
  std::deque<Outgoing> outgoing_;    // what channels are told
  std::string failed_;               // not empty: why the connection is of no use
  std::deque<Session::Heard> heard_;
  std::map<std::string, std::string> said_;  // the last text in a channel about something
  bool replied_ = false;  // the last line was an answer: what a channel is told comes next
  std::map<std::string, int> wrong_logins_;  // by host
  Steady::time_point wrong_since_{};

  int tokens_ = 0;  // of flood control; of the connection's thread alone
  Steady::time_point refilled_{};
  std::thread connection_;
  std::thread answers_;
};

}  // namespace recourse::chatops::irc
