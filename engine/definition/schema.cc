#include "engine/definition/schema.h"

#include <cmath>
#include <utility>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/definition/action_spec.h"
#include "engine/definition/problems.h"
#include "engine/definition/template_text.h"

namespace recourse::definition {
namespace {

std::string_view JsonTypeOf(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBool:
      return "boolean";
    case Value::Kind::kInt:
    case Value::Kind::kUint:
      return "integer";
    case Value::Kind::kDouble:
      return "number";
    case Value::Kind::kString:
      return "string";
    case Value::Kind::kList:
      return "array";
    case Value::Kind::kMap:
      return "object";
    default:
      return value.TypeOf();  // no JSON: fits no type
  }
}

bool HasType(const Value& value, std::string_view type) {
  const std::string_view actual = JsonTypeOf(value);
  if (actual == type) return true;
  if (type == "number") return actual == "integer";
  if (type == "integer" && value.is_double()) {
    return std::isfinite(value.as_double()) && std::trunc(value.as_double()) == value.as_double();
  }
  return false;
}

// "a string", "an integer or a string".
std::string Describe(const Value& type) {
  if (type.is_string()) {
    const std::string& name = type.as_string();
    if (name == "null") return name;
    return (name.find_first_of("aeiou") == 0 ? "an " : "a ") + name;
  }
  std::string all;
  for (const Value& one : type.as_list()) all += (all.empty() ? "" : " or ") + Describe(one);
  return all;
}

bool HasAnyType(const Value& value, const Value& type) {
  if (type.is_string()) return HasType(value, type.as_string());
  for (const Value& one : type.as_list()) {
    if (HasType(value, one.as_string())) return true;
  }
  return false;
}

std::vector<std::string_view> KeysOf(const Value& map) {
  std::vector<std::string_view> keys;
  if (!map.is_map()) return keys;
  for (const auto& [key, value] : map.as_map()) {
    if (key.is_string()) keys.push_back(key.as_string());
  }
  return keys;
}

std::string Suggestion(std::string_view name, const Value& properties) {
  const std::string nearest = Nearest(name, KeysOf(properties));
  return nearest.empty() ? "" : "; did you mean " + Quoted(nearest) + "?";
}

// The schema of a member that `properties` does not list; null when there may be none.
const Value* Additional(const Value& schema) {
  static const Value anything = Value(Value::Map{});
  const Value* additional = schema.Find("additionalProperties");
  if (additional == nullptr) return schema.Find("properties") == nullptr ? &anything : nullptr;
  if (additional->is_map()) return additional;
  return additional->is_bool() && additional->as_bool() ? &anything : nullptr;
}

class Walk {
 public:
  explicit Walk(Strings strings) : strings_(strings) {}

  // `others`: where `schema` is one of a choice, all of it.
  void Check(const Value& value, const Value& schema, const Value* others = nullptr) {
    const Value* type = schema.Find("type");
    if (strings_ == Strings::kTemplates && value.is_string() && HasExpression(value.as_string())) {
      // What it will be is known when it is evaluated; text around it makes it a string for sure.
      if (type != nullptr && !IsOneExpression(value.as_string()) && !HasAnyType(value, *type)) {
        Add("expected " + Describe(*type) + ", found a string with an expression in it");
      }
      return;
    }
    if (type != nullptr && !HasAnyType(value, *type)) {
      return Add("expected " + Describe(*type) + ", found " + Describe(JsonTypeOf(value)));
    }
    CheckEnum(value, schema);
    if (IsNumber(value)) CheckNumber(value, schema);
    if (value.is_string()) CheckLength(value.as_string(), schema);
    if (const Value* choice = schema.Find("oneOf")) return CheckChoice(value, *choice);
    if (value.is_map()) CheckMembers(value, schema, others);
    if (const Value* items = schema.Find("items"); items != nullptr && value.is_list()) {
      std::size_t index = 0;
      for (const Value& item : value.as_list()) {
        Enter("[" + std::to_string(index++) + "]", item, *items);
      }
    }
  }

  std::vector<Misfit> Take() && { return std::move(misfits_); }

 private:
  void Add(std::string message, bool names_key = false) {
    misfits_.push_back({path_, std::move(message), names_key});
  }

  void Enter(std::string part, const Value& value, const Value& schema) {
    path_.push_back(std::move(part));
    Check(value, schema);
    path_.pop_back();
  }

  // The schema of the value's kind, so that all that is told is about that one.
  void CheckChoice(const Value& value, const Value& choice) {
    const Value* kind = value.Find("kind");
    if (kind == nullptr) return Add("\"kind\" is missing");
    if (strings_ == Strings::kTemplates && kind->is_string() && HasExpression(kind->as_string())) {
      return;  // which one is known when it is evaluated
    }
    Value::List known;
    for (const Value& one : choice.as_list()) {
      const Value& name = one["properties"]["kind"]["enum"].as_list().front();
      if (name == *kind) return Check(value, one, &choice);
      known.push_back(name);
    }
    Enter("kind", *kind, Value::Object({{"enum", std::move(known)}}));
  }

