#include "tests/integration/chat/slack_workspace.h"

#include <catch2/catch.hpp>

#include "client/chatops/slack/signature.h"
#include "client/chatops/web/form.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"

namespace recourse::integration {
namespace {

constexpr const char* kSlackTeam = "T024BE7LD";

std::size_t Characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) == 0x80 ? 0 : 1;
  return count;
}

std::string WrongText(const Value& text, std::size_t length_max) {
  if (text["type"] != Value("plain_text")) return "a text that is not plain_text";
  const std::string words = text.StringOr("text", "");
  if (words.empty()) return "an empty text";
  if (Characters(words) > length_max) return "a text of more than " + std::to_string(length_max);
  return "";
}

std::string WrongElement(const Value& element) {
  if (element["type"] != Value("button")) return "an element that is no button";
  if (element.StringOr("value", "").size() > 2000) return "a value of more than 2000";
  if (element.StringOr("action_id", "").size() > 255) return "an action_id of more than 255";
  return WrongText(element["text"], 75);
}

std::string WrongBlock(const Value& block) {
  const std::string type = block.StringOr("type", "");
  if (type == "header") return WrongText(block["text"], 150);
  if (type == "input") return WrongText(block["label"], 2000);
  if (type == "section" && block.Find("fields") == nullptr) return WrongText(block["text"], 3000);
  if (type == "section") {
    if (block["fields"].as_list().size() > 10) return "a section of more than 10 fields";
    for (const Value& field : block["fields"].as_list()) {
      if (const std::string wrong = WrongText(field, 2000); !wrong.empty()) return wrong;
    }
    return "";
  }
  if (type != "actions") return "a block of type " + type;
  if (block["elements"].as_list().size() > 25) return "more than 25 elements";
  for (const Value& element : block["elements"].as_list()) {
    if (const std::string wrong = WrongElement(element); !wrong.empty()) return wrong;
  }
  return "";
}

Value Ok() { return Value::Object({{"ok", true}}); }
Value No(const std::string& error) { return Value::Object({{"ok", false}, {"error", error}}); }

Value ParsedBody(const httplib::Request& request) {
  const auto parsed = ParseJson(request.body);
  return parsed ? *parsed : chatops::web::ParseForm(request.body);
}

}  // namespace

std::string WrongBlocks(const Value& blocks) {
  if (!blocks.is_list()) return "no blocks";
  if (blocks.as_list().size() > 50) return "more than 50 blocks";
  for (const Value& block : blocks.as_list()) {
    if (const std::string wrong = WrongBlock(block); !wrong.empty()) return wrong;
  }
  return "";
}

SlackWorkspace::SlackWorkspace() {
  server_.Post(R"(/api/(.+))",
               [this](const httplib::Request& request, httplib::Response& response) {
                 Answer(request.matches[1], request, response);
               });
  server_.Post(R"(/respond/.+)",
               [this](const httplib::Request& request, httplib::Response& response) {
                 const Value content = ParsedBody(request);
                 const std::lock_guard lock(mutex_);
                 const auto url = response_urls_.find(request.path);
                 if (url == response_urls_.end()) {
                   response.status = 404;
                   return;
                 }
                 const bool all = content["response_type"] == Value("in_channel");
                 told_.push_back({all ? "" : url->second, content.StringOr("text", ""), content});
               });
  server_.Post("/upload/(.+)", [this](const httplib::Request& request, httplib::Response&) {
    const std::lock_guard lock(mutex_);
    uploads_[request.matches[1]] = request.body;
  });
  url_ = "http://127.0.0.1:" + std::to_string(server_.bind_to_any_port("127.0.0.1"));
  thread_ = std::thread([this] { server_.listen_after_bind(); });
  while (!server_.is_running()) std::this_thread::yield();
}

SlackWorkspace::~SlackWorkspace() {
  server_.stop();
  thread_.join();
}

