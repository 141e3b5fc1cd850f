#include "client/chatops/command.h"

#include <catch2/catch.hpp>

namespace recourse::chatops {
namespace {

using Catch::Contains;

Command Read(const std::string& text) {
  auto command = ParseCommand(text);
  if (!command) FAIL(text + ": " + command.error().message);
  return *command;
}

std::string RefusalOf(const std::string& text) {
  const auto command = ParseCommand(text);
  REQUIRE_FALSE(command);
  return command.error().message;
}

TEST_CASE("an id is read in every way in which people write it", "[chatops]") {
  for (const char* text :
       {"approve A-381", "approve a-381", "approve a381", "approve 381", "approve #381",
        "approve A-381,", "Approve A\u2013381", "  approve   A-381  "}) {
    INFO(text);
    CHECK(Read(text).about == "A-381");
  }
  CHECK(Read("retry 1042").about == "R-1042");
  CHECK(Read("retry r1042").about == "R-1042");
  CHECK(Read("show a381").about == "A-381");
}

TEST_CASE("what could mean two things, or nothing, is asked back and not guessed", "[chatops]") {
  CHECK_THAT(RefusalOf("show 381"), Contains("write R-1042 or A-381"));
  CHECK_THAT(RefusalOf("approve R-1042"), Contains("is not the id of an approval"));
  CHECK_THAT(RefusalOf("retry A-381"), Contains("is not the id of a run"));
  CHECK_THAT(RefusalOf("approve it"), Contains("nothing was done"));
  CHECK_THAT(RefusalOf("approve A-0"), Contains("nothing was done"));
  CHECK_THAT(RefusalOf("approve A-99999999999999999999"), Contains("nothing was done"));
  CHECK_THAT(RefusalOf("aprove A-381"), Contains("did you mean \"approve\"?"));
  CHECK_THAT(RefusalOf("start x note=\"no end"), Contains("has no end, so nothing was done"));
  CHECK(Read("approve").about.empty());
}

TEST_CASE("what follows an id is the reason, as it was written", "[chatops]") {
  CHECK(Read("reject A-1 it's  the wrong \"backup\"").rest == "it's  the wrong \"backup\"");
  CHECK(Read("note R-1 don't").rest == "don't");
  CHECK(Read("approve A-1 123456 looks right").words ==
        std::vector<std::string>{"123456", "looks", "right"});
}

TEST_CASE("inputs of a start keep their blanks in quotes, also typographic ones", "[chatops]") {
  CHECK(Read("start recovery target=shop note=\"two words\" x='a b'").words ==
        std::vector<std::string>{"recovery", "target=shop", "note=two words", "x=a b"});
  CHECK(Read("start recovery note=\u201ctwo words\u201d").words ==
        std::vector<std::string>{"recovery", "note=two words"});
}

TEST_CASE("nothing said is a wish for help", "[chatops]") {
  CHECK(Read("").verb->name == "help");
  CHECK(Read(" \n ").verb->name == "help");
}

}  // namespace
}  // namespace recourse::chatops
