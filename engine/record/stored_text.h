// Text and values in a form that can always be read again: what cannot be read would make the run
// that it belongs to unreadable as a whole.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/value.h"

namespace recourse::record {

// `text`, or, when it is not UTF-8, the same with each byte that does not belong replaced by
// U+FFFD.
std::string StoredText(std::string_view text);

// `value` as canonical JSON, empty for null. Text in it is stored as StoredText. A map with two
// keys of the same text (1 and "1") keeps the later one, and what is nested deeper than JSON is
// read is replaced by a sentence that says so.
std::string StoredJson(const Value& value);

}  // namespace recourse::record
