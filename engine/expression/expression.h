// Expressions: the Common Expression Language (CEL), https://github.com/google/cel-spec, for values
// without protobuf messages.
//
// A Program is parsed once, when a definition is loaded, and evaluated many times. Both are pure:
// no clock, no randomness, no I/O but reading the system's time zone files where an expression
// names a zone. Thread safety: a Program is immutable.
//
// Left out of the language: messages (Type{field: value}) and optional values (a.?b). Different
// from it: has(a.b.c) is false, not an error, when a has no member b or a.b is null.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/expression/place.h"
#include "engine/expression/type.h"

namespace recourse::expression {

// Private to the module.
struct Parsed;
class Budget;

// The variables of an evaluation.
class Scope {
 public:
  virtual ~Scope() = default;
  // Nothing when no variable has that name. Names may have dots: for a.b.c the evaluation asks for
  // "a.b.c", then for "a.b" and its member c, then for "a"; the first one found counts.
  virtual std::optional<Value> Find(std::string_view name) const = 0;
  // The same where the scope holds the value, which must outlive the evaluation: nothing is copied.
  // Null: ask Find().
  virtual const Value* Peek(std::string_view) const { return nullptr; }
  // Whether Peek() answers every variable there is, so that Find() need not be asked.
  virtual bool holds_all() const { return false; }
};

// Variables from a map.
class MapScope final : public Scope {
 public:
  explicit MapScope(Value::Map variables) : variables_(std::move(variables)) {}
  std::optional<Value> Find(std::string_view name) const override;
  const Value* Peek(std::string_view name) const override;
  bool holds_all() const override { return true; }

 private:
  Value::Map variables_;
};

// No expression can hang the caller, or make it swallow what it cannot: each node visited costs a
// step, and so does each element or 32 bytes that an operation makes.
struct Limits {
  std::int64_t steps_max = 100'000;
  // Of the value answered: its text, and 8 for each value in it, counted as often as it would be
  // written out. What is only selected from the scope is no larger than the scope and costs
  // nothing.
  std::int64_t bytes_max = 4 << 20;
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
  // The same for a source that stands in a file. The program keeps the layout: errors of its
  // evaluation say "line 12, column 7 of the definition".
  static std::variant<Program, Mistake> Read(std::string_view source, Layout layout,
                                             Check check = Check::kFunctions);

  // kInvalidArgument: a value has the wrong type, a division by zero, an index out of range...
  // kNotFound: a variable or map member that does not exist.
  // kResourceExhausted: over the limits.
  // The message names the part of the source that failed.
  Result<Value> Evaluate(const Scope& scope, const Limits& limits = {}) const;
  // The same for who shows the source: the place of an error is told apart.
  std::variant<Value, Mistake> Try(const Scope& scope, const Limits& limits = {}) const;

  const std::string& source() const;
  // Where the byte at `offset` of the source stands in its file, if that is known.
  Place PlaceOf(std::size_t offset) const;

  // Every variable used, in the order of the source; without variables that macros bind and without
  // the names of types (int, list...), which are constants.
  std::vector<Reference> References() const;

  // The type of its value, as far as that is known before it is evaluated, and every operation that
  // cannot work whatever the values are.
  Typed TypeWith(const Types& variables) const;

  // The names of the secrets that it asks for.
  std::vector<std::string> Secrets() const;

 private:
  friend class Template;
  Result<Value> EvaluateWithin(const Scope& scope, Budget& budget) const;
  explicit Program(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}

  std::shared_ptr<const Parsed> parsed_;
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

  // The same piece by piece, for a value that stands in a file: a string (`name` names it in
  // messages), and lists and maps of templates.
  static std::variant<Template, Mistake> Read(std::string_view text, std::string_view name,
                                              const Layout& layout);
  static Template Constant(Value value);
  static Template List(std::vector<Template> elements);
  static Template Map(std::vector<std::pair<Value, Template>> members);

  // Errors as Program::Evaluate has them, preceded by the member's name. The limits are those of
  // all its expressions together.
  Result<Value> Evaluate(const Scope& scope, const Limits& limits = {}) const;

  // True when there is neither an expression nor a "$${" in it; Evaluate then answers the value as
  // it was given.
  bool constant() const;

  // The value it was parsed from.
  const Value& source() const { return source_; }

  // Every expression in it, in its order.
  struct Expression {
    Program program;
    std::size_t offset = 0;  // in the string that holds it
    bool whole = false;      // the string is nothing else
  };
  std::vector<Expression> Expressions() const;

  // Every variable of every expression in it; the offsets are those in the string that holds it.
  std::vector<Reference> References() const;

  // The names of the secrets that its expressions ask for.
  std::vector<std::string> Secrets() const;

 private:
  struct Part;
  class Reader;
  class Writer;
  Template(Value source, std::shared_ptr<const Part> root)
      : source_(std::move(source)), root_(std::move(root)) {}
  void Collect(std::vector<Expression>& found) const;

  Value source_;
  std::shared_ptr<const Part> root_;  // null when constant
};

}  // namespace recourse::expression
