// What a schema says to expressions.
#include "engine/definition/schema.h"

namespace recourse::definition {
namespace {

using expression::Type;
using Kind = Value::Kind;

Type::Kinds KindsNamed(const std::string& name) {
  if (name == "null") return Type::Of(Kind::kNull);
  if (name == "boolean") return Type::Of(Kind::kBool);
  if (name == "integer") return Type::Of(Kind::kInt) | Type::Of(Kind::kUint);
  if (name == "number") return Type::kNumber;
  if (name == "string") return Type::Of(Kind::kString);
  if (name == "array") return Type::Of(Kind::kList);
  if (name == "object") return Type::Of(Kind::kMap);
  return Type::kAny;
}

Type::Kinds KindsOf(const Value& schema) {
  const Value& type = schema["type"];
  if (type.is_string()) return KindsNamed(type.as_string());
  if (!type.is_list()) return Type::kAny;
  Type::Kinds kinds = 0;
  for (const Value& one : type.as_list()) {
    kinds |= one.is_string() ? KindsNamed(one.as_string()) : Type::kAny;
  }
  return kinds;
}

}  // namespace

const Value* SchemaOf(const Value& schema, std::string_view member) {
  if (const Value* found = schema["properties"].Find(member)) return found;
  const Value* additional = schema.Find("additionalProperties");
  return additional != nullptr && additional->is_map() ? additional : nullptr;
}

Type TypeOfSchema(const Value& schema) {
  Type type{KindsOf(schema), nullptr, nullptr};
  if (const Value* items = schema.Find("items"); items != nullptr && items->is_map()) {
    type.element = std::make_shared<const Type>(TypeOfSchema(*items));
  }
  if (const Value& properties = schema["properties"]; properties.is_map()) {
    Type::Members members;
    for (const auto& [name, member] : properties.as_map()) {
      if (name.is_string()) members.emplace(name.as_string(), TypeOfSchema(member));
    }
    type.members = std::make_shared<const Type::Members>(std::move(members));
  }
  return type;
}

Type::Kinds KindsFor(const Value& schema) {
  Type::Kinds kinds = KindsOf(schema);
  if ((kinds & Type::kNumber) != 0) kinds |= Type::kNumber;  // a whole double fits an integer
  if ((kinds & Type::Of(Kind::kString)) != 0) {
    kinds |= Type::Of(Kind::kTimestamp) | Type::Of(Kind::kDuration) | Type::Of(Kind::kBytes) |
             Type::Of(Kind::kType) | Type::kSecret;
  }
  return kinds;
}

}  // namespace recourse::definition
