// Asks one step's action what it would do. Private to plan_maker.cc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/runtime/plan_maker.h"

namespace recourse::runtime {

// What is found out about one step.
struct StepPlan {
  Value::List lines;
  Value::List problems;  // what an attempt would fail with, as things are now
  Value::List irreversible;
  std::map<std::string, std::int64_t> bytes_needed;  // by the path where; "": not said

  void AddLine(std::string line);
  void AddProblem(std::string problem);
};

// `before`: the steps that may run before this one. `changes_before`: what of them may change what
// is found now, in words; empty: nothing does.
struct StepQuestion {
  const PathRequest& request;
  int step = 0;
  const std::set<int>& before;
  std::string changes_before;
};

// REQUIRES: the step is an action.
StepPlan AskAction(const PlanMeans& means, const StepQuestion& question);

}  // namespace recourse::runtime
