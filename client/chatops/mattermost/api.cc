#include "client/chatops/mattermost/api.h"

#include "client/chatops/web/form.h"
#include "client/report/clean.h"
#include "engine/base/json.h"

namespace recourse::chatops::mattermost {
namespace {

constexpr const char* kWhole = "the account";  // what the rate limit is for

Code CodeOf(int status) {
  switch (status) {
    case 400:
      return Code::kInvalidArgument;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 413:
      return Code::kInvalidArgument;
    default:
      return status >= 500 ? Code::kUnavailable : Code::kUnknown;
  }
}

Error Refused(const web::HttpAnswer& answer) {
  std::string message = "Mattermost answered HTTP " + std::to_string(answer.status);
  const auto body = ParseJson(answer.body);
  const std::string words = body ? body->StringOr("message", "") : "";
  if (!words.empty()) message += ": " + report::OneLine(words).substr(0, 300);
  if (answer.status >= 500) message += "; it may have taken effect all the same";
  return {CodeOf(answer.status), std::move(message)};
}

}  // namespace

Result<Value> Api::Call(const std::string& method, const std::string& path, const Value& body,
                        std::chrono::seconds patience) {
  return Send(method, path, "application/json", body.is_null() ? "" : ToJson(body), patience);
}

Result<Value> Api::Send(const std::string& method, const std::string& path, const std::string& type,
                        const std::string& body, std::chrono::seconds patience) {
  const std::string doing = method + " " + path.substr(0, path.find('?'));
  const auto deadline = web::Pauses::Clock::now() + patience;
  web::HttpCall call;
  call.method = method;
  call.url = url_ + "/api/v4" + path;
  call.headers = {"Content-Type: " + type, "Authorization: Bearer " + token_};
  call.body = body;
  for (;;) {
    if (auto waited = pauses_.Wait(kWhole, deadline, stop_.get_token()); !waited) {
      return waited.error().In(doing);
    }
    const auto answer = client_.Send(call, stop_.get_token());
    if (!answer) return answer.error().In(doing);
    if (answer->status == 429) {
      pauses_.Begin(kWhole, web::WaitAsked(*answer, "x-ratelimit-reset"));
      continue;
    }
    if (answer->status < 200 || answer->status > 299) return Refused(*answer).In(doing);
    auto parsed = ParseJson(answer->body);
    if (!parsed) return Error{Code::kUnknown, doing + ": Mattermost answered with no JSON"};
    return parsed;
  }
}

Result<std::string> Api::OwnId(std::chrono::seconds patience) {
  {
    const std::lock_guard lock(mutex_);
    if (!own_id_.empty()) return own_id_;
  }
  const auto me = Call("GET", "/users/me", Value(), patience);
  if (!me) return me.error();
  const std::lock_guard lock(mutex_);
  own_id_ = me->StringOr("id", "");
  return own_id_;
}

Result<void> Api::Tell(const std::string& user, const std::string& text,
                       std::chrono::seconds patience) {
  const auto own = OwnId(patience);
  if (!own) return own.error();
  const auto channel = Call("POST", "/channels/direct", Value(Value::List{*own, user}), patience);
  if (!channel) return channel.error();
  const auto posted = Call(
      "POST", "/posts",
      Value::Object({{"channel_id", channel->StringOr("id", "")}, {"message", text}}), patience);
  if (!posted) return posted.error();
  return {};
}

Result<void> Api::ShowPicture(const std::string& channel, const std::string& name,
                              const std::string& png, std::chrono::seconds patience) {
  const auto uploaded =
      Send("POST",
           "/files?channel_id=" + web::FormEncoded(channel) + "&filename=" + web::FormEncoded(name),
           "application/octet-stream", png, patience);
  if (!uploaded) return uploaded.error();
  const Value& files = (*uploaded)["file_infos"];
  if (!files.is_list() || files.as_list().empty()) {
    return Error{Code::kUnknown, "POST /files: Mattermost did not name the file that it took"};
  }
  const Value ids(Value::List{files.as_list().front()["id"]});
  const auto posted =
      Call("POST", "/posts",
           Value::Object({{"channel_id", channel}, {"message", ""}, {"file_ids", ids}}), patience);
  if (!posted) return posted.error();
  return {};
}

}  // namespace recourse::chatops::mattermost
