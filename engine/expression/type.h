// What is known of a value before it is there.
//
// Types are gradual: a type is the set of the kinds that a value may have, and what is not known
// may be anything. Only what cannot work with any of them is a mistake.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/value.h"
#include "engine/expression/place.h"

namespace recourse::expression {

struct Type {
  using Kinds = std::uint16_t;  // a bit for each Value::Kind, in its order, and kSecret
  using Members = std::map<std::string, Type, std::less<>>;

  static constexpr Kinds Of(Value::Kind kind) {
    return static_cast<Kinds>(1u << static_cast<unsigned>(kind));
  }
  static constexpr Kinds kAny = (1u << 12) - 1;
  static constexpr Kinds kSecret = 1u << 12;  // what secret() answers
  static constexpr Kinds kNumber = (1u << 2) | (1u << 3) | (1u << 4);

  Kinds kinds = kAny;
  std::shared_ptr<const Type> element;     // of a list; null: not known
  std::shared_ptr<const Members> members;  // those of a map that are known; null: none

  static Type Any() { return {}; }
  static Type Only(Value::Kind kind) { return {Of(kind), nullptr, nullptr}; }
  static Type ListOf(Type element);
  static Type MapOf(Members members);

  bool MayBe(Kinds some) const { return (kinds & some) != 0; }
  bool MayBe(Value::Kind kind) const { return MayBe(Of(kind)); }
  bool any() const { return kinds == kAny; }

  // "int", "string or null", "number", "any value", "secret": for messages.
  std::string ToString() const;
};

// A value that may be of either type.
Type Union(const Type& a, const Type& b);

// The types of an evaluation's variables.
class Types {
 public:
  virtual ~Types() = default;
  // Of the variable path[0], or of the member that the rest of the path leads to; anything that is
  // not known is Type::Any().
  virtual Type Find(std::span<const std::string_view> path) const = 0;
};

// What came of looking at an expression's types.
struct Typed {
  Type type;
  std::vector<Mistake> mistakes;  // in the order of the source
};

}  // namespace recourse::expression
