// From the text of an expression to its tree.
#pragma once

#include <memory>

#include "engine/base/error.h"
#include "engine/expression/ast.h"
#include "engine/expression/expression.h"
#include "engine/expression/lexer.h"

namespace recourse::expression {

// Trees are walked by recursion, so their depth is limited: no source can overflow the stack.
inline constexpr int kDepthMax = 200;
inline constexpr std::size_t kSourceSizeMax = 100'000;

// Errors as Program::Parse has them.
Result<std::shared_ptr<const Node>> ParseTree(const Source& source, Check check);

}  // namespace recourse::expression
