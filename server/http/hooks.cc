#include "server/http/hooks.h"

#include <spdlog/spdlog.h>

#include <string>
#include <string_view>
#include <utility>

#include "engine/base/json.h"
#include "server/access.h"
#include "server/http/tls_context.h"

namespace recourse::server::http {
namespace {

using web::AnswerError;
using web::AnswerJson;
using Parse = Result<alerts::Delivery> (*)(std::string_view body);

std::string JsonOf(const std::vector<alerts::Taken>& all) {
  Value::List list;
  for (const alerts::Taken& taken : all) {
    Value one = Value::Object(
        {{"alert", taken.alert}, {"outcome", std::string(alerts::ToString(taken.outcome))}});
    if (taken.run.number != 0) one = one.With("run", taken.run.ToString());
    list.push_back(std::move(one));
  }
  return ToJson(Value::Object({{"alerts", std::move(list)}})) + "\n";
}

void Answer(const httplib::Request& request, httplib::Response& response, std::string_view hook,
            Parse parse, const Principals& principals, alerts::Intake& intake) {
  auto caller = Admit(principals, PresentedBy(request), hook);
  if (!caller) {
    // Whoever is to wait is to send it again: Alertmanager does not after 429.
    Error error = std::move(caller).error();
    if (error.code == Code::kResourceExhausted) error.code = Code::kUnavailable;
    // Where tokens are kept is nothing for who has none; the log has it all.
    if (error.code == Code::kUnauthenticated)
      error.message = "no token or certificate that this server knows; nothing was done";
    return AnswerError(response, error);
  }
  const auto delivery = parse(request.body);
  if (!delivery) {
    spdlog::warn("{}: what {} sent is no alert: {}", hook, caller->principal,
                 delivery.error().message);
    return AnswerError(response, delivery.error());
  }
  auto taken = intake.Take(*delivery, *caller);
  if (taken) return AnswerJson(response, 200, JsonOf(*taken));
  Error error = std::move(taken).error();
  spdlog::error("{}: not all alerts could be worked off, {} is to send them again: {}", hook,
                caller->principal, error.ToString());
  error.code = Code::kUnavailable;
  AnswerError(response, error);
}

// Who asks with GET has found the right place.
void RefuseOtherMethods(httplib::Server& server, const char* path) {
  const auto refuse = [](const auto&, auto& response) {
    response.set_header("Allow", "POST");
    AnswerJson(response, 405,
               ToJson(Value::Object({{"error", "use POST, with the alert as the body"}})) + "\n");
  };
  server.Get(path, refuse);
  server.Put(path, refuse);
  server.Patch(path, refuse);
  server.Delete(path, refuse);
}

}  // namespace

Presented PresentedBy(const httplib::Request& request) {
  Presented presented(request.get_header_value("Authorization"));
  const bool v6 = request.remote_addr.find(':') != std::string::npos;
  presented.peer = (v6 ? "ipv6:[" + request.remote_addr + "]" : "ipv4:" + request.remote_addr) +
                   ":" + std::to_string(request.remote_port);
  if (request.ssl == nullptr) return presented;
  presented.certificate = CertificateNames(*request.ssl);
  presented.fingerprint = CertificateFingerprint(*request.ssl);
  return presented;
}

void AddHooks(httplib::Server& server, const Principals& principals, alerts::Intake& intake) {
  const auto add = [&](const char* path, std::string_view hook, Parse parse) {
    server.Post(path, [&principals, &intake, hook, parse](const auto& request, auto& response) {
      Answer(request, response, hook, parse, principals, intake);
    });
    RefuseOtherMethods(server, path);
  };
  add("/hooks/alertmanager", "Hooks.Alertmanager", alerts::ParseAlertmanager);
  add("/hooks/alert", "Hooks.Alert", alerts::ParseAlerts);
}

Result<std::unique_ptr<web::Listener>> StartHooks(const std::string& listen,
                                                  const std::optional<TlsFiles>& tls,
                                                  const Principals& principals,
                                                  alerts::Intake& intake) {
  web::ListenerOptions options{.listen = listen};
  options.unnamed_at_once = true;  // refused, whatever it is
  options.report = [](const std::string& message) { spdlog::warn("http: {}", message); };
  if (tls) {
    auto context = TlsContext::Open(*tls);
    if (!context) return std::move(context).error();
    options.tls = [shared = std::shared_ptr<TlsContext>(*std::move(context))] {
      return shared->Now();
    };
  }
  auto listener = web::Listener::Start(
      options, [&](httplib::Server& server) { AddHooks(server, principals, intake); });
  if (!listener) {
    Error error = std::move(listener).error();
    error.message +=
        "; nothing was started. Set another with \"http: {listen: ...}\", or port 0 for any free "
        "one";
    return error;
  }
  return listener;
}

}  // namespace recourse::server::http
