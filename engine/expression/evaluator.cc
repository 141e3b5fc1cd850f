#include "engine/expression/evaluator.h"

#include <array>
#include <cmath>
#include <utility>

#include "engine/base/text.h"
#include "engine/expression/operators.h"
#include "engine/expression/secret.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

// An index may be any number that is whole: 1, 1u, 1.0. What is no index answers one that no list
// has.
std::size_t WholeIndex(const Value& number) {
  constexpr auto kNone = static_cast<std::size_t>(-1);
  if (number.is_uint()) return number.as_uint();
  if (number.is_int()) {
    return number.as_int() < 0 ? kNone : static_cast<std::size_t>(number.as_int());
  }
  const double index = number.as_double();
  const bool whole = index >= 0 && index < 1e15 && std::trunc(index) == index;
  return whole ? static_cast<std::size_t>(index) : kNone;
}

// Whether the value is a part of a variable.
bool IsSelection(const Node& node) {
  const Node* at = &node;
  while (at->kind == NodeKind::kSelect || at->kind == NodeKind::kIndex) at = at->children[0].get();
  return at->kind == NodeKind::kName;
}

}  // namespace

Result<Value> Evaluator::Run() {
  locals_.resize(program_.slots);
  const Node& root = *program_.root;
  Result<Operand> operand = Read(root);
  if (!operand) return std::move(operand).error();
  // A list may hold the same list many times over, and that one another: small in memory, endless
  // when it is written out.
  if (!IsSelection(root) && !AnswerWhole(**operand, budget_)) return At(root, budget_.Exhausted());
  return std::move(*operand).Take();
}

Result<Value> Evaluator::Evaluate(const Node& node) {
  Result<Operand> operand = Read(node);
  if (!operand) return std::move(operand).error();
  return std::move(*operand).Take();
}

Result<Operand> Evaluator::Read(const Node& node) {
  if (!budget_.Spend(1)) return budget_.Exhausted();
  switch (node.kind) {
    case NodeKind::kConstant:
      return Operand::Standing(node.value);
    case NodeKind::kLocal:
      return Operand::Standing(locals_[node.slot]);
    case NodeKind::kName:
    case NodeKind::kSelect:
    case NodeKind::kIndex: {
      Result<Operand> found = Lookup(node);
      if (found && !found->found()) return Missed();
      return found;
    }
    default: {
      Result<Value> made = Make(node);
      if (!made) return std::move(made).error();
      return Operand::Made(*std::move(made));
    }
  }
}

Result<Value> Evaluator::Make(const Node& node) {
  switch (node.kind) {
    case NodeKind::kHas:
      return Has(node);
    case NodeKind::kList:
      return List(node);
    case NodeKind::kMap:
      return Map(node);
    case NodeKind::kCall:
      return Call(node);
    case NodeKind::kAnd:
    case NodeKind::kOr:
      return AndOr(node);
    case NodeKind::kConditional:
      return Conditional(node);
    case NodeKind::kNot:
    case NodeKind::kNegate:
      return Unary(node);
    case NodeKind::kBinary:
      return Binary(node);
    case NodeKind::kFold:
      return Fold(node);
    case NodeKind::kBind:
      return Bind(node);
    default:
      return Internal("a node that makes no value");
  }
}

Result<Operand> Evaluator::Lookup(const Node& node) {
  if (node.kind == NodeKind::kName) return LookupName(node);
  if (node.kind == NodeKind::kSelect || node.kind == NodeKind::kIndex) return LookupMember(node);
  return Read(node);
}

Result<Operand> Evaluator::LookupName(const Node& node) {
  const std::string_view name = node.name;
  const bool peek_only = scope_.holds_all();
  for (std::size_t known = node.component_ends.size(); known > 0; --known) {
    const std::string_view candidate = name.substr(0, node.component_ends[known - 1]);
    Operand variable;
    if (const Value* standing = scope_.Peek(candidate)) {
      variable = Operand::Standing(*standing);
    } else {
      std::optional<Value> found = peek_only ? std::nullopt : scope_.Find(candidate);
      if (!found) continue;
      variable = Operand::Made(*std::move(found));
    }
    for (; known < node.component_ends.size(); ++known) {
      const std::size_t begin = node.component_ends[known - 1] + 1;
      const std::string_view member = name.substr(begin, node.component_ends[known] - begin);
      const Value* next = IsSecret(*variable) ? nullptr : variable->Find(member);
      if (next == nullptr) return MemberOf(node, std::move(variable), Value(member));
      variable = std::move(variable).Within(*next);
    }
    return variable;
  }
  return At(node, NotFound("there is no variable \"" +
                           std::string(name.substr(0, node.component_ends.front())) + "\""));
}

