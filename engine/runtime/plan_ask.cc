#include "engine/runtime/plan_ask.h"

#include <exception>

#include "engine/base/json.h"
#include "engine/runtime/job.h"
#include "engine/runtime/stored_form.h"

namespace recourse::runtime {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kLinesMax = 100;  // of one step
constexpr int kItemsMax = 20;           // of a for_each that are asked one by one

class Asker {
 public:
  Asker(const PlanMeans& means, const StepQuestion& question)
      : means_(means),
        question_(question),
        step_(question.request.workflow.steps[static_cast<std::size_t>(question.step)]),
        action_(std::get<definition::ActionStep>(step_.kind)) {}

  StepPlan Ask() &&;

 private:
  void AskOnce(int item, const Value* items);
  // `complete`: the context has all that the action will have.
  void AskAction(const Action& action, const Context& context, bool complete);
  void AddMissing();
  void AskPlan(const Action& action, const Context& context);
  void AskPrepare(const Action& action, const Context& context);
  void AddFailure(std::string_view what, const Error& error);
  machine::RunScope Scope(int item, const Value* items) const {
    return {question_.request.workflow,
            question_.request.state,
            question_.request.now,
            {question_.step, item},
            items};
  }
  std::string UnknownIn(const std::vector<expression::Reference>& references) const {
    return Unknown(question_.request, references, question_.step, question_.before);
  }
  std::string KeyOf(int item) const;
  bool TimeIsOver() const {
    return means_.stop.stop_requested() || steady_clock::now() >= means_.deadline;
  }

  const PlanMeans& means_;
  const StepQuestion& question_;
  const definition::Step& step_;
  const definition::ActionStep& action_;
  StepPlan plan_;
};

StepPlan Asker::Ask() && {
  AddMissing();
  const auto& overrides = question_.request.state.overrides;
  if (const auto changed = overrides.find(question_.step); changed != overrides.end()) {
    for (const auto& [input, change] : changed->second) {
      plan_.AddLine(input + " = " + ToJson(change.value) +
                    " in place of what the definition says, by " + change.by + ": " +
                    change.reason);
    }
  }
  if (!action_.for_each) {
    AskOnce(-1, nullptr);
    return std::move(plan_);
  }
  if (const std::string unknown = UnknownIn(action_.for_each->References()); !unknown.empty()) {
    plan_.AddLine("for each of " + action_.for_each->source() +
                  ", which is not known yet: it depends on " + unknown);
    return std::move(plan_);
  }
  const auto items = action_.for_each->Evaluate(Scope(-1, nullptr));
  if (!items || !items->is_list()) {
    plan_.AddProblem("for_each: " + (items ? "expected a list, got " + std::string(items->TypeOf())
                                           : items.error().ToString()));
    return std::move(plan_);
  }
  const int count = static_cast<int>(items->as_list().size());
  plan_.AddLine("for each of " + std::to_string(count) + (count == 1 ? " item" : " items"));
  for (int item = 0; item < count && item < kItemsMax; ++item) AskOnce(item, &*items);
  if (count > kItemsMax) {
    plan_.AddLine("and " + std::to_string(count - kItemsMax) + " more, which were not asked");
  }
  return std::move(plan_);
}

void Asker::AskOnce(int item, const Value* items) {
  if (!action_.has_plan && !action_.has_prepare) return;
  if (TimeIsOver()) return plan_.AddLine("not asked: the time for making this plan was over");
  if (const std::string unknown = UnknownIn(action_.with.References()); !unknown.empty()) {
    return plan_.AddLine("not known yet: it depends on " + unknown);
  }
  auto inputs = action_.with.Evaluate(Scope(item, items));
  if (inputs)
    inputs = machine::WithOverrides(question_.request.state, question_.step, *std::move(inputs));
  if (!inputs) return plan_.AddProblem("with: " + inputs.error().ToString());
  const Action* action = means_.registry.FindAction(action_.action);
  if (action == nullptr) return plan_.AddProblem("this server has no action " + action_.action);
  const ActionSpec& spec = action->Spec();
  const auto [shown, secrets] = WithoutSecrets(
      WithDefaults(AsStored(inputs->is_null() ? Value(Value::Map()) : *inputs), spec.inputs));
  const Context context{.inputs = shown,
                        .key = KeyOf(item),
                        .undo = {},
                        .checkpoint = {},
                        .fencing_token = question_.request.state.fencing_token,
                        .clock = means_.clock,
                        .deadline = means_.deadline,
                        .stop = means_.stop,
                        .policy = means_.policy};
  if (auto fits = CheckAgainstSchema(context.inputs, spec.inputs, "inputs"); !fits) {
    return plan_.AddProblem(fits.error().ToString());
  }
  AskAction(*action, context, secrets.empty());
}

void Asker::AddMissing() {
  for (const std::string& name : action_.with.Secrets()) {
    auto known =
        means_.secrets != nullptr
            ? means_.secrets->Knows(name)
            : FailedPrecondition("the secret \"" + name + "\" is not known: this server has none");
    if (!known) plan_.AddProblem(known.error().ToString());
  }
}

void Asker::AskAction(const Action& action, const Context& context, bool complete) {
  try {
    if (action_.has_plan) AskPlan(action, context);
    if (action_.has_prepare && complete) AskPrepare(action, context);
    if (action_.has_prepare && !complete) {
      plan_.AddLine("its preconditions were not checked: a plan knows no secrets");
    }
  } catch (const std::exception& thrown) {
    plan_.AddProblem("could not be planned: " + action_.action +
                     " threw an exception: " + thrown.what());
  } catch (...) {
    plan_.AddProblem("could not be planned: " + action_.action +
                     " threw something that is no exception");
  }
}

void Asker::AskPlan(const Action& action, const Context& context) {
  auto planned = action.Plan(context);
  if (!planned) return AddFailure("could not be planned: ", planned.error());
  for (std::string& line : planned->lines) plan_.AddLine(std::move(line));
  for (std::string& line : planned->irreversible) {
    plan_.irreversible.emplace_back(std::move(line));
  }
  if (planned->bytes_needed > 0) plan_.bytes_needed[planned->bytes_where] += planned->bytes_needed;
}

void Asker::AskPrepare(const Action& action, const Context& context) {
  if (TimeIsOver()) {
    return plan_.AddLine("its preconditions were not checked: the time for that was over");
  }
  const Outcome prepared = action.Prepare(context);
  if (prepared) return plan_.AddLine("its preconditions hold as things are now");
  AddFailure("would fail as things are now: ", prepared.failure().error);
}

void Asker::AddFailure(std::string_view what, const Error& error) {
  const std::string& before = question_.changes_before;
  plan_.AddProblem(std::string(what) + error.ToString() +
                   (before.empty() ? "" : "; but " + before + ", and may change that"));
}

// What a run's key looks like, with a stand-in for the run that there is not yet.
std::string Asker::KeyOf(int item) const {
  const machine::RunState& state = question_.request.state;
  const std::string run = state.run.number == 0 ? "RUN" : state.run.ToString();
  return run + "/" + machine::NameOf(question_.request.workflow, {question_.step, item}) + "/plan";
}

}  // namespace

void StepPlan::AddLine(std::string line) {
  if (lines.size() < kLinesMax) lines.emplace_back(std::move(line));
}

void StepPlan::AddProblem(std::string problem) {
  if (problems.size() < kLinesMax) problems.emplace_back(std::move(problem));
}

StepPlan AskAction(const PlanMeans& means, const StepQuestion& question) {
  return Asker(means, question).Ask();
}

}  // namespace recourse::runtime
