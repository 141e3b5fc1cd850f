// The math extension.
#include <cmath>
#include <limits>

#include "engine/expression/functions.h"

namespace recourse::expression {
namespace {

using Args = const Arguments&;

template <bool kGreatest>
Result<Value> Extreme(Args a) {
  const Value* best = nullptr;
  for (const Value& element : a[0].as_list()) {
    RECOURSE_SPEND(a.budget, Spend(1));
    if (!IsNumber(element)) return InvalidArgument("expected numbers");
    if (element.is_double() && std::isnan(element.as_double())) return element;
    const auto order =
        best == nullptr ? std::strong_ordering::equal : CompareNumbers(element, *best);
    if (best == nullptr || (kGreatest ? order > 0 : order < 0)) best = &element;
  }
  if (best == nullptr) return InvalidArgument("expected at least one number");
  return *best;
}

template <double (*kFunction)(double)>
Result<Value> OfDouble(Args a) {
  return Value(kFunction(a[0].as_double()));
}
double Ceil(double x) { return std::ceil(x); }
double Floor(double x) { return std::floor(x); }
double Round(double x) { return std::round(x); }
double Trunc(double x) { return std::trunc(x); }
double Abs(double x) { return std::abs(x); }
double Sqrt(double x) { return std::sqrt(x); }
double Sign(double x) { return std::isnan(x) ? x : x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }

Result<Value> AbsOfInt(Args a) {
  const std::int64_t number = a[0].as_int();
  if (number == std::numeric_limits<std::int64_t>::min()) {
    return InvalidArgument("the result is too large for an int");
  }
  return Value(number < 0 ? -number : number);
}
Result<Value> SignOfInt(Args a) {
  return Value(std::int64_t{a[0].as_int() > 0} - std::int64_t{a[0].as_int() < 0});
}
Result<Value> SignOfUint(Args a) { return Value(std::uint64_t{a[0].as_uint() > 0}); }
Result<Value> SqrtOfInt(Args a) { return Value(std::sqrt(static_cast<double>(a[0].as_int()))); }
Result<Value> SqrtOfUint(Args a) { return Value(std::sqrt(static_cast<double>(a[0].as_uint()))); }

Result<Value> IsNan(Args a) { return Value(std::isnan(a[0].as_double())); }
Result<Value> IsInf(Args a) { return Value(std::isinf(a[0].as_double())); }
Result<Value> IsFinite(Args a) { return Value(std::isfinite(a[0].as_double())); }

std::uint64_t BitsOf(const Value& value) {
  return value.is_uint() ? value.as_uint() : static_cast<std::uint64_t>(value.as_int());
}
Value LikeFirst(Args a, std::uint64_t bits) {
  return a[0].is_uint() ? Value(bits) : Value(static_cast<std::int64_t>(bits));
}
Result<Value> BitAnd(Args a) { return LikeFirst(a, BitsOf(a[0]) & BitsOf(a[1])); }
Result<Value> BitOr(Args a) { return LikeFirst(a, BitsOf(a[0]) | BitsOf(a[1])); }
Result<Value> BitXor(Args a) { return LikeFirst(a, BitsOf(a[0]) ^ BitsOf(a[1])); }
Result<Value> BitNot(Args a) { return LikeFirst(a, ~BitsOf(a[0])); }

template <bool kLeft>
Result<Value> Shift(Args a) {
  const std::int64_t by = a[1].as_int();
  if (by < 0) return InvalidArgument("the number of bits to shift by is negative");
  if (by > 63) return LikeFirst(a, 0);
  return LikeFirst(a, kLeft ? BitsOf(a[0]) << by : BitsOf(a[0]) >> by);
}

constexpr Overload kMathTable[] = {
    {"math.greatest", Style::kFunction, "l", "#", Extreme<true>},
    {"math.greatest", Style::kFunction, "i", "i", Same},
    {"math.greatest", Style::kFunction, "u", "u", Same},
    {"math.greatest", Style::kFunction, "d", "d", Same},
    {"math.least", Style::kFunction, "l", "#", Extreme<false>},
    {"math.least", Style::kFunction, "i", "i", Same},
    {"math.least", Style::kFunction, "u", "u", Same},
    {"math.least", Style::kFunction, "d", "d", Same},
    {"math.ceil", Style::kFunction, "d", "d", OfDouble<Ceil>},
    {"math.floor", Style::kFunction, "d", "d", OfDouble<Floor>},
    {"math.round", Style::kFunction, "d", "d", OfDouble<Round>},
    {"math.trunc", Style::kFunction, "d", "d", OfDouble<Trunc>},
    {"math.abs", Style::kFunction, "d", "d", OfDouble<Abs>},
    {"math.abs", Style::kFunction, "i", "i", AbsOfInt},
    {"math.abs", Style::kFunction, "u", "u", Same},
    {"math.sign", Style::kFunction, "d", "d", OfDouble<Sign>},
    {"math.sign", Style::kFunction, "i", "i", SignOfInt},
    {"math.sign", Style::kFunction, "u", "u", SignOfUint},
    {"math.sqrt", Style::kFunction, "d", "d", OfDouble<Sqrt>},
    {"math.sqrt", Style::kFunction, "i", "i", SqrtOfInt},
    {"math.sqrt", Style::kFunction, "u", "u", SqrtOfUint},
    {"math.isNaN", Style::kFunction, "d", "b", IsNan},
    {"math.isInf", Style::kFunction, "d", "b", IsInf},
    {"math.isFinite", Style::kFunction, "d", "b", IsFinite},
    {"math.bitAnd", Style::kFunction, "ii", "i", BitAnd},
    {"math.bitAnd", Style::kFunction, "uu", "u", BitAnd},
    {"math.bitOr", Style::kFunction, "ii", "i", BitOr},
    {"math.bitOr", Style::kFunction, "uu", "u", BitOr},
    {"math.bitXor", Style::kFunction, "ii", "i", BitXor},
    {"math.bitXor", Style::kFunction, "uu", "u", BitXor},
    {"math.bitNot", Style::kFunction, "i", "i", BitNot},
    {"math.bitNot", Style::kFunction, "u", "u", BitNot},
    {"math.bitShiftLeft", Style::kFunction, "ii", "i", Shift<true>},
    {"math.bitShiftLeft", Style::kFunction, "ui", "u", Shift<true>},
    {"math.bitShiftRight", Style::kFunction, "ii", "i", Shift<false>},
    {"math.bitShiftRight", Style::kFunction, "ui", "u", Shift<false>},
};

}  // namespace

std::span<const Overload> MathFunctions() { return kMathTable; }

}  // namespace recourse::expression
