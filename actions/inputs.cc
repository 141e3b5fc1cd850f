#include "actions/inputs.h"

#include "engine/base/check.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse {

Value Schema(std::string_view json) {
  auto schema = ParseJson(json);
  RECOURSE_CHECK(schema.ok());
  return *std::move(schema);
}

Result<std::chrono::microseconds> DurationInput(const Value& inputs, std::string_view key,
                                                std::chrono::microseconds fallback) {
  const Value& given = inputs[key];
  if (given.is_null()) return fallback;
  if (given.kind() == Value::Kind::kDuration) {
    const Duration duration = given.as_duration();
    return std::chrono::seconds(duration.seconds) +
           std::chrono::microseconds(duration.nanos / 1000);
  }
  if (!given.is_string()) {
    return InvalidArgument(std::string(key) + ": expected a duration such as 2s");
  }
  auto duration = ParseDuration(given.as_string());
  if (!duration) return std::move(duration).error().In(key);
  return duration;
}

}  // namespace recourse
