#include "engine/runtime/stored_form.h"

#include <cmath>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/record/stored_text.h"

namespace recourse::runtime {
namespace {

constexpr int kDepthMax = 50;  // deeper is left to the journal's own form

bool IsStored(const Value& value, int depth) {
  switch (value.kind()) {
    case Value::Kind::kNull:
    case Value::Kind::kBool:
    case Value::Kind::kInt:
      return true;
    case Value::Kind::kDouble:
      return std::isfinite(value.as_double());
    case Value::Kind::kString:
      return IsUtf8(value.as_string());
    case Value::Kind::kList:
      if (depth == kDepthMax) return false;
      for (const Value& item : value.as_list()) {
        if (!IsStored(item, depth + 1)) return false;
      }
      return true;
    case Value::Kind::kMap:
      if (depth == kDepthMax) return false;
      for (const auto& [key, member] : value.as_map()) {
        if (!key.is_string() || !IsStored(key, depth) || !IsStored(member, depth + 1)) return false;
      }
      return true;
    default:
      return false;
  }
}

}  // namespace

Value AsStored(Value value) {
  if (IsStored(value, 0)) return value;
  auto stored = ParseJson(record::StoredJson(value));
  return stored ? *std::move(stored) : Value();
}

}  // namespace recourse::runtime
