// Plays one case: what the runtime does with real actions, done with the script's.
#include <algorithm>
#include <deque>
#include <set>

#include "engine/definition/window.h"
#include "engine/machine/window_now.h"
#include "engine/rehearsal/cases.h"

namespace recourse::rehearsal {
namespace {

using namespace machine;  // NOLINT: a rehearsal is made of inputs, events and effects

constexpr int kInputsMax = 10'000;  // a run that takes more goes in a circle
constexpr ApprovalId kFirstApproval{1};
const Time kBegin = Time(std::chrono::hours(24 * 365 * 56));

class Stage {
 public:
  Stage(const definition::Workflow& workflow, const Case& scripted, Verdict& verdict)
      : workflow_(workflow), case_(scripted), verdict_(verdict) {
    state_.run = RunId{1};
    now_ = scripted.at.value_or(kBegin);
  }

  void Play(Value inputs) {
    Start start{"", std::move(inputs), "", {}};
    if (!OpenWindow(start)) return;
    Send(start, "operator");
    for (int turn = 0; verdict_.problems.empty() && TakeTurn(); ++turn) {
      if (turn == kInputsMax) {
        return Complain("the run takes more than " + std::to_string(kInputsMax) + " turns");
      }
    }
    verdict_.status = ToString(StatusOf(state_));
  }

  const RunState& state() const { return state_; }

 private:
  // False when the workflow's window cannot be read.
  bool OpenWindow(Start& start) {
    if (!workflow_.window) return true;
    state_.inputs = start.inputs;
    auto value = workflow_.window->window.Evaluate(RunScope(workflow_, state_, now_));
    auto window = value ? definition::ReadWindow(*value) : Result<calendar::Window>(value.error());
    state_.inputs = Value();
    if (!window) {
      Complain("window: " + window.error().message);
      return false;
    }
    window_ = *std::move(window);
    start.window = *std::move(value);
    return true;
  }

  void Complain(std::string problem) { verdict_.problems.push_back(std::move(problem)); }

  void Send(const Input& input, const std::string& principal = "engine") {
    Facts facts{now_, principal, 0, next_approval_, position_};
    if (window_) facts.window = NowOf(*window_, now_);
    auto decision = Decide(workflow_, state_, input, facts);
    if (!decision) {
      return Complain(std::string(NameOf(input)) + " is refused: " + decision.error().ToString());
    }
    for (const Event& event : decision->events) {
      const Envelope envelope{state_.run, state_.revision + 1, ++position_, now_, principal};
      Apply(state_, envelope, event);
      Note(event);
    }
    // The fold of the events is the state, or a restart would go on with another run.
    if (state_ != decision->after) Complain("the fold of the run's events is not its state");
    for (Effect& effect : decision->effects) effects_.push_back(std::move(effect));
  }

  // The steps that the run comes to, and those that are undone.
  void Note(const Event& event) {
    const auto come_to = [&](StepRef at) { verdict_.path.push_back(NameOf(workflow_, at)); };
    if (const auto* started = std::get_if<AttemptStarted>(&event)) {
      const Activity* lane = FindActivity(*ActivityOf(state_), started->at);
      const auto* attempt = lane == nullptr ? nullptr : std::get_if<Attempting>(lane);
      if (attempt != nullptr && attempt->tries == 1) come_to(started->at);
    } else if (const auto* branches = std::get_if<ParallelStarted>(&event)) {
      come_to({branches->step, -1});
    } else if (const auto* sub = std::get_if<SubWorkflowStarted>(&event)) {
      come_to({sub->step, -1});
    } else if (const auto* manual = std::get_if<ManualStarted>(&event)) {
      come_to({manual->step, -1});
    } else if (const auto* completed = std::get_if<StepCompleted>(&event)) {
      const auto& kind = workflow_.steps[static_cast<std::size_t>(completed->step)].kind;
      if (std::holds_alternative<definition::SetStep>(kind)) come_to({completed->step, -1});
    } else if (const auto* taken = std::get_if<SwitchTaken>(&event)) {
      come_to({taken->step, -1});
    } else if (const auto* reached = std::get_if<CheckpointReached>(&event)) {
      come_to({reached->step, -1});
    } else if (const auto* waits = std::get_if<WaitStarted>(&event)) {
      come_to({waits->step, -1});
    } else if (const auto* asked = std::get_if<ApprovalRequested>(&event)) {
      come_to({asked->step, -1});
      next_approval_ = ApprovalId{asked->id.number + 1};
    } else if (const auto* failed = std::get_if<StepFailed>(&event)) {
      const auto& kind = workflow_.steps[static_cast<std::size_t>(failed->at.step)].kind;
      if (std::holds_alternative<definition::FailStep>(kind)) come_to(failed->at);
    } else if (const auto* undone = std::get_if<CompensationSucceeded>(&event)) {
      verdict_.undone.push_back(NameOf(workflow_, undone->at));
    }
  }

