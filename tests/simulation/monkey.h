// Does to a run what may happen to it at random, and can bring every run to its end.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/generator.h"
#include "tests/simulation/world.h"

namespace recourse::simulation {

class Monkey {
 public:
  Monkey(World& world, Dice& dice) : world_(world), dice_(dice) {}

  // One thing happens: an attempt ends in some way, a timer fires, the server dies, or a person
  // does something, sensible or not.
  void Act();

  // From here on all goes well and people answer what they are asked: the run ends. In between it
  // says why it waits, and something that it can be answered is taken.
  void Finish();

 private:
  void EndSome();
  void EndApply(const machine::StartPhase& start);
  void DoAsOperator();
  void AnswerQuestion(bool give_up);
  void AnswerWaiting();
  void Send(machine::StepRef at, const machine::Input& outcome);
  Failure AnyFailure();
  machine::Input AnyWord();
  std::string AnyStep();
  std::string AnyCheckpoint();

  World& world_;
  Dice& dice_;
  std::vector<machine::Input> answered_;  // outcomes that were taken
};

}  // namespace recourse::simulation
