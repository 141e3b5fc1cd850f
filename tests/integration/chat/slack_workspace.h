// Slack as its documentation describes it, as far as the bot uses it: the Web API's methods with
// their errors, limits and rate limits, and people who click, write and send dialogs.
//
// Over HTTP it signs what it sends. In Socket Mode it hands its payloads to whoever plays the
// socket.
#pragma once

#include <httplib.h>

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/value.h"

namespace recourse::integration {

class SlackWorkspace {
 public:
  static constexpr const char* kToken = "xoxb-test";
  static constexpr const char* kAppToken = "xapp-test";
  static constexpr const char* kSecret = "8f742231b10e8888abcd99yyyzzz85a5";

  struct Message {
    std::string channel;
    std::string ts;
    Value content;  // what was posted, or what it was last changed to
    int updates = 0;
  };
  struct Told {
    std::string user;  // empty: all
    std::string text;
    Value content;
  };
  struct Picture {
    std::string channel;
    std::string title;
    std::string bytes;
  };
  struct Heard {
    int status = 0;
    std::string body;
  };

  SlackWorkspace();
  ~SlackWorkspace();

  std::string api() const { return url_ + "/api"; }
  // Where the bot listens for people.
  void SetBot(int port) { bot_port_ = port; }
  void SetSocketUrl(const std::string& url) { socket_url_ = url; }

  std::vector<Message> messages();
  std::vector<Told> told();    // answers at response_urls and ephemeral messages
  std::vector<Value> views();  // dialogs that were opened, in order
  std::vector<Picture> pictures();
  std::vector<std::string> calls();  // methods, in order

  // So many messages of people in the channel.
  void Chat(const std::string& channel, int messages);

  // The next calls of the method: 429 with Retry-After, an error, or HTTP 500.
  void LimitRate(const std::string& method, int times, int retry_after_s);
  void Refuse(const std::string& method, const std::string& error);

  // What Slack sends when somebody does these.
  Value Click(const std::string& user, const Message& message, const std::string& label);
  Value Submission(const std::string& user, const Value& view, const std::string& reason,
                   const std::string& code = "");
  Value Command(const std::string& user, const std::string& text);

  // Sends it to the bot, signed with `secret` and stamped `late_s` seconds ago.
  Heard Deliver(const Value& payload, const std::string& secret = kSecret, int late_s = 0);

 private:
  void Answer(const std::string& method, const httplib::Request& request,
              httplib::Response& response);
  Value Call(const std::string& method, const Value& arguments);
  Value CallFiles(const std::string& method, const Value& arguments);
  Value Base(const std::string& type, const std::string& user);

  std::string url_;
  std::atomic<int> bot_port_ = 0;
  std::string socket_url_;
  std::mutex mutex_;
  std::vector<Message> messages_;
  std::vector<Told> told_;
  std::vector<Value> views_;
  std::vector<std::string> calls_;
  std::map<std::string, std::string> uploads_;  // file -> bytes
  std::vector<Picture> pictures_;
  std::map<std::string, std::deque<int>> limits_;          // method -> Retry-After of each
  std::map<std::string, std::deque<std::string>> errors_;  // method -> errors
  std::map<std::string, std::string> response_urls_;       // path -> user
  int numbers_ = 0;
  httplib::Server server_;
  std::thread thread_;
};

// What Slack would refuse about the blocks; empty: nothing.
std::string WrongBlocks(const Value& blocks);

}  // namespace recourse::integration
