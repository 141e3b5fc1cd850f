#include "client/cli/yaml.h"

#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>

#include "engine/base/json.h"

namespace recourse::cli {

TEST_CASE("a value stands in blocks, with the members of lists below their marks", "[client]") {
  const auto value = ParseJson(
      R"({"runs": [{"id": "R-1", "steps": [1, [true, null]]}, {}], "empty": [], "text": "Go on?"})");
  REQUIRE(value);
  CHECK(ToYaml(*value) ==
        "empty: []\n"
        "runs:\n"
        "  - id: R-1\n"
        "    steps:\n"
        "      - 1\n"
        "      - - true\n"
        "        - null\n"
        "  - {}\n"
        "text: \"Go on?\"\n");
  CHECK(ToYaml(Value("plain")) == "plain\n");
}

TEST_CASE("every text comes back as the same text, whatever YAML could take it for", "[client]") {
  for (const std::string text : {"",
                                 "no",
                                 "Yes",
                                 "NULL",
                                 "~",
                                 "12",
                                 "1e3",
                                 "0x1f",
                                 "1:30",
                                 "2026-11-21",
                                 ".inf",
                                 "on",
                                 "a: b",
                                 "a #b",
                                 "- a",
                                 "{a}",
                                 "'a'",
                                 "\"a\"",
                                 "a\nb",
                                 " a",
                                 "a ",
                                 "\ttab",
                                 "!tag",
                                 "&a",
                                 "*a",
                                 "%a",
                                 "@a",
                                 "`a`",
                                 "a\\b",
                                 "R-1042",
                                 "a.b/c@d+e",
                                 "\u00e4\u6570",
                                 "=",
                                 "<<",
                                 "---",
                                 "\xc2\x85x",
                                 "\xe2\x80\xa8x",
                                 "\x1b[31mred",
                                 "\x7f",
                                 "\xe2\x80\xaex",
                                 "\xef\xbb\xbfx",
                                 "\U0001f525"}) {
    const std::string yaml = ToYaml(Value::Object({{"text", text}}));
    INFO(yaml);
    const YAML::Node read = YAML::Load(yaml)["text"];
    CHECK(read.Scalar() == text);
    // Quoted or safely plain: only then has the node no other type.
    CHECK((read.Tag() == "!" || std::isalpha(static_cast<unsigned char>(text[0])) != 0));
  }
}

TEST_CASE("what a terminal obeys is escaped", "[client]") {
  CHECK(ToYaml(Value("\x1b[31m\x7f\xc2\x9b\xe2\x80\xae")) ==
        "\"\\u001b[31m\\u007f\\u009b\\u202e\"\n");
}

TEST_CASE("numbers and truth keep their type", "[client]") {
  CHECK(ToYaml(*ParseJson(R"({"a": 1, "b": 1.5, "c": true, "d": null, "e": "1"})")) ==
        "a: 1\nb: 1.5\nc: true\nd: null\ne: \"1\"\n");
}

}  // namespace recourse::cli
