// JSON text to Value and back. The JSON library stays behind this header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse {

// Whole numbers become int (uint when above int's range), others double; objects become maps with
// string keys.
// kInvalidArgument: not JSON (RFC 8259), not UTF-8, an object that names a member twice, or nested
// deeper than 100; the message says where.
Result<Value> ParseJson(std::string_view text);

// Canonical: members in the order of their keys, no spaces, the shortest form of each number.
// What JSON lacks is written as text: bytes in base64, timestamps as RFC 3339, durations as "90s",
// keys that are no strings by their text, NaN and infinities as strings.
std::string ToJson(const Value& value);

// Whether the value is one of JSON's and not nested deeply: ParseJson(ToJson(value)) is the same.
bool IsJson(const Value& value);
// The value as ToJson and ParseJson give it back; one that IsJson, as nearly all are, as it is.
// kInvalidArgument: what ParseJson refuses, such as two keys of the same text.
Result<Value> AsJson(Value value);

// Whether ToJson(value) has at most `bytes_max` bytes; mostly found without making it.
bool FitsAsJson(const Value& value, std::int64_t bytes_max);

// As ToJson, indented by two spaces a level, for people.
std::string ToPrettyJson(const Value& value);

}  // namespace recourse
