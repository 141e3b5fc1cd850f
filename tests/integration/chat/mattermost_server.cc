#include "tests/integration/chat/mattermost_server.h"

#include <catch2/catch.hpp>

#include "client/chatops/web/form.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"

namespace recourse::integration {
namespace {

constexpr const char* kMattermostTeam = "rdc9bgriktyx9p4kowh3dmgqyc";

Value Failure(int status, const std::string& message) {
  return Value::Object({{"id", "api.error"}, {"message", message}, {"status_code", status}});
}

std::int64_t NowMs() { return ToTimestamp(SystemClock().Now()).seconds * 1000; }

}  // namespace

MattermostServer::MattermostServer() {
  const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
    Answer(request, response);
  };
  server_.Get("/api/v4/.*", answer).Post("/api/v4/.*", answer).Put("/api/v4/.*", answer);
  url_ = "http://127.0.0.1:" + std::to_string(server_.bind_to_any_port("127.0.0.1"));
  thread_ = std::thread([this] { server_.listen_after_bind(); });
  while (!server_.is_running()) std::this_thread::yield();
}

MattermostServer::~MattermostServer() {
  server_.stop();
  thread_.join();
}

std::vector<MattermostServer::Post> MattermostServer::posts() {
  const std::lock_guard lock(mutex_);
  return posts_;
}
std::vector<Value> MattermostServer::dialogs() {
  const std::lock_guard lock(mutex_);
  return dialogs_;
}

void MattermostServer::LimitRate(const std::string& path, int reset_s) {
  const std::lock_guard lock(mutex_);
  limits_[path].push_back(reset_s);
}
void MattermostServer::Refuse(const std::string& path, int status) {
  const std::lock_guard lock(mutex_);
  errors_[path].push_back(status);
}

void MattermostServer::Answer(const httplib::Request& request, httplib::Response& response) {
  const std::lock_guard lock(mutex_);
  const std::string path = request.path.substr(std::string("/api/v4").size());
  int status = 200;
  Value answer;
  if (auto& limits = limits_[path]; !limits.empty()) {
    status = 429;
    response.set_header("X-RateLimit-Reset", std::to_string(limits.front()));
    limits.pop_front();
  } else if (request.get_header_value("Authorization") != std::string("Bearer ") + kToken) {
    answer = Failure(status = 401, "Invalid or expired session, please login again.");
  } else if (auto& errors = errors_[path]; !errors.empty()) {
    answer = Failure(status = errors.front(), "as the test wants it");
    errors.pop_front();
  } else {
    const auto body = ParseJson(request.body);
    answer = request.method == "GET" && path.ends_with("/posts")
                 ? PostsOf(path, std::stoll(request.get_param_value("since")))
                 : Call(path, body ? *body : Value(), status);
  }
  response.status = status;
  response.set_content(ToJson(answer), "application/json");
}

Value MattermostServer::Call(const std::string& path, const Value& body, int& status) {
  if (path == "/users/me") return Value::Object({{"id", "bot"}});
  if (path == "/channels/direct") {
    return Value::Object({{"id", "direct " + body.as_list()[1].as_string()}});
  }
  if (path == "/actions/dialogs/open") {
    dialogs_.push_back(body);
    return Value::Object({{"status", "OK"}});
  }
  if (path == "/files") {
    return Value::Object({{"file_infos", Value::List{Value::Object({{"id", "file1"}})}}});
  }
  if (body.StringOr("message", "").size() > 16383) {
    return Failure(status = 400, "Invalid message");
  }
  if (path == "/posts") {
    const std::string channel = body.StringOr("channel_id", "");
    if (channel == "nochannel") {
      return Failure(status = 403, "You do not have the appropriate permissions.");
    }
    posts_.push_back({"post" + std::to_string(++numbers_), channel, body, NowMs()});
    status = 201;
    return Value::Object({{"id", posts_.back().id}, {"channel_id", channel}});
  }
  for (Post& post : posts_) {
    if (path != "/posts/" + post.id + "/patch") continue;
    post.content = body;
    post.changed_ms = NowMs();
    ++post.updates;
    return Value::Object({{"id", post.id}});
  }
  return Failure(status = 404, "Unable to find the post.");
}

// Those that were made or changed since then.
Value MattermostServer::PostsOf(const std::string& path, std::int64_t since_ms) {
  Value::Map found;
  for (const Post& post : posts_) {
    if (path != "/channels/" + post.channel + "/posts" || post.changed_ms < since_ms) continue;
    found.emplace(post.id, Value::Object({{"user_id", "bot"}, {"props", post.content["props"]}}));
  }
  return Value::Object({{"posts", Value(std::move(found))}});
}

Value MattermostServer::Click(const std::string& user, const Post& post, const std::string& label) {
  const Value& attachment = post.content["props"]["attachments"].as_list()[0];
  for (const Value& action : attachment["actions"].as_list()) {
    if (action["name"] != Value(label)) continue;
    const std::lock_guard lock(mutex_);
    return Value::Object({{"user_id", user},
                          {"user_name", "anyone"},
                          {"channel_id", post.channel},
                          {"team_id", kMattermostTeam},
                          {"post_id", post.id},
                          {"trigger_id", "trigger" + std::to_string(++numbers_)},
                          {"type", "button"},
                          {"context", action["integration"]["context"]}});
  }
  FAIL("there is no button " << label);
  return {};
}

Value MattermostServer::Submission(const std::string& user, const Value& dialog,
                                   const std::string& reason, const std::string& code) {
  return Value::Object({{"type", "dialog_submission"},
                        {"callback_id", dialog["dialog"]["callback_id"]},
                        {"state", dialog["dialog"]["state"]},
                        {"user_id", user},
                        {"channel_id", "channel1"},
                        {"team_id", kMattermostTeam},
                        {"submission", Value::Object({{"reason", reason}, {"code", code}})},
                        {"cancelled", false}});
}

MattermostServer::Heard MattermostServer::Send(const std::string& path, const Value& body) {
  httplib::Client client("127.0.0.1", bot_port_);
  client.set_read_timeout(10);
  const auto answer = client.Post(path, ToJson(body), "application/json");
  if (!answer) return {};
  const auto parsed = ParseJson(answer->body);
  return {answer->status, parsed ? *parsed : Value()};
}

MattermostServer::Heard MattermostServer::SendCommand(const std::string& user,
                                                      const std::string& text,
                                                      const std::string& token) {
  std::string body = "channel_id=channel1&channel_name=ops&command=%2Frecourse&team_domain=ops";
  {
    const std::lock_guard lock(mutex_);
    body += "&trigger_id=trigger" + std::to_string(++numbers_);
  }
  body += std::string("&team_id=") + kMattermostTeam + "&user_id=" + user + "&token=" + token +
          "&text=" + chatops::web::FormEncoded(text);
  httplib::Client client("127.0.0.1", bot_port_);
  client.set_read_timeout(10);
  const auto answer = client.Post("/mattermost/command", body, "application/x-www-form-urlencoded");
  if (!answer) return {};
  const auto parsed = ParseJson(answer->body);
  return {answer->status, parsed ? *parsed : Value()};
}

}  // namespace recourse::integration