std::vector<SlackWorkspace::Message> SlackWorkspace::messages() {
  const std::lock_guard lock(mutex_);
  return messages_;
}
std::vector<SlackWorkspace::Told> SlackWorkspace::told() {
  const std::lock_guard lock(mutex_);
  return told_;
}
std::vector<Value> SlackWorkspace::views() {
  const std::lock_guard lock(mutex_);
  return views_;
}
std::vector<SlackWorkspace::Picture> SlackWorkspace::pictures() {
  const std::lock_guard lock(mutex_);
  return pictures_;
}
std::vector<std::string> SlackWorkspace::calls() {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void SlackWorkspace::LimitRate(const std::string& method, int times, int retry_after_s) {
  const std::lock_guard lock(mutex_);
  limits_[method].insert(limits_[method].end(), static_cast<std::size_t>(times), retry_after_s);
}

void SlackWorkspace::Refuse(const std::string& method, const std::string& error) {
  const std::lock_guard lock(mutex_);
  errors_[method].push_back(error);
}

void SlackWorkspace::Answer(const std::string& method, const httplib::Request& request,
                            httplib::Response& response) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(method);
  if (auto& limits = limits_[method]; !limits.empty()) {
    response.status = 429;
    response.set_header("Retry-After", std::to_string(limits.front()));
    limits.pop_front();
    return;
  }
  const std::string token = method == "apps.connections.open" ? kAppToken : kToken;
  Value answer;
  if (request.get_header_value("Authorization") != "Bearer " + token) {
    answer = No("invalid_auth");
  } else if (auto& errors = errors_[method]; !errors.empty()) {
    answer = No(errors.front());
    errors.pop_front();
  } else {
    answer = Call(method, ParsedBody(request));
  }
  response.set_content(ToJson(answer), "application/json");
}

