#include "actions/process/process.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

TEST_CASE("process.run answers what the program wrote", "[actions][process]") {
  World world(AddProcessActions);
  const Outcome ran = world.DoJson("process.run", R"({"arguments": ["printf", "one\ntwo\n"]})");
  INFO(MessageOf(ran));
  REQUIRE(ran);
  CHECK(ran.output()["output"] == Value("one\ntwo\n"));
  CHECK(ran.output()["exit_code"] == Value(0));
  CHECK(world.log == std::vector<std::string>{"one", "two"});
}

TEST_CASE("process.run reads JSON when it is told to", "[actions][process]") {
  World world(AddProcessActions);
  const Outcome read =
      world.DoJson("process.run", R"({"arguments": ["printf", "{\"rows\": 3}"], "json": true})");
  REQUIRE(read);
  CHECK(read.output()["json"]["rows"] == Value(3));

  const Outcome text =
      world.DoJson("process.run", R"({"arguments": ["printf", "hi"], "json": true})");
  REQUIRE_FALSE(text);
  CHECK(text.failure().evidence["output"] == Value("hi"));
  CHECK(text.failure().left == LeftBehind::kUnknown);
}

TEST_CASE("process.run turns exit codes into error codes", "[actions][process]") {
  World world(AddProcessActions);
  const std::string failing = R"("arguments": ["ls", "/no/such/place"])";
  const Outcome plain = world.DoJson("process.run", "{" + failing + "}");
  REQUIRE_FALSE(plain);
  CHECK(plain.failure().error.code == Code::kInternal);
  CHECK(plain.failure().error.message.find("exit code 2") != std::string::npos);
  CHECK(plain.failure().error.message.find("/no/such/place") != std::string::npos);
  CHECK(plain.failure().left == LeftBehind::kUnknown);
  CHECK(plain.failure().evidence["exit_code"] == Value(2));

  const Outcome mapped = world.DoJson(
      "process.run",
      "{" + failing + R"(, "exit_codes": {"2": "NOT_FOUND"}, "failure_leaves": "nothing"})");
  REQUIRE_FALSE(mapped);
  CHECK(mapped.failure().error.code == Code::kNotFound);
  CHECK(mapped.failure().left == LeftBehind::kNothing);

  const Outcome misspelt =
      world.DoJson("process.run", R"({"arguments": ["true"], "exit_codes": {"2": "NOT_FOUNT"}})");
  REQUIRE_FALSE(misspelt);
  CHECK(misspelt.failure().error.code == Code::kInvalidArgument);
}

TEST_CASE("process.run starts nothing that the policy forbids", "[actions][process]") {
  World world(AddProcessActions);
  world.policy.allowed_commands = {"printf"};
  CHECK(world.DoJson("process.run", R"({"arguments": ["printf", "hi"]})"));
  const Outcome refused =
      world.DoJson("process.run", R"({"arguments": ["/usr/bin/env", "printf"]})");
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kPermissionDenied);
  CHECK(refused.failure().left == LeftBehind::kNothing);

  world.policy.allowed_roots = {world.Path("")};
  CHECK(world.DoJson("process.run", R"({"arguments": ["printf", "hi"]})"));
  const Outcome outside = world.DoJson(
      "process.run", R"({"arguments": ["printf", "hi"], "working_directory": "/usr"})");
  REQUIRE_FALSE(outside);
  CHECK(outside.failure().error.code == Code::kPermissionDenied);
}

TEST_CASE("process.run that ran out of time does not know what it left", "[actions][process]") {
  World world(AddProcessActions);
  world.time_given = std::chrono::milliseconds(50);
  const Outcome late = world.DoJson("process.run", R"({"arguments": ["sleep", "1000"]})");
  REQUIRE_FALSE(late);
  CHECK(late.failure().error.code == Code::kDeadlineExceeded);
  CHECK(late.failure().left == LeftBehind::kUnknown);
}

}  // namespace
}  // namespace recourse
