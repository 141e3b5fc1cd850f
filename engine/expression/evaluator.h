// Walks a tree and answers its value.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/expression/ast.h"
#include "engine/expression/budget.h"
#include "engine/expression/expression.h"

namespace recourse::expression {

// One evaluation of one tree; used once.
class Evaluator {
 public:
  // Borrows all three.
  Evaluator(std::string_view source, const Scope& scope, Budget& budget)
      : source_(source), scope_(scope), budget_(budget) {}

  // Errors as Program::Evaluate has them.
  Result<Value> Run(const Node& root);

 private:
  Result<Value> Evaluate(const Node& node);

  // The value of a chain of members, or nothing when one is missing (then `missed_` says which).
  using Found = std::optional<Value>;
  Result<Found> Lookup(const Node& node);
  Result<Found> LookupName(const Node& node);
  Result<Found> LookupMember(const Node& node);
  Result<Found> MemberOf(const Node& node, const Value& value, const Value& key);

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
  Error At(const Node& node, Error error) const;
  Error Missed();
  Error DescribeMissing(const Value& map, const Value& key);

  std::string_view source_;
  const Scope& scope_;
  Budget& budget_;
  std::vector<Value> locals_;  // by slot
  // What Lookup() did not find.
  struct Missing {
    const Node* node = nullptr;
    Value map;
    Value key;
  };
  Missing missed_;
};

}  // namespace recourse::expression
