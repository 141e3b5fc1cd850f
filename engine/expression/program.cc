#include "engine/expression/evaluator.h"
#include "engine/expression/expression.h"
#include "engine/expression/parser.h"
#include "engine/expression/references.h"

namespace recourse::expression {

std::optional<Value> MapScope::Find(std::string_view name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end()) return std::nullopt;
  return found->second;
}

Result<Program> Program::Parse(std::string_view source, Check check) {
  return ParseAt(source, 0, check);
}

Result<Program> Program::ParseAt(std::string_view source, std::size_t columns_before,
                                 Check check) {
  auto root = ParseTree(Source{source, columns_before}, check);
  if (!root) return std::move(root).error();
  return Program(std::make_shared<const std::string>(source), *std::move(root));
}

Result<Value> Program::Evaluate(const Scope& scope, const Limits& limits) const {
  Budget budget(limits.steps_max);
  return EvaluateWithin(scope, budget);
}

Result<Value> Program::EvaluateWithin(const Scope& scope, Budget& budget) const {
  return Evaluator(*source_, scope, budget).Run(*root_);
}

std::vector<Reference> Program::References() const { return ReferencesIn(*root_); }

}  // namespace recourse::expression
