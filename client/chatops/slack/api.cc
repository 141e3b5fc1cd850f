#include "client/chatops/slack/api.h"

#include <map>

#include "client/chatops/web/form.h"
#include "engine/base/json.h"

namespace recourse::chatops::slack {
namespace {

constexpr std::chrono::seconds kPicturePatience{10};
constexpr const char* kJson = "Content-Type: application/json; charset=utf-8";

// Slack's words that call for something else than "it cannot be done so": what it means to us, and
// what to do.
struct Meaning {
  Code code;
  const char* advice;
};
const std::map<std::string, Meaning, std::less<>> kMeanings = {
    {"not_authed", {Code::kUnauthenticated, "the token is missing"}},
    {"invalid_auth", {Code::kUnauthenticated, "the token is wrong"}},
    {"token_revoked", {Code::kUnauthenticated, "install the app again and use its new token"}},
    {"token_expired", {Code::kUnauthenticated, "install the app again and use its new token"}},
    {"account_inactive", {Code::kUnauthenticated, "the app was removed from the workspace"}},
    {"not_allowed_token_type", {Code::kPermissionDenied, "it is a token of another kind"}},
    {"missing_scope", {Code::kPermissionDenied, "add the scope to the app and install it again"}},
    {"no_permission", {Code::kPermissionDenied, ""}},
    {"restricted_action", {Code::kPermissionDenied, "the workspace's rules forbid it"}},
    {"channel_not_found",
     {Code::kNotFound, "use the channel's id; invite the app when it is private"}},
    {"message_not_found", {Code::kNotFound, "somebody has deleted it"}},
    {"user_not_found", {Code::kNotFound, ""}},
    {"not_in_channel", {Code::kFailedPrecondition, "invite the app to the channel"}},
    {"is_archived", {Code::kFailedPrecondition, "the channel is archived"}},
    {"cant_update_message", {Code::kFailedPrecondition, "it is another app's"}},
    {"edit_window_closed",
     {Code::kFailedPrecondition, "the workspace's rules forbid late changes"}},
    {"expired_trigger_id", {Code::kDeadlineExceeded, "more than 3 s had passed since the click"}},
    {"trigger_expired", {Code::kDeadlineExceeded, "more than 3 s had passed since the click"}},
    {"ratelimited", {Code::kResourceExhausted, ""}},
    {"rate_limited", {Code::kResourceExhausted, ""}},
    {"internal_error", {Code::kUnavailable, "it may have taken effect all the same"}},
    {"fatal_error", {Code::kUnavailable, "it may have taken effect all the same"}},
    {"service_unavailable", {Code::kUnavailable, ""}},
    {"request_timeout", {Code::kUnavailable, ""}},
    {"msg_too_long", {Code::kInvalidArgument, ""}},
    {"invalid_blocks", {Code::kInvalidArgument, ""}},
    {"invalid_blocks_format", {Code::kInvalidArgument, ""}},
    {"invalid_arguments", {Code::kInvalidArgument, ""}},
    {"no_text", {Code::kInvalidArgument, ""}},
};

Error Refused(const Value& answer) {
  const std::string word = answer.StringOr("error", "nothing");
  const auto known = kMeanings.find(word);
  const Meaning meaning = known == kMeanings.end() ? Meaning{Code::kUnknown, ""} : known->second;
  std::string message = "Slack answered " + word;
  if (const std::string needed = answer.StringOr("needed", ""); !needed.empty()) {
    message += " (" + needed + ")";
  }
  const Value& details = answer["response_metadata"]["messages"];
  if (details.is_list() && !details.as_list().empty() && details.as_list()[0].is_string()) {
    message += " (" + details.as_list()[0].as_string().substr(0, 200) + ")";
  }
  if (*meaning.advice != '\0') message += std::string("; ") + meaning.advice;
  return {meaning.code, std::move(message)};
}

Result<Value> Judge(const recourse::web::HttpAnswer& answer) {
  if (answer.status >= 500) {
    return Unavailable("Slack answered HTTP " + std::to_string(answer.status) +
                       "; it may have taken effect all the same");
  }
  auto parsed = ParseJson(answer.body);
  if (!parsed || !parsed->is_map()) {
    return Error{Code::kUnknown, "Slack answered HTTP " + std::to_string(answer.status) +
                                     " with something that is no JSON object"};
  }
  if (!parsed->BoolOr("ok", false)) return Refused(*parsed);
  return parsed;
}

}  // namespace

Result<Value> Api::Call(const std::string& method, const Value& arguments,
                        std::chrono::seconds patience) {
  const std::string channel = arguments.StringOr("channel", "");
  return Send(AsCall(options_.bot_token, method, arguments),
              channel.empty() ? method : method + " in " + channel, patience, stop_.get_token());
}

Result<Value> Api::Look(const std::string& method,
                        const std::vector<std::pair<std::string, std::string>>& arguments,
                        std::chrono::seconds patience) {
  recourse::web::HttpCall call = AsCall(options_.bot_token, method, Value());
  call.headers.front() = "Content-Type: application/x-www-form-urlencoded";
  call.body.clear();
  for (const auto& [name, value] : arguments) {
    call.body += (call.body.empty() ? "" : "&") + name + "=" + web::FormEncoded(value);
  }
  return Send(call, method, patience, stop_.get_token());
}

Result<std::string> Api::OpenConnection(std::stop_token stop) {
  const std::string method = "apps.connections.open";
  const auto opened = Send(AsCall(options_.app_token, method, Value::Object({})), method,
                           std::chrono::seconds(0), stop);
  if (!opened) return opened.error();
  return opened->StringOr("url", "");
}

recourse::web::HttpCall Api::AsCall(const std::string& token, const std::string& method,
                                    const Value& arguments) const {
  recourse::web::HttpCall call;
  call.url = options_.url + "/" + method;
  call.headers = {kJson, "Authorization: Bearer " + token};
  call.body = ToJson(arguments);
  return call;
}

Result<Value> Api::Send(const recourse::web::HttpCall& call, const std::string& doing,
                        std::chrono::seconds patience, std::stop_token stop) {
  const auto deadline = web::Pauses::Clock::now() + patience;
  for (;;) {
    if (auto waited = pauses_.Wait(doing, deadline, stop); !waited) {
      return waited.error().In(doing);
    }
    const auto answer = client_.Send(call, stop);
    if (!answer) return answer.error().In(doing);
    if (answer->status == 429) {
      pauses_.Begin(doing, recourse::web::WaitAsked(*answer, "retry-after"));
      continue;
    }
    auto judged = Judge(*answer);
    if (!judged) return std::move(judged).error().In(doing);
    return judged;
  }
}

Result<void> Api::Respond(const std::string& response_url, const Value& answer) {
  recourse::web::HttpCall call;
  call.url = response_url;
  call.headers = {kJson};
  call.body = ToJson(answer);
  const auto answered = client_.Send(call, stop_.get_token());
  if (!answered) return answered.error().In("answer at the response_url");
  if (answered->status == 200) return {};
  return Error{
      answered->status >= 500 ? Code::kUnavailable : Code::kFailedPrecondition,
      "answer at the response_url: Slack answered HTTP " + std::to_string(answered->status)};
}

Result<void> Api::ShowPicture(const std::string& channel, const std::string& name,
                              const std::string& png) {
  const std::string doing = "show " + name + " in " + channel;
  recourse::web::HttpCall ask;  // the one method that takes no JSON
  ask.url = options_.url + "/files.getUploadURLExternal";
  ask.headers = {"Content-Type: application/x-www-form-urlencoded",
                 "Authorization: Bearer " + options_.bot_token};
  ask.body = "filename=" + web::FormEncoded(name) + "&length=" + std::to_string(png.size());
  const auto place = Send(ask, "files.getUploadURLExternal", kPicturePatience, stop_.get_token());
  if (!place) return place.error().In(doing);

  recourse::web::HttpCall upload;
  upload.url = place->StringOr("upload_url", "");
  upload.headers = {"Content-Type: application/octet-stream"};
  upload.body = png;
  const auto uploaded = client_.Send(upload, stop_.get_token());
  if (!uploaded) return uploaded.error().In(doing);
  if (uploaded->status != 200) {
    return Unavailable("the upload was answered HTTP " + std::to_string(uploaded->status))
        .In(doing);
  }

  const Value file = Value::Object({{"id", place->StringOr("file_id", "")}, {"title", name}});
  const auto shown = Call("files.completeUploadExternal",
                          Value::Object({{"files", Value::List{file}}, {"channel_id", channel}}),
                          kPicturePatience);
  if (!shown) return shown.error().In(doing);
  return {};
}

}  // namespace recourse::chatops::slack
