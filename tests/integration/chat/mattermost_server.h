// Mattermost as its documentation describes it, as far as the bot uses it: posts, dialogs, direct
// channels, its rate limit, and people who click, write and send dialogs.
#pragma once

#include <httplib.h>

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/value.h"

namespace recourse::integration {

class MattermostServer {
 public:
  static constexpr const char* kToken = "mattermost-bot-token";
  static constexpr const char* kCommandToken = "gr6gjqkgitgb8xsb5ex6n3eqho";

  struct Post {
    std::string id;
    std::string channel;
    Value content;  // as it was posted, or last changed
    std::int64_t changed_ms = 0;
    int updates = 0;
  };
  struct Heard {
    int status = 0;
    Value body;
  };

  MattermostServer();
  ~MattermostServer();

  std::string url() const { return url_; }
  void SetBot(int port) { bot_port_ = port; }

  std::vector<Post> posts();
  std::vector<Value> dialogs();  // that were opened, in order

  // The next calls of the path: 429 with X-RateLimit-Reset, or an HTTP status.
  void LimitRate(const std::string& path, int reset_s);
  void Refuse(const std::string& path, int status);

  // What Mattermost sends when somebody clicks the button or sends the dialog.
  Value Click(const std::string& user, const Post& post, const std::string& label);
  Value Submission(const std::string& user, const Value& dialog, const std::string& reason,
                   const std::string& code = "");
  Heard SendClick(const Value& click) { return Send("/mattermost/action", click); }
  Heard SendDialog(const Value& submission) { return Send("/mattermost/dialog", submission); }
  Heard SendCommand(const std::string& user, const std::string& text,
                    const std::string& token = kCommandToken);

 private:
  void Answer(const httplib::Request& request, httplib::Response& response);
  Value Call(const std::string& path, const Value& body, int& status);
  Value PostsOf(const std::string& path, std::int64_t since_ms);
  Heard Send(const std::string& path, const Value& body);

  std::string url_;
  int bot_port_ = 0;
  std::mutex mutex_;
  std::vector<Post> posts_;
  std::vector<Value> dialogs_;
  std::map<std::string, std::deque<int>> limits_;
  std::map<std::string, std::deque<int>> errors_;
  int numbers_ = 0;
  httplib::Server server_;
  std::thread thread_;
};

}  // namespace recourse::integration
