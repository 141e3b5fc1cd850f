#include "engine/expression/grammar.h"

namespace recourse::expression {

struct MacroShape {
  std::string_view name;
  Macro macro;
  bool one_variable;
  bool two_variables;
  bool filter;  // may have one before the last argument
};

namespace {

constexpr std::array<MacroShape, 8> kMacros = {
    {{"all", Macro::kAll, true, true, false},
     {"exists", Macro::kExists, true, true, false},
     {"exists_one", Macro::kExistsOne, true, true, false},
     {"existsOne", Macro::kExistsOne, true, true, false},
     {"map", Macro::kList, true, false, true},
     {"filter", Macro::kList, true, false, false},
     {"transformList", Macro::kList, false, true, true},
     {"transformMap", Macro::kMap, false, true, true}}};

}  // namespace

Tree Parser::MemberCall(Tree operand, std::size_t begin, const Token& name) {
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

Tree Parser::Call(std::size_t begin, const Token& token_of_name, std::string name, Tree receiver) {
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

bool Parser::Arguments(Node& call) {
  Expect("(");
  while (!error_ && !Is(")")) {
    call.children.push_back(Expression());
    if (!Take(",")) break;
    if (Is(")")) Expected("an argument");
  }
  return !error_ && Expect(")");
}

void Parser::GatherVariadic(Node& call) {
  const bool variadic =
      call.name == "math.greatest" || call.name == "math.least" || call.name == "path.join";
  if (!variadic || call.children.size() < 2) return;
  auto list = std::make_unique<Node>();
  list->kind = NodeKind::kList;
  list->begin = call.children.front()->begin;
  list->children = std::move(call.children);
  call.children.clear();
  list = Finish(std::move(list));
  if (list) call.children.push_back(std::move(list));
}

bool Parser::Resolve(Node& call, Style style, const Token& name) {
  const std::vector<const Overload*> named = FindFunctions(call.name, style);
  std::string takes;
  for (const Overload* overload : named) {
    if (overload->takes.size() == call.children.size()) call.overloads.push_back(overload);
    takes += (takes.empty() ? "" : " or ") + Signature(*overload);
  }
  if (call.overloads.empty()) {
    if (check_ == Check::kNone) return true;
    if (!named.empty()) {
      Fail(name.begin, "wrong number of arguments (expected " + takes + ")");
    } else {
      UnknownFunction(call, style, name);
    }
    return false;
  }
  const Node* last = call.children.empty() ? nullptr : call.children.back().get();
  // Which secrets a step may see is read from its definition, never made up while it runs.
  if (call.name == "secret" && check_ != Check::kNone &&
      (last->kind != NodeKind::kConstant || !last->value.is_string())) {
    Fail(last->begin, "secret(...) takes the name itself, a text in quotes");
    return false;
  }
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

void Parser::UnknownFunction(const Node& call, Style style, const Token& name) {
  std::string what = "there is no function \"" + call.name + "\"";
  const Style other = style == Style::kMember ? Style::kFunction : Style::kMember;
  if (const auto found = FindFunctions(call.name, other); !found.empty()) {
    what += " of that form (write " + Signature(*found.front()) + ")";
  } else if (const std::string nearest = NearestFunction(call.name); !nearest.empty()) {
    what += " (did you mean \"" + nearest + "\"?)";
  }
  Fail(name.begin, what);
}

Tree Parser::Has() {
  const std::size_t begin = token().begin;
  at_ += 2;
  const std::size_t inner = token().begin;
  Tree operand = Expression();
  if (error_ || !Expect(")")) return nullptr;
  const bool selects = operand->kind == NodeKind::kSelect ||
                       (operand->kind == NodeKind::kName && operand->component_ends.size() > 1);
  if (!selects) return Fail(inner, "has(...) expects a member like inputs.backup");
  return Make(NodeKind::kHas, begin, std::move(operand));
}

bool Parser::Variable() {
  const bool named =
      token().kind == TokenKind::kIdentifier && Is(",", 1) && !IsReserved(token().text);
  if (!named) {
    Expected("the name of a variable and a \",\"");
    return false;
  }
  locals_.push_back(token().text);
  slots_ = std::max(slots_, locals_.size());
  at_ += 2;
  return true;
}

Tree Parser::Bind(std::size_t begin) {
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

Tree Parser::Fold(Tree range, std::size_t begin, const MacroShape& shape) {
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
  Tree node =
      filter ? Make(NodeKind::kFold, begin, std::move(range), std::move(body), std::move(filter))
             : Make(NodeKind::kFold, begin, std::move(range), std::move(body));
  if (!node) return nullptr;
  node->macro = shape.macro;
  node->slot = slot;
  node->two_variables = two;
  return node;
}

}  // namespace recourse::expression
