#include "tests/simulation/monkey.h"

#include <algorithm>

namespace recourse::simulation {

using namespace machine;

namespace {

// What a run takes to end at most, once all goes well.
constexpr int kEndMax = 5'000;
constexpr int kPatience = 300;  // turns before a person cancels what goes round

using Verdict = ProbeAnswer::Verdict;

bool IsAttemptOf(const Input& outcome, const StartPhase& start) {
  const auto same = [&](const auto& one, Phase phase) {
    return one.at == start.at && one.number == start.number && phase == start.phase;
  };
  if (const auto* prepared = std::get_if<Prepared>(&outcome))
    return same(*prepared, Phase::kPrepare);
  if (const auto* applied = std::get_if<Applied>(&outcome)) return same(*applied, Phase::kApply);
  if (const auto* broke = std::get_if<AttemptBroke>(&outcome)) return same(*broke, broke->phase);
  if (const auto* probed = std::get_if<Probed>(&outcome)) return same(*probed, Phase::kProbe);
  if (const auto* undone = std::get_if<Compensated>(&outcome))
    return same(*undone, Phase::kCompensate);
  return false;
}

}  // namespace

void Monkey::Act() {
  const int roll = dice_.Below(100);
  if (world_.status() == RunStatus::kQueued && roll < 40) {
    const Input passed = LockPassed{RunId{3 + dice_.Below(2)}};
    return world_.Send(dice_.OneIn(2) ? Input(LockGranted{}) : passed, "engine");
  }
  if (roll < 60 && !world_.attempts().empty()) return EndSome();
  if (roll < 70 && !world_.plans().empty()) {
    return world_.Plan(NameOf(world_.workflow(), {dice_.Pick(world_.plans()), -1}));
  }
  if (roll < 82 && world_.FireNext()) return;
  if (roll < 86) return world_.Crash();
  DoAsOperator();
}

void Monkey::Send(StepRef at, const Input& outcome) {
  answered_.push_back(outcome);
  world_.End(at, outcome);
}

Failure Monkey::AnyFailure() {
  const Code code = dice_.Pick<Code>({Code::kUnavailable, Code::kAborted, Code::kDataLoss,
                                      Code::kInternal, Code::kPermissionDenied, Code::kNotFound,
                                      Code::kDeadlineExceeded, Code::kCancelled});
  const LeftBehind left = dice_.Pick<LeftBehind>(
      {LeftBehind::kNothing, LeftBehind::kNothing, LeftBehind::kPartial, LeftBehind::kUnknown});
  return {{code, "broken at random"}, Value(), left};
}

void Monkey::EndApply(const StartPhase& start) {
  const int roll = dice_.Below(100);
  if (roll < 5) return world_.Send(Progressed{start.at, start.number, Value(roll)}, "engine");
  if (roll < 80) {
    const Value output = Value::Object({{"n", static_cast<std::int64_t>(world_.size())}});
    return Send(start.at, Applied{start.at, start.number, output, ""});
  }
  const bool inconclusive = roll > 95;
  Send(start.at, AttemptBroke{start.at, start.number, Phase::kApply, AnyFailure(), inconclusive,
                              inconclusive ? Value(Value::Map()) : Value()});
}

void Monkey::EndSome() {
  auto chosen = world_.attempts().begin();
  std::advance(chosen, dice_.Below(static_cast<int>(world_.attempts().size())));
  const StartPhase start = chosen->second;
  const StepRef at = start.at;
  const bool well = !dice_.OneIn(6);
  switch (start.phase) {
    case Phase::kPrepare:
      if (well) return Send(at, Prepared{at, start.number, Value(1)});
      return Send(at, AttemptBroke{at, start.number, Phase::kPrepare, AnyFailure(), false, {}});
    case Phase::kApply:
      return EndApply(start);
    case Phase::kProbe:
      return Send(
          at,
          Probed{at,
                 start.number,
                 {dice_.Pick<Verdict>({Verdict::kApplied, Verdict::kNotApplied, Verdict::kPartial,
                                       Verdict::kUnknown, Verdict::kRepeatable}),
                  "looked", Value::Map()}});
    case Phase::kCompensate:
      if (well) return Send(at, Compensated{at, start.number, Value()});
      return Send(at, CompensationBroke{at, start.number, AnyFailure()});
  }
}

// A step's or item's name: of one that is at something, or any.
std::string Monkey::AnyStep() {
  const definition::Workflow& workflow = world_.workflow();
  if (dice_.OneIn(3)) return "";
  if (dice_.OneIn(4))
    return workflow.steps[std::size_t(dice_.Below(int(workflow.steps.size())))].id;
  const auto* attention = std::get_if<NeedsAttention>(&world_.state().status);
  if (attention != nullptr) return NameOf(workflow, attention->at);
  const Activity* root = ActivityOf(world_.state());
  if (root == nullptr) return "";
  const auto leaves = LeavesOf(*root);
  return leaves.empty() ? "" : NameOf(workflow, PlaceOf(*dice_.Pick(leaves)));
}

std::string Monkey::AnyCheckpoint() {
  std::vector<std::string> passed = {"nowhere"};
  for (const Done& done : world_.state().done) {
    if (done.kind == Done::Kind::kCheckpoint) passed.push_back(NameOf(world_.workflow(), done.at));
  }
  return passed.back();
}

Input Monkey::AnyWord() {
  const auto finding = [&]() -> std::optional<Finding> {
    if (dice_.OneIn(3)) return {};
    return dice_.Pick<Finding>({Finding::kApplied, Finding::kNotApplied, Finding::kPartial});
  };
  const int roll = dice_.Below(100);
  if (roll < 12) return Pause{"wait"};
  if (roll < 34) return Resume{"on"};
  if (roll < 38) return Cancel{"enough", dice_.OneIn(2), finding()};
  if (roll < 50) return Retry{"again", AnyStep()};
  if (roll < 60) return Skip{AnyStep(), dice_.OneIn(2) ? Value(Value::Map()) : Value(), "by hand"};
  if (roll < 66) return RollBack{dice_.OneIn(2) ? AnyCheckpoint() : "", "back", finding()};
  if (roll < 80) {
    CastVote cast;
    const auto open = ApprovalsOf(world_.state());
    cast.id = open.empty() ? ApprovalId{1} : dice_.Pick(open)->request.id;
    cast.vote = dice_.Pick<Vote>({Vote::kApprove, Vote::kApprove, Vote::kReject, Vote::kWithdraw});
    cast.reason = "because";
    cast.roles = {dice_.Pick<std::string>({"viewer", "dba", "dba", "dba", "level-1", "level-2"})};
    return cast;
  }
  if (roll < 86) return SendSignal{dice_.OneIn(2) ? "go" : "stop", Value(1)};
  if (roll < 88) return OverrideWindow{"it cannot wait"};
  if (roll < 89) return Quarantine{"it looks wrong"};
  if (roll < 90) return Acknowledge{"on it", {"operator"}};
  if (roll < 91)
    return ResolveEffect{AnyStep(),
                         *dice_.Pick<std::optional<Finding>>(
                             {Finding::kApplied, Finding::kNotApplied, Finding::kPartial}),
                         {},
                         "looked"};
  if (roll < 93) return OverrideInput{AnyStep(), "value", Value("other"), "a slip"};
  if (roll < 97) {
    return AnswerItem{"", dice_.OneIn(2) ? "one" : "two", !dice_.OneIn(8), "a note", {"operator"}};
  }
  return Annotate{"seen"};
}

void Monkey::DoAsOperator() {
  const std::string who = dice_.Pick<std::string>({"ada", "bob", "requester"});
  if (!answered_.empty() && dice_.OneIn(8)) {
    const Input again = dice_.Pick(answered_);
    for (const auto& [at, start] : world_.attempts()) {
      if (IsAttemptOf(again, start)) return;  // the same phase is at work anew
    }
    (void)world_.Refused(again, "engine");
    return;
  }
  (void)world_.Try(AnyWord(), who);
}

void Monkey::AnswerQuestion(bool give_up) {
  if (give_up) return world_.Send(Cancel{"it goes round", false, {}});
  std::vector<Input> answers = {Retry{"again"}, Skip{"", Value(), "by hand"},
                                RollBack{"", "back", Finding::kPartial},
                                Cancel{"enough", false, {}}};
  std::rotate(answers.begin(), answers.begin() + dice_.Below(4), answers.end());
  for (const Input& answer : answers) {
    if (world_.Try(answer, "operator")) return;
  }
  world_.Break("no answer to its question is taken");
}

void Monkey::AnswerWaiting() {
  const auto* activity = ActivityOf(world_.state());
  if (activity != nullptr) {
    for (const Activity* leaf : LeavesOf(*activity)) {
      if (const auto* sleeping = std::get_if<Sleeping>(leaf);
          sleeping && !sleeping->signal.empty()) {
        return world_.Signal(std::string(sleeping->signal));
      }
      if (const auto* checklist = std::get_if<Checklist>(leaf)) {
        for (const auto& item : checklist->request.items) {
          if (!checklist->answers.contains(item.id)) return world_.Answer(std::string(item.id));
        }
      }
      if (std::holds_alternative<AwaitingApproval>(*leaf)) {
        const ApprovalId id = std::get<AwaitingApproval>(*leaf).request.id;
        for (const char* who : {"ada", "bob"}) {
          if (FindApproval(world_.state(), id) == nullptr) break;
          CastVote cast;
          cast.id = id;
          cast.roles = {"dba"};
          if (!world_.Try(cast, who) && world_.FireNext()) return;
        }
        return;
      }
    }
  }
  if (!world_.FireNext()) world_.Break("nothing leads on from where it waits");
}

void Monkey::Finish() {
  for (int turn = 0; turn < kEndMax; ++turn) {
    const RunStatus status = world_.status();
    if (IsFinal(status)) return;
    const bool stands = world_.attempts().empty() && world_.plans().empty();
    if (stands && HoldOf(world_.state()) != nullptr && HoldOf(world_.state())->quarantined) {
      world_.Resume();
      continue;
    }
    if (world_.state().override_asked && status != RunStatus::kQueued) {
      CastVote no;
      no.id = world_.state().override_asked->request.id;
      no.vote = Vote::kReject;
      no.reason = "no need";
      no.roles = {"dba"};
      for (const char* who : {"ada", "bob", "requester"}) {
        if (!world_.state().override_asked || world_.Try(no, who)) break;
      }
      if (!world_.state().override_asked) continue;
    }
    if (!world_.attempts().empty()) {
      world_.Succeed(NameOf(world_.workflow(), world_.attempts().begin()->first));
    } else if (!world_.plans().empty() && status == RunStatus::kRunning) {
      world_.Plan(NameOf(world_.workflow(), {world_.plans().front(), -1}));
    } else if (status == RunStatus::kQueued) {
      world_.Send(LockGranted{}, "engine");
    } else if (status == RunStatus::kPaused) {
      world_.Resume();
    } else if (status == RunStatus::kNeedsAttention) {
      AnswerQuestion(turn > kPatience);
    } else {
      AnswerWaiting();
    }
  }
  world_.Break("the run does not end");
}

}  // namespace recourse::simulation
