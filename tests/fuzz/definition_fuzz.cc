// Any text as a definition: it is loaded, or refused with problems that have a place in it; what is
// loaded is loaded again from its canonical form, as the same workflow.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "engine/base/check.h"
#include "engine/base/json.h"
#include "engine/definition/workflow.h"

namespace recourse::definition {
namespace {

class Catalogue final : public ActionCatalogue {
 public:
  Catalogue() {
    spec_.name = "do.it";
    spec_.inputs = *ParseJson(R"({"type": "object", "properties": {
        "path": {"type": "string"}, "rows": {"type": "integer", "minimum": 0},
        "tables": {"type": "array", "items": {"type": "object"}}}})");
    spec_.output = *ParseJson(R"({"type": "object", "additionalProperties": false, "properties": {
        "rows": {"type": "integer"}, "path": {"type": "string"}}})");
    spec_.repeat = RepeatClass::kIdempotent;
  }
  const ActionSpec* Find(std::string_view name) const override {
    return name == spec_.name ? &spec_ : nullptr;
  }
  std::vector<const ActionSpec*> All() const override { return {&spec_}; }

 private:
  ActionSpec spec_;
};

void TryText(std::string_view text) {
  static const Catalogue catalogue;
  const Loaded loaded = LoadWorkflow(text, &catalogue);
  RECOURSE_CHECK((loaded.workflow == nullptr) == !loaded.problems.empty());
  const auto lines =
      2 + std::count(text.begin(), text.end(), '\n') + std::count(text.begin(), text.end(), '\r');
  for (const Problem& problem : loaded.problems) {
    RECOURSE_CHECK(problem.place.line >= 1 && problem.place.line <= lines);
    RECOURSE_CHECK(problem.place.column >= 1);
  }
  if (loaded.workflow == nullptr) return;
  const Loaded again = LoadWorkflow(loaded.workflow->canonical, &catalogue);
  RECOURSE_CHECK(again.workflow != nullptr);
  RECOURSE_CHECK(again.workflow->digest == loaded.workflow->digest);
}

}  // namespace
}  // namespace recourse::definition

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  recourse::definition::TryText({reinterpret_cast<const char*>(data), size});
  return 0;
}
