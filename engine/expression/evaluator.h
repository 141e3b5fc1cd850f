// Walks a tree and answers its value.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/expression/ast.h"
#include "engine/expression/budget.h"
#include "engine/expression/expression.h"

namespace recourse::expression {

// A value that stands somewhere (in the tree, in a variable, within another value) or was made for
// the moment. What stands somewhere is not copied. Empty: there is none.
class Operand {
 public:
  Operand() = default;
  // `value` outlives the operand.
  static Operand Standing(const Value& value) { return Operand(&value, Value()); }
  static Operand Made(Value value) { return Operand(nullptr, std::move(value)); }

  bool found() const { return found_; }
  // REQUIRES: found().
  const Value& operator*() const { return standing_ != nullptr ? *standing_ : made_; }
  const Value* operator->() const { return &**this; }
  Value Take() && { return standing_ != nullptr ? *standing_ : std::move(made_); }

  // A member or element of it, which lives as long as this value does: lists and maps are shared,
  // so that it stays where it is when they move.
  Operand Within(const Value& inner) && { return Operand(&inner, std::move(made_)); }

 private:
  Operand(const Value* standing, Value made)
      : found_(true), standing_(standing), made_(std::move(made)) {}

  bool found_ = false;
  const Value* standing_ = nullptr;
  Value made_;  // the value, or what holds it
};

// One evaluation of one program; used once.
class Evaluator {
 public:
  // Borrows all three.
  Evaluator(const Parsed& program, const Scope& scope, Budget& budget)
      : program_(program), scope_(scope), budget_(budget) {}

  // Errors as Program::Evaluate has them.
  Result<Value> Run();
  // After an error: the byte of the source where the part begins that it is about.
  std::size_t failed_at() const { return failed_at_; }

 private:
  Result<Value> Evaluate(const Node& node);
  // The same without a copy where the value stands somewhere.
  Result<Operand> Read(const Node& node);
  // The value of a node that makes one.
  Result<Value> Make(const Node& node);

  // The value of a chain of members; empty when one is missing (then `missed_` says which).
  Result<Operand> Lookup(const Node& node);
  Result<Operand> LookupName(const Node& node);
  Result<Operand> LookupMember(const Node& node);
  Result<Operand> MemberOf(const Node& node, Operand operand, const Value& key);

  Result<Value> Has(const Node& node);
  Result<Value> List(const Node& node);
  Result<Value> Map(const Node& node);
  Result<Value> Call(const Node& node);
  Result<Value> AndOr(const Node& node);
  Result<Value> Conditional(const Node& node);
  Result<Value> Unary(const Node& node);
  Result<Value> Binary(const Node& node);
  Result<Value> Bind(const Node& node);

  // Macros over a range.
  Result<Value> Fold(const Node& node);
  Result<Value> Quantify(const Node& node, const Value& range);
  Result<Value> ExistsOne(const Node& node, const Value& range);
  Result<Value> MakeList(const Node& node, const Value& range);
  Result<Value> MakeMap(const Node& node, const Value& range);
  // Calls visit() for each element, its variables bound, until it answers false.
  template <class Visit>
  void ForEach(const Node& node, const Value& range, Visit visit);
  // A bool, or the error that it is none.
  Result<bool> Condition(const Node& node);
  // The same for the fold's filter; true when it has none.
  Result<bool> Passes(const Node& fold);

  // The error with the part of the source that it is about.
  Error At(const Node& node, Error error);
  Error Missed();
  Error DescribeMissing(const Value& map, const Value& key);

  const Parsed& program_;
  const Scope& scope_;
  Budget& budget_;
  std::vector<Value> locals_;  // by slot
  std::size_t failed_at_ = 0;
  // What Lookup() did not find.
  struct Missing {
    const Node* node = nullptr;
    Value map;
    Value key;
  };
  Missing missed_;

  // The first of several errors, while the others may still be outweighed.
  struct FirstError {
    std::optional<Error> error;
    std::size_t at = 0;
  };
  void Keep(FirstError& first, Error error);
  Error Give(FirstError first);
};

}  // namespace recourse::expression
