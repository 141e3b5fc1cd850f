// The cells of the table (kind of step x what happens to the run), which kinds_test.cc plays.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/world.h"

namespace recourse::simulation {

struct Cell {
  std::string kind;   // of step
  std::string event;  // "pause", "cancel", "crash", "failure" or "rollback"
  std::string name;   // what holds then, as a sentence
  void (*play)();
};
using Cells = std::vector<Cell>;

Cells ActionCells();
Cells PeopleCells();
Cells FlowCells();
Cells BlockCells();
Cells EndCells();

using Names = std::vector<std::string>;

inline bool Has(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A workflow of the step `before`, the steps `x` (a YAML list), and the step `after`.
inline std::string Around(std::string_view x, std::string_view head = "") {
  return "name: t\n" + std::string(head) + "steps:\n- {id: before, action: keep.it}\n" +
         std::string(x) + "- {id: after, action: keep.it}\n";
}

// The same with a checkpoint before `x`.
inline std::string FromCheckpoint(std::string_view x) {
  return Around("- {id: safe, checkpoint: true}\n" + std::string(x));
}

// The run has come to `after`, and a person has it rolled back to the checkpoint and goes on there.
inline void AgainFromCheckpoint(World& world) {
  world.Send(machine::RollBack{"safe", "try that again", {}});
  world.Fail("after", Code::kCancelled);
  world.Work();
  world.Send(machine::Retry{"on"});
}

}  // namespace recourse::simulation