  // The kinds of a choice that have that member: "process, compose".
  static std::string OwnersOf(const std::string& name, const Value* others) {
    std::string kinds;
    if (others == nullptr) return kinds;
    for (const Value& other : others->as_list()) {
      if (other["properties"].Find(name) == nullptr) continue;
      kinds += (kinds.empty() ? "" : ", ") +
               other["properties"]["kind"]["enum"].as_list().front().as_string();
    }
    return kinds;
  }

  void CheckEnum(const Value& value, const Value& schema) {
    const Value* allowed = schema.Find("enum");
    if (allowed == nullptr) return;
    std::string names;
    for (const Value& one : allowed->as_list()) {
      if (one == value) return;
      names += (names.empty() ? "" : ", ") + (one.is_string() ? one.as_string() : ToJson(one));
    }
    Add("expected one of " + names + ", found " + ToJson(value));
  }

  void CheckNumber(const Value& value, const Value& schema) {
    if (value.is_double() && std::isnan(value.as_double())) return;
    const Value* minimum = schema.Find("minimum");
    const Value* maximum = schema.Find("maximum");
    if (minimum != nullptr && CompareNumbers(value, *minimum) < 0) {
      Add("expected at least " + ToJson(*minimum) + ", found " + ToJson(value));
    }
    if (maximum != nullptr && CompareNumbers(value, *maximum) > 0) {
      Add("expected at most " + ToJson(*maximum) + ", found " + ToJson(value));
    }
  }

  void CheckLength(const std::string& text, const Value& schema) {
    const std::int64_t least = schema.IntOr("minLength", 0);
    std::int64_t length = 0;  // in characters
    for (const char c : text) length += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (length >= least) return;
    Add(least == 1 ? "must not be empty"
                   : "expected at least " + std::to_string(least) + " characters");
  }

  void CheckMembers(const Value& value, const Value& schema, const Value* others) {
    const Value& properties = schema["properties"];
    for (const auto& [key, member] : value.as_map()) {
      if (!key.is_string()) {
        Add("every key must be a string, found " + ToJson(key));
        continue;
      }
      const std::string& name = key.as_string();
      const Value* member_schema = properties.Find(name);
      if (member_schema == nullptr) member_schema = Additional(schema);
      if (member_schema == nullptr) {
        path_.push_back(name);
        const std::string owners = OwnersOf(name, others);
        Add(owners.empty()
                ? "is unknown" + Suggestion(name, properties)
                : "is no member of kind " + value["kind"].as_string() + ", but of kind " + owners,
            true);
        path_.pop_back();
        continue;
      }
      Enter(name, member, *member_schema);
    }
    if (const Value* required = schema.Find("required")) {
      for (const Value& name : required->as_list()) {
        if (value.Find(name.as_string()) == nullptr) Add(Quoted(name.as_string()) + " is missing");
      }
    }
  }

  Strings strings_;
  std::vector<std::string> path_;
  std::vector<Misfit> misfits_;
};

}  // namespace

std::vector<Misfit> FindMisfits(const Value& value, const Value& schema, Strings strings) {
  Walk walk(strings);
  walk.Check(value, schema);
  return std::move(walk).Take();
}

std::string JoinPath(std::string_view name, std::span<const std::string> path) {
  std::string joined(name);
  for (const std::string& part : path) {
    if (!joined.empty() && !part.starts_with('[')) joined += '.';
    joined += part;
  }
  return joined;
}

std::string CheckPath(const Value& schema, std::span<const std::string> path,
                      std::string_view name) {
  const Value* at = &schema;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!at->is_map()) return "";
    const Value* type = at->Find("type");
    const auto here = [&] { return JoinPath(name, path.first(i)); };
    if (type != nullptr && !HasAnyType(Value(Value::Map{}), *type)) {
      return here() + " is " + Describe(*type) + ", which has no member " + Quoted(path[i]);
    }
    const Value& properties = (*at)["properties"];
    const Value* member = properties.Find(path[i]);
    if (member == nullptr) member = Additional(*at);
    if (member == nullptr) {
      return here() + " has no member " + Quoted(path[i]) + Suggestion(path[i], properties);
    }
    at = member;
  }
  return "";
}

}  // namespace recourse::definition

namespace recourse {

std::string_view ToString(RepeatClass repeat) {
  switch (repeat) {
    case RepeatClass::kReadOnly:
      return "read_only";
    case RepeatClass::kIdempotent:
      return "idempotent";
    case RepeatClass::kProbed:
      return "probed";
    case RepeatClass::kOnce:
      return "once";
  }
  return "?";
}

Result<void> CheckAgainstSchema(const Value& value, const Value& schema, std::string_view name) {
  using definition::FindMisfits;
  const auto misfits = FindMisfits(value, schema, definition::Strings::kAsTheyAre);
  if (misfits.empty()) return {};
  const auto& first = misfits.front();
  return InvalidArgument(definition::JoinPath(name, first.path) + ": " + first.message);
}

}  // namespace recourse
