#include "engine/record/stored_text.h"

#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "engine/record/record.h"

namespace recourse::record {
namespace {

TEST_CASE("text that is not UTF-8 is stored so that it can be read", "[record]") {
  CHECK(StoredText("größe") == "größe");
  CHECK(StoredText("") == "");
  CHECK(StoredText("a\xff"
                   "b") ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(StoredText("cut \xc3") == "cut \xef\xbf\xbd");
  CHECK(StoredText("\xe2\x82ü") == "\xef\xbf\xbd\xef\xbf\xbdü");
}

TEST_CASE("a value that JSON cannot hold is stored so that it can be read", "[record]") {
  CHECK(StoredJson(Value()).empty());

  SECTION("bytes that are not UTF-8, in keys and in members") {
    Value::Map map;
    map["k\xff"] = "v\xfe";
    const auto read = ParseJson(StoredJson(Value::List{map}));
    REQUIRE(read.ok());
    CHECK(read->as_list()[0]["k\xef\xbf\xbd"] == Value("v\xef\xbf\xbd"));
  }
  SECTION("two keys of the same text") {
    Value::Map map;
    map[1] = "number";
    map["1"] = "text";
    const auto read = ParseJson(StoredJson(map));
    REQUIRE(read.ok());
    CHECK((*read)["1"] == Value("text"));
  }
  SECTION("deeper than JSON is read") {
    Value deep = 1;
    for (int level = 0; level < 300; ++level) deep = Value::List{deep};
    CHECK(ParseJson(StoredJson(deep)).ok());
  }
  SECTION("as deep as JSON is read") {
    Value deep = 1;
    for (int level = 0; level < 100; ++level) deep = Value::List{deep};
    const auto read = ParseJson(StoredJson(deep));
    REQUIRE(read.ok());
    CHECK(*read == deep);
  }
}

TEST_CASE("an event with text that is not UTF-8 is read back", "[record]") {
  const auto stored = Encode({RunId{1}, 1, 1, {}, "kim"}, machine::RunAnnotated{"log: \xff\xfe"});
  const auto read = Decode(stored);
  REQUIRE(read.ok());
  CHECK(std::get<machine::RunAnnotated>(read->event).text == "log: \xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace recourse::record
