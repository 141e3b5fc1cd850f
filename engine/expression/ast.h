// The parsed form of an expression: a tree with every name resolved as far as it can be.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/value.h"
#include "engine/expression/functions.h"
#include "engine/expression/place.h"

namespace recourse::expression {

enum class Operator {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn
};

// What a comprehension makes of its range. filter() is kList too: its body is the variable itself.
enum class Macro { kAll, kExists, kExistsOne, kList, kMap };

enum class NodeKind {
  kConstant,  // value
  kName,      // a.b.c: a variable, or members of one
  kLocal,     // the variable of a macro, in `slot`
  kSelect,    // children[0].`value`
  kIndex,     // children[0][children[1]]
  kHas,       // has(children[0])
  kList,      // children
  kMap,       // children: key, value, key, value...
  kCall,      // children: the receiver, if any, and the arguments
  kAnd,
  kOr,           // two children or more
  kConditional,  // three children
  kNot,
  kNegate,
  kBinary,  // `op`
  kFold,    // children: range, body and, if there is one, filter
  kBind,    // children: what is bound, and the expression that uses it
};

struct Node {
  NodeKind kind = NodeKind::kConstant;
  // The part of the source that it was parsed from, in bytes.
  std::size_t begin = 0;
  std::size_t end = 0;
  int depth = 1;  // of the tree below it

  std::vector<std::unique_ptr<Node>> children;
  Value value;
  // kName: the dotted name, and where each of its components ends. kCall: the function.
  std::string name;
  std::vector<std::size_t> component_ends;

  Operator op = Operator::kAdd;
  Macro macro = Macro::kAll;
  bool two_variables = false;  // index (or key) and element; the second in slot + 1
  std::size_t slot = 0;

  // kCall: the functions of that name and number of arguments; empty when there is none.
  std::vector<const Overload*> overloads;
  Prepared prepared;
};

// A program: what was read, and what came of it.
struct Parsed {
  std::string source;
  Layout layout;
  std::unique_ptr<const Node> root;
  std::size_t slots = 0;  // how many variables of macros there are at once, at most
};

}  // namespace recourse::expression
