#include "engine/runtime/plan_maker.h"

#include <algorithm>

#include "engine/base/digest.h"
#include "engine/base/file_system.h"
#include "engine/base/json.h"
#include "engine/base/rules.h"
#include "engine/base/text.h"
#include "engine/runtime/plan_ask.h"
#include "engine/runtime/plan_words.h"

namespace recourse::runtime {
namespace {

using Reach = PathStep::Reach;

std::string_view NameOf(Reach reach) {
  switch (reach) {
    case Reach::kExpected:
      return "expected";
    case Reach::kSkipped:
      return "skipped";
    case Reach::kConditional:
      return "conditional";
  }
  return "";
}

Value ListOf(const std::vector<std::string>& texts) {
  return Value::List(texts.begin(), texts.end());
}

class PlanMaker {
 public:
  PlanMaker(const PlanMeans& means, const PathRequest& request)
      : means_(means),
        state_(WithKnownInputs(request)),
        request_{request.workflow, state_, request.now, request.first, request.past_approvals},
        path_(PathFrom(request_)) {}

  Value Make() &&;

 private:
  const definition::Step& StepAt(int index) const {
    return request_.workflow.steps[static_cast<std::size_t>(index)];
  }
  std::string NameAt(int index) const {
    const bool over = index >= static_cast<int>(request_.workflow.steps.size());
    return over ? std::string("the end") : StepAt(index).id;
  }

  StepPlan Ask(const PathStep& at) const;
  std::string ChangesBefore(const PathStep& at, const std::set<int>& before) const;
  Value PlanOf(const PathStep& at, const StepPlan& plan) const;
  void Describe(const PathStep& at, const definition::SwitchStep& choice, StepPlan& plan) const;
  void Describe(const PathStep& at, const definition::WaitStep& wait, StepPlan& plan) const;
  void Describe(const PathStep& at, const definition::FailStep& fail, StepPlan& plan) const;
  void Describe(const PathStep& at, const definition::SetStep& set, StepPlan& plan) const;
  void Describe(const PathStep& at, const definition::ParallelStep& parallel, StepPlan& plan) const;
  void Describe(const PathStep& at, const definition::ManualStep& manual, StepPlan& plan) const;
  Value ApprovalOf(const PathStep& at, const definition::ApprovalStep& approval) const;
  std::string TextOf(const expression::Template& text, const PathStep& at) const;
  void Count(const PathStep& at, const StepPlan& plan);
  Value Space() const;
  Value WayBack() const;

  const PlanMeans& means_;
  const machine::RunState state_;
  const PathRequest request_;
  const std::vector<PathStep> path_;

