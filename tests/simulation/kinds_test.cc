// Every kind of step, and what may happen to a run that is at it.
#include <catch2/catch.hpp>
#include <iostream>
#include <set>

#include "tests/simulation/cells.h"

namespace recourse::simulation {
namespace {

const Cells& AllCells() {
  static const Cells all = [] {
    Cells cells;
    for (const Cells& some :
         {ActionCells(), PeopleCells(), FlowCells(), BlockCells(), EndCells()}) {
      cells.insert(cells.end(), some.begin(), some.end());
    }
    return cells;
  }();
  return all;
}

constexpr std::string_view kEvents[] = {"pause", "cancel", "crash", "failure", "rollback"};

void Print() {
  std::string kind;
  for (const Cell& cell : AllCells()) {
    if (cell.kind != kind) std::cout << cell.kind << "\n";
    kind = cell.kind;
    std::cout << "  " << cell.event << std::string(10 - cell.event.size(), ' ') << cell.name
              << "\n";
  }
}

}  // namespace

TEST_CASE(
    "every kind of step holds what is promised under pause, cancel, crash, failure and rollback",
    "[simulation]") {
  static std::size_t played = 0;
  for (const Cell& cell : AllCells()) {
    DYNAMIC_SECTION(cell.kind << ", " << cell.event << ": " << cell.name) {
      cell.play();
      if (++played == AllCells().size()) Print();
    }
  }
}

TEST_CASE("the table has each kind of step with all that may happen, once", "[simulation]") {
  std::set<std::string> kinds;
  std::set<std::pair<std::string, std::string>> cells;
  for (const Cell& cell : AllCells()) {
    INFO(cell.kind << ", " << cell.event);
    kinds.insert(cell.kind);
    CHECK(cells.emplace(cell.kind, cell.event).second);
  }
  CHECK(kinds.size() == 17);
  for (const std::string& kind : kinds) {
    for (const std::string_view event : kEvents) {
      INFO(kind << ", " << event);
      CHECK(cells.contains({kind, std::string(event)}));
    }
  }
}

}  // namespace recourse::simulation
