// Which lane of a run is next, and what becomes of lanes that end: branches, items at work beside
// others, sub-workflows.
#include <algorithm>

#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

using definition::Block;
using Point = Ready::Point;

bool IsOver(const Lane& lane) { return std::holds_alternative<Over>(lane.activity); }

}  // namespace

// What comes next in a run, lane by lane.
struct Draft::Turn {
  enum class Kind {
    kReady,  // `ready`
    kStop,   // the lane is not at work any more, and another one has failed
    kItem,   // the next item of a for_each may begin
    kClose,  // every lane is over
  };
  Kind kind = Kind::kReady;
  Ready ready;
  int step = -1;  // that has the lane; -1: the run's own way
  int lane = -1;
};

std::optional<Draft::Turn> Draft::NextTurn(const Activity& activity, int step, int lane,
                                           bool stopping) const {
  if (const auto* ready = std::get_if<Ready>(&activity); ready != nullptr && !stopping) {
    return Turn{Turn::Kind::kReady, *ready, step, lane};
  }
  const auto* inside = std::get_if<Inside>(&activity);
  if (inside == nullptr) return std::nullopt;
  const bool stops = stopping || (inside->failure && inside->stops_others);
  for (int i = 0; i < static_cast<int>(inside->lanes.size()); ++i) {
    const Lane& one = inside->lanes[static_cast<std::size_t>(i)];
    if (IsOver(one)) continue;
    if (!stops) {
      if (auto turn = NextTurn(one.activity, inside->step, i)) return turn;
    } else if (!AnyAtWork(one.activity) && !AnyAsked(one.activity)) {
      return Turn{Turn::Kind::kStop, {}, inside->step, i};
    } else if (auto turn = NextTurn(one.activity, inside->step, i, true)) {
      return turn;  // what waits in it beside what is at work
    }
  }
  if (stopping) return std::nullopt;
  const bool items = inside->items > 0;
  if (items && !inside->failure && inside->next_item < inside->items &&
      static_cast<int>(inside->lanes.size()) < inside->parallel_max) {
    return Turn{Turn::Kind::kItem, {}, inside->step, inside->next_item};
  }
  if (std::all_of(inside->lanes.begin(), inside->lanes.end(), IsOver)) {
    return Turn{Turn::Kind::kClose, {}, inside->step, -1};
  }
  return std::nullopt;
}

bool Draft::AnyAsked(const Activity& activity) {
  for (const Activity* leaf : LeavesOf(activity)) {
    const auto* attempt = std::get_if<Attempting>(leaf);
    if (attempt != nullptr && attempt->asked) return true;
  }
  return false;
}

void Draft::Take(const Turn& turn) {
  switch (turn.kind) {
    case Turn::Kind::kReady:
      return GoOn(turn.ready, turn.step, turn.lane);
    case Turn::Kind::kStop:
      return StopLane(turn.step, turn.lane);
    case Turn::Kind::kItem:
      return BeginAttempt({turn.step, turn.lane});
    case Turn::Kind::kClose:
      return Close(turn.step);
  }
}

void Draft::GoOn(const Ready& at, int step, int lane) {
  switch (at.point) {
    case Point::kEnter:
      if (at.step >= EndIndex()) return Leave(step, lane);
      return Enter(at.step, false);
    case Point::kAgain:
      return at.item < 0 ? Enter(at.step, true) : BeginItem({at.step, at.item});
    case Point::kFinished:
      return FollowUp({at.step, at.item});
    case Point::kFailed:
      return HandleFailure({at.step, at.item});
  }
}

// The way ends that the lane of `step` took.
void Draft::Leave(int step, int lane) {
  if (step < 0) return state_.finishing ? EndAsKnown() : Succeed();
  if (std::holds_alternative<definition::ParallelStep>(StepAt(step).kind)) {
    return Emit(BranchEnded{step, lane, {}, false});
  }
  const auto& frames = workflow_.frames;
  const auto frame = std::find_if(frames.begin(), frames.end(),
                                  [&](const auto& one) { return one.owner == step; });
  auto outputs = AsJournaled(frame->outputs.Evaluate(
      RunScope(workflow_, state_, facts_.now, static_cast<int>(frame - frames.begin()))));
  if (!outputs) return FailStep({step, -1}, std::move(outputs).error().In("outputs"));
  Emit(StepCompleted{step, *std::move(outputs)});
}

// The same for the block that `step` stands in.
void Draft::LeaveBlockOf(int step) {
  const int block = StepAt(step).block;
  if (block < 0) return Leave(-1, -1);
  const int owner = workflow_.blocks[static_cast<std::size_t>(block)].owner;
  Leave(owner, owner < 0 ? -1 : LaneOf(block));
}

int Draft::LaneOf(int block) const {
  const int owner = workflow_.blocks[static_cast<std::size_t>(block)].owner;
  const auto* parallel = std::get_if<definition::ParallelStep>(&StepAt(owner).kind);
  if (parallel == nullptr) return 0;
  const auto& branches = parallel->branches;
  return static_cast<int>(std::find(branches.begin(), branches.end(), block) - branches.begin());
}

