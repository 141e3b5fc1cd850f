// One run from its start to its end, however often the server dies meanwhile.
#pragma once

#include <string>
#include <vector>

#include "tests/crash/programs.h"
#include "tests/crash/scenario.h"

namespace recourse::crash {

struct Life {
  std::vector<Passes> passes;         // of each start of the server
  int kills = 0;                      // how many of the fail points killed
  std::vector<std::string> problems;  // what is not as it must be; empty: all is
};

// Plays the scenario in `data`. The server's first starts have one fail point each ("name:n"); what
// follows the last of them has none. A point that is not reached ends the play early.
Life Play(const Scenario& scenario, const std::string& data,
          const std::vector<std::string>& fail_points);

}  // namespace recourse::crash
