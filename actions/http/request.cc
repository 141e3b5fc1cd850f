// http.request, which only asks, and http.send, which changes something.
#include <optional>

#include "actions/http/expectation.h"
#include "actions/http/family.h"
#include "actions/http/session.h"
#include "actions/inputs.h"
#include "engine/base/fail_point.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/definition/checked_resources.h"

namespace recourse::http {
namespace {

constexpr std::size_t kBodyMax = 64 * 1024;  // of a body in the output

constexpr std::string_view kCommonInputs = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "url": {"type": "string", "minLength": 1,
      "description": "http or https; with an api too, one with its scheme, host and port"},
    "path": {"type": "string", "minLength": 1, "description": "instead of url: of the api"},
    "headers": {"type": "object", "additionalProperties": {"type": "string"}},
    "ca_file": {"type": "string",
      "description": "the authorities that the certificate is checked by; default: the api's, or the system's"},
    "timeout": {"type": "string", "default": "10s", "description": "for one request"}
  }
})";

constexpr std::string_view kExpectation = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "statuses": {"type": "array", "items": {"type": "integer", "minimum": 100, "maximum": 599},
      "description": "default: any of 200 to 299"},
    "json": {"type": "object", "additionalProperties": {},
      "description": "conditions by member: {\"Metrics.cpu\": {min: 1}, \"items[0].name\": \"a\"}"},
    "body_contains": {"type": "string"},
    "latency_max": {"type": "string", "description": "such as 500ms"}
  }
})";

constexpr std::string_view kSendInputs = R"({
  "json": {"description": "the body, as JSON"},
  "body": {"type": "string", "description": "the body as it is; its type is in headers"},
  "idempotency_header": {"type": "string", "minLength": 1,
    "description": "a header by which the API knows a request that it has had: it carries the attempt's key"}
})";

constexpr std::string_view kAnswer = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "status": {"type": "integer"},
    "latency_ms": {"type": "number"},
    "headers": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "names in lower case; without cookies"},
    "json": {"description": "the answer as a value; null: it is no JSON"},
    "body": {"type": "string", "description": "its first 64 KiB, when it is no JSON"},
    "bytes": {"type": "integer", "description": "of the whole body"},
    "truncated": {"type": "boolean", "description": "the body was longer"}
  }
})";

Value InputsWith(std::initializer_list<std::pair<std::string_view, Value>> more) {
  const Value common = Schema(kCommonInputs);
  Value members = common["properties"]
                      .With("api", ApiSchema())
                      .With("auth", AuthSchema())
                      .With("expect", Schema(kExpectation));
  for (const auto& [name, schema] : more) members = members.With(name, schema);
  return common.With("properties", members);
}

Value MethodSchema(std::string_view methods, std::string_view fallback) {
  return Schema("{\"type\": \"string\", \"enum\": " + std::string(methods) + ", \"default\": \"" +
                std::string(fallback) + "\"}");
}

Value ToOutput(const web::HttpAnswer& answer) {
  Value::Map headers;
  for (const auto& [name, text] : answer.headers) {
    if (name != "set-cookie") headers[name] = ToldBody(text, 4096);
  }
  const auto json = ParseJson(answer.body);
  const bool is_json = json && (json->is_map() || json->is_list());
  return Value::Object({{"status", answer.status},
                        {"latency_ms", static_cast<double>(answer.latency.count()) / 1000},
                        {"headers", std::move(headers)},
                        {"json", is_json ? *json : Value()},
                        {"body", is_json ? "" : ToldBody(answer.body, kBodyMax)},
                        {"bytes", static_cast<std::int64_t>(answer.body.size())},
                        {"truncated", !is_json && answer.body.size() > kBodyMax}});
}

Code CodeOfStatus(int status) {
  switch (status) {
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 409:
    case 423:
      return Code::kAborted;
    case 429:
    case 507:
      return Code::kResourceExhausted;
    default:
      return status >= 500 ? Code::kUnavailable : Code::kFailedPrecondition;
  }
}

// An answer of 400 to 499 says that nothing was done; any other that was not expected may come from
// something between, after it was done, or be a redirect to what was done.
LeftBehind LeftBy(int status) {
  return status >= 400 && status < 500 ? LeftBehind::kNothing : LeftBehind::kUnknown;
}

// The output, or what is not as expected about it.
Outcome Judged(const Session& session, const Value& expect, const web::HttpCall& call,
               const web::HttpAnswer& answer) {
  const Value output = session.Hidden(ToOutput(answer));
  const auto judgement = Judge(expect.is_map() ? expect : Value(Value::Map{}), answer);
  if (!judgement) return Failure{judgement.error().In("expect"), output, LeftBehind::kUnknown};
  if (judgement->unmet.empty()) return output;
  std::string unmet;
  for (const std::string& one : judgement->unmet) unmet += (unmet.empty() ? "" : "; ") + one;
  return Failure{
      {CodeOfStatus(answer.status),
       session.Hidden(call.method + " " + call.url + " " + judgement->answered + ", but " + unmet)},
      output,
      LeftBy(answer.status)};
}

