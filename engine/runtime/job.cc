#include "engine/runtime/job.h"

namespace recourse::runtime {

void Job::Stop(StoppedBy by) {
  StoppedBy nobody = StoppedBy::kNobody;
  if (stopped_by_.compare_exchange_strong(nobody, by)) stop_.request_stop();
}

void Job::Finish() {
  StoppedBy nobody = StoppedBy::kNobody;
  stopped_by_.compare_exchange_strong(nobody, StoppedBy::kTooLate);
}

Value WithDefaults(const Value& value, const Value& schema) {
  const Value* properties = schema.Find("properties");
  if (properties == nullptr || !properties->is_map()) return value;
  Value full = value;
  for (const auto& [name, property] : properties->as_map()) {
    const Value* fallback = property.Find("default");
    if (fallback == nullptr || full.Find(name.as_string()) != nullptr) continue;
    full = full.With(name.as_string(), *fallback);
  }
  return full;
}

}  // namespace recourse::runtime
