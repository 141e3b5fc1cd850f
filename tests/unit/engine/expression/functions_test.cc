// The functions that are our own, and corners that the vectors of CEL's suite leave out.
#include "engine/expression/functions.h"

#include "tests/unit/engine/expression/evaluate.h"

namespace recourse::expression {

TEST_CASE("strftime writes a timestamp in UTC", "[expression]") {
  const Value::Map variables = {{"now", Timestamp{1795230245, 123456789}}};  // a Saturday
  const auto text = [&](const std::string& format) {
    return Evaluate("strftime(now, '" + format + "')", variables)->as_string();
  };
  CHECK(text("%Y%m%d-%H%M%S") == "20261121-030405");
  CHECK(text("backup-%F.db") == "backup-2026-11-21.db");
  CHECK(text("%a %d %b %Y %T %z %Z") == "Sat 21 Nov 2026 03:04:05 +0000 UTC");
  CHECK(text("%j %s 100%%") == "325 1795230245 100%");
  CHECK_THAT(ErrorOf(Evaluate("strftime(now, '%Q')", variables)),
             Catch::Contains("no conversion \"%Q\""));
  CHECK_FALSE(Evaluate("strftime(now, 'a%')", variables));
}

TEST_CASE("paths are taken apart and put together as text", "[expression]") {
  CHECK(*Evaluate("path.basename('/srv/app.db')") == Value("app.db"));
  CHECK(*Evaluate("path.basename('/srv/app/')") == Value("app"));
  CHECK(*Evaluate("path.basename('app.db')") == Value("app.db"));
  CHECK(*Evaluate("path.basename('/')") == Value("/"));
  CHECK(*Evaluate("path.basename('')") == Value(""));
  CHECK(*Evaluate("path.dirname('/srv/app.db')") == Value("/srv"));
  CHECK(*Evaluate("path.dirname('/srv//app/')") == Value("/srv"));
  CHECK(*Evaluate("path.dirname('/srv')") == Value("/"));
  CHECK(*Evaluate("path.dirname('app.db')") == Value("."));
  CHECK(*Evaluate("path.join('/srv', 'app.db')") == Value("/srv/app.db"));
  CHECK(*Evaluate("path.join('/srv/', '/app.db')") == Value("/srv/app.db"));
  CHECK(*Evaluate("path.join('/', 'a', '', 'b')") == Value("/a/b"));
  CHECK(*Evaluate("path.join('', 'a')") == Value("a"));
  CHECK_FALSE(Evaluate("path.join('a', dyn(1))"));
}

TEST_CASE("durations are read exactly and within their range", "[expression]") {
  CHECK(*Evaluate("duration('1h30m')") == Value(Duration{5400, 0}));
  CHECK(*Evaluate("duration('2d')") == Value(Duration{172800, 0}));
  CHECK(*Evaluate("duration('-1.5s')") == Value(Duration{-1, -500000000}));
  CHECK(*Evaluate("duration('0.000000001s')") == Value(Duration{0, 1}));
  CHECK(*Evaluate("duration('.5h')") == Value(Duration{1800, 0}));
  CHECK(*Evaluate("duration('0')") == Value(Duration{0, 0}));
  for (const char* wrong : {"", "s", "5", "5x", "1h-3m", "-", "1..5s", ".s", "99999999999h",
                            "1000000000000000000000000000000000000000000000000000s"}) {
    CHECK(Evaluate("duration('" + std::string(wrong) + "')").error().code ==
          Code::kInvalidArgument);
  }
}

TEST_CASE("times are compared, shifted and taken apart", "[expression]") {
  const Value::Map variables = {{"now", Timestamp{1795230245, 0}}};
  CHECK(Evaluate("now + duration('5m') > timestamp('2026-11-21T03:09:00Z')", variables)->as_bool());
  CHECK(*Evaluate("now - timestamp('2026-11-21T03:04:00Z')", variables) == Value(Duration{5, 0}));
  CHECK(*Evaluate("(now - duration('1ns')).getMilliseconds()", variables) == Value(999));
  CHECK(*Evaluate("timestamp('1969-12-31T23:59:59.5Z').getSeconds()") == Value(59));
  CHECK(*Evaluate("string(now)", variables) == Value("2026-11-21T03:04:05Z"));
  CHECK_FALSE(Evaluate("now + now", variables));
  CHECK_FALSE(Evaluate("duration('1s') - now", variables));
}

TEST_CASE("a zone that is known only when it is evaluated works as one written down",
          "[expression]") {
  const Value::Map variables = {{"now", Timestamp{1795230245, 0}}, {"zone", "Asia/Kolkata"}};
  CHECK(*Evaluate("now.getHours(zone) * 100 + now.getMinutes(zone)", variables) == Value(834));
  CHECK(*Evaluate("now.getHours('Asia/Kolkata')", variables) == Value(8));
  CHECK_FALSE(Evaluate("now.getHours(zone + '/..')", variables));
}

TEST_CASE("strings are rows of characters, not of bytes", "[expression]") {
  CHECK(*Evaluate("'a\\u00e4\\U0001f631'.size()") == Value(3));
  CHECK(*Evaluate("'a\\u00e4b'.split('')") == Value(Value::List{"a", "\u00e4", "b"}));
  CHECK(*Evaluate("'ab'.replace('', '-')") == Value("-a-b-"));
  CHECK(*Evaluate("'a,b,c'.split(',', 2)") == Value(Value::List{"a", "b,c"}));
  CHECK(*Evaluate("'\\u00e4b'.reverse()") == Value("b\u00e4"));
  CHECK(*Evaluate("string(b'\\303\\244')") == Value("\u00e4"));
  CHECK_FALSE(Evaluate("string(b'\\303')"));
}

TEST_CASE("numbers never wrap around", "[expression]") {
  for (const char* source :
       {"9223372036854775807 + 1", "-9223372036854775808 - 1", "-(-9223372036854775808)",
        "-9223372036854775808 / -1", "-9223372036854775808 % -1", "0u - 1u", "1 % 0", "1u / 0u",
        "int('9223372036854775808')", "uint(-1)", "int(1e19)", "math.abs(-9223372036854775808)"}) {
    INFO(source);
    CHECK(Evaluate(source).error().code == Code::kInvalidArgument);
  }
  CHECK(*Evaluate("9007199254740993 == 9007199254740993u") == Value(true));
  CHECK(*Evaluate("{1: 'a'}[1.0] + {2u: 'b'}[2]") == Value("ab"));
}

TEST_CASE("bytes() of a size is a number, of any other text its bytes", "[expression]") {
  CHECK(*Evaluate("bytes('1.5 GiB')") == Value(1'610'612'736));
  CHECK(*Evaluate("bytes('1.5GiB')") == Value(1'610'612'736));
  CHECK(*Evaluate("bytes('512 B')") == Value(512));
  CHECK(*Evaluate("bytes('2 kB') + bytes('1 KiB')") == Value(3024));
  for (const char* text : {"abc", "12", "1.5 gib", "1.5  GiB", "-1 GiB", "GiB", "1.5.1 GiB", ""}) {
    INFO(text);
    CHECK(Evaluate("bytes(text)", {{"text", text}})->kind() == Value::Kind::kBytes);
  }
  CHECK_FALSE(Evaluate("bytes('99999999999999 PiB')"));
}

}  // namespace recourse::expression
