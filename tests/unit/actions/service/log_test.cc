#include "tests/unit/actions/service/service_world.h"

namespace recourse {
namespace {

using Catch::Matchers::Contains;
using testing::MessageOf;
using testing::Service;

TEST_CASE("the last lines of a service's log are read, within limits", "[actions][service]") {
  Service service;
  const auto read = [&](const Value& inputs) { return service.world.Do("service.logs", inputs); };
  const Outcome none = read(service.Inputs());
  REQUIRE_FALSE(none);
  CHECK(none.failure().error.code == Code::kNotFound);

  service.world.Write("app.log", "one\n\ntwo\nthree");
  const Outcome all = read(service.Inputs());
  REQUIRE(all);
  CHECK(all.output()["lines"] == Value(Value::List{"one", "two", "three"}));
  CHECK(all.output()["cut"] == Value(false));
  CHECK(all.output()["source"] == Value(service.world.Path("app.log")));
  const Outcome two = read(service.Inputs().With("lines", 2));
  REQUIRE(two);
  CHECK(two.output()["lines"] == Value(Value::List{"two", "three"}));
  CHECK(two.output()["cut"] == Value(true));

  std::string much;
  for (int number = 0; number < 3000; ++number) {
    much += std::to_string(number) + std::string(100, '.') + "\n";
  }
  service.world.Write("app.log", much + "the last \xff");
  const Outcome cut = read(service.Inputs().With("lines", 1000));
  REQUIRE(cut);
  const auto& lines = cut.output()["lines"].as_list();
  CHECK(lines.back() == Value("the last \uFFFD"));
  CHECK(lines.size() > 400);
  CHECK(lines.size() < 500);
  CHECK(cut.output()["cut"] == Value(true));
  service.world.Write("app.log", std::string(200000, 'x'));
  const Outcome long_line = read(service.Inputs());
  REQUIRE(long_line);
  CHECK(long_line.output()["lines"].as_list().at(0).as_string().size() == 48 * 1024);

  const Outcome since = read(service.Inputs().With("since", "1h"));
  REQUIRE_FALSE(since);
  CHECK(since.failure().error.code == Code::kInvalidArgument);
  CHECK_THAT(MessageOf(since), Contains("have no times"));
}

TEST_CASE("a service reloads by the signal that its target names", "[actions][service]") {
  Service service;
  service.resource = service.resource.With(
      "command",
      Value::List{"/bin/sh", "-c",
                  "trap 'echo read again' HUP; echo begun; while :; do sleep 0.02; done"});
  const Outcome started = service.Do("start");
  REQUIRE(started);
  service.Await([&] { return service.world.Read("app.log") == "begun\n"; });
  const Outcome refused = service.Do("reload");
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(MessageOf(refused), Contains("`reload_signal: HUP`"));

  service.resource = service.resource.With("reload_signal", "HUP");
  const Outcome reloaded = service.Do("reload");
  INFO(MessageOf(reloaded));
  REQUIRE(reloaded);
  CHECK(reloaded.output()["instance"] == started.output()["instance"]);
  service.Await([&] { return service.world.Read("app.log") == "begun\nread again\n"; });

  service.resource = service.resource.With("reload_signal", "USR1").With("settle", "10s");
  const Outcome ended = service.Do("reload");
  REQUIRE_FALSE(ended);
  CHECK(ended.failure().error.code == Code::kUnavailable);
  CHECK(ended.failure().left == LeftBehind::kPartial);
  CHECK_THAT(MessageOf(ended), Contains("got the signal USR1 and ended"));
  const Outcome idle = service.Do("reload");
  REQUIRE_FALSE(idle);
  CHECK_THAT(MessageOf(idle), Contains("there is nothing to reload"));
}

}  // namespace
}  // namespace recourse
