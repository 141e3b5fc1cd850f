#include "engine/expression/operators.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>
#include <optional>

#include "engine/expression/secret.h"

namespace recourse::expression {
namespace {

using Kind = Value::Kind;

Error WrongTypes(Operator op, const Value& left, const Value& right) {
  return InvalidArgument("\"" + std::string(SymbolOf(op)) + "\" does not work on " +
                         TypeText(left) + " and " + TypeText(right));
}

template <class Integer>
Result<Value> IntegerArithmetic(Operator op, Integer a, Integer b) {
  Integer out = 0;
  bool overflow = false;
  switch (op) {
    case Operator::kAdd:
      overflow = __builtin_add_overflow(a, b, &out);
      break;
    case Operator::kSubtract:
      overflow = __builtin_sub_overflow(a, b, &out);
      break;
    case Operator::kMultiply:
      overflow = __builtin_mul_overflow(a, b, &out);
      break;
    default:
      if (b == 0) {
        return InvalidArgument(op == Operator::kDivide ? "division by zero" : "modulus by zero");
      }
      // The least int divided by -1 is one more than the greatest.
      overflow = std::is_signed_v<Integer> && b == static_cast<Integer>(-1) &&
                 a == std::numeric_limits<Integer>::min();
      if (!overflow) out = op == Operator::kDivide ? a / b : a % b;
  }
  if (overflow) return InvalidArgument("the result is too large for a number of its type");
  return Value(out);
}

std::optional<double> DoubleArithmetic(Operator op, double a, double b) {
  switch (op) {
    case Operator::kAdd:
      return a + b;
    case Operator::kSubtract:
      return a - b;
    case Operator::kMultiply:
      return a * b;
    case Operator::kDivide:
      return a / b;
    default:
      return std::nullopt;  // doubles have no modulus
  }
}

Result<Value> Concatenate(const Value& left, const Value& right, Budget& budget) {
  if (left.is_list()) {
    const Value::List& a = left.as_list();
    const Value::List& b = right.as_list();
    if (a.empty()) return right;
    if (b.empty()) return left;
    if (!budget.Spend(a.size() + b.size())) return budget.Exhausted();
    Value::List out;
    out.reserve(a.size() + b.size());
    out.insert(out.end(), a.begin(), a.end());
    out.insert(out.end(), b.begin(), b.end());
    return Value(std::move(out));
  }
  const bool text = left.is_string();
  const std::string& a = text ? left.as_string() : left.as_bytes().data;
  const std::string& b = text ? right.as_string() : right.as_bytes().data;
  if (!budget.SpendBytes(a.size() + b.size())) return budget.Exhausted();
  if (text) return Value(a + b);
  return Value(Bytes{a + b});
}

Result<Value> Arithmetic(Operator op, const Value& left, const Value& right, Budget& budget) {
  if (left.kind() == right.kind()) {
    switch (left.kind()) {
      case Kind::kInt:
        return IntegerArithmetic(op, left.as_int(), right.as_int());
      case Kind::kUint:
        return IntegerArithmetic(op, left.as_uint(), right.as_uint());
      case Kind::kDouble:
        if (const auto out = DoubleArithmetic(op, left.as_double(), right.as_double())) {
          return Value(*out);
        }
        break;
      case Kind::kString:
      case Kind::kBytes:
      case Kind::kList:
        if (op == Operator::kAdd) return Concatenate(left, right, budget);
        break;
      default:
        break;
    }
  }
  const auto is_time = [](const Value& value) {
    return value.kind() == Kind::kTimestamp || value.kind() == Kind::kDuration;
  };
  if (is_time(left) && is_time(right)) {
    const bool two_points = left.kind() == Kind::kTimestamp && right.kind() == Kind::kTimestamp;
    if (op == Operator::kAdd && !two_points) return AddTimes(left, right);
    if (op == Operator::kSubtract && (two_points || right.kind() == Kind::kDuration)) {
      return SubtractTimes(left, right);
    }
  }
  return WrongTypes(op, left, right);
}

double AsDouble(const Value& number) {
  return number.is_double() ? number.as_double()
         : number.is_int()  ? static_cast<double>(number.as_int())
                            : static_cast<double>(number.as_uint());
}

// CEL compares whole numbers with doubles as doubles, and whole numbers with each other exactly.
std::partial_ordering CompareAnyNumbers(const Value& left, const Value& right) {
  if (left.is_double() || right.is_double()) return AsDouble(left) <=> AsDouble(right);
  return CompareNumbers(left, right);
}

// Unordered: one is NaN. Nothing: the types have no order.
std::optional<std::partial_ordering> Compare(const Value& left, const Value& right,
                                             Budget& budget) {
  if (IsNumber(left) && IsNumber(right)) return CompareAnyNumbers(left, right);
  if (left.kind() != right.kind()) return std::nullopt;
  switch (left.kind()) {
    case Kind::kBool:
      return left.as_bool() <=> right.as_bool();
    case Kind::kString:
      (void)budget.SpendBytes(std::min(left.as_string().size(), right.as_string().size()));
      return left.as_string() <=> right.as_string();
    case Kind::kBytes:
      (void)budget.SpendBytes(std::min(left.as_bytes().data.size(), right.as_bytes().data.size()));
      return left.as_bytes() <=> right.as_bytes();
    case Kind::kTimestamp:
      return left.as_timestamp() <=> right.as_timestamp();
    case Kind::kDuration:
      return left.as_duration() <=> right.as_duration();
    default:
      return std::nullopt;
  }
}

Result<Value> In(const Value& element, const Value& container, Budget& budget) {
  if (container.is_map()) return Value(FindKey(container.as_map(), element) != nullptr);
  if (!container.is_list()) return WrongTypes(Operator::kIn, element, container);
  for (const Value& candidate : container.as_list()) {
    Result<bool> equal = Equal(element, candidate, budget);
    if (!equal) return std::move(equal).error();
    if (*equal) return Value(true);
  }
  return Value(false);
}

}  // namespace

std::string_view SymbolOf(Operator op) {
  switch (op) {
    case Operator::kAdd:
      return "+";
    case Operator::kSubtract:
      return "-";
    case Operator::kMultiply:
      return "*";
    case Operator::kDivide:
      return "/";
    case Operator::kModulo:
      return "%";
    case Operator::kEqual:
      return "==";
    case Operator::kNotEqual:
      return "!=";
    case Operator::kLess:
      return "<";
    case Operator::kLessEqual:
      return "<=";
    case Operator::kGreater:
      return ">";
    case Operator::kGreaterEqual:
      return ">=";
    case Operator::kIn:
      return "in";
  }
  return "?";
}

Result<Value> Apply(Operator op, const Value& left, const Value& right, Budget& budget) {
  if (IsSecret(left) || IsSecret(right)) return SecretUsed();
  switch (op) {
    case Operator::kEqual:
    case Operator::kNotEqual: {
      Result<bool> equal = Equal(left, right, budget);
      if (!equal) return std::move(equal).error();
      return Value(*equal == (op == Operator::kEqual));
    }
    case Operator::kIn:
      return In(left, right, budget);
    case Operator::kLess:
    case Operator::kLessEqual:
    case Operator::kGreater:
    case Operator::kGreaterEqual: {
      const auto order = Compare(left, right, budget);
      if (!order) return WrongTypes(op, left, right);
      if (op == Operator::kLess) return Value(*order < 0);
      if (op == Operator::kLessEqual) return Value(*order <= 0);
      if (op == Operator::kGreater) return Value(*order > 0);
      return Value(*order >= 0);
    }
    default:
      return Arithmetic(op, left, right, budget);
  }
}

Result<Value> Negate(const Value& value) {
  if (value.is_double()) return Value(-value.as_double());
  if (value.is_int()) {
    return IntegerArithmetic<std::int64_t>(Operator::kSubtract, 0, value.as_int());
  }
  return InvalidArgument("\"-\" does not work on " + TypeText(value));
}

Result<bool> Equal(const Value& left, const Value& right, Budget& budget) {
  if (!budget.Spend(1)) return budget.Exhausted();
  if (IsNumber(left) && IsNumber(right)) return CompareAnyNumbers(left, right) == 0;
  if (left.kind() != right.kind()) return false;
  if (left.is_string() && left.as_string().size() == right.as_string().size()) {
    if (!budget.SpendBytes(left.as_string().size())) return budget.Exhausted();
  }
  if (left.is_list()) {
    const Value::List& a = left.as_list();
    const Value::List& b = right.as_list();
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      Result<bool> equal = Equal(a[i], b[i], budget);
      if (!equal || !*equal) return equal;
    }
    return true;
  }
  if (left.is_map()) {
    if (IsSecret(left) || IsSecret(right)) return SecretUsed();
    if (left.as_map().size() != right.as_map().size()) return false;
    for (const auto& [key, value] : left.as_map()) {
      const auto found = right.as_map().find(key);
      if (found == right.as_map().end()) return false;
      Result<bool> equal = Equal(value, found->second, budget);
      if (!equal || !*equal) return equal;
    }
    return true;
  }
  return left == right;
}

