#include "server/alerts/matcher.h"

#include <catch2/catch.hpp>

namespace recourse::server::alerts {
namespace {

bool Fits(const std::string& matcher, const Labels& labels) {
  auto parsed = Matcher::Parse(matcher);
  if (!parsed) FAIL(parsed.error().message);
  return parsed->Fits(labels);
}

std::string Refusal(const std::string& matcher) {
  const auto parsed = Matcher::Parse(matcher);
  REQUIRE_FALSE(parsed);
  return parsed.error().message;
}

}  // namespace

TEST_CASE("matchers fit as Alertmanager's do", "[alerts]") {
  const Labels labels = {{"alertname", "DbCorrupt"}, {"path", "C:\\x \"y\""}, {"digits", "42"}};
  CHECK(Fits("alertname = DbCorrupt", labels));
  CHECK(Fits("alertname=\"DbCorrupt\"", labels));
  CHECK_FALSE(Fits("alertname = Db", labels));
  CHECK(Fits("alertname != Db", labels));
  CHECK(Fits(R"(path = "C:\\x \"y\"")", labels));

  SECTION("a regular expression must fit all of the label") {
    CHECK(Fits("alertname =~ Db.*", labels));
    CHECK_FALSE(Fits("alertname =~ Db", labels));
    CHECK_FALSE(Fits("alertname =~ \"Corrupt|Db\"", labels));
    CHECK(Fits("alertname =~ \"DiskFull|DbCorrupt\"", labels));
    CHECK(Fits("alertname !~ \"Disk.*\"", labels));
    CHECK(Fits(R"(digits =~ "\d+")", labels));
  }
  SECTION("a label that is not there is an empty text") {
    CHECK(Fits("team = \"\"", labels));
    CHECK(Fits("team =", labels));
    CHECK(Fits("team != web", labels));
    CHECK(Fits("team =~ \"web|\"", labels));
    CHECK_FALSE(Fits("team =~ .+", labels));
  }
}

TEST_CASE("what is no matcher is refused", "[alerts]") {
  CHECK(Refusal("") == "expected a matcher such as severity =~ \"critical|high\"");
  CHECK(Refusal("= x") == "expected a matcher such as severity =~ \"critical|high\"");
  CHECK(Refusal("9x = x") == "expected a matcher such as severity =~ \"critical|high\"");
  CHECK(Refusal("severity") == "expected =, !=, =~ or !~ behind severity");
  CHECK(Refusal("severity == high") == "\"==\" is no sign of a matcher; write severity = ...");
  CHECK(Refusal("severity > 3") == "expected =, !=, =~ or !~ behind severity");
  CHECK(Refusal("a = \"x") == "the closing quote is missing");
  CHECK(Refusal("a = \"x\" y") == "something stands behind the closing quote");
  CHECK(Refusal("a = x\"y").find("a quote stands within the value") == 0);
  CHECK(Refusal("a =~ (").find("no regular expression: ") == 0);
}

TEST_CASE("no label makes an expression run long", "[alerts]") {
  CHECK_FALSE(Fits("a =~ (x+x+)+y", {{"a", std::string(100'000, 'x')}}));
  CHECK(Matcher::Parse("a =~ ((x{100}){100}){100}").ok() == false);
}

}  // namespace recourse::server::alerts
