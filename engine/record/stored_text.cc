#include "engine/record/stored_text.h"

#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::record {
namespace {

constexpr int kDepthMax = 100;  // as ParseJson reads it

// Whether ParseJson reads what ToJson writes, but for text that is not UTF-8.
bool IsPlain(const Value& value, int depth) {
  if (value.is_list()) {
    if (depth == kDepthMax) return false;
    for (const Value& item : value.as_list()) {
      if (!IsPlain(item, depth + 1)) return false;
    }
  } else if (value.is_map()) {
    if (depth == kDepthMax) return false;
    for (const auto& [key, member] : value.as_map()) {
      if (!key.is_string() || !IsPlain(member, depth + 1)) return false;
    }
  }
  return true;
}

std::string KeyText(const Value& key) {
  return key.is_string() ? StoredText(key.as_string()) : ToJson(key);
}

Value Plain(const Value& value, int depth) {
  if (value.is_string()) return StoredText(value.as_string());
  if (!value.is_list() && !value.is_map()) return value;
  if (depth == kDepthMax) return "nested deeper than the journal stores";
  if (value.is_list()) {
    Value::List list;
    for (const Value& item : value.as_list()) list.push_back(Plain(item, depth + 1));
    return list;
  }
  Value::Map map;
  for (const auto& [key, member] : value.as_map()) map[KeyText(key)] = Plain(member, depth + 1);
  return map;
}

}  // namespace

std::string StoredText(std::string_view text) {
  if (IsUtf8(text)) return std::string(text);
  std::string stored;
  while (!text.empty()) {
    std::size_t length = 1;
    while (length <= 4 && length <= text.size() && !IsUtf8(text.substr(0, length))) ++length;
    if (length > 4 || length > text.size()) {
      stored += "\xef\xbf\xbd";
      length = 1;
    } else {
      stored += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return stored;
}

std::string StoredJson(const Value& value) {
  if (value.is_null()) return {};
  std::string json = ToJson(value);
  if (IsUtf8(json) && IsPlain(value, 0)) return json;
  return ToJson(Plain(value, 0));
}

}  // namespace recourse::record
