// The plan that an approval shows.
#include <algorithm>
#include <utility>

#include "engine/runtime/job.h"
#include "engine/runtime/plan_maker.h"
#include "engine/runtime/plan_words.h"

namespace recourse::runtime {
namespace {

using definition::Workflow;

constexpr auto kTimeMax = std::chrono::minutes(5);
constexpr std::size_t kStepsAtOnce = 50;  // more would keep other runs waiting

// Also out of the block that the approval stands in.
int NextOf(const Workflow& workflow, int step) {
  for (const auto& way : definition::TransitionsFrom(workflow, step)) {
    if (way.kind == definition::Transition::Kind::kDone) return way.to;
  }
  return static_cast<int>(workflow.steps.size());
}

machine::PlanMade Make(const Surroundings& surroundings, std::stop_token stop,
                       const Workflow& workflow, const machine::RunState& state,
                       const machine::MakePlan& of) {
  const Value plan =
      MakePlan({surroundings.registry, surroundings.policy, surroundings.clock, std::move(stop),
                std::chrono::steady_clock::now() + kTimeMax, surroundings.secrets},
               {workflow, state, surroundings.clock.Now(), NextOf(workflow, of.step), false});
  return {of.step,
          plan.With("if_rejected", WhatRejectionLeadsTo(workflow, of.step))
              .With("if_expired", WhatExpiryLeadsTo(workflow, of.step)),
          of.of};
}

class PlanJob final : public Job {
 public:
  PlanJob(const Surroundings& surroundings, std::shared_ptr<const Workflow> workflow,
          machine::RunState state, const machine::MakePlan& plan)
      : Job(state.run, {plan.step, -1}, surroundings.clock.Now() + kTimeMax),
        surroundings_(surroundings),
        workflow_(std::move(workflow)),
        state_(std::move(state)),
        plan_(plan) {}

  machine::Input Perform() override {
    return Make(surroundings_, stop_token(), *workflow_, state_, plan_);
  }

 private:
  const Surroundings& surroundings_;
  const std::shared_ptr<const Workflow> workflow_;
  const machine::RunState state_;
  const machine::MakePlan plan_;
};

// Whether a plan of its steps looks at nothing outside: no action is asked.
bool AsksNothing(const Workflow& workflow) {
  return workflow.steps.size() <= kStepsAtOnce &&
         std::ranges::none_of(workflow.steps, [](const definition::Step& step) {
           const auto* action = std::get_if<definition::ActionStep>(&step.kind);
           return action != nullptr &&
                  (action->has_plan || action->has_prepare || !action->with.Secrets().empty());
         });
}

}  // namespace

std::optional<machine::PlanMade> PlanAtOnce(const Surroundings& surroundings,
                                            const Workflow& workflow,
                                            const machine::RunState& state,
                                            const machine::MakePlan& plan) {
  if (!AsksNothing(workflow)) return {};
  return Make(surroundings, {}, workflow, state, plan);
}

std::shared_ptr<Job> MakePlanJob(const Surroundings& surroundings,
                                 std::shared_ptr<const Workflow> workflow, machine::RunState state,
                                 const machine::MakePlan& plan) {
  return std::make_shared<PlanJob>(surroundings, std::move(workflow), std::move(state), plan);
}

}  // namespace recourse::runtime
