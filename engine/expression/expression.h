// Expressions: the Common Expression Language (CEL), https://github.com/google/cel-spec, for values
// without protobuf messages.
//
// A Program is parsed once, when a definition is loaded, and evaluated many times. Both are pure:
// no clock, no randomness, no I/O but reading the system's time zone files where an expression
// names a zone. Thread safety: a Program is immutable.
//
// Left out of the language: messages (Type{field: value}) and optional values (a.?b). Different from
// it: has(a.b.c) is false, not an error, when a has no member b or a.b is null.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::expression {

// Private to the module.
struct Node;
class Budget;

// The variables of an evaluation.
class Scope {
 public:
  virtual ~Scope() = default;
  // Nothing when no variable has that name. Names may have dots: for a.b.c the evaluation asks for
  // "a.b.c", then for "a.b" and its member c, then for "a"; the first one found counts.
  virtual std::optional<Value> Find(std::string_view name) const = 0;
};

// Variables from a map.
class MapScope final : public Scope {
 public:
  explicit MapScope(Value::Map variables) : variables_(std::move(variables)) {}
  std::optional<Value> Find(std::string_view name) const override;

 private:
  Value::Map variables_;
};

// No expression can hang the caller: each node visited costs a step, and so does each element or
// 32 bytes that an operation makes.
struct Limits {
  std::int64_t steps_max = 100'000;
};

// What Parse refuses beside what is no expression at all.
enum class Check {
  kFunctions,  // functions that do not exist, wrong numbers of arguments, broken constant patterns
  kNone,       // nothing: they fail when they are evaluated, as CEL without its type check has it
};

// A variable with the members that are selected from it: steps.choose.output.path. An index by a
// constant string counts as a member; anything else ends the path.
struct Reference {
  std::vector<std::string> path;
  std::size_t offset = 0;  // of its first character in the source, in bytes
  bool guarded = false;    // it is what a has(...) asks for
};

class Program {
 public:
  // kInvalidArgument: the text is no expression; the message ends with "at column N" (1 is the
  // first character) and says what was expected. Nested deeper than 200 levels or longer than
  // 100,000 bytes counts as one.
  static Result<Program> Parse(std::string_view source, Check check = Check::kFunctions);

  // kInvalidArgument: a value has the wrong type, a division by zero, an index out of range...
  // kNotFound: a variable or map member that does not exist.
  // kResourceExhausted: over the limits.
  // The message names the part of the source that failed.
  Result<Value> Evaluate(const Scope& scope, const Limits& limits = {}) const;

  const std::string& source() const { return *source_; }

  // Every variable used, in the order of the source; without variables that macros bind and without
  // the names of types (int, list...), which are constants.
  std::vector<Reference> References() const;

 private:
  friend class Template;
  // `columns_before`: how many characters stand before the source in the text that a person sees.
  static Result<Program> ParseAt(std::string_view source, std::size_t columns_before, Check check);
  Result<Value> EvaluateWithin(const Scope& scope, Budget& budget) const;
  Program(std::shared_ptr<const std::string> source, std::shared_ptr<const Node> root)
      : source_(std::move(source)), root_(std::move(root)) {}

  std::shared_ptr<const std::string> source_;
  std::shared_ptr<const Node> root_;
};

// A value in whose strings (not in a map's keys) ${...} stands for an expression. A string that is
// one expression keeps the expression's type; one with text around it becomes a string, in which
// lists and maps stand as JSON. "$${" is a literal "${".
class Template {
 public:
  Template() = default;  // null

  // kInvalidArgument: an expression that does not parse, or "${" without its "}". The message names
  // the member ("services[0].name: ...") and the column in the string.
  static Result<Template> Parse(const Value& value);

  // Errors as Program::Evaluate has them, preceded by the member's name. The limits are those of
  // all its expressions together.
  Result<Value> Evaluate(const Scope& scope, const Limits& limits = {}) const;

  // True when there is neither an expression nor a "$${" in it; Evaluate then answers the value as
  // it was given.
  bool constant() const;

  // The value it was parsed from.
  const Value& source() const { return source_; }

  // Every variable of every expression in it; the offsets are those in the string that holds it.
  std::vector<Reference> References() const;

 private:
  struct Part;
  class Reader;
  class Writer;
  static void Collect(const Part& part, std::vector<Reference>& found);

  Value source_;
  std::shared_ptr<const Part> root_;  // null when constant
};

}  // namespace recourse::expression
