#include "engine/expression/parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engine/base/text.h"
#include "engine/expression/literal.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

using Tree = std::unique_ptr<Node>;

constexpr std::array<std::string_view, 17> kReserved = {
    "as",     "break", "const", "continue", "else",    "for",    "function", "if",  "import",
    "let",    "loop",  "package", "namespace", "return", "var", "void", "while"};

constexpr std::array<std::string_view, 12> kTypes = {
    "bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type",
    "google.protobuf.Timestamp", "google.protobuf.Duration"};

template <class Names>
bool Contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

struct BinaryOperator {
  std::string_view symbol;
  Operator op;
  int precedence;  // higher binds tighter
};
constexpr std::array<BinaryOperator, 12> kBinary = {{{"==", Operator::kEqual, 1},
                                                     {"!=", Operator::kNotEqual, 1},
                                                     {"<", Operator::kLess, 1},
                                                     {"<=", Operator::kLessEqual, 1},
                                                     {">", Operator::kGreater, 1},
                                                     {">=", Operator::kGreaterEqual, 1},
                                                     {"in", Operator::kIn, 1},
                                                     {"+", Operator::kAdd, 2},
                                                     {"-", Operator::kSubtract, 2},
                                                     {"*", Operator::kMultiply, 3},
                                                     {"/", Operator::kDivide, 3},
                                                     {"%", Operator::kModulo, 3}}};

struct MacroShape {
  std::string_view name;
  Macro macro;
  bool one_variable;
  bool two_variables;
  bool filter;  // may have one before the last argument
};
constexpr std::array<MacroShape, 8> kMacros = {{{"all", Macro::kAll, true, true, false},
                                                {"exists", Macro::kExists, true, true, false},
                                                {"exists_one", Macro::kExistsOne, true, true, false},
                                                {"existsOne", Macro::kExistsOne, true, true, false},
                                                {"map", Macro::kList, true, false, true},
                                                {"filter", Macro::kList, true, false, false},
                                                {"transformList", Macro::kList, false, true, true},
                                                {"transformMap", Macro::kMap, false, true, true}}};

// A parse goes on until its first error, which is kept; from there on every function answers null.
class Parser {
 public:
  Parser(const Source& source, std::vector<Token> tokens, Check check)
      : source_(source), tokens_(std::move(tokens)), check_(check) {}

  Result<std::shared_ptr<const Node>> Parse() {
    Tree tree = Expression();
    if (!error_ && token().kind != TokenKind::kEnd) Expected("an operator or the end");
    if (error_) return *std::move(error_);
    return std::shared_ptr<const Node>(std::move(tree));
  }

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

  std::nullptr_t Fail(std::size_t offset, std::string_view what) {
    if (!error_) error_ = source_.ErrorAt(offset, what);
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
    return Fail(offset, "nested deeper than " + std::to_string(kDepthMax) + " levels,");
  }

  // --- grammar ---

  Tree Expression() {
    if (++nesting_ > kDepthMax) return TooDeep(token().begin);
    Tree tree = Conditional();
    --nesting_;
    return tree;
  }

  Tree Conditional() {
    const std::size_t begin = token().begin;
    Tree condition = Chain(NodeKind::kOr, "||");
    if (error_ || !Take("?")) return condition;
    Tree chosen = Chain(NodeKind::kOr, "||");
    if (error_ || !Expect(":")) return nullptr;
    Tree otherwise = Expression();
    return Make(NodeKind::kConditional, begin, std::move(condition), std::move(chosen),
                std::move(otherwise));
  }

  // a || b || c is one node, so that a long chain makes no deep tree; && within it likewise.
  Tree Chain(NodeKind kind, std::string_view symbol) {
    const auto operand = [&] {
      return kind == NodeKind::kOr ? Chain(NodeKind::kAnd, "&&") : Binary(1);
    };
    const std::size_t begin = token().begin;
    Tree first = operand();
    if (error_ || !Is(symbol)) return first;
    auto chain = std::make_unique<Node>();
    chain->kind = kind;
    chain->begin = begin;
    chain->children.push_back(std::move(first));
    while (!error_ && Take(symbol)) chain->children.push_back(operand());
    return Finish(std::move(chain));
  }

  const BinaryOperator* BinaryAt(int precedence) const {
    if (token().kind != TokenKind::kSymbol && token().text != "in") return nullptr;
    for (const BinaryOperator& binary : kBinary) {
      if (binary.symbol == token().text && binary.precedence >= precedence) return &binary;
    }
    return nullptr;
  }

