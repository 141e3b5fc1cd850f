// What an action says of itself: all that a definition is checked against and that the state
// machine needs to know to run, repeat and undo it.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse {

// How an action may be repeated. Stored: the numbers are never reused.
enum class RepeatClass {
  kReadOnly = 1,    // changes nothing
  kIdempotent = 2,  // repeating with the same key and inputs ends in the same state
  kProbed = 3,      // Probe() can tell whether the effect happened
  kOnce = 4,        // neither: after a crash an operator decides
};

std::string_view ToString(RepeatClass repeat);

// When a failed attempt is tried again by itself: after `delay`, then `backoff` times as long each
// time, never longer than `delay_max`, and only for the codes in `on`.
struct RetryPolicy {
  int attempts = 1;  // in all; 1 is no retry
  std::chrono::microseconds delay = std::chrono::seconds(1);
  double backoff = 2;
  std::chrono::microseconds delay_max = std::chrono::seconds(30);
  std::vector<Code> on = {Code::kAborted, Code::kUnavailable};

  bool operator==(const RetryPolicy&) const = default;
};

struct ActionSpec {
  std::string name;     // "database.restore"
  std::string summary;  // one line
  // JSON Schemas. The part used: type, properties, required, additionalProperties, items, enum,
  // minimum, maximum, minLength, default, description; and oneOf for a choice between objects, each
  // of which allows one value, its own, for the member `kind`.
  Value inputs;
  Value output;
  RepeatClass repeat = RepeatClass::kOnce;
  // Which optional phases the action has. A phase that it lacks costs no commit and no call.
  bool has_plan = false;
  bool has_prepare = false;
  bool has_verify = false;
  bool can_compensate = false;
  // For plans, of one that cannot: why nothing needs to be put back, or who can. Empty: neither.
  std::string without_compensation = {};
  // Its output {"channel", "subject", "text"} is a notification, stored in the commit in which the
  // attempt succeeds. REQUIRES: kIdempotent.
  bool sends = false;
  std::chrono::microseconds timeout = std::chrono::minutes(5);
  RetryPolicy retry;
};

// The actions that a definition may name.
class ActionCatalogue {
 public:
  virtual ~ActionCatalogue() = default;
  // Null when there is none of that name. The pointer lives as long as the catalogue.
  virtual const ActionSpec* Find(std::string_view name) const = 0;
  // All, in the order of their names.
  virtual std::vector<const ActionSpec*> All() const = 0;
};

// Checks `value` against `schema` (the part of JSON Schema named above), which is where resolved
// inputs are checked before an attempt starts.
// kInvalidArgument: the first place that does not fit, as "inputs.backup.path: expected a string".
Result<void> CheckAgainstSchema(const Value& value, const Value& schema, std::string_view name);

}  // namespace recourse
