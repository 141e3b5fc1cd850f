// Runs one phase of one action of the family in a process of its own, for tests that kill it:
//   recourse-run-database-action apply|compensate ACTION KEY INPUTS_JSON UNDO_JSON
// Exits 0 when the phase succeeds; else prints the error and exits 1.
#include <cstring>
#include <iostream>

#include "actions/database/database_actions.h"
#include "actions/registry.h"
#include "engine/base/json.h"

namespace {

// The clock of tests/unit/actions/world.h, so that both processes name a backup alike.
class FixedClock final : public recourse::Clock {
 public:
  recourse::Time Now() const override { return recourse::FromTimestamp({1'790'000'000, 0}); }
};

}  // namespace

int main(int argc, char** argv) {
  using namespace recourse;
  if (argc != 6) return 2;
  Registry registry;
  AddDatabaseActions(registry);
  const Action* action = registry.FindAction(argv[2]);
  const auto inputs = ParseJson(argv[4]);
  const auto undo = ParseJson(argv[5]);
  if (action == nullptr || !inputs || !undo) return 2;
  const FixedClock clock;
  const Policy policy;
  const Context context{.inputs = *inputs,
                        .key = argv[3],
                        .undo = *undo,
                        .checkpoint = {},
                        .fencing_token = 0,
                        .clock = clock,
                        .deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60),
                        .stop = {},
                        .policy = policy};
  const Outcome outcome = std::strcmp(argv[1], "compensate") == 0 ? action->Compensate(context, {})
                                                                  : action->Apply(context);
  if (outcome) return 0;
  std::cout << outcome.failure().error.ToString() << "\n";
  return 1;
}