  // Of the expected steps so far.
  Value::List irreversible_;
  std::map<std::string, std::int64_t> bytes_needed_;
  definition::microseconds expect_{};
  Value::List expect_not_said_;
  Value::List not_asked_;
};

Value PlanMaker::Make() && {
  Value::List steps;
  for (const PathStep& at : path_) {
    StepPlan plan = Ask(at);
    steps.push_back(PlanOf(at, plan));
    if (at.reach == Reach::kExpected) Count(at, plan);
  }
  std::int64_t bytes = 0;
  for (const auto& [where, needed] : bytes_needed_) bytes += needed;
  return Value::Object({{"steps", std::move(steps)},
                        {"bytes_needed", bytes},
                        {"space", Space()},
                        {"irreversible", irreversible_},
                        {"if_it_fails", WhatFollowsByDefault(request_.workflow)},
                        {"expect", FormatDuration(expect_)},
                        {"expect_not_said", expect_not_said_},
                        {"not_asked", not_asked_},
                        {"rollback", WayBack()}});
}

StepPlan PlanMaker::Ask(const PathStep& at) const {
  StepPlan plan;
  const definition::Step& step = StepAt(at.step);
  if (at.when == false) {
    plan.AddLine("is skipped, because this is false: " + step.when->source());
    return plan;
  }
  if (std::holds_alternative<definition::ActionStep>(step.kind)) {
    const std::set<int> before = Before(path_, at);
    plan = AskAction(means_, {request_, at.step, before, ChangesBefore(at, before)});
  }
  if (step.when && at.when != true) {
    plan.lines.insert(plan.lines.begin(), "only when " + step.when->source());
  }
  std::visit(Rules{
                 [](const definition::ActionStep&) {},
                 [](const definition::ApprovalStep&) {},
                 [](const definition::CheckpointStep&) {},
                 [](const definition::SucceedStep&) {},
                 [](const definition::SubWorkflowStep&) {},
                 [&](const auto& kind) { Describe(at, kind, plan); },
             },
             step.kind);
  if (step.irreversible) plan.irreversible.emplace_back(step.id + " cannot be undone");
  return plan;
}

// What may change what is found now before a run comes to the step.
std::string PlanMaker::ChangesBefore(const PathStep& at, const std::set<int>& before) const {
  std::string last;
  for (const PathStep& one : path_) {
    const auto* action = std::get_if<definition::ActionStep>(&StepAt(one.step).kind);
    const bool changes = action != nullptr && action->repeat != RepeatClass::kReadOnly;
    if (changes && before.contains(one.step)) last = StepAt(one.step).id;
  }
  if (last.empty()) return "";
  if (at.reach == Reach::kConditional) return "other steps may come before it";
  return last + " comes before it";
}

Value PlanMaker::PlanOf(const PathStep& at, const StepPlan& plan) const {
  const definition::Step& step = StepAt(at.step);
  std::int64_t bytes = 0;
  for (const auto& [where, needed] : plan.bytes_needed) bytes += needed;
  const auto* action = std::get_if<definition::ActionStep>(&step.kind);
  Value made = Value::Object({{"step", step.id},
                              {"kind", definition::NameOf(step.kind)},
                              {"summary", step.summary},
                              {"reach", NameOf(at.reach)},
                              {"ways", ListOf(at.ways)},
                              {"lines", plan.lines},
                              {"problems", plan.problems},
                              {"irreversible", plan.irreversible},
                              {"expect", step.expect ? FormatDuration(*step.expect) : ""}});
  if (action != nullptr) made = made.With("action", action->action);
  if (at.when == false) return made;
  if (action != nullptr) {
    made = made.With("undo", UndoOf(step))
               .With("bytes_needed", bytes)
               .With("if_it_fails", ListOf(WhatFailuresLeadTo(request_.workflow, at.step)));
  }
  if (const auto* approval = std::get_if<definition::ApprovalStep>(&step.kind)) {
    made = made.With("approval", ApprovalOf(at, *approval));
  }
  return made;
}

void PlanMaker::Describe(const PathStep& at, const definition::SwitchStep& choice,
                         StepPlan& plan) const {
  if (at.goes_to.size() == 1) return plan.AddLine("goes to " + NameAt(at.goes_to.front()));
  const auto may_go = [&](int to) {
    return at.goes_to.empty() || std::ranges::find(at.goes_to, to) != at.goes_to.end();
  };
  for (const auto& one : choice.cases) {
    if (!may_go(one.go_to)) continue;
    plan.AddLine("to " + NameAt(one.go_to) + " when " + one.when.source());
  }
  const int otherwise = choice.otherwise.value_or(request_.workflow.After(at.step));
  if (may_go(otherwise)) plan.AddLine("else to " + NameAt(otherwise));
}

void PlanMaker::Describe(const PathStep& at, const definition::WaitStep& wait,
                         StepPlan& plan) const {
  if (!wait.signal.empty()) {
    return plan.AddLine("waits for the signal " + wait.signal +
                        (wait.timeout ? ", at most " + FormatDuration(*wait.timeout) : ""));
  }
  if (wait.until) return plan.AddLine("waits until " + wait.until->source());
  plan.AddLine("waits for " + TextOf(*wait.duration, at));
}

void PlanMaker::Describe(const PathStep& at, const definition::FailStep& fail,
                         StepPlan& plan) const {
  plan.AddLine("fails with " + std::string(ToString(fail.code)) + ": " + TextOf(fail.message, at));
}

void PlanMaker::Describe(const PathStep&, const definition::SetStep& set, StepPlan& plan) const {
  std::string names;
  for (const auto& [name, value] : set.values.source().as_map()) {
    names += (names.empty() ? "" : ", ") + name.as_string();
  }
  plan.AddLine("sets " + names);
}

void PlanMaker::Describe(const PathStep&, const definition::ParallelStep& parallel,
                         StepPlan& plan) const {
  std::string names;
  for (const int block : parallel.branches) {
    const definition::Block& branch = request_.workflow.blocks[static_cast<std::size_t>(block)];
    names += (names.empty() ? "" : ", ") + branch.name + " from " + NameAt(branch.first);
  }
  plan.AddLine("at the same time: " + names);
  plan.AddLine(parallel.collect ? "when one fails, the others are done first"
                                : "when one fails, the others are stopped");
}

void PlanMaker::Describe(const PathStep& at, const definition::ManualStep& manual,
                         StepPlan& plan) const {
  std::string who;
  for (const std::string& role : manual.by) who += (who.empty() ? "" : " or ") + role;
  plan.AddLine("asks " + (who.empty() ? "nobody: its list is empty" : who) + ": " +
               TextOf(manual.prompt, at));
  for (const auto& item : manual.items) {
    plan.AddLine(item.id + ": " + TextOf(item.text, at) +
                 (item.check ? " (answered by " + item.check->action + " when it succeeds)" : ""));
  }
  if (manual.expires) plan.AddLine("fails after " + FormatDuration(*manual.expires));
}

// As it will read; what is not known yet stands there as "[what choose finds]".
std::string PlanMaker::TextOf(const expression::Template& text, const PathStep& at) const {
  const Value& source = text.source();
  std::string words = source.is_string() ? source.as_string() : ToJson(source);
  const machine::RunScope scope(request_.workflow, request_.state, request_.now, {at.step, -1});
  const std::set<int> before = Before(path_, at);
  const auto expressions = text.Expressions();
  for (auto one = expressions.rbegin(); source.is_string() && one != expressions.rend(); ++one) {
    const std::string written = "${" + one->program.source() + "}";
    const std::size_t place = words.rfind(written);
    if (place == words.npos) continue;
    const std::string unknown = Unknown(request_, one->program.References(), at.step, before);
    std::string known = "[" + unknown + "]";
    if (unknown.empty()) {
      const auto value = one->program.Evaluate(scope);
      if (!value) continue;
      known = value->is_string() ? value->as_string() : ToJson(*value);
    }
    words.replace(place, written.size(), known);
  }
  return words;
}

Value PlanMaker::ApprovalOf(const PathStep& at, const definition::ApprovalStep& approval) const {
  Value::List escalate;
  for (const definition::Escalation& one : approval.escalate) {
    escalate.emplace_back("after " + FormatDuration(one.after) + " " + one.to);
  }
  Value::Map groups;
  for (const auto& group : approval.groups) groups.emplace(group.role, std::int64_t(group.quorum));
  return Value::Object({{"prompt", TextOf(approval.prompt, at)},
                        {"groups", Value(std::move(groups))},
                        {"second_factor", approval.second_factor},
                        {"approvers", ListOf(approval.approvers)},
                        {"quorum", approval.quorum},
                        {"exclude_requester", approval.exclude_requester},
                        {"expires", approval.expires ? FormatDuration(*approval.expires) : ""},
                        {"escalate", std::move(escalate)},
                        {"if_rejected", WhatRejectionLeadsTo(request_.workflow, at.step)},
                        {"if_expired", WhatExpiryLeadsTo(request_.workflow, at.step)}});
}

void PlanMaker::Count(const PathStep& at, const StepPlan& plan) {
  const definition::Step& step = StepAt(at.step);
  irreversible_.insert(irreversible_.end(), plan.irreversible.begin(), plan.irreversible.end());
  for (const auto& [where, needed] : plan.bytes_needed) bytes_needed_[where] += needed;
  if (step.expect) expect_ += *step.expect;
  const auto* action = std::get_if<definition::ActionStep>(&step.kind);
  if (action == nullptr) return;
  if (!step.expect) expect_not_said_.emplace_back(step.id);
  // What it finds, and whether it can be done at all, shows in the run only.
  if (!action->has_plan && !action->has_prepare) not_asked_.emplace_back(step.id);
}

// What is needed against what is free, by file system.
Value PlanMaker::Space() const {
  std::map<std::string, std::pair<std::int64_t, Value>> space;  // by file system: needed, free
  for (const auto& [where, needed] : bytes_needed_) {
    const auto found = FileSystemOf(where);
    auto& [sum, free] = space[found ? found->mount : where];
    sum += needed;
    if (found) free = found->bytes_free;
  }
  Value::List list;
  for (const auto& [mount, of] : space) {
    list.push_back(
        Value::Object({{"file_system", mount}, {"needed", of.first}, {"free", of.second}}));
  }
  return list;
}

// What a rollback at the end would do, the last step first, down to the first pivot; what was done
// before the plan begins comes last.
Value PlanMaker::WayBack() const {
  Value::List back;
  bool pivot = false;
  const auto add = [&](int index) {
    const definition::Step& step = StepAt(index);
    const auto* action = std::get_if<definition::ActionStep>(&step.kind);
    if (action == nullptr || action->repeat == RepeatClass::kReadOnly || pivot) return;
    back.push_back(Value::Object({{"step", step.id}, {"undo", UndoOf(step)}}));
    pivot = step.irreversible;
  };
  for (auto at = path_.rbegin(); at != path_.rend(); ++at) {
    if (at->reach == Reach::kExpected) add(at->step);
  }
  int last = -1;
  for (auto done = request_.state.done.rbegin(); done != request_.state.done.rend(); ++done) {
    if (done->at.step != last) add(done->at.step);
    last = done->at.step;
  }
  return back;
}

}  // namespace

Value MakePlan(const PlanMeans& means, const PathRequest& request) {
  return PlanMaker(means, request).Make();
}

std::string PlanDigest(const Value& inputs, const Value& plan, std::string_view prompt) {
  return ToHex(
      Sha256Of(ToJson(Value::Object({{"inputs", inputs}, {"plan", plan}, {"prompt", prompt}}))));
}

}  // namespace recourse::runtime