  Tree Binary(int precedence) {
    const std::size_t begin = token().begin;
    Tree left = Unary();
    while (!error_) {
      const BinaryOperator* binary = BinaryAt(precedence);
      if (binary == nullptr) break;
      ++at_;
      Tree right = Binary(binary->precedence + 1);
      left = Make(NodeKind::kBinary, begin, std::move(left), std::move(right));
      if (left) left->op = binary->op;
    }
    return left;
  }

  Tree Unary() {
    const std::size_t begin = token().begin;
    const bool minus = Is("-");
    if (!minus && !Is("!")) return Postfix(Primary(), begin);
    // The least int has no positive counterpart: its minus belongs to the number.
    const bool number = minus && token(1).kind == TokenKind::kNumber &&
                        (token(1).text.back() | 0x20) != 'u';
    if (number) {
      ++at_;
      return Postfix(Number(begin, true), begin);
    }
    ++at_;
    if (++nesting_ > kDepthMax) return TooDeep(begin);
    Tree operand = Unary();
    --nesting_;
    return Make(minus ? NodeKind::kNegate : NodeKind::kNot, begin, std::move(operand));
  }

  Tree Number(std::size_t begin, bool negative) {
    const Token& number = tokens_[at_++];
    return Constant(begin, number.begin, ReadNumber(number.text, negative));
  }

  Tree Constant(std::size_t begin, std::size_t token_begin, Literal literal) {
    if (const auto* wrong = std::get_if<LiteralError>(&literal)) {
      return Fail(token_begin + wrong->at, wrong->what);
    }
    Tree node = Make(NodeKind::kConstant, begin);
    if (node) node->value = std::get<Value>(std::move(literal));
    return node;
  }

  Tree Primary() {
    const Token first = token();
    switch (first.kind) {
      case TokenKind::kNumber: return Number(first.begin, false);
      case TokenKind::kString: ++at_; return Constant(first.begin, first.begin, ReadString(first.text));
      case TokenKind::kIdentifier: return Identifier();
      case TokenKind::kSymbol: break;
      default: return Expected("a value");
    }
    if (Take("(")) {
      Tree inner = Expression();
      return error_ || Expect(")") ? std::move(inner) : nullptr;
    }
    if (Take("[")) return ListLiteral(first.begin);
    if (Take("{")) return MapLiteral(first.begin);
    if (Is(".") && token(1).kind == TokenKind::kIdentifier) {
      ++at_;
      return Is("(", 1) ? Identifier() : Name(first.begin);
    }
    return Expected("a value");
  }

  Tree ListLiteral(std::size_t begin) {
    Tree list = Make(NodeKind::kList, begin);
    while (!error_ && !Is("]")) {
      if (Is("?")) return Fail(token().begin, "optional elements are not supported,");
      list->children.push_back(Expression());
      if (!Take(",")) break;
    }
    if (error_ || !Expect("]")) return nullptr;
    return Finish(std::move(list));
  }

  Tree MapLiteral(std::size_t begin) {
    Tree map = Make(NodeKind::kMap, begin);
    while (!error_ && !Is("}")) {
      if (Is("?")) return Fail(token().begin, "optional entries are not supported,");
      map->children.push_back(Expression());
      if (error_ || !Expect(":")) return nullptr;
      map->children.push_back(Expression());
      if (!Take(",")) break;
    }
    if (error_ || !Expect("}")) return nullptr;
    return Finish(std::move(map));
  }

  Tree Identifier() {
    const Token name = token();
    if (Is("(", 1)) {
      if (name.text == "has") return Has();
      ++at_;
      return Call(name.begin, name, std::string(name.text), nullptr);
    }
    if (name.text == "true" || name.text == "false" || name.text == "null") {
      ++at_;
      return Constant(name.begin, name.begin,
                      name.text == "null" ? Value() : Value(name.text == "true"));
    }
    if (name.text == "in") return Expected("a value");
    if (Contains(kReserved, name.text)) {
      return Fail(name.begin, "\"" + std::string(name.text) +
                                  "\" is a reserved word of the language and names no variable,");
    }
    const auto local = std::find(locals_.rbegin(), locals_.rend(), name.text);
    if (local == locals_.rend()) return Name(name.begin);
    ++at_;
    Tree node = Make(NodeKind::kLocal, name.begin);
    if (node) node->slot = static_cast<std::size_t>(locals_.rend() - local) - 1;
    return node;
  }

