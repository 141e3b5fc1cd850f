#include "engine/definition/json_schema.h"

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/definition/keys.h"
#include "engine/definition/loading.h"

namespace recourse::definition {
namespace {

Value Parsed(std::string_view json) {
  auto value = ParseJson(json);
  RECOURSE_CHECK(value.ok());
  return *std::move(value);
}

Value Words(std::string_view words) {
  Value::List list;
  for (std::size_t at = 0; at <= words.size();) {
    const std::size_t end = std::min(words.find('|', at), words.size());
    list.emplace_back(words.substr(at, end - at));
    at = end + 1;
  }
  return list;
}

Value SchemaOf(const Key& key) {
  switch (key.shape) {
    case Shape::kText:
      return Value::Object({{"type", "string"}});
    case Shape::kBool:
      return Value::Object({{"type", "boolean"}});
    case Shape::kInt:
      return Value::Object({{"type", "integer"}, {"minimum", key.least}, {"maximum", key.most}});
    case Shape::kNumber:
      return Value::Object({{"type", "number"}, {"minimum", key.least}, {"maximum", key.most}});
    case Shape::kDuration:
      return Value::Object({{"$ref", "#/$defs/duration"}});
    case Shape::kWord:
      return Value::Object({{"enum", Words(key.detail)}});
    case Shape::kOther:
      return Parsed(key.detail);
  }
  return {};
}

Value SchemaOf(const MapKind& kind) {
  Value::Map properties;
  Value::List required;
  for (const Key& key : kind.keys) {
    properties.emplace(key.name, SchemaOf(key).With("description", key.what));
    if (key.required) required.emplace_back(key.name);
  }
  return Value::Object({{"type", "object"},
                        {"description", kind.what},
                        {"properties", std::move(properties)},
                        {"required", std::move(required)},
                        {"additionalProperties", false}});
}

Value Codes() {
  Value::List codes;
  for (int number = 1; number <= 16; ++number) {
    codes.emplace_back(ToString(static_cast<Code>(number)));
  }
  return Value::Object({{"enum", std::move(codes)}});
}

// A step is one thing: which one, the key says that no other kind has.
Value Steps() {
  Value::List kinds;
  for (const std::string_view kind : kKinds) {
    kinds.push_back(Value::Object({{"$ref", "#/$defs/" + std::string(KindOfStep(kind).name)}}));
  }
  return Value::Object({{"type", "array"},
                        {"minItems", 1},
                        {"items", Value::Object({{"oneOf", std::move(kinds)}})}});
}

}  // namespace

Value JsonSchemaOfWorkflows() {
  Value::Map parts;
  for (const MapKind& kind : MapKinds()) {
    if (kind.name != "workflow") parts.emplace(kind.name, SchemaOf(kind));
  }
  parts.emplace("steps", Steps());
  parts.emplace("code", Codes());
  parts.emplace("name", Parsed(R"({"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,63}$"})"));
  parts.emplace("expression", Parsed(R"({"type": "string", "pattern": "^\\$\\{[\\s\\S]*\\}$"})"));
  parts.emplace("duration", Parsed(R"({"type": "string", "pattern":
      "^([0-9]+(\\.[0-9]+)?(d|h|m|s|ms|us|ns))+$"})"));
  return SchemaOf(KindOfMap("workflow"))
      .With("$schema", "https://json-schema.org/draft/2020-12/schema")
      .With("title", "A workflow of Recourse")
      .With("$defs", std::move(parts));
}

}  // namespace recourse::definition
