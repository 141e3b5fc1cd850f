#include "engine/expression/references.h"

#include "tests/unit/engine/expression/evaluate.h"

namespace recourse::expression {
namespace {

// "a.b@0 a.c?@8": paths with their offsets, "?" where they are guarded.
std::string ReferencesOf(std::string_view source) {
  const Result<Program> program = Program::Parse(source);
  REQUIRE(program);
  std::string out;
  for (const Reference& reference : program->References()) {
    if (!out.empty()) out += ' ';
    for (std::size_t i = 0; i < reference.path.size(); ++i) {
      out += (i == 0 ? "" : ".") + reference.path[i];
    }
    out += (reference.guarded ? "?@" : "@") + std::to_string(reference.offset);
  }
  return out;
}

}  // namespace

TEST_CASE("references are the variables with the members selected from them", "[expression]") {
  CHECK(ReferencesOf("steps.choose.output.path") == "steps.choose.output.path@0");
  CHECK(ReferencesOf("1 + size('a')") == "");
  CHECK(ReferencesOf("b + a.c") == "b@0 a.c@4");

  SECTION("an index by a constant string counts as a member, any other ends the path") {
    CHECK(ReferencesOf("steps['choose'].output") == "steps.choose.output@0");
    CHECK(ReferencesOf("steps.a.output.rows[0].id") == "steps.a.output.rows@0");
    CHECK(ReferencesOf("steps[inputs.step].output") == "steps@0 inputs.step@6");
    CHECK(ReferencesOf("a.`b-c`.d") == "a.b-c.d@0");
    CHECK(ReferencesOf("(a.b).c") == "a.b.c@1");
  }
  SECTION("a call ends the path") {
    CHECK(ReferencesOf("a.b.startsWith(c.d)") == "a.b@0 c.d@15");
    CHECK(ReferencesOf("path.basename(a.b)") == "a.b@14");
    CHECK(ReferencesOf("path.name") == "path.name@0");
  }
  SECTION("names of types are no variables") {
    CHECK(ReferencesOf("type(a) == int || type(a) == google.protobuf.Timestamp") == "a@5 a@23");
  }
}

TEST_CASE("variables that macros bind are no references, those around them are", "[expression]") {
  CHECK(ReferencesOf("a.b.map(x, x.c + y.d)") == "a.b@0 y.d@17");
  CHECK(ReferencesOf("a.filter(x, x > 1).map(z, x)") == "a@0 x@26");
  CHECK(ReferencesOf("a.transformMap(k, v, k + v + w)") == "a@0 w@29");
  CHECK(ReferencesOf("cel.bind(x, x.a, x.b + y)") == "x.a@12 y@23");
  CHECK(ReferencesOf("a.map(x, .x)") == "a@0 x@9");
}

TEST_CASE("a reference is guarded where has() asks for it, and nowhere else", "[expression]") {
  CHECK(ReferencesOf("has(a.b.c)") == "a.b.c?@4");
  CHECK(ReferencesOf("has(a.b) && a.b > 1") == "a.b?@4 a.b@12");
  CHECK(ReferencesOf("has(a.b) ? a.b : c") == "a.b?@4 a.b@11 c@17");
  CHECK(ReferencesOf("x ? a.b : c") == "x@0 a.b@4 c@10");
  CHECK(ReferencesOf("has(a['b'].c)") == "a.b.c?@4");
  CHECK(ReferencesOf("has(a[b.d].c)") == "a@4 b.d@6");
  CHECK(ReferencesOf("has(f.map(x, g)[0].c)") == "f@4 g@13");
}

}  // namespace recourse::expression
