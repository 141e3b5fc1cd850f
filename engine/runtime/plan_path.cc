#include "engine/runtime/plan_path.h"

#include <algorithm>
#include <deque>
#include <map>

#include "engine/definition/transitions.h"
#include "engine/runtime/plan_words.h"

namespace recourse::runtime {
namespace {

using definition::Transition;
using Reach = PathStep::Reach;

// Whether what it comes to may change until a run comes to it.
bool TellsTheTime(std::span<const expression::Reference> references) {
  return std::ranges::any_of(references,
                             [](const auto& reference) { return reference.path.front() == "now"; });
}

class PathFinder {
 public:
  explicit PathFinder(const PathRequest& request) : request_(request) {
    for (int step = 0; !IsEnd(step); ++step) all_.insert(step);
  }

  std::vector<PathStep> Find() && {
    if (!IsEnd(request_.first)) Follow(request_.first, kNoBlock);
    const auto last = request_.workflow.on_finish;
    if (last && (path_.empty() || !EndsPlan(StepAt(path_.back().step)))) Follow(*last, kNoBlock);
    FollowOthers();
    return std::move(path_);
  }

 private:
  static constexpr int kNoBlock = -1;

  const definition::Step& StepAt(int index) const {
    return request_.workflow.steps[static_cast<std::size_t>(index)];
  }
  bool IsEnd(int index) const { return index >= static_cast<int>(request_.workflow.steps.size()); }
  bool Fails(const Transition& way) const {
    return !IsEnd(way.to) && std::holds_alternative<definition::FailStep>(StepAt(way.to).kind);
  }
  std::vector<Transition> WaysFrom(int step) const {
    return definition::TransitionsFrom(request_.workflow, step);
  }

  // What a condition comes to, if that is known.
  std::optional<bool> TruthOf(const expression::Program& condition, int step,
                              const std::set<int>& before) const {
    const auto references = condition.References();
    if (TellsTheTime(references) || !Unknown(request_, references, step, before).empty()) {
      return std::nullopt;
    }
    const machine::RunScope scope(request_.workflow, request_.state, request_.now, {step, -1});
    const auto value = condition.Evaluate(scope);
    if (!value || !value->is_bool()) return std::nullopt;
    return value->as_bool();
  }

  // Where the switch may go, the likeliest first: its default, unless that only fails. A case that
  // is known to be true stands for the default, and for all cases behind it. `before`: the steps
  // that may have run.
  std::vector<Transition> WaysOf(const definition::SwitchStep& choice, int step,
                                 const std::set<int>& before) const {
    std::vector<Transition> ways;
    std::size_t number = 0;
    for (Transition& way : WaysFrom(step)) {
      if (way.kind != Transition::Kind::kCase && way.kind != Transition::Kind::kDefault) continue;
      const bool is_case = way.kind == Transition::Kind::kCase;
      const auto truth = is_case ? TruthOf(choice.cases[number++].when, step, before) : true;
      if (truth == true) {
        ways.insert(ways.begin(), std::move(way));
        break;
      }
      if (truth != false) ways.push_back(std::move(way));
    }
    std::ranges::stable_partition(ways, [this](const auto& way) { return !Fails(way); });
    return ways;
  }

  // The way that is taken when all is well; none from a step that ends the run.
  std::optional<Transition> ExpectedWay(PathStep& here) const {
    const definition::Step& step = StepAt(here.step);
    if (step.when) here.when = TruthOf(*step.when, here.step, passed_);
    if (here.when == false) here.reach = Reach::kSkipped;
    const auto* choice = std::get_if<definition::SwitchStep>(&step.kind);
    if (choice != nullptr && here.when != false) {
      const auto ways = WaysOf(*choice, here.step, passed_);
      for (const Transition& way : ways) here.goes_to.push_back(way.to);
      return ways.front();
    }
    const auto wanted = here.when == false ? Transition::Kind::kSkipped : Transition::Kind::kDone;
    for (Transition& way : WaysFrom(here.step)) {
      if (way.kind == wanted) return std::move(way);
    }
    return std::nullopt;
  }

  // False: the run, or the plan, ends here. `inside`: the block that is left to who called.
  bool Follow(int first, int inside) {
    for (int at = first; !IsEnd(at) && !passed_.contains(at);) {
      PathStep here{at, Reach::kExpected, {}};
      const auto way = ExpectedWay(here);
      path_.push_back(here);
      passed_.insert(at);
      if (here.reach == Reach::kExpected) {
        if (!way || EndsPlan(StepAt(at)) || !FollowInside(at)) return false;
      }
      if (way->leaves >= 0 && way->leaves == inside) return true;
      at = way->to;
    }
    return true;
  }

  // The steps that stand inside of the step.
  bool FollowInside(int owner) {
    for (std::size_t i = 0; i < request_.workflow.blocks.size(); ++i) {
      const definition::Block& block = request_.workflow.blocks[i];
      if (block.owner == owner && !Follow(block.first, static_cast<int>(i))) return false;
    }
    return true;
  }

  bool EndsPlan(const definition::Step& step) const {
    return !request_.past_approvals && std::holds_alternative<definition::ApprovalStep>(step.kind);
  }

  // Whether a run may go this way, by what is known.
  static bool MayGo(const PathStep& from, const Transition& way) {
    if (from.when == false) return way.kind == Transition::Kind::kSkipped;
    switch (way.kind) {
      case Transition::Kind::kSkipped:
        return from.when != true;
      case Transition::Kind::kCase:
      case Transition::Kind::kDefault:
        return from.goes_to.empty() ||
               std::ranges::find(from.goes_to, way.to) != from.goes_to.end();
      default:
        return true;
    }
  }