Result<Operand> Evaluator::LookupMember(const Node& node) {
  Result<Operand> operand = Lookup(*node.children[0]);
  if (!operand || !operand->found()) return operand;
  if (node.kind == NodeKind::kSelect) return MemberOf(node, *std::move(operand), node.value);
  Result<Operand> index = Read(*node.children[1]);
  if (!index) return std::move(index).error();
  return MemberOf(node, *std::move(operand), **index);
}

Result<Operand> Evaluator::MemberOf(const Node& node, Operand operand, const Value& key) {
  const Value& value = *operand;
  if (IsSecret(value)) return At(node, SecretUsed());
  // What is null has no members that could be there: has() answers false for them.
  if (value.is_map() || value.is_null()) {
    const Value* found = value.is_map() ? FindKey(value.as_map(), key) : nullptr;
    if (found != nullptr) return std::move(operand).Within(*found);
    missed_ = Missing{&node, value, key};
    return Operand();
  }
  if (!value.is_list() || node.kind != NodeKind::kIndex) {
    return At(node, InvalidArgument(TypeText(value) + " has no members"));
  }
  const Value::List& list = value.as_list();
  if (!IsNumber(key)) {
    return At(node, InvalidArgument("the index of a list is an int, not " + TypeText(key)));
  }
  if (const std::size_t index = WholeIndex(key); index < list.size()) {
    return std::move(operand).Within(list[index]);
  }
  return At(node, InvalidArgument("the index is outside of the list, which has " +
                                  std::to_string(list.size()) + " elements"));
}

Result<Value> Evaluator::Has(const Node& node) {
  Result<Operand> found = Lookup(*node.children[0]);
  if (!found) return std::move(found).error();
  return Value(found->found());
}

Result<Value> Evaluator::List(const Node& node) {
  Value::List list;
  list.reserve(node.children.size());
  for (const auto& child : node.children) {
    Result<Value> element = Evaluate(*child);
    if (!element) return element;
    list.push_back(*std::move(element));
  }
  return Value(std::move(list));
}

Result<Value> Evaluator::Map(const Node& node) {
  Value::Map map;
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    Result<Value> key = Evaluate(*node.children[i]);
    if (!key) return key;
    if (!key->is_bool() && !key->is_int() && !key->is_uint() && !key->is_string()) {
      return At(*node.children[i],
                InvalidArgument("a key is a string, int, uint or bool, not " + TypeText(*key)));
    }
    if (key->is_string() && key->as_string() == kSecretKey) {
      return At(*node.children[i], InvalidArgument("a secret is written secret(\"name\")"));
    }
    Result<Value> value = Evaluate(*node.children[i + 1]);
    if (!value) return value;
    if (!map.emplace(*std::move(key), *std::move(value)).second) {
      return At(*node.children[i], InvalidArgument("the key is there twice"));
    }
  }
  return Value(std::move(map));
}

Result<Value> Evaluator::Call(const Node& node) {
  std::array<Operand, kArgumentsMax> operands;
  std::array<const Value*, kArgumentsMax> values{};
  const std::size_t count = node.children.size();
  if (node.overloads.empty()) {
    return At(node, InvalidArgument("there is no function \"" + node.name + "\" with " +
                                    std::to_string(count) + " arguments"));
  }
  for (std::size_t i = 0; i < count; ++i) {
    Result<Operand> operand = Read(*node.children[i]);
    if (!operand) return std::move(operand).error();
    operands[i] = *std::move(operand);
    values[i] = &*operands[i];
    if (IsSecret(*values[i])) return At(node, SecretUsed());
  }
  const std::span<const Value* const> arguments(values.data(), count);
  for (const Overload* overload : node.overloads) {
    if (!Accepts(*overload, arguments)) continue;
    Result<Value> value = overload->body(Arguments{arguments, budget_, node.prepared});
    if (!value) return At(node, std::move(value).error());
    return value;
  }
  std::string what = "expected ";
  for (const Overload* overload : node.overloads) {
    what += (overload == node.overloads.front() ? "" : " or ") + Signature(*overload);
  }
  what += "; found ";
  for (std::size_t i = 0; i < count; ++i) what += (i == 0 ? "" : ", ") + TypeText(*values[i]);
  return At(node, InvalidArgument(what));
}