// Why there is no answer, as a read-only action tells it: that is tried again.
Error ToReader(const Session& session, const Context& context, Error error) {
  if (context.stop.stop_requested() || std::chrono::steady_clock::now() >= context.deadline) {
    return context.StopError().In(session.Hidden(error.message));
  }
  const bool late = error.code == Code::kDeadlineExceeded || error.code == Code::kUnknown;
  return {late ? Code::kUnavailable : error.code, session.Hidden(std::move(error.message))};
}

class Request final : public Action {
 public:
  Request() {
    spec_.name = "http.request";
    spec_.summary = "Ask an HTTP API, and keep what it answers";
    spec_.inputs = InputsWith({{"method", MethodSchema(R"(["GET", "HEAD"])", "GET")}});
    spec_.output = Schema(kAnswer);
    spec_.repeat = RepeatClass::kReadOnly;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    auto session = Session::Open(context);
    if (!session) return std::move(session).error();
    const auto url = session->UrlOf(context.inputs);
    if (!url) return url.error();
    web::HttpCall call;
    call.method = context.inputs.StringOr("method", "GET");
    call.url = *url;
    auto answer = session->Send(call);
    if (!answer) return ToReader(*session, context, std::move(answer).error());
    return Judged(*session, context.inputs["expect"], call, *answer);
  }

 private:
  ActionSpec spec_;
};

std::string MethodOf(const Value& inputs) { return inputs.StringOr("method", "POST"); }

// The request that the inputs describe.
Result<web::HttpCall> CallOf(const Session& session, const Context& context) {
  const Value& inputs = context.inputs;
  const auto url = session.UrlOf(inputs);
  if (!url) return url.error();
  web::HttpCall call;
  call.method = MethodOf(inputs);
  call.url = *url;
  call.fresh = true;
  call.body = inputs.StringOr("body", "");
  if (const Value* json = inputs.Find("json")) {
    if (inputs.Find("body") != nullptr) return InvalidArgument("\"json\" or \"body\", not both");
    call.body = ToJson(*json);
    call.headers.push_back("Content-Type: application/json");
  }
  const std::string header = inputs.StringOr("idempotency_header", "");
  if (header.find_first_of(": \r\n") != std::string::npos) {
    return InvalidArgument("idempotency_header: \"" + header + "\" is no header's name");
  }
  if (!header.empty()) call.headers.push_back(header + ": " + context.key);
  return call;
}

constexpr int kSendsMax = 3;

bool HasKey(const Value& inputs) { return inputs.Find("idempotency_header") != nullptr; }

// Whether twice is once by what HTTP says of the method (RFC 9110, 9.2.2).
bool IsIdempotent(const Value& inputs) {
  const std::string method = MethodOf(inputs);
  return method == "PUT" || method == "DELETE";
}

// What a request left behind that may have taken effect. One that may be repeated is undone like
// one that has; of another, the probe may tell.
LeftBehind LeftInDoubt(const Value& inputs) {
  const bool probed = inputs["probe"].is_map();
  return IsIdempotent(inputs) && !probed ? LeftBehind::kPartial : LeftBehind::kUnknown;
}

// What a refusal says of the request that was sent before it, and may be the reason for it.
Failure InDoubt(const Value& inputs, Failure failure) {
  failure.left = LeftInDoubt(inputs);
  failure.error.message +=
      "; the same request was sent before, and that one may have taken effect. Look at the API";
  return failure;
}

// That it was removed already is what a second request to remove it is told.
bool IsRemoved(const Value& inputs, const web::HttpAnswer& answer) {
  return MethodOf(inputs) == "DELETE" && (answer.status == 404 || answer.status == 410);
}

