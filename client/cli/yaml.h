// Answers as YAML, for people who read what programs read.
#pragma once

#include <string>

#include "engine/base/value.h"

namespace recourse::cli {

// A YAML document with the value that ToJson(value) writes as JSON, in blocks, ending with a line
// end. A text that YAML 1.1 or 1.2 could read as something else (no, 12, null) is quoted, and a
// control character is escaped.
std::string ToYaml(const Value& value);

}  // namespace recourse::cli
