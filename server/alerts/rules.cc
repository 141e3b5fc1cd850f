#include "server/alerts/rules.h"

#include <algorithm>
#include <utility>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/expression/secret.h"

namespace recourse::server::alerts {
namespace {

constexpr std::int64_t kInputsMax = 64 * 1024;

Value AsValue(const Labels& labels) {
  Value::Map map;
  for (const auto& [name, value] : labels) map.emplace(name, value);
  return map;
}

}  // namespace

const Rule* Rules::For(const Alert& alert) const {
  const auto fits = [&](const Rule& rule) {
    return std::all_of(rule.matchers.begin(), rule.matchers.end(),
                       [&](const Matcher& matcher) { return matcher.Fits(alert.labels); });
  };
  const auto found = std::find_if(rules.begin(), rules.end(), fits);
  return found == rules.end() ? nullptr : &*found;
}

Result<Value> InputsFor(const Launch& launch, const Alert& alert, const std::string& run) {
  const expression::MapScope scope(
      {{"labels", AsValue(alert.labels)},
       {"annotations", AsValue(alert.annotations)},
       {"alert", Value::Object({{"name", alert.Name()},
                                {"key", alert.key},
                                {"started", TextOf(alert.started)},
                                {"ended", alert.ended ? TextOf(*alert.ended) : std::string()},
                                {"run", run}})}});
  auto inputs = launch.inputs.Evaluate(scope);
  if (!inputs) {
    // The expression knows no more than that it stands in a definition.
    constexpr std::string_view kDefinition = " of the definition)";
    Error error = std::move(inputs).error();
    if (!launch.file.empty() && error.message.ends_with(kDefinition)) {
      error.message.resize(error.message.size() - kDefinition.size());
      error.message += " of " + launch.file + ")";
    }
    return error;
  }
  auto fitting = AsJson(*std::move(inputs));
  if (!fitting || FitsAsJson(*fitting, kInputsMax)) return fitting;
  return InvalidArgument("inputs: larger than " + HumanBytes(kInputsMax));
}

}  // namespace recourse::server::alerts
