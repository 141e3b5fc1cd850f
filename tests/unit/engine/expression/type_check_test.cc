#include "engine/expression/type_check.h"

#include "engine/expression/functions.h"
#include "engine/expression/operators.h"
#include "tests/unit/engine/expression/evaluate.h"

namespace recourse::expression {
namespace {

using Catch::Contains;
using Kind = Value::Kind;

// inputs.name is a string, inputs.count an int, inputs.share a number, inputs.sizes a list of ints,
// inputs.target a map with services (a list of maps with a port); the rest may be anything.
class Declared final : public Types {
 public:
  Type Find(std::span<const std::string_view> path) const override {
    if (path[0] != "inputs") return Type::Any();
    Type type = Inputs();
    for (const std::string_view part : path.subspan(1)) {
      if (!type.members) return Type::Any();
      const auto found = type.members->find(part);
      if (found == type.members->end()) return Type::Any();
      const Type member = found->second;
      type = member;
    }
    return type;
  }

 private:
  static Type Inputs() {
    const Type service = Type::MapOf({{"port", Type::Only(Kind::kInt)}});
    return Type::MapOf({{"name", Type::Only(Kind::kString)},
                        {"count", Type::Only(Kind::kInt)},
                        {"share", Type{Type::kNumber, nullptr, nullptr}},
                        {"on", Type::Only(Kind::kBool)},
                        {"at", Type::Only(Kind::kTimestamp)},
                        {"sizes", Type::ListOf(Type::Only(Kind::kInt))},
                        {"target", Type::MapOf({{"services", Type::ListOf(service)}})}});
  }
};

Typed TypesOf(std::string_view source) {
  const auto program = Program::Parse(source);
  INFO(source << ParseErrorOf(source));
  REQUIRE(program);
  return program->TypeWith(Declared());
}

std::string TypeOf(std::string_view source) {
  const Typed typed = TypesOf(source);
  for (const Mistake& mistake : typed.mistakes) return mistake.error.message;
  return typed.type.ToString();
}

}  // namespace

TEST_CASE("the type of a value is known where its parts are", "[expression]") {
  CHECK(TypeOf("1") == "int");
  CHECK(TypeOf("inputs.count + 1") == "int");
  CHECK(TypeOf("inputs.count > 1 && inputs.on") == "bool");
  CHECK(TypeOf("inputs.name + 'x'") == "string");
  CHECK(TypeOf("inputs.share * 2") == "int");
  CHECK(TypeOf("inputs.share") == "number");
  CHECK(TypeOf("inputs.on ? 1 : 'x'") == "int or string");
  CHECK(TypeOf("inputs.other") == "any value");
  CHECK(TypeOf("[1, 2][0]") == "int");
  CHECK(TypeOf("inputs.sizes[0]") == "int");
  CHECK(TypeOf("inputs.sizes.map(x, string(x))[0]") == "string");
  CHECK(TypeOf("inputs.target.services[0].port") == "int");
  CHECK(TypeOf("inputs.target.services.filter(s, s.port > 1)[0].port") == "int");
  CHECK(TypeOf("cel.bind(x, inputs.count, [x, x])[1]") == "int");
  CHECK(TypeOf("inputs.at - duration('1s')") == "timestamp");
  CHECK(TypeOf("inputs.at - inputs.at") == "duration");
  CHECK(TypeOf("{'a': 1}.a") == "int");
  CHECK(TypeOf("'a,b'.split(',')[0]") == "string");
  CHECK(TypeOf("type(1) == int") == "bool");
  CHECK(TypeOf("secret('a')") == "secret");
  CHECK(TypeOf("inputs.on ? secret('a') : null") == "null or secret");
}

TEST_CASE("what cannot work is a mistake, with its place", "[expression]") {
  const auto mistake = [](std::string_view source) {
    const Typed typed = TypesOf(source);
    REQUIRE(typed.mistakes.size() == 1);
    return std::to_string(typed.mistakes[0].offset) + ": " + typed.mistakes[0].error.message;
  };
  CHECK(mistake("inputs.on && inputs.count + \"x\" == 1") ==
        "13: \"+\" does not work on int and string in `inputs.count + \"x\"`");
  CHECK(mistake("!inputs.name") == "1: expected true or false, found string in `inputs.name`");
  CHECK(mistake("inputs.count == 'x'") ==
        "0: \"==\" does not work on int and string in `inputs.count == 'x'`");
  CHECK_THAT(mistake("inputs.count < 'x'"), Contains("\"<\" does not work on int and string"));
  CHECK_THAT(mistake("inputs.count.startsWith('x')"),
             Contains("expected string.startsWith(string); found int, string"));
  CHECK_THAT(mistake("size(inputs.count)"), Contains("found int"));
  CHECK_THAT(mistake("inputs.name.first"), Contains("string has no members"));
  CHECK_THAT(mistake("inputs.name ? 1 : 2"), Contains("expected true or false"));
  CHECK_THAT(mistake("inputs.count.map(x, x)"), Contains("expected a list or a map, found int"));
  CHECK_THAT(mistake("inputs.sizes.all(x, x)"), Contains("expected true or false, found int"));
  CHECK_THAT(mistake("inputs.sizes['a']"), Contains("the index of a list is an int"));
  CHECK_THAT(mistake("inputs.name in inputs.sizes"), Contains("\"in\" does not work"));
  CHECK_THAT(mistake("1 in 2"), Contains("\"in\" does not work on int and int"));
  CHECK_THAT(mistake("-inputs.name"), Contains("\"-\" does not work on string"));
  CHECK_THAT(mistake("{1.5: 2}"), Contains("a key is a string, int, uint or bool, not double"));
  CHECK_THAT(mistake("inputs.target.services[0].port + 'x'"), Contains("int and string"));
  CHECK_THAT(mistake("secret('a') + 'x'"), Contains("a secret is not known here"));
  CHECK_THAT(mistake("(inputs.on ? secret('a') : 'x') == 'y'"), Contains("a secret is not known"));
  CHECK(TypesOf("(1 + 'x') == (!2)").mistakes.size() == 2);
}

TEST_CASE("what is not known is no mistake", "[expression]") {
  for (const char* source :
       {"x + 1", "x + 'a'", "!x", "x.y.z == 1", "x[0] > x.a", "inputs.other.startsWith('a')",
        "inputs.target.other[0] + 1", "inputs.count == null", "inputs.count == 1.5",
        "inputs.count in [1u, 2.5]", "inputs.target.services.all(s, s.name == 'x')",
        "dyn(inputs.count) == 'x'", "inputs.share == 1 || inputs.share + 1.5 > 2.0",
        "(inputs.on ? 1 : 'x') == 'x'", "bytes(inputs.name) == 1", "[1, 'x'][0] + 1",
        "has(inputs.target.x) && inputs.target.x"}) {
    INFO(source);
    CHECK(TypesOf(source).mistakes.empty());
  }
}

// The checker must not refuse what the evaluator accepts, and the other way round, as far as kinds
// decide it.
TEST_CASE("the checker and the evaluator agree on every operator and pair of kinds",
          "[expression]") {
  const Value samples[] = {nullptr,
                           true,
                           1,
                           std::uint64_t{1},
                           1.5,
                           "x",
                           Bytes{"x"},
                           Value::List{},
                           Value::Map{},
                           Timestamp{1, 0},
                           Duration{1, 0},
                           TypeName{"int"}};
  for (int op = 0; op <= static_cast<int>(Operator::kIn); ++op) {
    for (const Value& left : samples) {
      for (const Value& right : samples) {
        const auto symbol = static_cast<Operator>(op);
        INFO(SymbolOf(symbol) << " " << left.TypeOf() << " " << right.TypeOf());
        Budget budget(Limits{});
        const auto value = Apply(symbol, left, right, budget);
        const auto kinds = ResultKinds(symbol, Type::Of(left.kind()), Type::Of(right.kind()));
        const bool equality = symbol == Operator::kEqual || symbol == Operator::kNotEqual;
        if (value && !equality) CHECK((kinds & Type::Of(value->kind())) != 0);
        if (!value) CHECK(kinds == 0);
      }
    }
  }
}

TEST_CASE("every function says what it answers", "[expression]") {
  for (const Overload* overload : AllFunctions()) {
    INFO(overload->name);
    CHECK(overload->gives.size() == 1);
    CHECK(std::string_view("biudsyltDmT#S*").find(overload->gives) != std::string_view::npos);
  }
}

}  // namespace recourse::expression