  void FollowOthers() {
    std::map<int, PathStep> others;
    std::deque<PathStep> open(path_.begin(), path_.end());
    for (; !open.empty(); open.pop_front()) {
      const PathStep& from = open.front();
      if (from.reach == Reach::kSkipped || EndsPlan(StepAt(from.step))) continue;
      for (const Transition& way : WaysFrom(from.step)) {
        if (IsEnd(way.to) || passed_.contains(way.to) || !MayGo(from, way)) continue;
        const auto [other, added] =
            others.try_emplace(way.to, PathStep{way.to, Reach::kConditional, {}});
        if (added) LookAhead(other->second);
        const std::string words = WayText(request_.workflow, from.step, way);
        if (std::ranges::find(other->second.ways, words) == other->second.ways.end()) {
          other->second.ways.push_back(words);
        }
        if (added) open.push_back(other->second);
      }
    }
    for (auto& [step, other] : others) {
      if (other.when != false) path_.push_back(std::move(other));
    }
  }

  // What is known of a step that is only come to when something happens.
  void LookAhead(PathStep& other) const {
    const definition::Step& step = StepAt(other.step);
    if (step.when) other.when = TruthOf(*step.when, other.step, all_);
    const auto* choice = std::get_if<definition::SwitchStep>(&step.kind);
    if (choice == nullptr || other.when == false) return;
    for (const Transition& way : WaysOf(*choice, other.step, all_)) other.goes_to.push_back(way.to);
  }

  const PathRequest& request_;
  std::vector<PathStep> path_;
  std::set<int> all_;
  std::set<int> passed_;  // the expected steps
};

// Whether the plan may come back to its first step.
bool ComesAgain(const PathRequest& request) {
  const auto& steps = request.workflow.steps;
  std::set<int> seen;
  std::deque<int> open = {request.first};
  for (; !open.empty(); open.pop_front()) {
    const auto& step = steps[static_cast<std::size_t>(open.front())];
    const bool asks = std::holds_alternative<definition::ApprovalStep>(step.kind);
    if (asks && !request.past_approvals) continue;  // with a plan of its own
    for (const Transition& way : definition::TransitionsFrom(request.workflow, open.front())) {
      if (way.to == request.first) return true;
      const bool ends = way.to >= static_cast<int>(steps.size());
      if (!ends && seen.insert(way.to).second) open.push_back(way.to);
    }
  }
  return false;
}

// Whether the last failure so far is the one by which a run comes to the step: no other step comes
// before it, in the same lane or in another, and it does not come twice.
bool HasPresentError(const PathRequest& request, int step, const std::set<int>& before) {
  if (!request.state.error || step != request.first || !before.empty()) return false;
  const bool lanes = std::ranges::any_of(request.workflow.steps, [](const auto& one) {
    return std::holds_alternative<definition::ParallelStep>(one.kind);
  });
  return !lanes && !ComesAgain(request);
}

}  // namespace

std::vector<PathStep> PathFrom(const PathRequest& request) { return PathFinder(request).Find(); }

std::set<int> Before(std::span<const PathStep> path, const PathStep& at) {
  std::set<int> before;
  for (const PathStep& one : path) {
    if (one.step == at.step) {
      if (at.reach != Reach::kConditional) break;
      continue;
    }
    if (one.reach != Reach::kSkipped) before.insert(one.step);
  }
  return before;
}

machine::RunState WithKnownInputs(const PathRequest& request) {
  machine::RunState known = request.state;
  std::set<int> all;
  for (std::size_t step = 0; step < request.workflow.steps.size(); ++step) {
    all.insert(static_cast<int>(step));
  }
  for (const definition::Frame& frame : request.workflow.frames) {
    if (known.steps.contains(frame.owner)) continue;
    const auto& sub = std::get<definition::SubWorkflowStep>(
        request.workflow.steps[static_cast<std::size_t>(frame.owner)].kind);
    const PathRequest with_known{request.workflow, known, request.now};
    const auto references = sub.with.References();
    // What hangs on the time would decide ways in there.
    if (TellsTheTime(references) || !Unknown(with_known, references, frame.owner, all).empty()) {
      continue;
    }
    auto inputs = sub.with.Evaluate(
        machine::RunScope(request.workflow, known, request.now, {frame.owner, -1}));
    if (inputs) inputs = definition::FitInputs(frame.inputs, *inputs);
    if (inputs) known.steps[frame.owner].inputs = *std::move(inputs);
  }
  return known;
}

std::string Unknown(const PathRequest& request, std::span<const expression::Reference> references,
                    int step, const std::set<int>& before) {
  const definition::Workflow& workflow = request.workflow;
  const int frame_index = workflow.steps[static_cast<std::size_t>(step)].frame;
  const definition::Frame* frame =
      frame_index < 0 ? nullptr : &workflow.frames[static_cast<std::size_t>(frame_index)];
  for (const auto& [path, offset, guarded] : references) {
    if (path.front() == "error" && !HasPresentError(request, step, before)) {
      return "the error that leads there";
    }
    if (path.front() == "inputs" && frame != nullptr &&
        !request.state.steps.contains(frame->owner)) {
      return "what " + workflow.steps[static_cast<std::size_t>(frame->owner)].id + " is given";
    }
    if (path.front() == "run" && request.state.run.number == 0) {
      const bool known = path.size() > 1 && (path[1] == "requester" || path[1] == "workflow");
      if (!known) return "the run, which has not begun";
    }
    if (path.front() != "steps") continue;
    if (path.size() < 2) {
      if (!before.empty()) return "what the steps before it find";
      continue;
    }
    const std::string id = (frame == nullptr ? "" : frame->prefix) + path[1];
    const auto named = workflow.FindStep(id);
    if (named && *named != step && before.contains(*named)) return "what " + id + " finds";
  }
  return "";
}

}  // namespace recourse::runtime