// One operand that decides is enough, whatever errors the others have.
Result<Value> Evaluator::AndOr(const Node& node) {
  const bool decides = node.kind == NodeKind::kOr;
  FirstError first;
  for (const auto& child : node.children) {
    Result<bool> operand = Condition(*child);
    if (budget_.exhausted()) return budget_.Exhausted();
    if (operand && *operand == decides) return Value(decides);
    if (!operand) Keep(first, std::move(operand).error());
  }
  if (first.error) return Give(std::move(first));
  return Value(!decides);
}

Result<Value> Evaluator::Conditional(const Node& node) {
  Result<bool> condition = Condition(*node.children[0]);
  if (!condition) return std::move(condition).error();
  return Evaluate(*node.children[*condition ? 1 : 2]);
}

Result<Value> Evaluator::Unary(const Node& node) {
  if (node.kind == NodeKind::kNot) {
    Result<bool> operand = Condition(*node.children[0]);
    if (!operand) return std::move(operand).error();
    return Value(!*operand);
  }
  Result<Operand> operand = Read(*node.children[0]);
  if (!operand) return std::move(operand).error();
  Result<Value> negative = Negate(**operand);
  if (!negative) return At(node, std::move(negative).error());
  return negative;
}

Result<Value> Evaluator::Binary(const Node& node) {
  Result<Operand> left = Read(*node.children[0]);
  if (!left) return std::move(left).error();
  Result<Operand> right = Read(*node.children[1]);
  if (!right) return std::move(right).error();
  Result<Value> value = Apply(node.op, **left, **right, budget_);
  if (!value) return At(node, std::move(value).error());
  return value;
}

Result<Value> Evaluator::Bind(const Node& node) {
  Result<Value> value = Evaluate(*node.children[0]);
  if (!value) return value;
  locals_[node.slot] = *std::move(value);
  return Evaluate(*node.children[1]);
}

Result<bool> Evaluator::Condition(const Node& node) {
  Result<Operand> value = Read(node);
  if (!value) return std::move(value).error();
  if ((*value)->is_bool()) return (*value)->as_bool();
  return At(node, InvalidArgument("expected true or false, found " + TypeText(**value)));
}

Error Evaluator::At(const Node& node, Error error) {
  failed_at_ = node.begin;
  const std::string_view source = program_.source;
  error.message += " in `" + Shortened(source.substr(node.begin, node.end - node.begin), 80) + "`";
  return error;
}

void Evaluator::Keep(FirstError& first, Error error) {
  if (!first.error) first = {std::move(error), failed_at_};
}

Error Evaluator::Give(FirstError first) {
  failed_at_ = first.at;
  return *std::move(first.error);
}

Error Evaluator::Missed() {
  const Node* node = missed_.node;
  return At(*node, DescribeMissing(missed_.map, missed_.key));
}

Error Evaluator::DescribeMissing(const Value& map, const Value& key) {
  if (map.is_null()) return NotFound("null has no members");
  if (!key.is_string()) return NotFound("there is no such key");
  const std::string& name = key.as_string();
  std::string what = "there is no member \"" + Shortened(name, 80) + "\"";
  // A search among the names of a large map would cost more than its answer is worth.
  constexpr std::size_t kNamesMax = 50;
  std::vector<std::string_view> names;
  if (map.as_map().size() <= kNamesMax && name.size() <= kNamesMax &&
      budget_.Spend(map.as_map().size())) {
    for (const auto& [candidate, unused] : map.as_map()) {
      if (candidate.is_string() && candidate.as_string().size() <= kNamesMax) {
        names.push_back(candidate.as_string());
      }
    }
  }
  if (const std::string nearest = Nearest(name, names); !nearest.empty()) {
    what += " (did you mean \"" + nearest + "\"?)";
  }
  return NotFound(what);
}

}  // namespace recourse::expression