class Send final : public Action {
 public:
  Send() {
    spec_.name = "http.send";
    spec_.summary = "Send a request that changes something to an HTTP API";
    const Value probe = Schema(R"({
      "type": "object", "additionalProperties": false, "required": ["expect"],
      "description": "a GET that tells, after a crash or a lost answer, whether it took effect: then what it answers is as expected",
      "properties": {
        "url": {"type": "string", "minLength": 1,
          "description": "to another server than the request's own, nothing of auth and headers is sent"},
        "path": {"type": "string", "minLength": 1, "description": "instead of url: of the api"}
      }
    })");
    const Value own = Schema(kSendInputs);
    spec_.inputs = InputsWith(
        {{"method", MethodSchema(R"(["POST", "PUT", "PATCH", "DELETE"])", "POST")},
         {"json", own["json"]},
         {"body", own["body"]},
         {"idempotency_header", own["idempotency_header"]},
         {"probe",
          probe.With("properties", probe["properties"].With("expect", Schema(kExpectation)))}});
    spec_.output = Schema(kAnswer);
    spec_.repeat = RepeatClass::kProbed;
    spec_.has_plan = true;
    spec_.without_compensation =
        "what undoes it is known to the API alone: give the step a `compensate` of its own";
    spec_.retry.attempts = 1;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto session = Session::Open(context);
    if (!session) return std::move(session).error();
    const auto call = CallOf(*session, context);
    if (!call) return call.error();
    const std::string body = call->body.empty() ? ""
                                                : ": " + ToldBody(call->body, 300) +
                                                      (call->body.size() > 300 ? "..." : "");
    return ActionPlan{{"send " + call->method + " " + call->url + body}, 0, {}};
  }

  Outcome Apply(const Context& context) const override {
    // Before a crash: what is refused now, for whatever reason, may have been done then.
    bool sent_before = context.checkpoint.BoolOr("sent", false);
    Outcome outcome = SendOnce(context, sent_before);
    if (outcome || !sent_before) return outcome;
    return InDoubt(context.inputs, outcome.failure());
  }

  ProbeAnswer Probe(const Context& context) const override {
    using Verdict = ProbeAnswer::Verdict;
    const Value& probe = context.inputs["probe"];
    if (!probe.is_map()) {
      if (HasKey(context.inputs) || IsIdempotent(context.inputs)) {
        return {Verdict::kRepeatable, "a second request changes nothing more", {}};
      }
      return {Verdict::kUnknown,
              "whether the request took effect is not known. Look at the API, then say so; a "
              "`probe` or an `idempotency_header` would have told",
              {}};
    }
    auto session = Session::Open(context);
    if (!session) return {Verdict::kUnknown, session.error().message, {}};
    const auto url = session->UrlOf(probe);
    if (!url) return {Verdict::kUnknown, "probe: " + url.error().message, {}};
    web::HttpCall call;
    call.method = "GET";
    call.url = *url;
    const auto answer = session->Send(call);
    if (!answer) return {Verdict::kUnknown, session->Hidden(answer.error().message), {}};
    Outcome judged = Judged(*session, probe["expect"], call, *answer);
    if (judged) return {Verdict::kApplied, "", judged.output()};
    const std::string& why = judged.failure().error.message;
    // A server that fails, or does not let us in, tells nothing of what it did.
    const Code code = judged.failure().error.code;
    const bool tells = code == Code::kNotFound || (answer->status >= 200 && answer->status < 300);
    return {tells ? Verdict::kNotApplied : Verdict::kUnknown, why, {}};
  }

 private:
  // Sends it until an answer comes, where that is right. `sent_before` becomes true with the second
  // time.
  static Outcome SendOnce(const Context& context, bool& sent_before) {
    auto session = Session::Open(context);
    if (!session) return std::move(session).error();
    const auto call = CallOf(*session, context);
    if (!call) return call.error();
    if (!sent_before) {
      auto saved = context.save_progress(Value::Object({{"sent", true}}));
      if (!saved) return std::move(saved).error().In("nothing was sent");
    }
    auto answer = session->Send(*call);
    RECOURSE_FAIL_POINT("http_sent");
    // The API knows the key: only here, where it is the same, may the request be sent again.
    for (int sends = 1; !answer && session->sent() && MaySendAgain(context, sends); ++sends) {
      context.log("no answer came; the request is sent again with the same key");
      sent_before = true;
      answer = session->Send(*call);
    }
    if (!answer) return Unanswered(context, *session, std::move(answer).error());
    Outcome judged = Judged(*session, context.inputs["expect"], *call, *answer);
    if (judged) return judged;
    if (sent_before && IsRemoved(context.inputs, *answer)) {
      context.log("it is not there any more, as it should be after the request before");
      return judged.failure().evidence;
    }
    if (judged.failure().left != LeftBehind::kUnknown) return judged;
    return Failure{judged.failure().error, judged.failure().evidence, LeftInDoubt(context.inputs)};
  }

  static bool IsOver(const Context& context) {
    return context.stop.stop_requested() || std::chrono::steady_clock::now() >= context.deadline;
  }

  static bool MaySendAgain(const Context& context, int sends) {
    return HasKey(context.inputs) && sends < kSendsMax && !IsOver(context);
  }

  static Failure Unanswered(const Context& context, const Session& session, Error error) {
    error.message = session.Hidden(std::move(error.message));
    if (IsOver(context)) error = context.StopError().In(error.message);
    return {
        std::move(error), {}, session.sent() ? LeftInDoubt(context.inputs) : LeftBehind::kNothing};
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeRequest() { return std::make_unique<Request>(); }
std::unique_ptr<const Action> MakeSend() { return std::make_unique<Send>(); }

}  // namespace recourse::http
