// What the operators of the language do with values.
//
// Errors are about the operation as such; the evaluator adds the place.
#pragma once

#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/expression/ast.h"
#include "engine/expression/budget.h"

namespace recourse::expression {

// kInvalidArgument: types that the operator does not take, overflow, division by zero.
Result<Value> Apply(Operator op, const Value& left, const Value& right, Budget& budget);

Result<Value> Negate(const Value& value);

// "+", "in": an operator as it is written.
std::string_view SymbolOf(Operator op);

// Equality as CEL has it, paid for: a list that holds another many times, and that one a third, is
// small in memory and endless to walk through.
Result<bool> Equal(const Value& left, const Value& right, Budget& budget);

// The member of `map` with that key. Null when there is none.
const Value* FindKey(const Value::Map& map, const Value& key);

// Pays for an answer: every value in it, counted as often as it would be written out.
[[nodiscard]] bool AnswerWhole(const Value& value, Budget& budget);

// What is wrong where a secret is used as a value.
Error SecretUsed();

// "int", "timestamp", "secret": a type as messages name it.
std::string TypeText(const Value& value);

// The sum; kInvalidArgument: outside what timestamps and durations can be.
Result<Value> AddTimes(const Value& left, const Value& right);
Result<Value> SubtractTimes(const Value& left, const Value& right);

}  // namespace recourse::expression
