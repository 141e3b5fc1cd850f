// From the text of an expression to its tree.
#pragma once

#include <memory>
#include <string_view>
#include <variant>

#include "engine/expression/ast.h"
#include "engine/expression/expression.h"
#include "engine/expression/place.h"

namespace recourse::expression {

// Trees are walked by recursion, so their depth is limited: no source can overflow the stack.
inline constexpr int kDepthMax = 200;
inline constexpr std::size_t kSourceSizeMax = 100'000;

using Tree = std::unique_ptr<Node>;

struct SyntaxTree {
  Tree root;
  std::size_t slots = 0;  // how many variables of macros there are at once, at most
};

// Mistakes as Program::Parse has them.
std::variant<SyntaxTree, Mistake> ParseTree(std::string_view source, Check check);

}  // namespace recourse::expression
