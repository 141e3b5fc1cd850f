#include "engine/expression/type_check.h"

#include <algorithm>

#include "engine/expression/operators.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

using Kind = Value::Kind;
using Kinds = Type::Kinds;

constexpr Kinds kBool = Type::Of(Kind::kBool);
constexpr Kinds kList = Type::Of(Kind::kList);
constexpr Kinds kMap = Type::Of(Kind::kMap);
constexpr Kinds kNull = Type::Of(Kind::kNull);
constexpr Kinds kString = Type::Of(Kind::kString);

// What a letter of the table of functions stands for.
Type TypeOfLetter(char letter) {
  constexpr std::string_view kLetters = "nbiudsylmtDT";  // in the order of Value::Kind
  if (letter == '#') return {Type::kNumber, nullptr, nullptr};
  if (letter == 'S') return Type::ListOf(Type::Only(Kind::kString));
  const std::size_t index = kLetters.find(letter);
  return index == kLetters.npos ? Type::Any() : Type::Only(static_cast<Kind>(index));
}

// Numbers of every kind compare with each other.
Kinds Widened(Kinds kinds) {
  return (kinds & Type::kNumber) != 0 ? static_cast<Kinds>(kinds | Type::kNumber) : kinds;
}

class Checker {
 public:
  Checker(const Parsed& program, const Types& variables)
      : source_(program.source), variables_(variables), locals_(program.slots) {}

  Type Visit(const Node& node) {
    switch (node.kind) {
      case NodeKind::kConstant:
        return Type::Only(node.value.kind());
      case NodeKind::kName:
        return Name(node);
      case NodeKind::kLocal:
        return locals_[node.slot];
      case NodeKind::kSelect:
        return Select(node);
      case NodeKind::kIndex:
        return Index(node);
      case NodeKind::kHas:
        Visit(*node.children[0]);
        return Type::Only(Kind::kBool);
      case NodeKind::kList:
        return List(node);
      case NodeKind::kMap:
        return Map(node);
      case NodeKind::kCall:
        return Call(node);
      case NodeKind::kAnd:
      case NodeKind::kOr:
        for (const auto& child : node.children) Condition(*child);
        return Type::Only(Kind::kBool);
      case NodeKind::kConditional:
        return Conditional(node);
      case NodeKind::kNot:
        Condition(*node.children[0]);
        return Type::Only(Kind::kBool);
      case NodeKind::kNegate:
        return Negation(node);
      case NodeKind::kBinary:
        return Binary(node);
      case NodeKind::kFold:
        return Fold(node);
      case NodeKind::kBind:
        locals_[node.slot] = Visit(*node.children[0]);
        return Visit(*node.children[1]);
    }
    return Type::Any();
  }

  std::vector<Mistake> Take() && {
    std::ranges::stable_sort(mistakes_, {}, &Mistake::offset);
    return std::move(mistakes_);
  }

 private:
  // After a mistake anything may follow: one is not told twice.
  Type Wrong(const Node& node, std::string what) {
    what += " in `" + Shortened(source_.substr(node.begin, node.end - node.begin), 80) + "`";
    mistakes_.push_back({InvalidArgument(std::move(what)), node.begin});
    return Type::Any();
  }
  Type SecretIn(const Node& node) { return Wrong(node, SecretUsed().message); }

  void Condition(const Node& node) {
    const Type type = Visit(node);
    if (type.MayBe(Type::kSecret)) {
      SecretIn(node);
    } else if (!type.MayBe(kBool)) {
      Wrong(node, "expected true or false, found " + type.ToString());
    }
  }

  Type Name(const Node& node) {
    std::vector<std::string_view>& path = path_;
    path.clear();
    std::size_t begin = 0;
    for (const std::size_t end : node.component_ends) {
      path.push_back(std::string_view(node.name).substr(begin, end - begin));
      begin = end + 1;
    }
    const Type type = variables_.Find(path);
    // Where the last member is not known, the one before it may be: as something without members.
    for (std::size_t length = path.size() - 1; type.any() && length > 0; --length) {
      const Type whole = variables_.Find(std::span(path).first(length));
      if (!whole.MayBe(kMap | kNull)) return Wrong(node, whole.ToString() + " has no members");
      if (!whole.any()) break;
    }
    return type;
  }

