// The plan that an approval shows: what each step after it would do, as far as that can be told
// now.
#include <exception>

#include "engine/base/text.h"
#include "engine/runtime/job.h"

namespace recourse::runtime {
namespace {

constexpr std::size_t kLinesMax = 100;  // of one step
constexpr int kItemsMax = 20;           // of a for_each that are asked one by one
constexpr auto kTimeMax = std::chrono::minutes(5);

// What is found out about one step.
struct StepPlan {
  Value::List lines;
  Value::List irreversible;
  std::int64_t bytes_needed = 0;

  void Add(std::string line) {
    if (lines.size() < kLinesMax) lines.emplace_back(std::move(line));
  }
};

class PlanJob final : public Job {
 public:
  PlanJob(const Surroundings& surroundings, std::shared_ptr<const definition::Workflow> workflow,
          machine::RunState state, int step)
      : Job(state.run, {step, -1}, surroundings.clock.Now() + kTimeMax),
        surroundings_(surroundings),
        workflow_(std::move(workflow)),
        state_(std::move(state)) {}

  machine::Input Perform() override;

 private:
  Value PlanOf(const definition::Step& step, int index, StepPlan& plan) const;
  void Ask(const definition::Step& step, int index, StepPlan& plan) const;
  void AskOnce(const definition::ActionStep& step, machine::StepRef at, const Value* items,
               StepPlan& plan) const;
  std::string UndoOf(const definition::Step& step) const;

  const Surroundings& surroundings_;
  const std::shared_ptr<const definition::Workflow> workflow_;
  const machine::RunState state_;
};

machine::Input PlanJob::Perform() {
  Value::List steps;
  Value::List irreversible;
  std::int64_t bytes_needed = 0;
  for (const int index : machine::ExpectedPath(*workflow_, at().step)) {
    const definition::Step& step = workflow_->steps[static_cast<std::size_t>(index)];
    if (!std::holds_alternative<definition::ActionStep>(step.kind)) continue;
    StepPlan plan;
    steps.push_back(PlanOf(step, index, plan));
    bytes_needed += plan.bytes_needed;
    irreversible.insert(irreversible.end(), plan.irreversible.begin(), plan.irreversible.end());
  }
  return machine::PlanMade{at().step, Value::Object({{"steps", std::move(steps)},
                                                     {"bytes_needed", bytes_needed},
                                                     {"irreversible", std::move(irreversible)}})};
}

Value PlanJob::PlanOf(const definition::Step& step, int index, StepPlan& plan) const {
  if (step.when) plan.Add("only when " + step.when->source());
  Ask(step, index, plan);
  if (step.irreversible) plan.irreversible.emplace_back(step.id + " cannot be undone");
  return Value::Object({{"step", step.id},
                        {"summary", step.summary},
                        {"action", std::get<definition::ActionStep>(step.kind).action},
                        {"lines", plan.lines},
                        {"irreversible", plan.irreversible},
                        {"expect", step.expect ? FormatDuration(*step.expect) : std::string()},
                        {"undo", UndoOf(step)}});
}

void PlanJob::Ask(const definition::Step& step, int index, StepPlan& plan) const {
  const auto& action = std::get<definition::ActionStep>(step.kind);
  if (!action.for_each) return AskOnce(action, {index, -1}, nullptr, plan);
  const machine::RunScope scope(*workflow_, state_, surroundings_.clock.Now(), {index, -1});
  const auto items = action.for_each->Evaluate(scope);
  if (!items || !items->is_list()) {
    return plan.Add("for each of " + action.for_each->source() + ", which is not known yet");
  }
  const int count = static_cast<int>(items->as_list().size());
  plan.Add("for each of " + std::to_string(count) + " items");
  for (int item = 0; item < count && item < kItemsMax; ++item) {
    AskOnce(action, {index, item}, &*items, plan);
  }
}

void PlanJob::AskOnce(const definition::ActionStep& step, machine::StepRef at, const Value* items,
                      StepPlan& plan) const {
  if (!step.has_plan) return;
  const Time now = surroundings_.clock.Now();
  auto inputs = step.with.Evaluate(machine::RunScope(*workflow_, state_, now, at, items));
  if (!inputs) {
    return plan.Add("not known yet, it depends on what the steps before it find (" +
                    inputs.error().message + ")");
  }
  const Action* action = surroundings_.registry.FindAction(step.action);
  if (action == nullptr) return plan.Add("this server has no action " + step.action);
  Context context{.inputs = WithDefaults(inputs->is_null() ? Value(Value::Map()) : *inputs,
                                         action->Spec().inputs),
                  .key = state_.run.ToString() + "/" + machine::NameOf(*workflow_, at) + "/plan",
                  .undo = {},
                  .checkpoint = {},
                  .fencing_token = state_.fencing_token,
                  .clock = surroundings_.clock,
                  .deadline = std::chrono::steady_clock::now() + kTimeMax,
                  .stop = stop_token(),
                  .policy = surroundings_.policy};
  if (auto fits = CheckAgainstSchema(context.inputs, action->Spec().inputs, "inputs"); !fits) {
    return plan.Add("would fail: " + fits.error().ToString());
  }
  try {
    auto planned = action->Plan(context);
    if (!planned) return plan.Add("could not be planned: " + planned.error().ToString());
    for (std::string& line : planned->lines) plan.Add(std::move(line));
    for (std::string& line : planned->irreversible) plan.irreversible.emplace_back(std::move(line));
    plan.bytes_needed += planned->bytes_needed;
  } catch (const std::exception& thrown) {
    plan.Add("could not be planned: " + step.action + " threw an exception: " + thrown.what());
  } catch (...) {
    plan.Add("could not be planned: " + step.action + " threw something that is no exception");
  }
}

std::string PlanJob::UndoOf(const definition::Step& step) const {
  const auto& action = std::get<definition::ActionStep>(step.kind);
  if (action.repeat == RepeatClass::kReadOnly) return "changes nothing";
  if (step.irreversible) return "none: irreversible";
  if (!action.can_compensate) {
    const Action* known = surroundings_.registry.FindAction(action.action);
    const std::string why = known == nullptr ? "" : known->Spec().without_compensation;
    return why.empty() ? "none: a rollback leaves what it did" : why;
  }
  if (!action.known) return "not known: this server has no action " + action.action;
  return "compensated by " + action.action;
}

}  // namespace

std::shared_ptr<Job> MakePlanJob(const Surroundings& surroundings,
                                 std::shared_ptr<const definition::Workflow> workflow,
                                 machine::RunState state, int step) {
  return std::make_shared<PlanJob>(surroundings, std::move(workflow), std::move(state), step);
}

}  // namespace recourse::runtime
