// The functions that an expression may call.
//
// A function is a row of a table: its name, how it is called, the types that it takes, and a body
// that may rely on them. The tables stand beside their bodies, one a file.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/expression/budget.h"

namespace re2 {
class RE2;
}

namespace recourse::expression {

class TimeZone;

// What can be worked out once, when the expression is parsed, of a constant last argument.
struct Prepared {
  std::shared_ptr<const re2::RE2> pattern;
  std::shared_ptr<const TimeZone> zone;
};

struct Arguments {
  std::span<const Value* const> values;  // the receiver first
  Budget& budget;
  const Prepared& prepared;

  const Value& operator[](std::size_t index) const { return *values[index]; }
};

enum class Style { kFunction, kMember };  // f(x), x.f()

struct Overload {
  std::string_view name;
  Style style;
  // A letter an argument, the receiver first: b bool, i int, u uint, d double, s string, y bytes,
  // l list, m map, t timestamp, D duration, * anything.
  std::string_view takes;
  // A letter of the same for what it answers; "#" any number, "S" a list of strings, "T" a type.
  std::string_view gives;
  // The error is about the call as such; the evaluator adds the place.
  Result<Value> (*body)(const Arguments&);
  Result<Prepared> (*prepare)(const Value& last) = nullptr;
};

inline constexpr std::size_t kArgumentsMax = 4;

// The body of a conversion to the type that the value has, and of the greatest of one.
inline Result<Value> Same(const Arguments& a) { return a[0]; }

// The rows of each file.
std::span<const Overload> ConversionFunctions();
std::span<const Overload> StringFunctions();
std::span<const Overload> TextFunctions();
std::span<const Overload> MathFunctions();
std::span<const Overload> TimeFunctions();
std::span<const Overload> PathFunctions();
std::span<const Overload> SecretFunctions();

// All of them.
std::vector<const Overload*> AllFunctions();

// Every overload of that name, whatever its number of arguments.
std::vector<const Overload*> FindFunctions(std::string_view name, Style style);

// The name of a function, of either style, that `name` may be a slip of; else empty.
std::string NearestFunction(std::string_view name);

// Whether the values have the types that the overload takes.
bool Accepts(const Overload& overload, std::span<const Value* const> values);

// "string.indexOf(string, int)", for messages.
std::string Signature(const Overload& overload);

// The error of a call that would take the evaluation over its limit, when it is.
#define RECOURSE_SPEND(budget, spend) \
  if (!(budget).spend) return (budget).Exhausted()

}  // namespace recourse::expression