  // False when nothing happens by itself any more.
  bool TakeTurn() {
    while (!effects_.empty()) {
      const Effect effect = std::move(effects_.front());
      effects_.pop_front();
      if (const auto* start = std::get_if<StartPhase>(&effect)) {
        Perform(*start);
        return true;
      }
      if (const auto* plan = std::get_if<MakePlan>(&effect)) {
        Send(PlanMade{plan->step, Value()});
        return true;
      }
      if (const auto* stop = std::get_if<StopAttempt>(&effect)) stopped_.insert(stop->at);
    }
    if (IsFinal(StatusOf(state_))) return false;
    if (Decides()) return true;
    if (!SignalIsNext() && JumpToNextTimer()) return true;
    if (answers_ == case_.answers.size()) return false;
    const Answer& answer = case_.answers[answers_++];
    Send(answer.input, "operator");
    return true;
  }

  // Whether a step waits for the signal that is sent next: it comes before the time for it is over.
  bool SignalIsNext() const {
    const Activity* root = ActivityOf(state_);
    if (answers_ == case_.answers.size() || root == nullptr) return false;
    const auto* signal = std::get_if<SendSignal>(&case_.answers[answers_].input);
    if (signal == nullptr) return false;
    for (const Activity* leaf : LeavesOf(*root)) {
      const auto* sleeping = std::get_if<Sleeping>(leaf);
      if (sleeping != nullptr && sleeping->signal == signal->name) return true;
    }
    return false;
  }

  // The entry of a step's script that is next: of its item before that of the whole step.
  template <class Entries>
  const typename Entries::mapped_type::value_type* NextOf(const Entries& entries, StepRef at) {
    std::string name = NameOf(workflow_, at);
    auto found = entries.find(name);
    if (found == entries.end()) {
      name = workflow_.steps[static_cast<std::size_t>(at.step)].id;
      found = entries.find(name);
    }
    if (found == entries.end()) return nullptr;
    const std::size_t next = used_[name]++;
    return &found->second[std::min(next, found->second.size() - 1)];
  }

  void Perform(const StartPhase& start) {
    if (start.phase == Phase::kCompensate) return Compensate(start);
    if (stopped_.erase(start.at) > 0 && start.phase != Phase::kProbe) {
      const Error stopped{Code::kCancelled, "scripted: stopped before it began"};
      return Send(AttemptBroke{start.at, start.number, start.phase,
                               Failure{stopped, {}, LeftBehind::kNothing}, false, Value()});
    }
    // One entry an attempt, whatever its phases.
    const auto key = std::pair(start.at, start.number);
    if (!scripts_.contains(key)) {
      const ScriptedAttempt* next = NextOf(case_.attempts, start.at);
      scripts_[key] = next == nullptr ? ScriptedAttempt() : *next;
    }
    ScriptedAttempt& script = scripts_[key];
    switch (start.phase) {
      case Phase::kPrepare:
        if (script.failure && script.in_prepare) return Break(start, script);
        return Send(Prepared{start.at, start.number, script.undo});
      case Phase::kApply:
        if (script.crash) return Die(script);
        if (script.failure) return Break(start, script);
        if (script.inconclusive) return Doubt(start, script);
        return Send(Applied{start.at, start.number, script.output, ""});
      default:
        return Probe(start, script);
    }
  }

