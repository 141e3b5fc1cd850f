// The plan that an approval shows.
#include "engine/runtime/job.h"
#include "engine/runtime/plan_maker.h"
#include "engine/runtime/plan_words.h"

namespace recourse::runtime {
namespace {

constexpr auto kTimeMax = std::chrono::minutes(5);

class PlanJob final : public Job {
 public:
  PlanJob(const Surroundings& surroundings, std::shared_ptr<const definition::Workflow> workflow,
          machine::RunState state, const machine::MakePlan& plan)
      : Job(state.run, {plan.step, -1}, surroundings.clock.Now() + kTimeMax),
        surroundings_(surroundings),
        workflow_(std::move(workflow)),
        state_(std::move(state)),
        of_(plan.of) {}

  machine::Input Perform() override {
    const int step = at().step;
    const Value plan =
        MakePlan({surroundings_.registry, surroundings_.policy, surroundings_.clock, stop_token(),
                  std::chrono::steady_clock::now() + kTimeMax, surroundings_.secrets},
                 {*workflow_, state_, surroundings_.clock.Now(), NextOf(step), false});
    return machine::PlanMade{step,
                             plan.With("if_rejected", WhatRejectionLeadsTo(*workflow_, step))
                                 .With("if_expired", WhatExpiryLeadsTo(*workflow_, step)),
                             of_};
  }

 private:
  // Also out of the block that the approval stands in.
  int NextOf(int step) const {
    for (const auto& way : definition::TransitionsFrom(*workflow_, step)) {
      if (way.kind == definition::Transition::Kind::kDone) return way.to;
    }
    return static_cast<int>(workflow_->steps.size());
  }

  const Surroundings& surroundings_;
  const std::shared_ptr<const definition::Workflow> workflow_;
  const machine::RunState state_;
  const std::int64_t of_;
};

}  // namespace

std::shared_ptr<Job> MakePlanJob(const Surroundings& surroundings,
                                 std::shared_ptr<const definition::Workflow> workflow,
                                 machine::RunState state, const machine::MakePlan& plan) {
  return std::make_shared<PlanJob>(surroundings, std::move(workflow), std::move(state), plan);
}

}  // namespace recourse::runtime
