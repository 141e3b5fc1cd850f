#include "tests/simulation/world.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "engine/definition/window.h"
#include "engine/machine/window_now.h"

namespace recourse::simulation {

using namespace machine;

namespace {

constexpr std::int64_t kPositionBefore = 100;  // other runs' events stand in front
constexpr int kTurnsMax = 10'000;

std::shared_ptr<const definition::Workflow> WorkflowOf(std::string_view yaml,
                                                       const Library& others) {
  const definition::Loaded loaded = LoadFrom(yaml, others);
  if (loaded.workflow == nullptr) FAIL(loaded.Report("w.yaml") << yaml);
  return loaded.workflow;
}

std::string_view NameOfPhase(Phase phase) {
  switch (phase) {
    case Phase::kPrepare:
      return "prepare ";
    case Phase::kApply:
      return "apply ";
    case Phase::kProbe:
      return "probe ";
    case Phase::kCompensate:
      return "compensate ";
  }
  return "";
}

}  // namespace

World::World(std::string_view yaml, const Library& others) : World(WorkflowOf(yaml, others)) {}

World::World(std::shared_ptr<const definition::Workflow> workflow, std::vector<Gate> gates)
    : workflow_(std::move(workflow)), witness_(*workflow_, std::move(gates)) {
  state_.run = RunId{7};
  if (!workflow_->window) return;
  auto window = definition::ReadWindow(workflow_->window->window.source());
  if (!window) Break("the window: " + window.error().message);
  window_ = *std::move(window);
}

void World::Break(const std::string& what) const {
  FAIL(what << "\n" << Story());
  std::abort();  // it has thrown
}

std::string World::Story() const {
  std::string story;
  for (const std::string& line : story_) story += "  " + line + "\n";
  return story;
}

Result<void> World::Try(const Input& input, const std::string& principal) {
  const std::int64_t position = kPositionBefore + static_cast<std::int64_t>(journal_.size());
  Facts facts{now, principal, 0.5, ApprovalId{approvals_ + 1}, position};
  if (window_) facts.window = NowOf(*window_, now);
  auto decision = Decide(*workflow_, state_, input, facts);
  if (!decision) {
    Note(std::string(NameOf(input)) + " refused: " + decision.error().message);
    if (decision.error().message.empty()) Break("a refusal does not say why");
    return std::move(decision).error();
  }
  Note(std::string(NameOf(input)) + " by " + principal);
  for (const Event& event : decision->events) Record(event, principal);
  if (!(state_ == decision->after))
    Break("the stored events fold to another state than the live one");
  for (const Effect& effect : decision->effects) Do(effect);
  Judge();
  return {};
}

void World::Record(const Event& event, const std::string& principal) {
  Envelope envelope;
  envelope.run = state_.run;
  envelope.sequence = state_.revision + 1;
  envelope.position = kPositionBefore + static_cast<std::int64_t>(journal_.size()) + 1;
  envelope.time = now;
  envelope.principal = principal;
  if (const auto* asked = std::get_if<ApprovalRequested>(&event)) {
    approvals_ = std::max(approvals_, asked->id.number);
  }
  journal_.push_back(record::Encode(envelope, event));
  const auto read = record::Decode(journal_.back());
  if (!read) Break("a stored event cannot be read: " + read.error().message);
  std::string line = "  " + std::string(NameOf(event));
  if (const auto* started = std::get_if<AttemptStarted>(&event)) {
    line += " " + NameOf(*workflow_, started->at);
    CheckWindow(started->at);
  }
  Note(std::move(line));
  Hold(witness_.See(state_, read->event));
  Apply(state_, read->envelope, read->event);
  if (const auto* undone = std::get_if<CompensationSucceeded>(&event)) {
    undone_.push_back(NameOf(*workflow_, undone->at));
  }
}

std::string World::Describe(const StartPhase& start) const {
  return std::string(NameOfPhase(start.phase)) + NameOf(*workflow_, start.at) + "/" +
         std::to_string(start.number);
}

void World::Do(const Effect& effect) {
  if (const auto* start = std::get_if<StartPhase>(&effect)) {
    const std::string name = Describe(*start);
    Note("  -> " + name);
    if (at_work_.contains(start->at)) Break(name + " begins, and another phase of it is at work");
    const bool back = start->phase == Phase::kCompensate && !start->instead;
    if (!back) {
      const std::pair attempt{start->at, start->instead ? 0 : start->number};
      const auto [found, fresh] = keys_.emplace(start->key, attempt);
      if (!fresh && found->second != attempt) Break("two attempts have the key " + start->key);
    }
    if (start->instead) CheckUndoing(*start);
    if (!back && !start->instead) items_[start->key] = start->inputs["item"];
    at_work_.emplace(start->at, *start);
    started_.push_back(name);
  } else if (const auto* stop = std::get_if<StopAttempt>(&effect)) {
    const auto found = at_work_.find(stop->at);
    if (found == at_work_.end()) Break("what is not at work is to stop");
    if (found->second.phase != Phase::kApply && found->second.phase != Phase::kPrepare) {
      Break("a probe or compensation is to stop");
    }
    stopped_.push_back(NameOf(*workflow_, stop->at));
  } else if (const auto* plan = std::get_if<MakePlan>(&effect)) {
    plans_.push_back(plan->step);
  } else if (std::holds_alternative<ReleaseLock>(effect)) {
    ++locks_released_;
  }
}

void World::CheckWindow(StepRef at) const {
  const auto& action =
      *definition::ActionOf(workflow_->steps[static_cast<std::size_t>(at.step)], at.item);
  const bool free = !window_ || action.repeat == RepeatClass::kReadOnly ||
                    state_.window_overridden || state_.finishing;
  if (free || NowOf(*window_, now).closes) return;
  if (workflow_->window->on_closing == definition::OnClosing::kFinish && !state_.done.empty())
    return;
  Break(NameOf(*workflow_, at) + " begins outside the window");
}

// Another action undoes the step: with the item of that time, and what the step answered then.
void World::CheckUndoing(const StartPhase& start) const {
  const std::string key = start.key.substr(0, start.key.rfind("/undo"));
  const Value* item = start.inputs.Find("item");
  if (item != nullptr && !(*item == items_.at(key))) Break(start.key + " undoes another item");
  const Value* own = start.inputs.Find("own");
  const auto answer = answers_.find(key);
  if (own == nullptr || answer == answers_.end()) return;
  if (!(*own == answer->second)) Break(start.key + " undoes what another attempt answered");
}

void World::Judge() const {
  Hold(JudgeAtWork(*workflow_, state_, at_work_));
  Hold(JudgeTimers(state_));
  Hold(JudgeWaiting(*workflow_, state_));
  const RunStatus now_is = status();
  if (now_is != RunStatus::kRunning && now_is != RunStatus::kWaiting) return;
  // Whatever makes the rules look again, they find nothing to do.
  Facts facts{now, "engine", 0.5, ApprovalId{approvals_ + 1}, kPositionBefore};
  if (window_) facts.window = NowOf(*window_, now);
  const auto again = Decide(*workflow_, state_, SendSignal{"nobody_waits_for_this", {}}, facts);
  if (!again || again->events.size() != 1) Break("something was left undone");
}

void World::Send(const Input& input, const std::string& principal) {
  if (auto taken = Try(input, principal); !taken) {
    Break(std::string(NameOf(input)) + " is refused: " + taken.error().ToString());
  }
}

Error World::Refused(const Input& input, const std::string& principal) {
  const auto taken = Try(input, principal);
  if (taken) Break(std::string(NameOf(input)) + " is taken");
  return taken.error();
}

void World::Start(Value inputs, RunId holder) {
  std::string lock;
  if (workflow_->lock) lock = "the/lock";
  Value window;
  if (workflow_->window) window = workflow_->window->window.source();
  definition::EscalationPolicy policy;
  policy.name = "site";
  policy.levels = {{std::chrono::minutes(0), "level-1", {}},
                   {std::chrono::minutes(7), "level-2", {}}};
  policy.may_decide = true;
  Send(machine::Start{"", std::move(inputs), lock, holder, std::move(window),
                      definition::PolicyFor(policy, "high")},
       "requester");
}

void World::Crash() {
  Note("the server dies");
  at_work_.clear();
  plans_.clear();
  const auto folded = record::Fold(journal_);
  if (!folded) Break("the journal does not fold: " + folded.error().message);
  if (!(*folded == state_)) Break("the journal folds to another state than the live one");
  if (!IsFinal(status())) Send(Restarted{}, "engine");
}

StartPhase World::Find(const std::string& name) const {
  for (const auto& [at, start] : at_work_) {
    if (NameOf(*workflow_, at) == name) return start;
  }
  std::string all;
  for (const std::string& one : at_work()) all += " " + one;
  Break(name + " is not at work; at work:" + all);
}

void World::End(StepRef at, const Input& outcome) {
  if (const auto* applied = std::get_if<Applied>(&outcome)) {
    if (const Value* n = applied->output.Find("n")) answers_[at_work_.at(at).key] = *n;
  }
  at_work_.erase(at);
  Send(outcome, "engine");
}

void World::EndWell(const StartPhase& start, Value output) {
  const StepRef at = start.at;
  switch (start.phase) {
    case Phase::kPrepare:
      return End(at, Prepared{at, start.number, Value::Object({{"undo_of", Describe(start)}})});
    case Phase::kApply:
      return End(at, Applied{at, start.number, std::move(output), ""});
    case Phase::kProbe:
      return End(at, Probed{at,
                            start.number,
                            {ProbeAnswer::Verdict::kApplied, "it is there", std::move(output)}});
    case Phase::kCompensate:
      return End(at, Compensated{at, start.number, std::move(output)});
  }
}

void World::Succeed(const std::string& name, Value output) {
  const StartPhase first = Find(name);
  EndWell(first, output);
  if (first.phase != Phase::kPrepare) return;
  const auto next = at_work_.find(first.at);
  if (next != at_work_.end() && next->second.phase == Phase::kApply) {
    EndWell(StartPhase(next->second), std::move(output));
  }
}

void World::Fail(const std::string& name, Code code, LeftBehind left) {
  const StartPhase start = Find(name);
  const Failure failure{{code, "broken on purpose"}, Value(), left};
  if (start.phase == Phase::kCompensate) {
    End(start.at, CompensationBroke{start.at, start.number, failure});
  } else {
    End(start.at, AttemptBroke{start.at, start.number, start.phase, failure, false, Value()});
  }
}

void World::Probe(const std::string& name, ProbeAnswer::Verdict verdict) {
  const StartPhase start = Find(name);
  End(start.at, Probed{start.at, start.number, {verdict, "looked", Value::Map()}});
}

void World::Plan(const std::string& name) {
  const auto found = std::find_if(plans_.begin(), plans_.end(), [&](int step) {
    return NameOf(*workflow_, {step, -1}) == name;
  });
  if (found == plans_.end()) Break("no plan is being made for " + name);
  const int step = *found;
  plans_.erase(found);
  const Activity* root = ActivityOf(state_);
  const Activity* lane = root == nullptr ? nullptr : FindActivity(*root, {step, -1});
  const bool waited_for = lane != nullptr && std::holds_alternative<Planning>(*lane);
  const PlanMade plan{step, Value::Object({{"steps", Value::List()}})};
  // The run may have gone on without it.
  if (waited_for) return Send(plan, "engine");
  (void)Refused(plan, "engine");
}

void World::WorkUntil(const std::string& name) {
  for (int turn = 0; turn < kTurnsMax; ++turn) {
    if (!plans_.empty()) {
      Plan(NameOf(*workflow_, {plans_.front(), -1}));
      continue;
    }
    if (at_work_.empty()) {
      if (name.empty()) return;
      Break("nothing is at work, and " + name + " has not begun");
    }
    for (const auto& [at, start] : at_work_) {
      if (NameOf(*workflow_, at) == name && start.phase != Phase::kPrepare) return;
    }
    EndWell(StartPhase(at_work_.begin()->second), Value::Map());
  }
  Break("it goes on for ever");
}

void World::Vote(const std::string& who, machine::Vote vote) {
  const auto open = ApprovalsOf(state_);
  if (open.empty()) Break("no approval is open");
  CastVote cast;
  cast.id = open.front()->request.id;
  cast.vote = vote;
  cast.reason = "because";
  cast.channel = "test";
  cast.roles = {"dba"};
  Send(cast, who);
}

void World::Answer(const std::string& item, bool done) {
  std::string step;  // where it is open
  for (const Activity* leaf : LeavesOf(*ActivityOf(state_))) {
    const auto* open = std::get_if<Checklist>(leaf);
    if (open == nullptr || open->answers.contains(item)) continue;
    step = NameOf(*workflow_, {open->step, -1});
  }
  Send(AnswerItem{step, item, done, done ? "" : "it cannot be done", {"operator"}});
}

void World::Signal(const std::string& name) { Send(SendSignal{name, Value::Object({{"n", 1}})}); }

bool World::FireNext() {
  auto timers = TimersOf(state_);
  if (timers.empty()) return false;
  const auto next = std::min_element(timers.begin(), timers.end(),
                                     [](const auto& a, const auto& b) { return a.due < b.due; });
  now = std::max(now, next->due);
  Send(TimerFired{*next}, "engine");
  return true;
}

void World::Wait(std::chrono::microseconds span) {
  const Time end = now + span;
  for (int turn = 0; turn < kTurnsMax; ++turn) {
    Time next = Time::max();
    for (const Timer& timer : TimersOf(state_)) next = std::min(next, timer.due);
    if (next > end) break;
    FireNext();
  }
  now = end;
}

std::vector<std::string> World::at_work() const {
  std::vector<std::string> names;
  for (const auto& [at, start] : at_work_) names.push_back(Describe(start));
  return names;
}

std::vector<std::string> World::events() const {
  std::vector<std::string> names;
  for (const journal::StoredEvent& event : journal_)
    names.push_back(record::NameOfType(event.type));
  return names;
}

std::string World::why() const {
  const auto waiting = WhyItWaits(*workflow_, state_);
  return waiting ? waiting->reason : "";
}

}  // namespace recourse::simulation