  // a.b.c as far as it is no call: which of its components is the variable is the scope's to say.
  Tree Name(std::size_t begin) {
    auto node = std::make_unique<Node>();
    node->kind = NodeKind::kName;
    node->begin = begin;
    node->name = tokens_[at_++].text;
    node->component_ends.push_back(node->name.size());
    while (Is(".") && token(1).kind == TokenKind::kIdentifier && !Is("(", 2)) {
      node->name += "." + std::string(token(1).text);
      node->component_ends.push_back(node->name.size());
      at_ += 2;
    }
    if (Is("{")) return Fail(begin, "messages are not supported; a map is written {\"key\": value},");
    if (Contains(kTypes, node->name)) {
      node->kind = NodeKind::kConstant;
      node->value = TypeName{node->name};
    }
    return Finish(std::move(node));
  }

  Tree Postfix(Tree node, std::size_t begin) {
    while (!error_) {
      if (Take("[")) {
        if (Is("?")) return Fail(token().begin, "optional selection is not supported,");
        Tree index = Expression();
        if (error_ || !Expect("]")) return nullptr;
        node = Make(NodeKind::kIndex, begin, std::move(node), std::move(index));
      } else if (Take(".")) {
        node = Member(std::move(node), begin);
      } else {
        break;
      }
    }
    return node;
  }

  Tree Member(Tree operand, std::size_t begin) {
    if (Is("?")) return Fail(token().begin, "optional selection is not supported,");
    const Token name = token();
    if (name.kind != TokenKind::kIdentifier && name.kind != TokenKind::kQuoted) {
      return Expected("a member's name");
    }
    ++at_;
    if (Is("(") && name.kind == TokenKind::kIdentifier) {
      return MemberCall(std::move(operand), begin, name);
    }
    const std::size_t quote = name.kind == TokenKind::kQuoted ? 1 : 0;
    Tree node = Make(NodeKind::kSelect, begin, std::move(operand));
    if (node) node->value = Value(name.text.substr(quote, name.text.size() - 2 * quote));
    return node;
  }

  Tree MemberCall(Tree operand, std::size_t begin, const Token& name) {
    if (operand->kind == NodeKind::kName) {
      const std::string qualified = operand->name + "." + std::string(name.text);
      if (qualified == "cel.bind") return Bind(begin);
      if (!FindFunctions(qualified, Style::kFunction).empty()) {
        return Call(begin, name, qualified, nullptr);
      }
    }
    for (const MacroShape& shape : kMacros) {
      if (shape.name == name.text) return Fold(std::move(operand), begin, shape);
    }
    return Call(begin, name, std::string(name.text), std::move(operand));
  }

  // --- calls: the name has been taken, "(" comes next ---

  Tree Call(std::size_t begin, const Token& token_of_name, std::string name, Tree receiver) {
    auto call = std::make_unique<Node>();
    call->kind = NodeKind::kCall;
    call->begin = begin;
    call->name = std::move(name);
    const Style style = receiver ? Style::kMember : Style::kFunction;
    if (receiver) call->children.push_back(std::move(receiver));
    if (!Arguments(*call)) return nullptr;
    GatherVariadic(*call);
    if (!Resolve(*call, style, token_of_name)) return nullptr;
    return Finish(std::move(call));
  }

  bool Arguments(Node& call) {
    Expect("(");
    while (!error_ && !Is(")")) {
      call.children.push_back(Expression());
      if (!Take(",")) break;
      if (Is(")")) Expected("an argument");
    }
    return !error_ && Expect(")");
  }

  // The functions that take any number of arguments take one list, for their bodies.
  void GatherVariadic(Node& call) {
    const bool variadic = call.name == "math.greatest" || call.name == "math.least" ||
                          call.name == "path.join";
    if (!variadic || call.children.size() < 2) return;
    auto list = std::make_unique<Node>();
    list->kind = NodeKind::kList;
    list->begin = call.children.front()->begin;
    list->children = std::move(call.children);
    call.children.clear();
    list = Finish(std::move(list));
    if (list) call.children.push_back(std::move(list));
  }