  Type MemberOf(const Node& node, const Type& type, const std::string& name) {
    if (type.MayBe(Type::kSecret)) return SecretIn(node);
    if (!type.MayBe(kMap | kNull)) return Wrong(node, type.ToString() + " has no members");
    if (!type.members) return Type::Any();
    const auto found = type.members->find(name);
    return found == type.members->end() ? Type::Any() : found->second;
  }

  Type Select(const Node& node) {
    return MemberOf(node, Visit(*node.children[0]), node.value.as_string());
  }

  Type Index(const Node& node) {
    const Type type = Visit(*node.children[0]);
    const Type index = Visit(*node.children[1]);
    if (type.MayBe(Type::kSecret) || index.MayBe(Type::kSecret)) return SecretIn(node);
    if (!type.MayBe(kList | kMap | kNull)) {
      return Wrong(node, type.ToString() + " has no members");
    }
    const Node& key = *node.children[1];
    if (!type.MayBe(kList)) {
      const bool constant = key.kind == NodeKind::kConstant && key.value.is_string();
      return constant ? MemberOf(node, type, key.value.as_string()) : Type::Any();
    }
    if (type.MayBe(kMap | kNull)) return Type::Any();
    if (!index.MayBe(Type::kNumber)) {
      return Wrong(node, "the index of a list is an int, not " + index.ToString());
    }
    return type.element ? *type.element : Type::Any();
  }

  Type List(const Node& node) {
    std::optional<Type> element;
    for (const auto& child : node.children) {
      const Type type = Visit(*child);
      element = element ? Union(*element, type) : type;
    }
    return element ? Type::ListOf(*std::move(element)) : Type::Only(Kind::kList);
  }

  Type Map(const Node& node) {
    Type::Members members;
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
      const Node& key = *node.children[i];
      const Type type = Visit(key);
      Type value = Visit(*node.children[i + 1]);
      if (!type.MayBe(kBool | kString | Type::Of(Kind::kInt) | Type::Of(Kind::kUint))) {
        Wrong(key, "a key is a string, int, uint or bool, not " + type.ToString());
      }
      if (key.kind == NodeKind::kConstant && key.value.is_string()) {
        members.insert_or_assign(key.value.as_string(), std::move(value));
      }
    }
    return Type::MapOf(std::move(members));
  }

  Type Call(const Node& node) {
    std::vector<Type> arguments;
    for (const auto& child : node.children) {
      arguments.push_back(Visit(*child));
      if (arguments.back().MayBe(Type::kSecret)) return SecretIn(node);
    }
    if (node.name == "secret") return {Type::kSecret, nullptr, nullptr};
    if (node.overloads.empty() || node.name == "dyn") return Type::Any();
    std::optional<Type> result;
    for (const Overload* overload : node.overloads) {
      bool fits = true;
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        fits = fits && (TypeOfLetter(overload->takes[i]).kinds & arguments[i].kinds) != 0;
      }
      if (!fits) continue;
      const Type gives = TypeOfLetter(overload->gives[0]);
      result = result ? Union(*result, gives) : gives;
    }
    if (result) return *result;
    std::string expected;
    for (const Overload* overload : node.overloads) {
      expected += (expected.empty() ? "" : " or ") + Signature(*overload);
    }
    std::string found;
    for (const Type& type : arguments) found += (found.empty() ? "" : ", ") + type.ToString();
    return Wrong(node, "expected " + expected + "; found " + found);
  }

  Type Conditional(const Node& node) {
    Condition(*node.children[0]);
    const Type chosen = Visit(*node.children[1]);
    return Union(chosen, Visit(*node.children[2]));
  }

  Type Negation(const Node& node) {
    const Type type = Visit(*node.children[0]);
    if (type.MayBe(Type::kSecret)) return SecretIn(node);
    const Kinds kinds = type.kinds & (Type::Of(Kind::kInt) | Type::Of(Kind::kDouble));
    if (kinds == 0) return Wrong(node, "\"-\" does not work on " + type.ToString());
    return {kinds, nullptr, nullptr};
  }

  Type Binary(const Node& node) {
    const Type left = Visit(*node.children[0]);
    const Type right = Visit(*node.children[1]);
    if (left.MayBe(Type::kSecret) || right.MayBe(Type::kSecret)) return SecretIn(node);
    Kinds kinds = ResultKinds(node.op, left.kinds, right.kinds);
    // A list whose elements are known holds nothing of another type.
    const bool list_only = node.op == Operator::kIn && right.kinds == kList && right.element;
    if (list_only && right.element->kinds != 0 &&
        (Widened(left.kinds) & right.element->kinds) == 0) {
      kinds = 0;
    }
    if (kinds == 0) {
      return Wrong(node, "\"" + std::string(SymbolOf(node.op)) + "\" does not work on " +
                             left.ToString() + " and " + right.ToString());
    }
    Type result{kinds, nullptr, nullptr};
    if (kinds == kList && left.element && right.element) {
      result.element = std::make_shared<const Type>(Union(*left.element, *right.element));
    }
    return result;
  }

  Type Fold(const Node& node) {
    const Type range = Visit(*node.children[0]);
    if (range.MayBe(Type::kSecret)) return SecretIn(*node.children[0]);
    if (!range.MayBe(kList | kMap)) {
      return Wrong(*node.children[0], "expected a list or a map, found " + range.ToString());
    }
    const bool list = !range.MayBe(kMap);
    const Type element = list && range.element ? *range.element : Type::Any();
    if (node.two_variables) {
      locals_[node.slot] = list ? Type::Only(Kind::kInt) : Type::Any();
      locals_[node.slot + 1] = element;
    } else {
      locals_[node.slot] = element;
    }
    if (node.children.size() > 2) Condition(*node.children[2]);
    switch (node.macro) {
      case Macro::kAll:
      case Macro::kExists:
      case Macro::kExistsOne:
        Condition(*node.children[1]);
        return Type::Only(Kind::kBool);
      case Macro::kList:
        return Type::ListOf(Visit(*node.children[1]));
      case Macro::kMap:
        Visit(*node.children[1]);
        return Type::Only(Kind::kMap);
    }
    return Type::Any();
  }

  std::string_view source_;
  const Types& variables_;
  std::vector<Type> locals_;            // by slot
  std::vector<std::string_view> path_;  // of the name that is being looked at
  std::vector<Mistake> mistakes_;
};

