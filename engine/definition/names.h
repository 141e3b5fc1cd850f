// The names that a definition may give, and the error codes that it may name. For the
// modules that read such files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/definition/node.h"

namespace recourse::definition {

enum class NameKind {
  kPlain,   // steps and inputs, which expressions name: small letters, digits and _
  kDashed,  // workflows, targets and roles: small letters, digits, - and _
};

// A name as `kind` allows it, at most 64 characters, beginning with a letter; for kPlain no word
// that CEL reserves. Anything else is a problem; `what` says whose name it is.
std::optional<std::string> ReadName(const Node& node, std::string_view what, NameKind kind,
                                    Problems& problems);

// The same for a key.
bool CheckName(std::string_view name, Place place, std::string_view what, NameKind kind,
               Problems& problems);

// "DATA_LOSS". `node` must be its name.
std::optional<Code> ReadCode(const Node& node, Problems& problems);
// The same for a key.
std::optional<Code> CheckCode(std::string_view name, Place place, Problems& problems);

}  // namespace recourse::definition