const Value* FindKey(const Value::Map& map, const Value& key) {
  const bool possible = key.is_bool() || key.is_string() ||
                        (IsNumber(key) && !(key.is_double() && std::isnan(key.as_double())));
  if (!possible) return nullptr;
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

bool AnswerWhole(const Value& value, Budget& budget) {
  constexpr std::size_t kEach = 8;
  switch (value.kind()) {
    case Kind::kString:
      return budget.Answer(kEach + value.as_string().size());
    case Kind::kBytes:
      return budget.Answer(kEach + value.as_bytes().data.size());
    case Kind::kList:
      if (!budget.Answer(kEach)) return false;
      for (const Value& element : value.as_list()) {
        if (!AnswerWhole(element, budget)) return false;
      }
      return true;
    case Kind::kMap:
      if (!budget.Answer(kEach)) return false;
      for (const auto& [key, element] : value.as_map()) {
        if (!AnswerWhole(key, budget) || !AnswerWhole(element, budget)) return false;
      }
      return true;
    default:
      return budget.Answer(kEach);
  }
}

Error SecretUsed() {
  return InvalidArgument(
      "a secret is not known here: it can be handed to an action as it is, but not be changed, "
      "compared or put into a text");
}

std::string TypeText(const Value& value) {
  if (IsSecret(value)) return "secret";
  switch (value.kind()) {
    case Kind::kNull:
      return "null";
    case Kind::kTimestamp:
      return "timestamp";
    case Kind::kDuration:
      return "duration";
    default:
      return std::string(value.TypeOf());
  }
}

}  // namespace recourse::expression
