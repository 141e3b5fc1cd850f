#include "engine/definition/node.h"

#include <catch2/catch.hpp>

#include "engine/base/json.h"

namespace recourse::definition {
namespace {

std::string Read(std::string_view text) {
  Problems problems;
  const Node node = ReadYaml(text, problems);
  if (problems.empty()) return ToJson(ToValue(node));
  Loaded loaded;
  loaded.problems = std::move(problems).Take();
  return loaded.Report("f");
}

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("an unquoted scalar has JSON's type, all others are strings", "[definition]") {
  CHECK(Read("[true, false, null, ~, 12, -3, 1.5, 1e3]") ==
        "[true,false,null,null,12,-3,1.5,1000.0]");
  CHECK(Read("['true', \"12\", 'null', no, True, 0664, 0x1F, 2026-11-21, 1_000, .5, -, 12a]") ==
        R"(["true","12","null","no","True","0664","0x1F","2026-11-21","1_000",".5","-","12a"])");
  CHECK(Read("a: |\n  12\n") == R"({"a":"12\n"})");
  CHECK(Read("9223372036854775807") == "9223372036854775807");
}

TEST_CASE("every node knows where it stands", "[definition]") {
  Problems problems;
  const Node root = ReadYaml("a: 1\nb:\n  - {c: d}\n", problems);
  REQUIRE(problems.empty());
  const Node& item = root.Find("b")->value.items[0];
  CHECK(root.Find("b")->place.line == 2);
  CHECK(item.place.line == 3);
  CHECK(item.place.column == 5);
  CHECK(PlaceIn(root, {"b", "[0]", "c"}, false).column == 9);
  CHECK(PlaceIn(root, {"b", "[0]", "c"}, true).column == 6);
  CHECK(root.Find("x") == nullptr);
}

TEST_CASE("what makes a text mean something that its reader does not see is refused",
          "[definition]") {
  CHECK_THAT(Read("a: &x 1\nb: *x\n"), Contains("f:1:4: anchors (&name) are not accepted"));
  CHECK_THAT(Read("a: *x\n"), Contains("f:1:4: "));
  CHECK_THAT(Read("a: !!str 1\n"), Contains("tags (!name) are not accepted"));
  CHECK_THAT(Read("a: 1\nb: 2\na: 3\n"), Contains("f:3:1: the key \"a\" is there already"));
  CHECK_THAT(Read("{a: 1, \"a\": 2}"), Contains("the key \"a\" is there already"));
  CHECK_THAT(Read("[a]: 1"), Contains("a key must be a string"));
  CHECK_THAT(Read("a: 1\n---\nb: 1\n"), Contains("a second document follows"));
}

TEST_CASE("a bomb of aliases is refused at its first anchor", "[definition]") {
  std::string bomb = "a: &a [x, x, x, x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += std::string(i > 0 ? ", *" : "*") + char(c - 1);
    bomb += "]\n";
  }
  CHECK_THAT(Read(bomb), StartsWith("f:1:4: anchors"));
}

TEST_CASE("a text that cannot be read is refused with a place", "[definition]") {
  CHECK_THAT(Read(""), Contains("f:1:1: the text is empty"));
  CHECK_THAT(Read("a: \xff\n"), Contains("not UTF-8"));
  CHECK_THAT(Read(std::string_view("a: b\nc: \0\n", 10)), Contains("f:2:1: the line holds a zero"));
  CHECK_THAT(Read("a: [1, 2\nb: 3\n"), StartsWith("f:2:"));
  CHECK_THAT(Read("a: \"open\n"), Contains("the text ends before a string or bracket is closed"));
  CHECK_THAT(Read("a: 'open"), Contains("the text ends before a string or bracket is closed"));
  CHECK_THAT(Read("a: [open"), Contains("the text ends before a string or bracket is closed"));
  CHECK_THAT(Read("a: [open"), Contains("that begins at line 1, column 4"));
  CHECK_THAT(Read("é: \"ü\u2028\"\n"), StartsWith("f:1:6: this character ends a line unseen"));
  CHECK_THAT(Read("b: é\na: é\x01\n"), StartsWith("f:2:5: control characters"));
  CHECK_THAT(Read("a: b: c\n"), StartsWith("f:1:"));
  CHECK_THAT(Read("\tname: x\n"), StartsWith("f:1:"));
  CHECK_THAT(Read("\xef\xbb\xbfname: x\n"), Contains(R"({"name":"x"})"));
  CHECK_THAT(Read("a: " + std::string(kTextMax, 'x')), Contains("at most 1.0 MiB are accepted"));
}

TEST_CASE("hostile nesting is refused whatever it is made of", "[definition]") {
  const std::string opening = GENERATE(std::string("["), std::string("{a: "), std::string("- "),
                                       std::string("[{\"a\":"), std::string("{[["));
  for (const std::size_t size : {std::size_t{1000}, kTextMax}) {
    std::string text;
    while (text.size() + opening.size() <= size) text += opening;
    CHECK_THAT(Read(text), Contains("nested deeper than 90 levels"));
  }
  std::string indented;
  for (int level = 0; level < 300; ++level) indented += std::string(level, ' ') + "a:\n";
  CHECK_THAT(Read(indented), Contains("nested deeper than 90 levels"));
}

}  // namespace
}  // namespace recourse::definition
