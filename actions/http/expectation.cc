#include "actions/http/expectation.h"

#include <algorithm>
#include <charconv>

#include "actions/inputs.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::http {
namespace {

constexpr std::size_t kBodyShown = 2048;  // bytes of a body in the output
constexpr std::size_t kBodyQuoted = 200;  // and in a message

std::string Show(const Value* found) { return found == nullptr ? "nothing" : ToJson(*found); }

bool IsRange(const Value& expected) {
  if (!expected.is_map() || expected.as_map().empty()) return false;
  for (const auto& [key, bound] : expected.as_map()) {
    if (!key.is_string() || (key.as_string() != "min" && key.as_string() != "max")) return false;
    if (!IsNumber(bound)) return false;
  }
  return true;
}

// Empty when `found` is what is expected: equal, or a number within {min, max}.
std::string Mismatch(const std::string& path, const Value* found, const Value& expected) {
  const bool range = IsRange(expected);
  const std::string start = path + " is " + Show(found) + ", expected ";
  if (!range) return found != nullptr && *found == expected ? "" : start + ToJson(expected);
  if (found == nullptr || !IsNumber(*found)) return start + "a number";
  const Value* min = expected.Find("min");
  const Value* max = expected.Find("max");
  if (min != nullptr && CompareNumbers(*found, *min) < 0) return start + "at least " + ToJson(*min);
  if (max != nullptr && CompareNumbers(*found, *max) > 0) return start + "at most " + ToJson(*max);
  return "";
}

// The same on one line.
std::string OneLine(std::string_view body) {
  std::string line = ToldBody(body, kBodyQuoted);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return line + (body.size() > kBodyQuoted ? "..." : "");
}

void JudgeJson(const Value& conditions, const std::string& body, Judgement& judgement) {
  const Value& members = conditions["json"];
  const Value& needed = conditions["json_has"];
  if (!members.is_map() && !needed.is_list()) return;
  const auto json = ParseJson(body);
  if (!json) {
    judgement.unmet.push_back("the body is no JSON: " + json.error().message);
    return;
  }
  for (const Value& path : needed.is_list() ? needed.as_list() : Value::List()) {
    if (FindMember(*json, path.as_string()) != nullptr) continue;
    judgement.unmet.push_back("it has no member " + path.as_string());
  }
  if (!members.is_map()) return;
  Value found_members = Value(Value::Map{});
  for (const auto& [path, expected] : members.as_map()) {
    const Value* found = FindMember(*json, path.as_string());
    if (found != nullptr) found_members = found_members.With(path.as_string(), *found);
    std::string mismatch = Mismatch(path.as_string(), found, expected);
    if (!mismatch.empty()) judgement.unmet.push_back(std::move(mismatch));
  }
  judgement.measured = judgement.measured.With("json", found_members);
}

// Empty when the status is one that is expected.
std::string StatusMismatch(const Value& conditions, int status) {
  const std::string start = "the status is " + std::to_string(status) + ", expected ";
  if (const Value* only = conditions.Find("status")) {
    return *only == Value(status) ? "" : start + ToJson(*only);
  }
  const Value& statuses = conditions["statuses"];
  if (!statuses.is_list()) return status >= 200 && status < 300 ? "" : start + "200 to 299";
  const Value::List& list = statuses.as_list();
  const bool expected = std::find(list.begin(), list.end(), Value(status)) != list.end();
  return expected ? "" : start + "one of " + ToJson(statuses);
}

}  // namespace

std::string ToldBody(std::string_view body, std::size_t size_max) {
  std::string start;
  for (std::size_t at = 0; at < body.size() && start.size() < size_max;) {
    std::size_t length = 1;
    while (length < 4 && !IsUtf8(body.substr(at, length))) ++length;
    const std::string_view character = body.substr(at, length);
    const auto first = static_cast<unsigned char>(character[0]);
    const bool breaks = character == "\n" || character == "\t";
    const bool controls = (first < 0x20 && !breaks) || first == 0x7f ||
                          (first == 0xc2 && static_cast<unsigned char>(character.back()) < 0xa0);
    const bool is_text = IsUtf8(character);
    start += is_text && !controls ? std::string(character) : ".";
    at += is_text ? character.size() : 1;
  }
  return start;
}

const Value* FindMember(const Value& json, std::string_view path) {
  const Value* at = &json;
  while (at != nullptr && !path.empty()) {
    if (path[0] == '[') {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), index);
      if (error != std::errc() || end == path.data() + path.size() || *end != ']') return nullptr;
      if (!at->is_list() || index >= at->as_list().size()) return nullptr;
      at = &at->as_list()[index];
      path.remove_prefix(static_cast<std::size_t>(end - path.data()) + 1);
    } else {
      const auto end = std::min(path.find_first_of(".["), path.size());
      at = at->Find(path.substr(0, end));
      path.remove_prefix(end);
    }
    if (path.starts_with('.')) path.remove_prefix(1);
  }
  return at;
}

Result<Judgement> Judge(const Value& conditions, const web::HttpAnswer& answer) {
  Judgement judgement;
  const double latency_ms = static_cast<double>(answer.latency.count()) / 1000;
  judgement.measured = Value::Object({{"status", answer.status},
                                      {"latency_ms", latency_ms},
                                      {"body", ToldBody(answer.body, kBodyShown)}});
  if (std::string mismatch = StatusMismatch(conditions, answer.status); !mismatch.empty()) {
    judgement.unmet.push_back(std::move(mismatch));
  }
  const std::string contained = conditions.StringOr("body_contains", "");
  if (answer.body.find(contained) == std::string::npos) {
    judgement.unmet.push_back("the body does not contain \"" + contained + "\"");
  }
  const auto latency_max =
      DurationInput(conditions, "latency_max", std::chrono::microseconds::max());
  if (!latency_max) return latency_max.error();
  if (answer.latency > *latency_max) {
    judgement.unmet.push_back("the answer took " + HumanDuration(answer.latency) +
                              ", expected at most " + HumanDuration(*latency_max));
  }
  JudgeJson(conditions, answer.body, judgement);
  judgement.answered =
      "answered " + std::to_string(answer.status) +
      (answer.body.empty() ? " with an empty body" : " with \"" + OneLine(answer.body) + "\"");
  return judgement;
}

}  // namespace recourse::http
