// Runs one phase of one action in a process of its own, for tests that kill it in the middle:
//   recourse-run-action apply|compensate service.start INPUTS_JSON [UNDO_JSON]
// Prints the output as JSON and exits 0, or prints the error and exits 1.
#include <cstring>
#include <iostream>

#include "actions/process/process.h"
#include "actions/registry.h"
#include "actions/service/service.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"

int main(int argc, char** argv) {
  using namespace recourse;
  if (argc < 4) return 2;
  Registry registry;
  AddProcessActions(registry);
  AddServiceActions(registry);
  const Action* action = registry.FindAction(argv[2]);
  const auto inputs = ParseJson(argv[3]);
  const auto undo = ParseJson(argc > 4 ? argv[4] : "null");
  if (action == nullptr || !inputs || !undo) return 2;
  const SystemClock clock;
  const Policy policy;
  const Context context{.inputs = *inputs,
                        .key = "R-1/step/1",
                        .undo = *undo,
                        .checkpoint = {},
                        .fencing_token = 0,
                        .clock = clock,
                        .deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60),
                        .stop = {},
                        .policy = policy};
  const Outcome outcome = std::strcmp(argv[1], "compensate") == 0 ? action->Compensate(context, {})
                                                                  : action->Apply(context);
  if (outcome) {
    std::cout << ToJson(outcome.output()) << "\n";
    return 0;
  }
  std::cout << outcome.failure().error.ToString() << "\n";
  return 1;
}
