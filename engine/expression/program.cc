#include "engine/expression/evaluator.h"
#include "engine/expression/expression.h"
#include "engine/expression/parser.h"
#include "engine/expression/references.h"
#include "engine/expression/type_check.h"

namespace recourse::expression {
namespace {

void CollectSecrets(const Node& node, std::vector<std::string>& names) {
  if (node.kind == NodeKind::kCall && node.name == "secret") {
    const Node& name = *node.children[0];
    if (name.kind == NodeKind::kConstant && name.value.is_string()) {
      names.push_back(name.value.as_string());
    }
  }
  for (const auto& child : node.children) CollectSecrets(*child, names);
}

}  // namespace

const Value* MapScope::Peek(std::string_view name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? nullptr : &found->second;
}

std::optional<Value> MapScope::Find(std::string_view name) const {
  const Value* found = Peek(name);
  return found == nullptr ? std::nullopt : std::optional<Value>(*found);
}

Result<Program> Program::Parse(std::string_view source, Check check) {
  auto read = Read(source, {}, check);
  if (auto* mistake = std::get_if<Mistake>(&read)) return InColumn(std::move(*mistake), source);
  return std::get<Program>(std::move(read));
}

std::variant<Program, Mistake> Program::Read(std::string_view source, Layout layout, Check check) {
  auto tree = ParseTree(source, check);
  if (auto* mistake = std::get_if<Mistake>(&tree)) return std::move(*mistake);
  auto& [root, slots] = std::get<SyntaxTree>(tree);
  return Program(std::make_shared<const Parsed>(
      Parsed{std::string(source), std::move(layout), std::move(root), slots}));
}

Result<Value> Program::Evaluate(const Scope& scope, const Limits& limits) const {
  Budget budget(limits);
  return EvaluateWithin(scope, budget);
}

std::variant<Value, Mistake> Program::Try(const Scope& scope, const Limits& limits) const {
  Budget budget(limits);
  Evaluator evaluator(*parsed_, scope, budget);
  Result<Value> value = evaluator.Run();
  if (!value) return Mistake{std::move(value).error(), evaluator.failed_at()};
  return *std::move(value);
}

Result<Value> Program::EvaluateWithin(const Scope& scope, Budget& budget) const {
  Evaluator evaluator(*parsed_, scope, budget);
  Result<Value> value = evaluator.Run();
  if (value || !parsed_->layout.known()) return value;
  const Place place = PlaceOf(evaluator.failed_at());
  Error error = std::move(value).error();
  error.message += " (line " + std::to_string(place.line) + ", column " +
                   std::to_string(place.column) + " of the definition)";
  return error;
}

const std::string& Program::source() const { return parsed_->source; }

Place Program::PlaceOf(std::size_t offset) const {
  return parsed_->layout.PlaceOf(parsed_->source, offset);
}

std::vector<Reference> Program::References() const { return ReferencesIn(*parsed_->root); }

Typed Program::TypeWith(const Types& variables) const { return CheckTypes(*parsed_, variables); }

std::vector<std::string> Program::Secrets() const {
  std::vector<std::string> names;
  CollectSecrets(*parsed_->root, names);
  return names;
}

}  // namespace recourse::expression
