// Random workflows for property tests: every kind of step, nested, with what authors write beside
// them. Most are well formed; the loader says which.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tests/simulation/actions.h"
#include "tests/simulation/witness.h"

namespace recourse::simulation {

// Everything random comes from here: the same seed throws the same.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  int Below(int limit) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(limit)); }
  bool OneIn(int times) { return Below(times) == 0; }
  template <class T>
  const T& Pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(Below(static_cast<int>(from.size())))];
  }

 private:
  std::mt19937_64 engine_;
};

struct Generated {
  std::string yaml;
  Library others;           // that it runs, by name
  std::vector<Gate> gates;  // nothing but the approval leads to the irreversible step

  std::string Text() const;  // all of it, for a message
};

Generated Generate(Dice& dice);

}  // namespace recourse::simulation
