#include "tests/unit/actions/service/service_world.h"

namespace recourse {
namespace {

using namespace std::chrono_literals;
using service::Identity;
using service::IdentityOf;
using testing::MessageOf;
using testing::Service;

TEST_CASE("a start that died anywhere is completed by the next one, with one instance",
          "[actions][service][crash]") {
  for (const std::string point :
       {"service_after_spawn", "service_after_pid_file", "service_after_start"}) {
    Service service;
    service.DieAt(point, "apply", "start");
    const Outcome started = service.Do("start");
    INFO(point << ": " << MessageOf(started));
    REQUIRE(started);
    const auto processes = service.Processes();
    REQUIRE(processes.size() == 1);
    CHECK(started.output()["pid"] == Value(std::int64_t{processes[0].pid}));
    REQUIRE(service.Do("stop"));
    CHECK(service.Processes().empty());
  }
}

TEST_CASE("a stop that died anywhere is completed by the next one", "[actions][service][crash]") {
  for (const std::string point : {"service_after_term", "service_after_end"}) {
    Service service;
    REQUIRE(service.Do("start"));
    service.DieAt(point, "apply", "stop");
    REQUIRE(service.Do("stop"));
    CHECK(service.Processes().empty());
  }
  Service service;
  service.StartStubborn("10ms");
  const Value resource_inputs = service.Inputs();
  const process::Program program{
      {RECOURSE_RUN_ACTION, "apply", "service.stop", ToJson(resource_inputs.With("kill", true))},
      {{"RECOURSE_FAIL_POINT", "service_after_kill"}},
      "/"};
  const auto died = process::RunChild(program, {}, service.world.MakeContext({}));
  REQUIRE(died);
  CHECK(died->signal == SIGKILL);
  CHECK(service.world.Do("service.stop", resource_inputs.With("kill", true)));
  CHECK(service.Processes().empty());
}

TEST_CASE("a restart that died anywhere restarts once", "[actions][service][crash]") {
  for (const std::string point : {"service_after_term", "service_after_end", "service_after_spawn",
                                  "service_after_pid_file", "service_after_start"}) {
    Service service;
    const Outcome started = service.Do("start");
    REQUIRE(started);
    service.world.undo = service.Prepare("restart");
    service.DieAt(point, "apply", "restart");
    const auto left = service.Processes();

    const Outcome restarted =
        service.world.Find("service.restart")
            .Apply(service.world.MakeContext(service.Inputs(), service.world.undo));
    INFO(point << ": " << MessageOf(restarted));
    REQUIRE(restarted);
    CHECK(restarted.output()["instance"] != started.output()["instance"]);
    CHECK(service.Processes().size() == 1);
    if (point == "service_after_start") CHECK(service.Processes() == left);
  }
}

TEST_CASE("a compensation that died anywhere is completed by the next one",
          "[actions][service][crash]") {
  for (const std::string point : {"service_after_spawn", "service_after_start"}) {
    Service service;
    REQUIRE(service.Do("start"));
    REQUIRE(service.Do("stop"));
    service.DieAt(point, "compensate", "stop");
    CHECK(service.world.Find("service.stop")
              .Compensate(service.world.MakeContext(service.Inputs(), service.world.undo), {}));
    CHECK(service.Processes().size() == 1);
  }
}

}  // namespace
}  // namespace recourse
