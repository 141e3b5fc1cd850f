#include "actions/host/host.h"
#include "tests/unit/actions/world.h"

namespace recourse {
namespace {

using testing::MessageOf;
using testing::World;

TEST_CASE("host.disk measures the file system and compares numbers as numbers", "[actions][host]") {
  World world(AddHostActions);
  const Value at = Value::Object({{"path", world.Path("")}});
  const Outcome measured = world.Do("host.disk", at);
  REQUIRE(measured);
  const Value& output = measured.output();
  CHECK(output["level"] == Value("ok"));
  CHECK(output.IntOr("total_bytes", 0) >= output.IntOr("free_bytes", -1));
  CHECK(output["used_percent"].as_double() > 0);
  CHECK(output["used_percent"].as_double() < 100);

  SECTION("a threshold that is text greater but a number smaller: 9 against 10 and more") {
    const double used = output["used_percent"].as_double();
    const Value warn = Value::Object({{"used_percent", used / 2}});
    const Outcome warned = world.Do("host.disk", at.With("warn", warn));
    REQUIRE(warned);
    CHECK(warned.output()["level"] == Value("warn"));
    CHECK(warned.output()["reasons"].as_list().size() == 1);
    CHECK(world.Do("host.disk", at.With("fail", Value::Object({{"used_percent", 100}}))));
  }
  SECTION("beyond `fail` it is an error, with what was measured as evidence") {
    const Value fail = Value::Object({{"free_bytes", INT64_MAX}});
    const Outcome failed = world.Do("host.disk", at.With("fail", fail));
    REQUIRE_FALSE(failed);
    CHECK(failed.failure().error.code == Code::kResourceExhausted);
    CHECK(failed.failure().evidence["level"] == Value("fail"));
    CHECK(failed.failure().evidence.IntOr("free_bytes", 0) > 0);
  }
  SECTION("warned and failed at once is failed") {
    const Value limit = Value::Object({{"used_percent", 0}});
    CHECK_FALSE(world.Do("host.disk", at.With("fail", limit).With("warn", limit)));
  }
}

TEST_CASE("host.disk tells whether two paths are on one file system", "[actions][host]") {
  World world(AddHostActions);
  std::filesystem::create_directory(world.Path("below"));
  const auto device = [&world](const std::string& path) {
    const Outcome measured = world.Do("host.disk", Value::Object({{"path", path}}));
    INFO(MessageOf(measured));
    REQUIRE(measured);
    return measured.output()["device"].as_string();
  };
  CHECK(device(world.Path("")) == device(world.Path("below")));
  CHECK(device(world.Path("")) != device("/proc"));
}

TEST_CASE("host.disk tells a missing path and one that it may not look at", "[actions][host]") {
  World world(AddHostActions);
  const Outcome missing = world.Do("host.disk", Value::Object({{"path", world.Path("none")}}));
  REQUIRE_FALSE(missing);
  CHECK(missing.failure().error.code == Code::kNotFound);
  world.policy.allowed_roots = {world.Path("")};
  const Outcome refused = world.DoJson("host.disk", R"({"path": "/"})");
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kPermissionDenied);
}

}  // namespace
}  // namespace recourse
