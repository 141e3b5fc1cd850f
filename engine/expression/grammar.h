// The parser of expressions: one method for each rule of CEL's grammar, by recursive descent.
//
// Private to ParseTree(). parser.cc has the operators and values, parser_calls.cc the functions and
// macros.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/expression/ast.h"
#include "engine/expression/lexer.h"
#include "engine/expression/literal.h"
#include "engine/expression/parser.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {

struct BinaryOperator;
struct MacroShape;

// Whether CEL keeps the word for itself, so that it names no variable.
bool IsReserved(std::string_view name);

// A parse goes on until its first error, which is kept; from there on every method answers null.
class Parser {
 public:
  Parser(std::vector<Token> tokens, Check check) : tokens_(std::move(tokens)), check_(check) {}

  std::variant<SyntaxTree, Mistake> Parse();

 private:
  // --- tokens ---

  const Token& token(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool Is(std::string_view symbol, std::size_t ahead = 0) const {
    return token(ahead).kind == TokenKind::kSymbol && token(ahead).text == symbol;
  }
  bool Take(std::string_view symbol) {
    if (!Is(symbol)) return false;
    ++at_;
    return true;
  }
  bool Expect(std::string_view symbol) {
    if (Take(symbol)) return true;
    Expected("\"" + std::string(symbol) + "\"");
    return false;
  }

  std::nullptr_t Fail(std::size_t offset, std::string what) {
    if (!error_) error_ = Mistake{InvalidArgument(std::move(what)), offset};
    return nullptr;
  }
  std::nullptr_t Expected(std::string_view what) {
    const Token& found = token();
    return Fail(found.begin,
                "expected " + std::string(what) + ", found " +
                    (found.kind == TokenKind::kEnd ? "the end of the expression"
                                                   : "\"" + Shortened(found.text, 40) + "\""));
  }

  // --- nodes ---

  template <class... Children>
  Tree Make(NodeKind kind, std::size_t begin, Children... children) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->begin = begin;
    node->children.reserve(sizeof...(children));
    (node->children.push_back(std::move(children)), ...);
    return Finish(std::move(node));
  }

  // Ends the node with the last token taken. Null when an error has been found below it.
  Tree Finish(Tree node) {
    if (error_) return nullptr;
    node->end = tokens_[at_ - 1].end;
    node->depth = 1;
    for (const Tree& child : node->children) node->depth = std::max(node->depth, child->depth + 1);
    if (node->depth > kDepthMax) return TooDeep(node->begin);
    return node;
  }

  std::nullptr_t TooDeep(std::size_t offset) {
    return Fail(offset, "nested deeper than " + std::to_string(kDepthMax) + " levels");
  }

  // --- operators and values ---

  Tree Expression();
  Tree Conditional();
  // a || b || c is one node, so that a long chain makes no deep tree; && within it likewise.
  Tree Chain(NodeKind kind, std::string_view symbol);
  const BinaryOperator* BinaryAt(int precedence) const;
  Tree Binary(int precedence);
  Tree Unary();
  Tree Number(std::size_t begin, bool negative);
  Tree Constant(std::size_t begin, std::size_t token_begin, Literal literal);
  Tree Primary();
  Tree ListLiteral(std::size_t begin);
  Tree MapLiteral(std::size_t begin);
  Tree Identifier();
  // a.b.c as far as it is no call: which of its components is the variable is the scope's to say.
  Tree Name(std::size_t begin);
  Tree Postfix(Tree node, std::size_t begin);
  Tree Member(Tree operand, std::size_t begin);
  Tree MemberCall(Tree operand, std::size_t begin, const Token& name);

  // --- functions and macros: the name has been taken, "(" comes next ---

  Tree Call(std::size_t begin, const Token& token_of_name, std::string name, Tree receiver);
  bool Arguments(Node& call);
  // The functions that take any number of arguments take one list, for their bodies.
  void GatherVariadic(Node& call);
  bool Resolve(Node& call, Style style, const Token& name);
  void UnknownFunction(const Node& call, Style style, const Token& name);
  Tree Has();
  // The name of a variable that a macro binds, with the "," after it.
  bool Variable();
  Tree Bind(std::size_t begin);
  Tree Fold(Tree range, std::size_t begin, const MacroShape& shape);

  std::vector<Token> tokens_;
  Check check_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  std::vector<std::string_view> locals_;  // of the macros around this place, by slot
  std::size_t slots_ = 0;                 // how many of them there are at once, at most
  std::optional<Mistake> error_;
};

}  // namespace recourse::expression
