#include "engine/expression/parser.h"

#include "engine/expression/grammar.h"

namespace recourse::expression {

struct BinaryOperator {
  std::string_view symbol;
  Operator op;
  int precedence;  // higher binds tighter
};

namespace {

constexpr std::array<std::string_view, 17> kReserved = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};

constexpr std::array<std::string_view, 12> kTypes = {"bool",
                                                     "int",
                                                     "uint",
                                                     "double",
                                                     "string",
                                                     "bytes",
                                                     "list",
                                                     "map",
                                                     "null_type",
                                                     "type",
                                                     "google.protobuf.Timestamp",
                                                     "google.protobuf.Duration"};

template <class Names>
bool Contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

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

}  // namespace

bool IsReserved(std::string_view name) { return Contains(kReserved, name); }

std::variant<SyntaxTree, Mistake> Parser::Parse() {
  Tree tree = Expression();
  if (!error_ && token().kind != TokenKind::kEnd) Expected("an operator or the end");
  if (error_) return *std::move(error_);
  return SyntaxTree{std::move(tree), slots_};
}

Tree Parser::Expression() {
  if (++nesting_ > kDepthMax) return TooDeep(token().begin);
  Tree tree = Conditional();
  --nesting_;
  return tree;
}

Tree Parser::Conditional() {
  const std::size_t begin = token().begin;
  Tree condition = Chain(NodeKind::kOr, "||");
  if (error_ || !Take("?")) return condition;
  Tree chosen = Chain(NodeKind::kOr, "||");
  if (error_ || !Expect(":")) return nullptr;
  Tree otherwise = Expression();
  return Make(NodeKind::kConditional, begin, std::move(condition), std::move(chosen),
              std::move(otherwise));
}

Tree Parser::Chain(NodeKind kind, std::string_view symbol) {
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

const BinaryOperator* Parser::BinaryAt(int precedence) const {
  if (token().kind != TokenKind::kSymbol && token().text != "in") return nullptr;
  for (const BinaryOperator& binary : kBinary) {
    if (binary.symbol == token().text && binary.precedence >= precedence) return &binary;
  }
  return nullptr;
}

Tree Parser::Binary(int precedence) {
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

Tree Parser::Unary() {
  const std::size_t begin = token().begin;
  const bool minus = Is("-");
  if (!minus && !Is("!")) return Postfix(Primary(), begin);
  // The least int has no positive counterpart: its minus belongs to the number.
  const bool number =
      minus && token(1).kind == TokenKind::kNumber && (token(1).text.back() | 0x20) != 'u';
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

Tree Parser::Number(std::size_t begin, bool negative) {
  const Token& number = tokens_[at_++];
  return Constant(begin, number.begin, ReadNumber(number.text, negative));
}

Tree Parser::Constant(std::size_t begin, std::size_t token_begin, Literal literal) {
  if (const auto* wrong = std::get_if<LiteralError>(&literal)) {
    return Fail(token_begin + wrong->at, wrong->what);
  }
  Tree node = Make(NodeKind::kConstant, begin);
  if (node) node->value = std::get<Value>(std::move(literal));
  return node;
}

Tree Parser::Primary() {
  const Token first = token();
  switch (first.kind) {
    case TokenKind::kNumber:
      return Number(first.begin, false);
    case TokenKind::kString:
      ++at_;
      return Constant(first.begin, first.begin, ReadString(first.text));
    case TokenKind::kIdentifier:
      return Identifier();
    case TokenKind::kSymbol:
      break;
    default:
      return Expected("a value");
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

Tree Parser::ListLiteral(std::size_t begin) {
  Tree list = Make(NodeKind::kList, begin);
  while (!error_ && !Is("]")) {
    if (Is("?")) return Fail(token().begin, "optional elements are not supported");
    list->children.push_back(Expression());
    if (!Take(",")) break;
  }
  if (error_ || !Expect("]")) return nullptr;
  return Finish(std::move(list));
}

Tree Parser::MapLiteral(std::size_t begin) {
  Tree map = Make(NodeKind::kMap, begin);
  while (!error_ && !Is("}")) {
    if (Is("?")) return Fail(token().begin, "optional entries are not supported");
    map->children.push_back(Expression());
    if (error_ || !Expect(":")) return nullptr;
    map->children.push_back(Expression());
    if (!Take(",")) break;
  }
  if (error_ || !Expect("}")) return nullptr;
  return Finish(std::move(map));
}

Tree Parser::Identifier() {
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
  if (IsReserved(name.text)) {
    return Fail(name.begin,
                "the reserved word \"" + std::string(name.text) + "\" names no variable");
  }
  const auto local = std::find(locals_.rbegin(), locals_.rend(), name.text);
  if (local == locals_.rend()) return Name(name.begin);
  ++at_;
  Tree node = Make(NodeKind::kLocal, name.begin);
  if (node) node->slot = static_cast<std::size_t>(locals_.rend() - local) - 1;
  return node;
}

Tree Parser::Name(std::size_t begin) {
  auto node = std::make_unique<Node>();
  node->kind = NodeKind::kName;
  node->begin = begin;
  const auto continues = [&](std::size_t ahead) {
    return Is(".", ahead) && token(ahead + 1).kind == TokenKind::kIdentifier && !Is("(", ahead + 2);
  };
  std::size_t components = 1;
  std::size_t length = token().text.size();
  for (; continues(2 * components - 1); ++components) {
    length += 1 + token(2 * components).text.size();
  }
  node->name.reserve(length);
  node->component_ends.reserve(components);
  for (std::size_t i = 0; i < components; ++i) {
    if (i > 0) node->name += '.';
    node->name += token(2 * i).text;
    node->component_ends.push_back(node->name.size());
  }
  at_ += 2 * components - 1;
  if (Is("{")) {
    return Fail(begin, "messages are not supported (a map is written {\"key\": value})");
  }
  if (Contains(kTypes, node->name)) {
    node->kind = NodeKind::kConstant;
    node->value = TypeName{node->name};
  }
  return Finish(std::move(node));
}

Tree Parser::Postfix(Tree node, std::size_t begin) {
  while (!error_) {
    if (Take("[")) {
      if (Is("?")) return Fail(token().begin, "optional selection is not supported");
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

Tree Parser::Member(Tree operand, std::size_t begin) {
  if (Is("?")) return Fail(token().begin, "optional selection is not supported");
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

std::variant<SyntaxTree, Mistake> ParseTree(std::string_view source, Check check) {
  if (source.size() > kSourceSizeMax) {
    return Mistake{InvalidArgument("the expression is longer than " +
                                   std::to_string(kSourceSizeMax) + " bytes"),
                   0};
  }
  auto tokens = Tokenize(source);
  if (auto* mistake = std::get_if<Mistake>(&tokens)) return std::move(*mistake);
  return Parser(std::get<std::vector<Token>>(std::move(tokens)), check).Parse();
}

}  // namespace recourse::expression
