#include <algorithm>

#include "actions/file/file.h"
#include "actions/file/matches.h"
#include "actions/inputs.h"

namespace recourse::file {
namespace {

constexpr std::string_view kFindInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["paths"],
  "properties": {
    "paths": {"type": "array", "items": {"type": "string"},
      "description": "paths, and patterns such as /tmp/app_*"}
  }
})";

constexpr std::string_view kFindOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "found": {"type": "array", "items": {"type": "string"}, "description": "what is there of them"}
  }
})";

class Find final : public Action {
 public:
  Find() {
    spec_.name = "file.find";
    spec_.summary = "List what is there of paths and patterns of names";
    spec_.inputs = Schema(kFindInputs);
    spec_.output = Schema(kFindOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    std::vector<std::string> found;
    for (const std::string& path : TextsOf(context.inputs["paths"])) {
      auto matches = MatchesOf(path, context);
      if (!matches) return std::move(matches).error();
      for (std::string& match : *matches) {
        const bool known = std::count(found.begin(), found.end(), match) > 0;
        if (!known) found.push_back(std::move(match));
      }
    }
    return Value::Object({{"found", ListOf(found)}});
  }

 private:
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeFind() { return std::make_unique<Find>(); }

}  // namespace recourse::file