// What arithmetic on two values of these kinds answers; nothing when it does not work.
std::optional<Kind> ArithmeticKind(Operator op, Kind left, Kind right) {
  const bool adds = op == Operator::kAdd;
  if (left == right) {
    if (left == Kind::kInt || left == Kind::kUint) return left;
    if (left == Kind::kDouble && op != Operator::kModulo) return left;
    if (adds && (left == Kind::kString || left == Kind::kBytes || left == Kind::kList)) return left;
  }
  const bool duration = right == Kind::kDuration;
  const bool subtracts = op == Operator::kSubtract;
  if (left == Kind::kTimestamp && duration && (adds || subtracts)) return Kind::kTimestamp;
  if (left == Kind::kDuration && right == Kind::kTimestamp && adds) return Kind::kTimestamp;
  if (left == Kind::kDuration && duration && (adds || subtracts)) return Kind::kDuration;
  if (left == Kind::kTimestamp && left == right && subtracts) return Kind::kDuration;
  return std::nullopt;
}

}  // namespace

Kinds ResultKinds(Operator op, Kinds left, Kinds right) {
  constexpr Kinds kOrdered = kBool | Type::kNumber | kString | Type::Of(Kind::kBytes) |
                             Type::Of(Kind::kTimestamp) | Type::Of(Kind::kDuration);
  switch (op) {
    case Operator::kEqual:
    case Operator::kNotEqual:
      // Asking whether something is null is a question of its own.
      return ((left | right) & kNull) != 0 || (Widened(left) & Widened(right)) != 0 ? kBool
                                                                                    : Kinds{0};
    case Operator::kLess:
    case Operator::kLessEqual:
    case Operator::kGreater:
    case Operator::kGreaterEqual:
      return (Widened(left) & Widened(right) & kOrdered) != 0 ? kBool : Kinds{0};
    case Operator::kIn:
      return (right & (kList | kMap)) != 0 ? kBool : Kinds{0};
    default:
      break;
  }
  Kinds result = 0;
  for (unsigned a = 0; a < 12; ++a) {
    if ((left & (1u << a)) == 0) continue;
    for (unsigned b = 0; b < 12; ++b) {
      if ((right & (1u << b)) == 0) continue;
      const auto kind = ArithmeticKind(op, static_cast<Kind>(a), static_cast<Kind>(b));
      if (kind) result |= Type::Of(*kind);
    }
  }
  return result;
}

Typed CheckTypes(const Parsed& program, const Types& variables) {
  Checker checker(program, variables);
  Type type = checker.Visit(*program.root);
  return {std::move(type), std::move(checker).Take()};
}

}  // namespace recourse::expression
