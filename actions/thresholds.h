// Measured numbers against the thresholds that an action's inputs give in `warn` and `fail`.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "actions/action.h"
#include "engine/base/value.h"

namespace recourse {

enum class Unit { kPercent, kBytes, kNumber };

// One number that was measured.
struct Measure {
  std::string threshold;  // what it is called in `warn` and `fail`
  double number = 0;
  Unit unit = Unit::kNumber;
  std::string what;    // "of the memory is used", said after the number
  bool below = false;  // the threshold is reached when the number is less than it, not at least
  Code code = Code::kResourceExhausted;  // when it is beyond `fail`
};

// The number as people read it: "83.4 %", "1.2 GiB", "12", "0.75".
std::string Show(double number, Unit unit);

// `facts` with "level" ("ok", "warn" or "fail") and "reasons", a sentence for each threshold
// reached. Beyond `fail` that is the evidence of a failure with the code of the first such measure,
// whose message begins with `subject`: "the memory of this machine".
Outcome JudgeMeasures(const Value& inputs, const Value& facts, std::span<const Measure> measures,
                      std::string_view subject);

}  // namespace recourse
