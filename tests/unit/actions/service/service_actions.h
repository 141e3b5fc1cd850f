// What tests of the service actions share: a resource, and the actions done on it.
#pragma once

#include <signal.h>

#include <string>

#include "actions/process/child.h"
#include "actions/service/service.h"
#include "actions/stop_event.h"
#include "tests/unit/actions/world.h"

namespace recourse::testing {

using namespace std::chrono_literals;

class ServiceActions {
 public:
  ServiceActions() : world(AddServiceActions) {}

  Value Inputs() const { return Value::Object({{"service", resource}}); }
  Outcome Do(const std::string& verb) { return world.Do("service." + verb, Inputs()); }

  // Undoes what the last Do() did.
  Outcome Undo(const std::string& verb, const Value& output = {}) {
    return world.Find("service." + verb)
        .Compensate(world.MakeContext(Inputs(), world.undo), output);
  }

  Value Prepare(const std::string& verb) {
    const Outcome prepared = world.Find("service." + verb).Prepare(world.MakeContext(Inputs()));
    INFO(MessageOf(prepared));
    REQUIRE(prepared);
    return prepared.output();
  }

  // Runs a phase in a process of its own that dies at that point.
  void DieAt(const std::string& point, const std::string& phase, const std::string& verb) {
    INFO(point);
    const process::Program program{
        {RECOURSE_RUN_ACTION, phase, "service." + verb, ToJson(Inputs()), ToJson(world.undo)},
        {{"RECOURSE_FAIL_POINT", point}},
        "/"};
    const auto died = process::RunChild(program, {}, world.MakeContext({}));
    REQUIRE(died);
    INFO(died->output.text);
    CHECK(died->signal == SIGKILL);
  }

  template <class Condition>
  void Await(Condition condition) {
    const Context context = world.MakeContext({});
    const StopEvent stop(context);
    while (!condition()) REQUIRE(stop.WaitFor(1ms));
  }

  World world;
  Value resource;
};

}  // namespace recourse::testing
