#include "engine/runtime/stored_form.h"

#include "engine/base/json.h"
#include "engine/record/stored_text.h"

namespace recourse::runtime {

Value AsStored(Value value) {
  if (IsJson(value)) return value;
  auto stored = ParseJson(record::StoredJson(value));
  return stored ? *std::move(stored) : Value();
}

}  // namespace recourse::runtime
