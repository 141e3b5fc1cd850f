#include "actions/http/session.h"

#include <algorithm>

#include "actions/http/expectation.h"
#include "actions/inputs.h"
#include "actions/secret_file.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/web/origin.h"

namespace recourse::http {
namespace {

// Nothing that would begin another header, or end them.
Result<void> CheckHeader(const std::string& name, const std::string& text) {
  const bool named = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
  const bool controls =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (named && !controls) return {};
  return InvalidArgument("headers: \"" + name + "\" is no header of one line");
}

Result<void> AddHeaders(const Value& headers, std::vector<std::string>& to) {
  if (!headers.is_map()) return {};
  for (const auto& [name, text] : headers.as_map()) {
    auto fits = CheckHeader(name.as_string(), text.as_string());
    if (!fits) return fits;
    // libcurl takes "Name:" for the wish to leave the header out.
    to.push_back(name.as_string() + (text.as_string().empty() ? ";" : ": " + text.as_string()));
  }
  return {};
}

// The text of `key`, or what the file of `key`_file holds; empty without both.
Result<std::string> SecretOf(const Value& auth, const std::string& key, const Policy& policy) {
  std::string given = auth.StringOr(key, "");
  const std::string file = auth.StringOr(key + "_file", "");
  if (!given.empty() && !file.empty()) {
    return InvalidArgument("auth: \"" + key + "\" or \"" + key + "_file\", not both");
  }
  if (file.empty()) return given;
  return ReadSecretFile(file, policy);
}

void Replace(std::string& text, const std::string& secret) {
  constexpr std::string_view kMark = "[hidden]";
  for (auto at = text.find(secret); at != text.npos; at = text.find(secret, at + kMark.size())) {
    text.replace(at, secret.size(), kMark);
  }
}

Error LoginRefused(const std::string& url, const web::HttpAnswer& answer) {
  const Code code = answer.status >= 500                           ? Code::kUnavailable
                    : answer.status == 401 || answer.status == 403 ? Code::kUnauthenticated
                                                                   : Code::kFailedPrecondition;
  return {code, "the login at " + url + " is answered with " + std::to_string(answer.status) +
                    "; the request itself was not sent"};
}

}  // namespace

Result<web::HttpAnswer> Fetch(web::HttpClient& client, web::HttpCall call,
                              std::chrono::microseconds timeout, const Context& context) {
  using std::chrono::milliseconds;
  const auto left =
      std::chrono::ceil<milliseconds>(context.deadline - std::chrono::steady_clock::now());
  call.timeout = std::min(std::chrono::ceil<milliseconds>(timeout), left);
  const std::string what = call.method + " " + call.url;
  // To libcurl, 0 is no limit at all.
  if (call.timeout.count() <= 0) return Unavailable(what + ": its time is over; nothing was sent");
  auto answer = client.Send(call, context.stop);
  if (!answer) return std::move(answer).error().In(what);
  return answer;
}

Result<Session> Session::Open(const Context& context) {
  Session session(context);
  const Value& inputs = context.inputs;
  const Value& api = inputs["api"];
  const auto timeout = DurationInput(inputs, "timeout", std::chrono::seconds(10));
  if (!timeout) return timeout.error();
  if (timeout->count() <= 0) return InvalidArgument("timeout: it must be more than 0; 10s is one");
  session.timeout_ = *timeout;
  if (auto found = session.FindHome(); !found) return std::move(found).error();
  const std::string ca_file = inputs.StringOr("ca_file", api.StringOr("ca_file", ""));
  if (!ca_file.empty()) {
    if (auto allowed = context.policy.AllowPath(ca_file); !allowed) {
      return std::move(allowed).error();
    }
  }
  session.client_ = std::make_unique<web::HttpClient>(ca_file);
  for (const Value* headers : {&api["headers"], &inputs["headers"]}) {
    auto added = AddHeaders(*headers, session.headers_);
    if (!added) return std::move(added).error();
  }
  const Value& auth = inputs["auth"].is_map() ? inputs["auth"] : api["auth"];
  if (auto read = session.ReadAuth(auth); !read) return std::move(read).error();
  return session;
}

Result<void> Session::FindHome() {
  const std::string api = context_.inputs["api"].StringOr("url", "");
  const std::string url = context_.inputs.StringOr("url", "");
  if (api.empty() && url.empty()) return {};  // UrlOf() says what is missing
  auto home = web::OriginOf(api.empty() ? url : api);
  if (!home) return std::move(home).error();
  home_ = *std::move(home);
  if (api.empty() || url.empty()) return {};
  const auto origin = web::OriginOf(url);
  if (!origin) return origin.error();
  if (*origin == home_) return {};
  return InvalidArgument("url: it leads to " + *origin + ", and the api is " + home_ +
                         ": what the api holds (auth, headers, ca_file) is sent to no other "
                         "server. Leave \"api\" out, or give a \"path\" of the api");
}

Result<void> Session::ReadAuth(const Value& auth) {
  const auto token = SecretOf(auth, "bearer", context_.policy);
  if (!token) return token.error();
  if (!token->empty()) {
    authorization_ = "Bearer " + *token;
    secrets_.push_back(*token);
  }
  login_ = auth["login"];
  const Value& basic = auth["basic"];
  if (!basic.is_map()) return CheckHeader("Authorization", authorization_);
  if (!authorization_.empty() || login_.is_map()) {
    return InvalidArgument("auth: either \"basic\", or a token by \"bearer\" or \"login\"");
  }
  const auto password = SecretOf(basic, "password", context_.policy);
  if (!password) return password.error();
  const std::string encoded = Base64(basic.StringOr("username", "") + ":" + *password);
  authorization_ = "Basic " + encoded;
  secrets_.push_back(encoded);
  if (!password->empty()) secrets_.push_back(*password);
  return {};
}

Result<std::string> Session::UrlOf(const Value& place) const {
  std::string url = place.StringOr("url", "");
  const std::string path = place.StringOr("path", "");
  if (url.empty() == path.empty()) {
    return InvalidArgument("where is it sent? Give a \"url\", or an \"api\" and a \"path\"");
  }
  if (url.empty()) {
    url = context_.inputs["api"].StringOr("url", "");
    if (url.empty()) return InvalidArgument("\"path\" needs an \"api\" that it belongs to");
    while (url.ends_with('/')) url.pop_back();
    url += path.starts_with('/') ? path : "/" + path;
  }
  if (url.starts_with("http://") || url.starts_with("https://")) return url;
  return InvalidArgument("\"" + url + "\" is no URL that begins with http:// or https://");
}

Result<void> Session::LogIn() {
  const auto url = UrlOf(login_);
  if (!url) return url.error().In("auth.login");
  Value body = login_["json"].is_map() ? login_["json"] : Value(Value::Map{});
  if (const std::string file = login_.StringOr("password_file", ""); !file.empty()) {
    auto password = ReadSecretFile(file, context_.policy);
    if (!password) return std::move(password).error();
    secrets_.push_back(*password);
    body = body.With(login_.StringOr("password_member", "password"), *std::move(password));
  }
  web::HttpCall call;
  call.url = *url;
  call.headers = {"Content-Type: application/json", "Accept: application/json"};
  call.body = ToJson(body);
  auto answer = Fetch(*client_, std::move(call), timeout_, context_);
  if (!answer && context_.stop.stop_requested()) return context_.StopError().In("log in");
  if (!answer) {
    Error error = std::move(answer).error().In("the login");
    return error.code == Code::kInvalidArgument ? error : Unavailable(std::move(error).message);
  }
  if (answer->status < 200 || answer->status > 299) return LoginRefused(*url, *answer);
  const auto json = ParseJson(answer->body);
  const std::string member = login_.StringOr("token_member", "token");
  const Value* token = json ? FindMember(*json, member) : nullptr;
  if (token == nullptr || !token->is_string() || token->as_string().empty()) {
    return FailedPrecondition("the login at " + *url + " is answered without a token at \"" +
                              member + "\"; the request itself was not sent");
  }
  authorization_ = "Bearer " + token->as_string();
  secrets_.push_back(token->as_string());
  return CheckHeader("Authorization", authorization_);
}

Result<web::HttpAnswer> Session::FetchOnce(web::HttpCall call) {
  call.headers.insert(call.headers.end(), headers_.begin(), headers_.end());
  if (!authorization_.empty()) call.headers.push_back("Authorization: " + authorization_);
  auto answer = Fetch(*client_, std::move(call), timeout_, context_);
  const Code code = answer ? Code::kUnknown : answer.error().code;
  const bool refused = answer && answer->status == 401;  // nothing was done
  if (!refused && code != Code::kUnavailable && code != Code::kInvalidArgument) sent_ = true;
  return answer;
}

// Nothing of the session but the step's own authorities, which are no secret.
Result<web::HttpAnswer> Session::FetchElsewhere(web::HttpCall call) {
  web::HttpClient client(context_.inputs.StringOr("ca_file", ""));
  return Fetch(client, std::move(call), timeout_, context_);
}

Result<web::HttpAnswer> Session::Send(web::HttpCall call) {
  const auto origin = web::OriginOf(call.url);
  if (!origin) return origin.error();
  if (*origin != home_) return FetchElsewhere(std::move(call));
  const bool can_log_in = login_.is_map();
  if (can_log_in && authorization_.empty()) {
    if (auto known = LogIn(); !known) return std::move(known).error();
  }
  auto answer = FetchOnce(call);
  if (!answer || answer->status != 401 || !can_log_in) return answer;
  context_.log("the token is not taken (any more); logging in anew");
  if (auto known = LogIn(); !known) return std::move(known).error();
  return FetchOnce(std::move(call));
}

std::string Session::Hidden(std::string text) const {
  for (const std::string& secret : secrets_) Replace(text, secret);
  return text;
}

Value Session::Hidden(const Value& value) const {
  if (value.is_string()) return Hidden(value.as_string());
  if (value.is_list()) {
    Value::List list;
    for (const Value& item : value.as_list()) list.push_back(Hidden(item));
    return list;
  }
  if (!value.is_map()) return value;
  Value::Map map;
  for (const auto& [key, member] : value.as_map()) map[Hidden(key)] = Hidden(member);
  return map;
}

}  // namespace recourse::http
