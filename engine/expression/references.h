// Which variables a tree uses.
#pragma once

#include <vector>

#include "engine/expression/ast.h"
#include "engine/expression/expression.h"

namespace recourse::expression {

// In the order of the source.
std::vector<Reference> ReferencesIn(const Node& root);

}  // namespace recourse::expression
