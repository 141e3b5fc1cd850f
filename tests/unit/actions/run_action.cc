// Runs one phase of one action in a process of its own, for tests that kill it in the middle:
//   recourse-run-action apply|compensate ACTION INPUTS [UNDO [CHECKPOINT [SAVED_CHECKPOINT
//   [OUTPUT]]]]
// All but SAVED_CHECKPOINT, the file that a checkpoint is saved to, are JSON. The attempt's key is
// that of the variable RECOURSE_TEST_KEY, where there is one. Prints the output as JSON and exits
// 0, or prints the error and exits 1.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>

#include "actions/file/file.h"
#include "actions/process/process.h"
#include "actions/registry.h"
#include "actions/service/service.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"

int main(int argc, char** argv) {
  using namespace recourse;
  if (argc < 4) return 2;
  Registry registry;
  AddFileActions(registry);
  AddProcessActions(registry);
  AddServiceActions(registry);
  const Action* action = registry.FindAction(argv[2]);
  const auto inputs = ParseJson(argv[3]);
  const auto undo = ParseJson(argc > 4 ? argv[4] : "null");
  const auto checkpoint = ParseJson(argc > 5 ? argv[5] : "null");
  const auto output = ParseJson(argc > 7 ? argv[7] : "null");
  if (action == nullptr || !inputs || !undo || !checkpoint || !output) return 2;
  const char* key = std::getenv("RECOURSE_TEST_KEY");
  const SystemClock clock;
  const Policy policy;
  Context context{.inputs = *inputs,
                  .key = key != nullptr ? key : "R-1/step/1",
                  .undo = *undo,
                  .checkpoint = *checkpoint,
                  .fencing_token = 0,
                  .clock = clock,
                  .deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60),
                  .stop = {},
                  .policy = policy};
  if (argc > 6) {
    context.save_progress = [argv](Value saved) {
      std::ofstream(argv[6]) << ToJson(saved);
      return Result<void>();
    };
  }
  const Outcome outcome = std::strcmp(argv[1], "compensate") == 0
                              ? action->Compensate(context, *output)
                              : action->Apply(context);
  if (outcome) {
    std::cout << ToJson(outcome.output()) << "\n";
    return 0;
  }
  std::cout << outcome.failure().error.ToString() << "\n";
  return 1;
}