  void Break(const StartPhase& start, const ScriptedAttempt& script) {
    Send(AttemptBroke{start.at, start.number, start.phase,
                      Failure{*script.failure, script.evidence, script.left}, false, Value()});
  }

  void Doubt(const StartPhase& start, const ScriptedAttempt& script) {
    const Failure failure{
        {Code::kUnknown, "scripted: it cannot be proved"}, script.evidence, LeftBehind::kUnknown};
    Send(AttemptBroke{start.at, start.number, start.phase, failure, true, script.output});
  }

  // The server dies with the attempt at work, and starts again.
  void Die(ScriptedAttempt& script) {
    crashed_ = *std::exchange(script.crash, std::nullopt);
    // What other lanes were about to do had not begun.
    for (const Effect& effect : std::exchange(effects_, {})) {
      if (const auto* start = std::get_if<StartPhase>(&effect)) not_begun_.insert(start->at);
    }
    Send(Restarted{});
  }

  void Probe(const StartPhase& start, const ScriptedAttempt& script) {
    using Found = ProbeAnswer::Verdict;
    Found found = Found::kUnknown;
    if (not_begun_.erase(start.at) > 0) {
      found = Found::kNotApplied;
    } else if (crashed_) {
      const Crash crash = *std::exchange(crashed_, std::nullopt);
      found = crash == Crash::kBefore  ? Found::kNotApplied
              : crash == Crash::kAfter ? Found::kApplied
                                       : Found::kPartial;
    }
    Send(Probed{start.at, start.number, {script.probe.value_or(found), "scripted", script.output}});
  }

  void Compensate(const StartPhase& start) {
    ScriptedAttempt& script = scripts_[std::pair(start.at, AttemptOf(start))];
    if (script.undo_fails > 0) {
      --script.undo_fails;
      return Send(CompensationBroke{
          start.at, start.number,
          Failure{{Code::kInternal, "scripted: it cannot be undone"}, {}, LeftBehind::kUnknown}});
    }
    Send(Compensated{start.at, start.number, Value()});
  }

  // The attempt that a compensation undoes: the number at the end of its key.
  static int AttemptOf(const StartPhase& start) {
    std::string_view key = start.key;
    if (start.instead) key.remove_suffix(key.size() - key.rfind('/'));
    return std::stoi(std::string(key.substr(key.rfind('/') + 1)));
  }

  // Somebody decides an approval, or answers a checklist, that the run waits for, when the script
  // says who and how.
  bool Decides() {
    const Activity* root = ActivityOf(state_);
    if (root == nullptr) return false;
    for (const Activity* leaf : LeavesOf(*root)) {
      if (const auto* awaiting = std::get_if<AwaitingApproval>(leaf)) {
        if (Decides(AwaitingApproval(*awaiting))) return true;
      } else if (const auto* checklist = std::get_if<Checklist>(leaf)) {
        if (Works(Checklist(*checklist))) return true;
      }
    }
    return false;
  }

  bool Works(const Checklist& checklist) {
    const ScriptedDecision* decision = NextOf(case_.decisions, {checklist.step, -1});
    if (decision == nullptr || !decision->decides()) return false;
    const ManualStarted& request = checklist.request;
    const auto open =
        std::find_if(request.items.begin(), request.items.end(),
                     [&](const auto& item) { return !checklist.answers.contains(item.id); });
    const bool done = decision->kind == ScriptedDecision::Kind::kApprove;
    now_ += decision->after;
    Send(AnswerItem{"", open->id, done, "rehearsed", request.by}, decision->by);
    return true;
  }

