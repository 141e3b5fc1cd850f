// What an HTTP answer must be, and where one falls short of it.
#pragma once

#include <string>
#include <vector>

#include "actions/http/client.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::http {

// What was measured of one answer, and every expectation that it does not meet, a sentence each.
struct Judgement {
  Value measured;  // {"status", "latency_ms", "json": {path: what stands there}, "body": its start}
  std::vector<std::string> unmet;  // empty: all is as expected
  std::string answered;            // for messages: "answered 503 with "down for repair""
};

// `inputs` are those of http.expect.
// kInvalidArgument: an input is wrong.
Result<Judgement> Judge(const Value& inputs, const Response& response);

// What stands at "Metrics.cpu" or "items[0].name"; null when nothing does.
const Value* FindMember(const Value& json, std::string_view path);

}  // namespace recourse::http
