#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "actions/host/family.h"
#include "actions/thresholds.h"
#include "engine/base/file.h"
#include "engine/definition/checked_resources.h"

namespace recourse::host {
namespace {

constexpr std::string_view kLoadOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "cores": {"type": "integer"},
    "load_1m": {"type": "number",
      "description": "how many threads ran or waited for a disk, on the average of a minute"},
    "load_5m": {"type": "number"},
    "load_15m": {"type": "number"},
    "per_core_1m": {"type": "number"},
    "per_core_5m": {"type": "number"},
    "per_core_15m": {"type": "number"},
    "runnable": {"type": "integer", "description": "threads that run or could run now"},
    "threads": {"type": "integer"}
  }
})";

class Load final : public Action {
 public:
  Load() {
    spec_.name = "host.load";
    spec_.summary = "Read the machine's load averages and compare them with thresholds";
    spec_.inputs = LoadInputs();
    spec_.output = WithLevel(kLoadOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const auto text = ReadFile("/proc/loadavg", 4096);
    if (!text) return text.error();
    std::istringstream words(*text);
    double averages[3] = {};
    std::int64_t runnable = 0, threads = 0;
    char slash = 0;
    if (!(words >> averages[0] >> averages[1] >> averages[2] >> runnable >> slash >> threads)) {
      return Internal("/proc/loadavg holds something else than load averages: " + *text);
    }
    const std::int64_t cores = std::max<std::int64_t>(1, sysconf(_SC_NPROCESSORS_ONLN));
    Value facts = Value::Object({{"cores", cores}, {"runnable", runnable}, {"threads", threads}});
    std::vector<Measure> measures;
    constexpr const char* kSpans[] = {"1m", "5m", "15m"};
    for (int i = 0; i < 3; ++i) {
      const std::string span = kSpans[i];
      const double per_core = averages[i] / static_cast<double>(cores);
      facts = facts.With("load_" + span, averages[i]).With("per_core_" + span, per_core);
      measures.push_back({"load_" + span, averages[i], Unit::kNumber, "is the load over " + span});
      measures.push_back(
          {"per_core_" + span, per_core, Unit::kNumber,
           "is the load of each of " + std::to_string(cores) + " cores over " + span});
    }
    return JudgeMeasures(context.inputs, facts, measures, "this machine's load is too high");
  }

 private:
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeLoad() { return std::make_unique<Load>(); }

}  // namespace recourse::host
