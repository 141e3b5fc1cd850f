// What an HTTP answer must be, and where one falls short of it.
#pragma once

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/web/http_client.h"

namespace recourse::http {

// What was measured of one answer, and every expectation that it does not meet, a sentence each.
struct Judgement {
  Value measured;  // {"status", "latency_ms", "json": {path: what stands there}, "body": its start}
  std::vector<std::string> unmet;  // empty: all is as expected
  std::string answered;            // for messages: "answered 503 with "down for repair""
};

// `conditions`: `status`, or `statuses` (without both, any of 200 to 299), `json`, `json_has`,
// `body_contains` and `latency_max`, as http.expect and http.request have them. kInvalidArgument: a
// condition is none.
Result<Judgement> Judge(const Value& conditions, const web::HttpAnswer& answer);

// The first `size_max` bytes of a body for a terminal and a journal: bytes that are no text, and
// characters that control a terminal, are shown as dots.
std::string ToldBody(std::string_view body, std::size_t size_max);

// What stands at "Metrics.cpu" or "items[0].name"; null when nothing does.
const Value* FindMember(const Value& json, std::string_view path);

}  // namespace recourse::http
