// Any text as an expression: it is read or refused, and what is read is evaluated within its
// limits, answers the same each time, and has a type that its checker foresaw.
#include <cstdint>
#include <string_view>

#include "engine/base/check.h"
#include "engine/base/json.h"
#include "engine/expression/expression.h"

namespace recourse::expression {
namespace {

Value Variables() {
  return *ParseJson(R"({
    "inputs": {"mode": "fast", "count": 3, "share": 0.5, "on": true, "list": [1, 2, 3],
               "none": null, "target": {"name": "shop", "services": [{"name": "a"}, {"name": "b"}]}},
    "steps": {"check": {"output": {"rows": 5000, "path": "/srv/a.db"}, "skipped": false}}
  })");
}

class Declared final : public Types {
 public:
  Type Find(std::span<const std::string_view> path) const override {
    if (path[0] != "inputs") return Type::Any();
    if (path.size() == 1) return Type::Only(Value::Kind::kMap);
    if (path.size() > 2) return Type::Any();
    if (path[1] == "mode") return Type::Only(Value::Kind::kString);
    if (path[1] == "count") return Type::Only(Value::Kind::kInt);
    if (path[1] == "share") return Type::Only(Value::Kind::kDouble);
    if (path[1] == "on") return Type::Only(Value::Kind::kBool);
    if (path[1] == "list") return Type::ListOf(Type::Only(Value::Kind::kInt));
    return Type::Any();
  }
};

// Small, so that the fuzzer tries many.
constexpr Limits kLimits{.steps_max = 20'000, .bytes_max = 1 << 18};

void TryProgram(std::string_view text) {
  static const MapScope scope(Variables().as_map());
  auto read = Program::Read(text, Layout({{0, {1, 1}}}));
  if (const auto* mistake = std::get_if<Mistake>(&read)) {
    RECOURSE_CHECK(mistake->offset <= text.size());
    RECOURSE_CHECK(!mistake->error.message.empty());
    return;
  }
  const auto& program = std::get<Program>(read);
  for (const Reference& reference : program.References()) {
    RECOURSE_CHECK(reference.offset < text.size());
  }
  const Typed typed = program.TypeWith(Declared());
  auto answer = program.Try(scope, kLimits);
  if (const auto* mistake = std::get_if<Mistake>(&answer)) {
    RECOURSE_CHECK(mistake->offset <= text.size());
    return;
  }
  const Value& value = std::get<Value>(answer);
  RECOURSE_CHECK(ToJson(value).size() < 100u * (1 << 18));
  if (!typed.mistakes.empty()) return;
  const auto kind = value.kind();
  const bool secret = kind == Value::Kind::kMap && typed.type.MayBe(Type::kSecret);
  RECOURSE_CHECK(secret || typed.type.MayBe(kind));
}

}  // namespace
}  // namespace recourse::expression

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  recourse::expression::TryProgram(text);
  (void)recourse::expression::Template::Parse(recourse::Value(text));
  return 0;
}
