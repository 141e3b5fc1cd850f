#include "client/cli/output.h"

#include <google/protobuf/timestamp.pb.h>

#include <catch2/catch.hpp>
#include <limits>

namespace recourse::cli {

TEST_CASE("control characters are shown, not obeyed, and lines stay lines", "[client]") {
  CHECK(Clean("a\x1b[31mb\r\n") == "a\\x1b[31mb\\x0d\n");
  CHECK(Clean("\xc2\x9bx") == "\\x9bx");
  CHECK(Clean("\xe2\x80\xaex") == "x");
}

TEST_CASE("where a line means something, text makes up no other", "[client]") {
  CHECK(OneLine("Go on?\nR-1 SUCCEEDED") == "Go on? R-1 SUCCEEDED");
  CHECK(Quoted("Go on?\nwho may decide   everybody") == "Go on?\n  | who may decide   everybody");
  Table table({"A", "B"});
  table.Add({"1", "2\n3"});
  CHECK(table.ToString() == "A  B\n1  2 3\n");
}

TEST_CASE("what has no JSON form is an error and not an empty answer", "[client]") {
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(1);
  CHECK(Json(stamp).ok());
  stamp.set_seconds(std::numeric_limits<std::int64_t>::max());
  const auto json = Json(stamp);
  REQUIRE_FALSE(json);
  CHECK(json.error().code == Code::kInternal);
  CHECK(PrintJson(stamp) == kRefused);
}

TEST_CASE("columns stay in line with wide characters and combining marks", "[client]") {
  CHECK(Width("ab") == 2);
  CHECK(Width("\u00e9") == 1);
  CHECK(Width("e\u0301") == 1);
  CHECK(Width("\u6570\u636e") == 4);
  CHECK(Width("\U0001f525") == 2);
  CHECK(Cut("\u6570\u636e\u5e93", 4) == "\u6570…");
  Table table({"A", "B"});
  table.Add({"\u6570\u636e", "x"});
  table.Add({"abcd", "y"});
  CHECK(table.ToString() == "A     B\n\u6570\u636e  x\nabcd  y\n");
}

}  // namespace recourse::cli
