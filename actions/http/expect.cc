#include <algorithm>
#include <optional>

#include "actions/http/expectation.h"
#include "actions/http/family.h"
#include "actions/http/session.h"
#include "actions/inputs.h"
#include "actions/stop_event.h"
#include "engine/base/text.h"

namespace recourse::http {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr std::string_view kExpectInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["url"],
  "properties": {
    "url": {"type": "string", "minLength": 1, "description": "http or https"},
    "method": {"type": "string", "enum": ["GET", "HEAD"], "default": "GET"},
    "status": {"type": "integer", "minimum": 100, "maximum": 599, "default": 200},
    "json": {"type": "object", "additionalProperties": {},
      "description": "conditions by member: {\"Metrics.cpu\": {min: 1}, \"items[0].name\": \"a\"}"},
    "json_has": {"type": "array", "items": {"type": "string", "minLength": 1},
      "description": "members that must be there, whatever stands there"},
    "body_contains": {"type": "string"},
    "latency_max": {"type": "string",
      "description": "the longest that one answer may take, such as 500ms"},
    "successes": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1,
      "description": "so many in a row"},
    "interval": {"type": "string", "default": "1s", "description": "between two requests"},
    "within": {"type": "string", "default": "30s",
      "description": "how long to go on trying; a request that was sent is waited for"},
    "request_timeout": {"type": "string", "default": "5s", "description": "for one request"}
  }
})";

constexpr std::string_view kExpectOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "requests": {"type": "integer", "description": "how many were sent"},
    "successes": {"type": "integer",
      "description": "how many in a row were as expected at the end"},
    "status": {"type": "integer", "description": "of the last answer, like all that follows"},
    "latency_ms": {"type": "number"},
    "json": {"type": "object", "additionalProperties": {},
      "description": "what stands at the members of the input json"},
    "body": {"type": "string", "description": "its first 2 KiB"}
  }
})";

struct Rhythm {
  std::int64_t successes = 1;
  microseconds interval, within, request_timeout;
};

Result<Rhythm> RhythmOf(const Value& inputs) {
  const auto interval = DurationInput(inputs, "interval", std::chrono::seconds(1));
  if (!interval) return interval.error();
  const auto within = DurationInput(inputs, "within", std::chrono::seconds(30));
  if (!within) return within.error();
  const auto request_timeout = DurationInput(inputs, "request_timeout", std::chrono::seconds(5));
  if (!request_timeout) return request_timeout.error();
  if (request_timeout->count() <= 0) {
    return InvalidArgument("request_timeout: it must be more than 0; \"5s\" is one");
  }
  return Rhythm{inputs.IntOr("successes", 1), *interval, *within, *request_timeout};
}

class Expect final : public Action {
 public:
  Expect() {
    spec_.name = "http.expect";
    spec_.summary = "Ask an HTTP endpoint until it answers as expected";
    spec_.inputs = Schema(kExpectInputs);
    spec_.output = Schema(kExpectOutput);
    spec_.repeat = RepeatClass::kReadOnly;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const auto rhythm = RhythmOf(context.inputs);
    if (!rhythm) return rhythm.error();
    const StopEvent stop(context);
    const auto until = steady_clock::now() + rhythm->within;
    std::int64_t requests = 0;
    std::int64_t successes = 0;
    for (;;) {
      auto tried = Try(context, *rhythm);
      if (!tried) return std::move(tried).error();
      ++requests;
      successes = tried->error ? 0 : successes + 1;
      const Value measured =
          tried->measured.With("requests", requests).With("successes", successes);
      if (successes >= rhythm->successes) return measured;
      context.log(tried->error ? tried->error->message
                               : "as expected, " + std::to_string(successes) + " of " +
                                     std::to_string(rhythm->successes) + " in a row");
      const auto left = std::chrono::duration_cast<microseconds>(until - steady_clock::now());
      if (left <= rhythm->interval) return NotInTime(context, *rhythm, tried->error, measured);
      if (!stop.WaitFor(rhythm->interval)) {
        return Failure{context.StopError().In(LastSeen(tried->error)), measured,
                       LeftBehind::kNothing};
      }
    }
  }

 private:
  struct Tried {
    Value measured = Value(Value::Map{});
    std::optional<Error> error;  // what was not as expected
  };

  // One request. The error is one after which trying again makes no sense.
  static Result<Tried> Try(const Context& context, const Rhythm& rhythm) {
    web::HttpClient client("");
    web::HttpCall call;
    call.method = context.inputs.StringOr("method", "GET");
    call.url = context.inputs.StringOr("url", "");
    const auto answer = Fetch(client, call, rhythm.request_timeout, context);
    if (!answer) {
      const Code code = answer.error().code;
      const bool stopped = context.stop.stop_requested() || steady_clock::now() >= context.deadline;
      if (stopped) return context.StopError().In(call.method + " " + call.url);
      if (code == Code::kInvalidArgument) return answer.error();
      Tried tried;
      tried.error = Error{Code::kUnavailable, answer.error().message};
      return tried;
    }
    const Value conditions = context.inputs.With("status", context.inputs.IntOr("status", 200));
    auto judgement = Judge(conditions, *answer);
    if (!judgement) return std::move(judgement).error();
    Tried tried;
    tried.measured = std::move(judgement->measured);
    if (!judgement->unmet.empty()) {
      std::string all;
      for (const std::string& one : judgement->unmet) all += (all.empty() ? "" : "; ") + one;
      tried.error = Error{answer->status >= 500 ? Code::kUnavailable : Code::kFailedPrecondition,
                          call.url + " " + judgement->answered + ", but " + all};
    }
    return tried;
  }

  static std::string LastSeen(const std::optional<Error>& error) {
    return error ? "last: " + error->message : "last: as expected";
  }

  static Failure NotInTime(const Context& context, const Rhythm& rhythm,
                           const std::optional<Error>& error, const Value& measured) {
    const std::string row =
        rhythm.successes == 1 ? "" : " " + std::to_string(rhythm.successes) + " times in a row";
    const Error last = error.value_or(
        Error{Code::kUnavailable, context.inputs.StringOr("url", "") + " is as expected, but " +
                                      "only " + std::to_string(measured.IntOr("successes", 0)) +
                                      " times in a row so far"});
    return {{last.code, "not as expected" + row + " within " + FormatDuration(rhythm.within) +
                            ": " + last.message},
            measured,
            LeftBehind::kNothing};
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeExpect() { return std::make_unique<Expect>(); }

}  // namespace recourse::http
