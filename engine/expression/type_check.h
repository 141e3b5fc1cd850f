// Looks for operations that cannot work, before anything is evaluated.
#pragma once

#include "engine/expression/ast.h"
#include "engine/expression/type.h"

namespace recourse::expression {

Typed CheckTypes(const Parsed& program, const Types& variables);

// What an operator may answer for operands of these kinds; 0 when no two of them go together.
Type::Kinds ResultKinds(Operator op, Type::Kinds left, Type::Kinds right);

}  // namespace recourse::expression
