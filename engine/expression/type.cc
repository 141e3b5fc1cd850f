#include "engine/expression/type.h"

namespace recourse::expression {

Type Type::ListOf(Type element) {
  return {Of(Value::Kind::kList), std::make_shared<const Type>(std::move(element)), nullptr};
}

Type Type::MapOf(Members members) {
  return {Of(Value::Kind::kMap), nullptr, std::make_shared<const Members>(std::move(members))};
}

std::string Type::ToString() const {
  // In the order of Value::Kind.
  static constexpr std::string_view kNames[] = {"null",   "bool",      "int",      "uint",
                                                "double", "string",    "bytes",    "list",
                                                "map",    "timestamp", "duration", "type"};
  if (any()) return "any value";
  std::string text;
  const auto add = [&](std::string_view name) {
    text += (text.empty() ? "" : " or ") + std::string(name);
  };
  Kinds left = kinds;
  if ((left & kNumber) == kNumber) {
    add("number");
    left &= static_cast<Kinds>(~kNumber);
  }
  constexpr Kinds kWhole = Of(Value::Kind::kInt) | Of(Value::Kind::kUint);
  if ((left & kWhole) == kWhole) left &= static_cast<Kinds>(~Of(Value::Kind::kUint));
  for (unsigned bit = 0; bit < std::size(kNames); ++bit) {
    if (left & (1u << bit)) add(kNames[bit]);
  }
  if (left & kSecret) add("secret");
  return text.empty() ? "nothing" : text;
}

Type Union(const Type& a, const Type& b) {
  Type both;
  both.kinds = a.kinds | b.kinds;
  const bool list_a = a.MayBe(Value::Kind::kList);
  const bool list_b = b.MayBe(Value::Kind::kList);
  if (list_a && list_b) {
    if (a.element && b.element) {
      both.element = a.element == b.element
                         ? a.element
                         : std::make_shared<const Type>(Union(*a.element, *b.element));
    }
  } else {
    both.element = list_a ? a.element : b.element;
  }
  const bool map_a = a.MayBe(Value::Kind::kMap);
  const bool map_b = b.MayBe(Value::Kind::kMap);
  if (map_a && map_b) {
    if (a.members == b.members) both.members = a.members;
  } else {
    both.members = map_a ? a.members : b.members;
  }
  return both;
}

}  // namespace recourse::expression
