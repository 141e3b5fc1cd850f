#include <algorithm>

#include "actions/host/family.h"
#include "actions/host/proc.h"
#include "actions/inputs.h"
#include "actions/stop_event.h"
#include "actions/thresholds.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/definition/checked_resources.h"

namespace recourse::host {
namespace {

constexpr std::string_view kCpuOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "cores": {"type": "integer"},
    "used_percent": {"type": "number",
      "description": "of the time of all cores: neither idle nor waiting for a disk"},
    "user_percent": {"type": "number"},
    "system_percent": {"type": "number"},
    "iowait_percent": {"type": "number"},
    "steal_percent": {"type": "number"},
    "over_ms": {"type": "integer", "description": "how long it was measured"}
  }
})";

Result<CpuTimes> TimesNow() {
  const auto text = ReadFile("/proc/stat", 16 * 1024 * 1024);
  if (!text) return text.error();
  return ReadCpuTimes(*text);
}

Result<std::chrono::microseconds> MeasuredTime(const Value& inputs) {
  const auto over = DurationInput(inputs, "over", std::chrono::seconds(2));
  if (!over) return over.error();
  if (*over < std::chrono::milliseconds(100) || *over > std::chrono::hours(1)) {
    return InvalidArgument("over: expected 100ms to 1h, found " + FormatDuration(*over));
  }
  return over;
}

class Cpu final : public Action {
 public:
  Cpu() {
    spec_.name = "host.cpu";
    spec_.summary = "Measure how busy the processors are, over a time";
    spec_.inputs = CpuInputs();
    spec_.output = WithLevel(kCpuOutput);
    spec_.repeat = RepeatClass::kReadOnly;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const auto over = MeasuredTime(context.inputs);
    if (!over) return over.error();
    const auto before = TimesNow();
    if (!before) return before.error();
    if (!StopEvent(context).WaitFor(*over)) return context.StopError().In("measure the processors");
    const auto after = TimesNow();
    if (!after) return after.error();
    return Judged(context.inputs, *before, *after, *over);
  }

 private:
  static Outcome Judged(const Value& inputs, const CpuTimes& before, const CpuTimes& after,
                        std::chrono::microseconds over) {
    // The kernel lets the time of waiting go back at times.
    const auto grown = [&](std::int64_t CpuTimes::*part) {
      return static_cast<double>(std::max<std::int64_t>(0, after.*part - before.*part));
    };
    const double busy = grown(&CpuTimes::user) + grown(&CpuTimes::system) + grown(&CpuTimes::steal);
    const double all = busy + grown(&CpuTimes::idle) + grown(&CpuTimes::iowait);
    const auto percent = [all](double part) { return all == 0 ? 0 : 100 * part / all; };
    const double used = percent(busy);
    const double iowait = percent(grown(&CpuTimes::iowait));
    const double steal = percent(grown(&CpuTimes::steal));
    const Value facts = Value::Object({{"cores", after.cores},
                                       {"used_percent", used},
                                       {"user_percent", percent(grown(&CpuTimes::user))},
                                       {"system_percent", percent(grown(&CpuTimes::system))},
                                       {"iowait_percent", iowait},
                                       {"steal_percent", steal},
                                       {"over_ms", std::int64_t{over.count() / 1000}}});
    const std::string time = " over " + HumanDuration(over);
    const Measure measures[] = {
        {"used_percent", used, Unit::kPercent, "of the processors' time was used" + time},
        {"iowait_percent", iowait, Unit::kPercent, "of it was spent waiting for disks" + time},
        {"steal_percent", steal, Unit::kPercent, "of it was taken by other machines" + time}};
    return JudgeMeasures(inputs, facts, measures, "the processors are too busy");
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeCpu() { return std::make_unique<Cpu>(); }

}  // namespace recourse::host
