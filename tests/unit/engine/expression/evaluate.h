// What most tests of expressions do: parse, evaluate, look.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "engine/expression/expression.h"

namespace recourse::expression {

inline Result<Value> Evaluate(std::string_view source, Value::Map variables = {},
                              const Limits& limits = {}) {
  Result<Program> program = Program::Parse(source);
  if (!program) return std::move(program).error();
  return program->Evaluate(MapScope(std::move(variables)), limits);
}

// The error's text, "" when there is none.
inline std::string ErrorOf(const Result<Value>& value) {
  return value ? "" : value.error().ToString();
}
inline std::string ParseErrorOf(std::string_view source) {
  const Result<Program> program = Program::Parse(source);
  return program ? "" : program.error().ToString();
}

}  // namespace recourse::expression