void Draft::StopLane(int step, int lane) {
  const auto& inside = std::get<Inside>(*FindActivity(*ActivityOf(state_), {step, -1}));
  const Lane& one = inside.lanes[static_cast<std::size_t>(lane)];
  const int branch = one.item >= 0 ? one.item : lane;
  VoidApprovals(one.activity);
  Emit(BranchEnded{step, branch, {}, true});
}

void Draft::VoidApprovals() {
  if (const Activity* root = ActivityOf(state_)) VoidApprovals(*root);
  VoidOverride();
}

void Draft::VoidOverride() {
  if (!state_.override_asked) return;
  Emit(ApprovalSettled{state_.override_asked->request.id, Settlement::kVoid});
}

void Draft::VoidApprovals(const Activity& within) {
  std::vector<ApprovalId> open;
  for (const Activity* leaf : LeavesOf(within)) {
    const auto* awaiting = std::get_if<AwaitingApproval>(leaf);
    if (awaiting != nullptr) open.push_back(awaiting->request.id);
  }
  for (const ApprovalId id : open) Emit(ApprovalSettled{id, Settlement::kVoid});
}

void Draft::Close(int step) {
  const auto& inside = std::get<Inside>(*FindActivity(*ActivityOf(state_), {step, -1}));
  if (inside.failure) return FailStep({step, -1}, Error(*inside.failure));
  Emit(StepCompleted{step, Value()});
}

// A lane has failed for good: the others are stopped where the step says so.
void Draft::FailLane(int step, int branch, Error error) {
  Emit(BranchEnded{step, branch, std::move(error), false});
  const auto& inside = std::get<Inside>(*FindActivity(*ActivityOf(state_), {step, -1}));
  if (!inside.stops_others) return;
  for (const Activity* leaf : LeavesOf(*FindActivity(*ActivityOf(state_), {step, -1}))) {
    if (IsAtWork(*leaf)) StopPhase(*leaf);
  }
}

bool Draft::FailsAround(StepRef at, const Error& error) {
  const Activity* around = FindActivity(*ActivityOf(state_), {at.step, -1});
  if (at.item >= 0 && std::holds_alternative<Inside>(*around)) {
    FailLane(at.step, at.item, error.In(NameOf(workflow_, at)));
    return true;
  }
  const int block = StepAt(at.step).block;
  if (block < 0) return false;
  const Block& inside = workflow_.blocks[static_cast<std::size_t>(block)];
  if (inside.kind == Block::Kind::kFinish) {
    EndAsKnown();  // what runs at last changes nothing about the end
  } else if (inside.kind == Block::Kind::kBranch) {
    FailLane(inside.owner, LaneOf(block), error.In(NameOf(workflow_, at)));
  } else {
    FailStep({inside.owner, -1}, error.In(NameOf(workflow_, at)));
  }
  return true;
}

bool Draft::IsStopping(StepRef at) const {
  const auto* running = std::get_if<Running>(&state_.status);
  if (running != nullptr && running->stop) return true;
  const auto* attention = std::get_if<NeedsAttention>(&state_.status);
  if (attention != nullptr && attention->stop) return true;
  const Activity* activity = ActivityOf(state_);
  while (const auto* inside = activity == nullptr ? nullptr : std::get_if<Inside>(activity)) {
    if (inside->failure && inside->stops_others) return true;
    if (inside->items > 0) return false;
    const auto lane =
        std::find_if(inside->lanes.begin(), inside->lanes.end(),
                     [&](const Lane& one) { return one.first <= at.step && at.step < one.end; });
    activity = lane == inside->lanes.end() ? nullptr : &lane->activity;
  }
  return false;
}

void Draft::Continue() {
  // Each turn enters a step or handles a failure; visits_max of every step bounds the turns, and
  // kEventsMax what is journaled of them at once.
  for (;;) {
    TakeSignals();
    const auto* running = std::get_if<Running>(&state_.status);
    if (running != nullptr && running->stop) {
      if (!AnyAtWork(running->activity)) ActOnStop(StopRequested(*running->stop));
      return;
    }
    // Where every lane waits, one may be over because another has failed, or an item may begin.
    if (running == nullptr && !std::holds_alternative<Waiting>(state_.status)) return;
    const auto turn = NextTurn(*ActivityOf(state_), -1, -1);
    if (!turn) return;
    const StepRef at{turn->ready.step, turn->ready.item};
    const bool ending = turn->kind == Turn::Kind::kReady && at.step >= EndIndex();
    if (decision_.events.size() >= kEventsMax && !ending) {
      const StepRef here = turn->kind == Turn::Kind::kReady ? at : StepRef{turn->step, -1};
      return Ask(Question::kStepFailed, here,
                 Error{Code::kResourceExhausted,
                       std::to_string(kEventsMax) +
                           " things happened to the run without one that takes time: its path "
                           "seems to go in a circle. Nothing more was done; retry goes on from "
                           "here"});
    }
    Take(*turn);
  }
}

}  // namespace recourse::machine
