// What an expression costs to evaluate, and a large definition to load: CPU time of one thread, the
// best of several rounds, so that a busy machine tells the same as an idle one.
//
//   recourse-bench-expression
//   recourse-bench-expression load    only loads, a few times: for a profiler
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "engine/definition/workflow.h"
#include "engine/expression/expression.h"

namespace recourse::bench {
namespace {

using expression::MapScope;
using expression::Program;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// Seconds of CPU that one call takes when it is made `times` times, in the best of seven rounds.
double Best(int times, const std::function<void()>& call) {
  double best = 1e9;
  for (int round = 0; round < 7; ++round) {
    const double begin = CpuSeconds();
    for (int i = 0; i < times; ++i) call();
    best = std::min(best, (CpuSeconds() - begin) / times);
  }
  return best;
}

void MeasureExpression(const char* source, const MapScope& scope) {
  auto program = Program::Parse(source);
  RECOURSE_CHECK(program.ok());
  const double seconds = Best(50'000, [&] { RECOURSE_CHECK(program->Evaluate(scope).ok()); });
  std::printf("%8.0f ns  %s\n", seconds * 1e9, source);
}

// One action with a usual schema.
class Catalogue final : public ActionCatalogue {
 public:
  Catalogue() {
    const auto type = [](const char* name) { return Value::Object({{"type", name}}); };
    spec_.name = "database.check";
    spec_.inputs = Value::Object({{"type", "object"},
                                  {"additionalProperties", false},
                                  {"properties", Value::Object({{"database", type("object")},
                                                                {"rows_min", type("integer")},
                                                                {"note", type("string")}})}});
    spec_.output = Value::Object(
        {{"type", "object"},
         {"additionalProperties", false},
         {"properties", Value::Object({{"rows", type("integer")}, {"path", type("string")}})}});
    spec_.repeat = RepeatClass::kReadOnly;
  }
  const ActionSpec* Find(std::string_view name) const override {
    return name == spec_.name ? &spec_ : nullptr;
  }
  std::vector<const ActionSpec*> All() const override { return {&spec_}; }

 private:
  ActionSpec spec_;
};

std::string LargeDefinition(int steps) {
  std::string text =
      "name: large\ninputs:\n  target: {type: target, requires: [database]}\n"
      "  mode: {type: string, default: fast}\nsteps:\n";
  for (int i = 0; i < steps; ++i) {
    const std::string number = std::to_string(i);
    text += "  - id: step_" + number + "\n    summary: Look at the database for the time " +
            number + "\n    action: database.check\n    timeout: 1m\n";
    std::string before = "0";
    if (i > 0) {
      const std::string output = "steps.step_" + std::to_string(i - 1) + ".output";
      before = output + ".rows";
      text +=
          "    when: \"${has(" + output + ") && " + before + " > 10 && inputs.mode == 'fast'}\"\n";
    }
    text += "    with:\n      database: \"${inputs.target.database}\"\n      rows_min: \"${" +
            before + "}\"\n      note: \"step ${run.id} of ${inputs.target.name}\"\n";
  }
  return text;
}

void MeasureLoad() {
  const Catalogue catalogue;
  const std::string text = LargeDefinition(1000);
  const auto loaded = definition::LoadWorkflow(text, &catalogue);
  std::fputs(loaded.Report("large.yaml").c_str(), stderr);
  RECOURSE_CHECK(loaded.workflow != nullptr);
  const double seconds = Best(
      3, [&] { RECOURSE_CHECK(definition::LoadWorkflow(text, &catalogue).workflow != nullptr); });
  std::printf("%8.1f ms  to load a definition of 1,000 steps (%zu bytes)\n", seconds * 1e3,
              text.size());
}

int Main(std::string_view only) {
  if (only == "load") {
    MeasureLoad();
    return 0;
  }
  Value::List services;
  for (int i = 0; i < 100; ++i) services.push_back("service-" + std::to_string(i));
  const MapScope scope({
      {"inputs", Value::Object({{"mode", "fast"}, {"count", 3}, {"services", services}})},
      {"steps",
       Value::Object({{"check", Value::Object({{"output", Value::Object({{"rows", 5000}})}})}})},
  });
  MeasureExpression("steps.check.output.rows > 1000 && inputs.mode == 'fast'", scope);
  MeasureExpression("has(steps.check.output.rows) ? steps.check.output.rows + 1 : 0", scope);
  MeasureExpression("'/backups/' + inputs.mode + '/latest.db'", scope);
  MeasureExpression("inputs.services.exists(s, s == 'service-99')", scope);
  MeasureExpression("inputs.services.filter(s, s.endsWith('9')).size()", scope);
  MeasureExpression("inputs.mode.matches('^[a-z]+$')", scope);
  MeasureLoad();
  return 0;
}

}  // namespace
}  // namespace recourse::bench

int main(int argc, char** argv) { return recourse::bench::Main(argc > 1 ? argv[1] : ""); }