  bool Decides(const AwaitingApproval& asked) {
    // What is not decided stays so: a reminder on the way takes no other entry.
    if (undecided_.contains(asked.request.id)) return false;
    const ScriptedDecision* decision = NextOf(case_.decisions, {asked.step, -1});
    if (decision == nullptr) return false;
    const Time at = std::max(now_, asked.requested + decision->after);
    const bool too_late = asked.request.expires && *asked.request.expires <= at;
    if (too_late || !decision->decides()) {
      undecided_.insert(asked.request.id);
      return false;
    }
    now_ = at;
    const bool approve = decision->kind == ScriptedDecision::Kind::kApprove;
    CastVote vote{asked.request.id,
                  approve ? Vote::kApprove : Vote::kReject,
                  "rehearsed",
                  "rehearsal",
                  asked.request.approvers,
                  ""};
    Send(vote, decision->by);
    return true;
  }

  bool JumpToNextTimer() {
    const Timer* next = nullptr;
    const std::vector<Timer> timers = TimersOf(state_);
    for (const Timer& timer : timers) {
      // What nobody decides is left open, unless the script lets it expire.
      if (ActivityOf(state_) != nullptr && IsLeftOpen(timer)) continue;
      if (next == nullptr || timer.due < next->due) next = &timer;
    }
    if (next == nullptr) return false;
    now_ = std::max(now_, next->due);
    Send(TimerFired{*next});
    return true;
  }

  bool IsLeftOpen(const Timer& timer) const {
    for (const Activity* leaf : LeavesOf(*ActivityOf(state_))) {
      const bool asks = std::holds_alternative<AwaitingApproval>(*leaf) ||
                        std::holds_alternative<Checklist>(*leaf);
      if (!asks || !ScriptLeavesOpen(PlaceOf(*leaf).step)) continue;
      const auto timers = TimersOf(*leaf);
      const bool own = std::find(timers.begin(), timers.end(), timer) != timers.end();
      if (own || timer.kind == TimerKind::kDeadline) return true;  // the case ends before that
    }
    return false;
  }

  // Of an approval or a checklist whose next entry, if it has one, was taken by Decides().
  bool ScriptLeavesOpen(int step) const {
    const std::string& id = workflow_.steps[static_cast<std::size_t>(step)].id;
    const auto script = case_.decisions.find(id);
    if (script == case_.decisions.end()) return true;
    const auto used = used_.find(id);
    const std::size_t taken = used == used_.end() ? 1 : used->second;
    const auto& entries = script->second;
    return entries[std::min(taken, entries.size()) - 1].kind == ScriptedDecision::Kind::kOpen;
  }

  const definition::Workflow& workflow_;
  const Case& case_;
  Verdict& verdict_;
  RunState state_;
  Time now_;
  std::optional<calendar::Window> window_;
  std::int64_t position_ = 0;
  ApprovalId next_approval_ = kFirstApproval;
  std::deque<Effect> effects_;
  std::set<StepRef> stopped_;    // attempts that are to end
  std::set<StepRef> not_begun_;  // attempts that the server's death came before
  std::map<std::pair<StepRef, int>, ScriptedAttempt> scripts_;  // by attempt
  std::set<ApprovalId> undecided_;           // whose entry is no decision in time
  std::map<std::string, std::size_t> used_;  // entries, by their key
  std::optional<Crash> crashed_;
  std::size_t answers_ = 0;
};

}  // namespace

Verdict Play(const definition::Workflow& workflow, const Case& scripted,
             const definition::Inventory& targets) {
  Verdict verdict;
  verdict.name = scripted.name;
  verdict.place = scripted.place;
  auto inputs = definition::ResolveInputs(workflow, scripted.inputs, targets);
  if (!inputs) {
    verdict.problems.push_back("inputs: " + inputs.error().message);
    return verdict;
  }
  Stage stage(workflow, scripted, verdict);
  stage.Play(*std::move(inputs));
  if (verdict.problems.empty()) Compare(workflow, scripted.expect, stage.state(), verdict);
  return verdict;
}

}  // namespace recourse::rehearsal
