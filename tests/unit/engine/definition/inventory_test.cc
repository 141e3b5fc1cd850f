#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "support.h"

namespace recourse::definition {
namespace {

using Catch::Matchers::Contains;

std::string Refused(std::string_view text) {
  Inventory inventory;
  const auto added = inventory.AddFile(text, "t.yaml");
  REQUIRE_FALSE(added);
  CHECK(added.error().code == Code::kInvalidArgument);
  CHECK(inventory.Names().empty());
  return added.error().message;
}

TEST_CASE("a target is its file's content", "[definition]") {
  Inventory inventory;
  REQUIRE(
      inventory.AddFile("name: b\ndatabase:\n  {kind: sqlite, path: /b.db, mode: 0664}\n", "b"));
  REQUIRE(inventory.AddFile("name: a\n", "a"));
  CHECK(inventory.Names() == std::vector<std::string>{"a", "b"});
  REQUIRE(inventory.Find("b") != nullptr);
  CHECK(ToJson(*inventory.Find("b")) ==
        R"({"database":{"kind":"sqlite","mode":"0664","path":"/b.db"},"name":"b"})");
  CHECK(inventory.Find("c") == nullptr);

  const auto again = inventory.AddFile("name: a\n", "other.yaml");
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Code::kAlreadyExists);
}

TEST_CASE("a target's file is checked with places", "[definition]") {
  CHECK_THAT(Refused("summary: x\n"), Contains("t.yaml:1:1: target: \"name\" is missing"));
  CHECK_THAT(Refused("name: a\ndatabse: {}\n"),
             Contains("t.yaml:2:1: target.databse is unknown; did you mean \"database\"?"));
  CHECK_THAT(Refused("name: a\ndatabase: {kind: oracle, path: /x}\n"),
             Contains("t.yaml:2:18: target.database.kind: expected one of sqlite"));
  CHECK_THAT(Refused("name: a\ndatabase: {kind: sqlite, path: x.db}\n"),
             Contains("t.yaml:2:32: path: expected an absolute path"));
  CHECK_THAT(Refused("name: a\ndatabase: {kind: sqlite, path: /x, mode: rw}\n"),
             Contains("mode: expected permissions in octal"));
  CHECK_THAT(Refused("name: a\nbackups: {directory: /b, pattern: x, max_age: soon}\n"),
             Contains("t.yaml:2:47: max_age: "));
  CHECK_THAT(Refused("name: a\nservices:\n  - {name: x, kind: process, pid_file: /p}\n"),
             Contains("t.yaml:3:5: target.services[0]: \"command\" is missing"));
  CHECK_THAT(Refused("name: a\ndatabase: {kind: sqlite, path: /x, owner: app, group: app}\n"),
             Contains("t.yaml:2:11: database: with \"owner\", \"mode\" is needed too"));
  CHECK_THAT(Refused("name: A!\n"), Contains("is no name"));
  CHECK_THAT(Refused("name: [\n"), Contains("t.yaml:"));
}

}  // namespace
}  // namespace recourse::definition
