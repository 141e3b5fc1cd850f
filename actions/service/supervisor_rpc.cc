#include "actions/service/supervisor_rpc.h"

#include <algorithm>
#include <chrono>
#include <pugixml.hpp>
#include <sstream>

#include "actions/process/utf8.h"

namespace recourse::service {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAnswerTime = std::chrono::seconds(10);

// https://xmlrpc.com/spec.md
std::string CallText(const std::string& method, const Value::List& arguments) {
  pugi::xml_document document;
  auto call = document.append_child("methodCall");
  call.append_child("methodName").text().set(("supervisor." + method).c_str());
  auto parameters = call.append_child("params");
  for (const Value& argument : arguments) {
    auto value = parameters.append_child("param").append_child("value");
    if (argument.is_bool()) {
      value.append_child("boolean").text().set(argument.as_bool() ? "1" : "0");
    } else if (argument.is_int()) {
      value.append_child("int").text().set(std::to_string(argument.as_int()).c_str());
    } else {
      value.append_child("string").text().set(argument.as_string().c_str());
    }
  }
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

Value ValueOf(const pugi::xml_node& value) {
  const pugi::xml_node typed = value.first_child();
  const std::string type = typed.name();
  if (type == "int" || type == "i4") return Value(std::int64_t{typed.text().as_llong()});
  if (type == "boolean") return typed.text().as_int() != 0;
  if (type == "array") {
    Value::List list;
    for (const auto& item : typed.child("data").children("value")) list.push_back(ValueOf(item));
    return list;
  }
  if (type == "struct") {
    Value::Map map;
    for (const auto& member : typed.children("member")) {
      map.emplace(Value(member.child_value("name")), ValueOf(member.child("value")));
    }
    return map;
  }
  const char* text = type.empty() ? value.text().get() : typed.text().get();
  return process::ToUtf8(text);
}

Error FaultError(const Value& fault) {
  const std::string said = "supervisord answers: " + fault.StringOr("faultString", "a fault");
  const bool unknown = fault.IntOr("faultCode", 0) == static_cast<int>(Fault::kBadName);
  if (!unknown) return FailedPrecondition(said);
  return NotFound(said +
                  "; it knows no such process. Look at `process` in the target; one that is " +
                  "new in its configuration is taken by `supervisorctl update`");
}

}  // namespace

SupervisorRpc::SupervisorRpc(std::string socket)
    : socket_(std::move(socket)), client_(std::make_unique<web::HttpClient>("")) {}

Result<Value> SupervisorRpc::Call(const Context& context, const std::string& method,
                                  const Value::List& arguments,
                                  std::initializer_list<Fault> ignored) const {
  const auto left =
      std::chrono::duration_cast<milliseconds>(context.deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0 || context.stop.stop_requested()) return context.StopError();
  web::HttpCall call;
  call.url = "http://localhost/RPC2";
  call.unix_socket = socket_;
  call.headers = {"Content-Type: text/xml"};
  call.body = CallText(method, arguments);
  call.timeout = std::min(left, kAnswerTime);
  auto answer = client_->Send(call, context.stop);
  if (!answer) {
    return std::move(answer).error().In("ask supervisord at " + socket_ + " (" + method + ")");
  }
  if (answer->status == 401) {
    return Error{Code::kPermissionDenied,
                 "supervisord wants a password at " + socket_ +
                     "; give its [unix_http_server] none, and let the socket's mode say who may"};
  }
  pugi::xml_document document;
  const auto read = document.load_string(answer->body.c_str(),
                                         pugi::parse_default | pugi::parse_ws_pcdata_single);
  const pugi::xml_node response = document.child("methodResponse");
  if (answer->status != 200 || !read || !response) {
    return Internal("what answers at " + socket_ + " is no supervisord: HTTP " +
                    std::to_string(answer->status));
  }
  if (const pugi::xml_node answered = response.child("fault")) {
    const Value told = ValueOf(answered.child("value"));
    const std::int64_t code = told.IntOr("faultCode", 0);
    for (const Fault fault : ignored) {
      if (code == static_cast<std::int64_t>(fault)) return Value();
    }
    return FaultError(told);
  }
  return ValueOf(response.child("params").child("param").child("value"));
}

}  // namespace recourse::service
