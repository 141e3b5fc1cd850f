#include "actions/host/family.h"
#include "actions/host/proc.h"
#include "actions/thresholds.h"
#include "engine/definition/checked_resources.h"

namespace recourse::host {
namespace {

constexpr std::string_view kMemoryOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "total_bytes": {"type": "integer"},
    "available_bytes": {"type": "integer", "description": "for programs, without swapping"},
    "used_bytes": {"type": "integer", "description": "what is not available"},
    "used_percent": {"type": "number"},
    "swap_total_bytes": {"type": "integer"},
    "swap_used_bytes": {"type": "integer"},
    "swap_used_percent": {"type": "number", "description": "0 without swap space"}
  }
})";

double PercentOf(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

class MemoryAction final : public Action {
 public:
  MemoryAction() {
    spec_.name = "host.memory";
    spec_.summary = "Measure the machine's memory and compare it with thresholds";
    spec_.inputs = MemoryInputs();
    spec_.output = WithLevel(kMemoryOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const auto memory = MemoryNow();
    if (!memory) return memory.error();
    const std::int64_t used = memory->total_bytes - memory->available_bytes;
    const std::int64_t swap_used = memory->swap_total_bytes - memory->swap_free_bytes;
    const double percent = PercentOf(used, memory->total_bytes);
    const double swap_percent = PercentOf(swap_used, memory->swap_total_bytes);
    const Value facts = Value::Object({{"total_bytes", memory->total_bytes},
                                       {"available_bytes", memory->available_bytes},
                                       {"used_bytes", used},
                                       {"used_percent", percent},
                                       {"swap_total_bytes", memory->swap_total_bytes},
                                       {"swap_used_bytes", swap_used},
                                       {"swap_used_percent", swap_percent}});
    const Measure measures[] = {
        {"used_percent", percent, Unit::kPercent, "of the memory is used"},
        {"available_bytes", static_cast<double>(memory->available_bytes), Unit::kBytes,
         "of memory are available", true},
        {"swap_used_percent", swap_percent, Unit::kPercent, "of the swap space is used"}};
    return JudgeMeasures(context.inputs, facts, measures, "this machine's memory is too full");
  }

 private:
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeMemory() { return std::make_unique<MemoryAction>(); }

}  // namespace recourse::host