  bool Resolve(Node& call, Style style, const Token& name) {
    const std::vector<const Overload*> named = FindFunctions(call.name, style);
    std::string takes;
    for (const Overload* overload : named) {
      if (overload->takes.size() == call.children.size()) call.overloads.push_back(overload);
      takes += (takes.empty() ? "" : " or ") + Signature(*overload);
    }
    if (call.overloads.empty()) {
      if (check_ == Check::kNone) return true;
      if (!named.empty()) {
        Fail(name.begin, "wrong number of arguments, expected " + takes + ",");
      } else {
        UnknownFunction(call, style, name);
      }
      return false;
    }
    const Node* last = call.children.empty() ? nullptr : call.children.back().get();
    const auto prepare = call.overloads.front()->prepare;
    if (prepare == nullptr || last->kind != NodeKind::kConstant || !last->value.is_string()) {
      return true;
    }
    Result<Prepared> prepared = prepare(last->value);
    if (prepared) {
      call.prepared = *std::move(prepared);
    } else if (check_ == Check::kFunctions) {
      Fail(last->begin, prepared.error().message);
      return false;
    }
    return true;
  }

  void UnknownFunction(const Node& call, Style style, const Token& name) {
    std::string what = "there is no function \"" + call.name + "\"";
    const Style other = style == Style::kMember ? Style::kFunction : Style::kMember;
    if (const auto found = FindFunctions(call.name, other); !found.empty()) {
      what += " of that form; write " + Signature(*found.front());
    } else if (const std::string nearest = NearestFunction(call.name); !nearest.empty()) {
      what += "; did you mean \"" + nearest + "\"?";
    }
    Fail(name.begin, what + ",");
  }

  // --- macros ---

  Tree Has() {
    const std::size_t begin = token().begin;
    at_ += 2;
    const std::size_t inner = token().begin;
    Tree operand = Expression();
    if (error_ || !Expect(")")) return nullptr;
    const bool selects = operand->kind == NodeKind::kSelect ||
                         (operand->kind == NodeKind::kName && operand->component_ends.size() > 1);
    if (!selects) return Fail(inner, "has(...) expected a member, as in has(inputs.backup),");
    return Make(NodeKind::kHas, begin, std::move(operand));
  }

  // The name of a variable that a macro binds, with the "," after it.
  bool Variable() {
    const bool named = token().kind == TokenKind::kIdentifier && Is(",", 1) &&
                       !Contains(kReserved, token().text);
    if (!named) {
      Expected("the name of a variable and a \",\"");
      return false;
    }
    locals_.push_back(token().text);
    at_ += 2;
    return true;
  }

  Tree Bind(std::size_t begin) {
    if (!Expect("(") || !Variable()) return nullptr;
    // The variable is not yet there for what it is bound to.
    const std::string_view name = std::exchange(locals_.back(), std::string_view());
    Tree bound = Expression();
    locals_.back() = name;
    if (error_ || !Expect(",")) return nullptr;
    Tree body = Expression();
    locals_.pop_back();
    if (error_ || !Expect(")")) return nullptr;
    Tree node = Make(NodeKind::kBind, begin, std::move(bound), std::move(body));
    if (node) node->slot = locals_.size();
    return node;
  }

  Tree Fold(Tree range, std::size_t begin, const MacroShape& shape) {
    const std::size_t slot = locals_.size();
    if (!Expect("(") || !Variable()) return nullptr;
    const bool two = shape.two_variables && (!shape.one_variable || Is(",", 1));
    if (two && !Variable()) return nullptr;
    Tree body = Expression();
    Tree filter;
    if (shape.filter && Take(",")) {
      filter = std::move(body);
      body = Expression();
    }
    if (error_ || !Expect(")")) return nullptr;
    if (shape.name == "filter") {
      filter = std::move(body);
      body = Make(NodeKind::kLocal, filter->begin);
      if (body) body->slot = slot;
    }
    locals_.resize(slot);
    Tree node = filter ? Make(NodeKind::kFold, begin, std::move(range), std::move(body),
                              std::move(filter))
                       : Make(NodeKind::kFold, begin, std::move(range), std::move(body));
    if (!node) return nullptr;
    node->macro = shape.macro;
    node->slot = slot;
    node->two_variables = two;
    return node;
  }

  const Source& source_;
  std::vector<Token> tokens_;
  Check check_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  std::vector<std::string_view> locals_;  // of the macros around this place, by slot
  std::optional<Error> error_;
};

}  // namespace

Result<std::shared_ptr<const Node>> ParseTree(const Source& source, Check check) {
  if (source.text.size() > kSourceSizeMax) {
    return source.ErrorAt(0, "the expression is longer than " + std::to_string(kSourceSizeMax) +
                                 " bytes, which is the limit,");
  }
  Result<std::vector<Token>> tokens = Tokenize(source);
  if (!tokens) return std::move(tokens).error();
  return Parser(source, *std::move(tokens), check).Parse();
}

}  // namespace recourse::expression
