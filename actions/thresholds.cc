#include "actions/thresholds.h"

#include <cmath>
#include <cstdio>
#include <vector>

#include "engine/base/text.h"

namespace recourse {
namespace {

double ToDouble(const Value& number) {
  if (number.is_int()) return static_cast<double>(number.as_int());
  if (number.is_uint()) return static_cast<double>(number.as_uint());
  return number.as_double();
}

std::vector<const Measure*> Reached(const Value& limits, std::span<const Measure> measures) {
  std::vector<const Measure*> reached;
  for (const Measure& measure : measures) {
    const Value& limit = limits[measure.threshold];
    if (!IsNumber(limit)) continue;
    const bool beyond =
        measure.below ? measure.number < ToDouble(limit) : measure.number >= ToDouble(limit);
    if (beyond) reached.push_back(&measure);
  }
  return reached;
}

std::string Reason(const Measure& measure, const Value& limits) {
  return Show(measure.number, measure.unit) + " " + measure.what + "; the threshold is " +
         Show(ToDouble(limits[measure.threshold]), measure.unit);
}

}  // namespace

std::string Show(double number, Unit unit) {
  if (unit == Unit::kBytes) return HumanBytes(static_cast<std::int64_t>(number));
  char text[64];
  const bool whole = unit == Unit::kNumber && number == std::trunc(number);
  const int decimals = unit == Unit::kPercent ? 1 : whole ? 0 : 2;
  std::snprintf(text, sizeof text, "%.*f%s", decimals, number, unit == Unit::kPercent ? " %" : "");
  return text;
}

Outcome JudgeMeasures(const Value& inputs, const Value& facts, std::span<const Measure> measures,
                      std::string_view subject) {
  const auto failed = Reached(inputs["fail"], measures);
  const auto warned = Reached(inputs["warn"], measures);
  Value::List reasons;
  std::string all;
  for (const Measure* measure : failed.empty() ? warned : failed) {
    const std::string reason = Reason(*measure, inputs[failed.empty() ? "warn" : "fail"]);
    all += (all.empty() ? "" : "; ") + reason;
    reasons.push_back(reason);
  }
  const std::string_view level = !failed.empty() ? "fail" : !warned.empty() ? "warn" : "ok";
  const Value judged = facts.With("level", level).With("reasons", std::move(reasons));
  if (failed.empty()) return judged;
  return Failure{
      {failed.front()->code, std::string(subject) + ": " + all}, judged, LeftBehind::kNothing};
}

}  // namespace recourse