Value SlackWorkspace::Call(const std::string& method, const Value& arguments) {
  const std::string channel = arguments.StringOr("channel", "");
  if (method == "auth.test") return Ok().With("team_id", kSlackTeam);
  if (method == "apps.connections.open") return Ok().With("url", socket_url_);
  if (method == "views.open") {
    if (!WrongBlocks(arguments["view"]["blocks"]).empty() ||
        !WrongText(arguments["view"]["title"], 24).empty() ||
        arguments["view"].StringOr("private_metadata", "").size() > 3000) {
      return No("invalid_arguments");
    }
    views_.push_back(arguments["view"]);
    return Ok();
  }
  if (method.starts_with("files.")) return CallFiles(method, arguments);
  if (method == "conversations.history") {
    const bool all = arguments.StringOr("include_all_metadata", "") == "true";
    const auto limit = std::stoul(arguments.StringOr("limit", "100"));
    auto passed = std::stoul(arguments.StringOr("cursor", "0"));
    Value::List found;
    for (auto message = messages_.rbegin(); message != messages_.rend(); ++message) {
      const bool is_old = std::stod(message->ts) <= std::stod(arguments.StringOr("oldest", "0"));
      if (message->channel != channel || is_old) continue;
      if (passed > 0) {
        --passed;
        continue;  // on a page before
      }
      if (found.size() == limit) {
        const auto next = std::stoul(arguments.StringOr("cursor", "0")) + limit;
        return Ok()
            .With("messages", Value(std::move(found)))
            .With("has_more", true)
            .With("response_metadata", Value::Object({{"next_cursor", std::to_string(next)}}));
      }
      const Value shown = Value::Object({{"ts", message->ts}, {"text", message->content["text"]}});
      found.push_back(all ? shown.With("metadata", message->content["metadata"]) : shown);
    }
    return Ok().With("messages", Value(std::move(found)));
  }
  if (const std::string wrong = WrongBlocks(arguments["blocks"]); !wrong.empty()) {
    return No("invalid_blocks")
        .With("response_metadata", Value::Object({{"messages", Value::List{wrong}}}));
  }
  if (method == "chat.postEphemeral") {
    told_.push_back({arguments.StringOr("user", ""), arguments.StringOr("text", ""), arguments});
    return Ok();
  }
  if (method == "chat.postMessage") {
    if (channel == "C404") return No("channel_not_found");
    const std::string seconds = std::to_string(ToTimestamp(SystemClock().Now()).seconds);
    Message message{channel, seconds + "." + std::to_string(100'000 + ++numbers_), arguments};
    messages_.push_back(message);
    return Ok().With("channel", channel).With("ts", message.ts);
  }
  if (method == "chat.update") {
    for (Message& message : messages_) {
      if (message.channel != channel || message.ts != arguments.StringOr("ts", "")) continue;
      message.content = arguments;
      ++message.updates;
      return Ok();
    }
    return No("message_not_found");
  }
  return No("unknown_method");
}

void SlackWorkspace::Chat(const std::string& channel, int messages) {
  const std::lock_guard lock(mutex_);
  const std::string seconds = std::to_string(ToTimestamp(SystemClock().Now()).seconds);
  for (int i = 0; i < messages; ++i) {
    messages_.push_back({channel, seconds + "." + std::to_string(100'000 + ++numbers_),
                         Value::Object({{"text", "what is up?"}})});
  }
}

Value SlackWorkspace::CallFiles(const std::string& method, const Value& arguments) {
  if (method == "files.getUploadURLExternal") {
    if (arguments.StringOr("filename", "").empty() || arguments.StringOr("length", "").empty()) {
      return No("invalid_arguments");
    }
    const std::string file = "F" + std::to_string(++numbers_);
    return Ok().With("upload_url", url_ + "/upload/" + file).With("file_id", file);
  }
  const Value& file = arguments["files"].as_list()[0];
  const auto upload = uploads_.find(file.StringOr("id", ""));
  if (upload == uploads_.end()) return No("file_not_found");
  pictures_.push_back(
      {arguments.StringOr("channel_id", ""), file.StringOr("title", ""), upload->second});
  return Ok();
}

Value SlackWorkspace::Base(const std::string& type, const std::string& user) {
  const std::lock_guard lock(mutex_);
  const std::string number = std::to_string(++numbers_);
  const std::string path = "/respond/" + number;
  response_urls_[path] = user;
  return Value::Object(
      {{"type", type},
       {"team", Value::Object({{"id", kSlackTeam}, {"domain", "ops"}})},
       {"user", Value::Object({{"id", user}, {"name", "anyone"}, {"team_id", kSlackTeam}})},
       {"trigger_id", number + ".trigger"},
       {"response_url", url_ + path}});
}

Value SlackWorkspace::Click(const std::string& user, const Message& message,
                            const std::string& label) {
  for (const Value& block : message.content["blocks"].as_list()) {
    if (block["type"] != Value("actions")) continue;
    for (const Value& element : block["elements"].as_list()) {
      if (element["text"]["text"] != Value(label)) continue;
      return Base("block_actions", user)
          .With("channel", Value::Object({{"id", message.channel}}))
          .With("message",
                Value::Object({{"ts", message.ts}}).With("blocks", message.content["blocks"]))
          .With("actions", Value::List{element});
    }
  }
  FAIL("there is no button " << label);
  return {};
}

Value SlackWorkspace::Submission(const std::string& user, const Value& view,
                                 const std::string& reason, const std::string& code) {
  const auto field = [](const std::string& name, const std::string& text) {
    return Value::Object({{name, Value::Object({{"type", "plain_text_input"}, {"value", text}})}});
  };
  const Value values =
      Value::Object({{"reason", field("reason", reason)}, {"code", field("code", code)}});
  return Base("view_submission", user)
      .With("response_url", Value())
      .With("view", view.With("state", Value::Object({{"values", values}})));
}

Value SlackWorkspace::Command(const std::string& user, const std::string& text) {
  const Value base = Base("", user);
  return Value::Object({{"team_id", kSlackTeam},
                        {"user_id", user},
                        {"user_name", "anyone"},
                        {"channel_id", "C1"},
                        {"command", "/recourse"},
                        {"text", text},
                        {"trigger_id", base["trigger_id"]},
                        {"response_url", base["response_url"]}});
}

SlackWorkspace::Heard SlackWorkspace::Deliver(const Value& payload, const std::string& secret,
                                              int late_s) {
  std::string body;
  const bool command = payload.Find("command") != nullptr;
  if (command) {
    for (const auto& [name, text] : payload.as_map()) {
      body += (body.empty() ? "" : "&") + name.as_string() + "=" +
              chatops::web::FormEncoded(text.as_string());
    }
  } else {
    body = "payload=" + chatops::web::FormEncoded(ToJson(payload));
  }
  const std::string stamp = std::to_string(ToTimestamp(SystemClock().Now()).seconds - late_s);
  httplib::Client client("127.0.0.1", bot_port_);
  client.set_read_timeout(10);
  const auto answer =
      client.Post(command ? "/slack/commands" : "/slack/interactions",
                  {{"X-Slack-Request-Timestamp", stamp},
                   {"X-Slack-Signature", chatops::slack::Signature(secret, stamp, body)}},
                  body, "application/x-www-form-urlencoded");
  if (!answer) return {};
  return {answer->status, answer->body};
}

}  // namespace recourse::integration
