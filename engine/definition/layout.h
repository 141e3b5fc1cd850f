// Where the characters of a YAML string stand in its file. For the modules that read such files.
#pragma once

#include <string_view>

#include "engine/definition/node.h"
#include "engine/expression/place.h"

namespace recourse::definition {

// The layout of the string `node`, read from `file`: quoted, plain or a block. As far as it can be
// told; from there on it goes on as if one character followed another.
// REQUIRES: node.is_string().
expression::Layout LayoutOf(const Node& node, std::string_view file);

}  // namespace recourse::definition
