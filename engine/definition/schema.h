// The part of JSON Schema that actions describe their inputs and outputs with. Private to the
// module; CheckAgainstSchema in action_spec.h is the public door.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/value.h"
#include "engine/expression/type.h"

namespace recourse::definition {

// A place in a value that does not fit: {"database", "tables", "[0]", "rows_min"}.
struct Misfit {
  std::vector<std::string> path;
  std::string message;
  bool names_key = false;  // the last of `path` is a member that should not be there
};

// What a string with ${...} in it counts as.
enum class Strings {
  kAsTheyAre,  // a string like any other
  kTemplates,  // one expression fits everywhere, text with expressions in it is a string
};

// Every place of `value` that does not fit `schema`.
std::vector<Misfit> FindMisfits(const Value& value, const Value& schema, Strings strings);

// "database.tables[0].rows_min" for a path.
std::string JoinPath(std::string_view name, std::span<const std::string> path);

// The schema of a member of what `schema` describes; null when it leaves that open.
const Value* SchemaOf(const Value& schema, std::string_view member);

// The type of a value that fits `schema`, as expressions see it.
expression::Type TypeOfSchema(const Value& schema);

// The kinds of values that fit `schema` once they have been stored: a timestamp is a text then.
expression::Type::Kinds KindsFor(const Value& schema);

// Whether `schema` knows of the member named by `path`: empty when it does, or when it leaves that
// open; else what is wrong with it.
std::string CheckPath(const Value& schema, std::span<const std::string> path,
                      std::string_view name);

}  // namespace recourse::definition
