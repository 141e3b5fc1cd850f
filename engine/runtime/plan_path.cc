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

class PathFinder {
 public:
  explicit PathFinder(const PathRequest& request) : request_(request) {
    for (int step = 0; !IsEnd(step); ++step) all_.insert(step);
  }

  std::vector<PathStep> Find() && {
    FollowExpected();
    FollowOthers();
    return std::move(path_);
  }

 private:
  const definition::Step& StepAt(int index) const {
    return request_.workflow.steps[static_cast<std::size_t>(index)];
  }
  bool IsEnd(int index) const { return index >= static_cast<int>(request_.workflow.steps.size()); }
  bool Fails(int index) const {
    return !IsEnd(index) && std::holds_alternative<definition::FailStep>(StepAt(index).kind);
  }

  // What a condition comes to, if that is known.
  std::optional<bool> TruthOf(const expression::Program& condition, int step,
                              const std::set<int>& before) const {
    if (!Unknown(request_, condition.References(), step, before).empty()) return std::nullopt;
    const machine::RunScope scope(request_.workflow, request_.state, request_.now, {step, -1});
    const auto value = condition.Evaluate(scope);
    if (!value || !value->is_bool()) return std::nullopt;
    return value->as_bool();
  }

  // Where the switch may go, the likeliest first: its default, unless that only fails. A case that
  // is known to be true stands for the default, and for all cases behind it.
  std::vector<int> WaysOf(const definition::SwitchStep& choice, int step) const {
    int otherwise = choice.otherwise.value_or(StepAt(step).next.value_or(step + 1));
    std::vector<int> ways;
    for (const auto& one : choice.cases) {
      const auto truth = TruthOf(one.when, step, passed_);
      if (truth == false) continue;
      if (truth == true) {
        otherwise = one.go_to;
        break;
      }
      ways.push_back(one.go_to);
    }
    ways.insert(ways.begin(), otherwise);
    std::ranges::stable_partition(ways, [this](int way) { return !Fails(way); });
    return ways;
  }

  void FollowExpected() {
    for (int at = request_.first; !IsEnd(at) && !passed_.contains(at);) {
      const definition::Step& step = StepAt(at);
      PathStep& here = path_.emplace_back(PathStep{at, Reach::kExpected, {}});
      const int next = step.next.value_or(at + 1);
      if (step.when) here.when = TruthOf(*step.when, at, passed_);
      const auto* choice = std::get_if<definition::SwitchStep>(&step.kind);
      if (here.when == false) {
        here.reach = Reach::kSkipped;
      } else if (choice != nullptr) {
        here.goes_to = WaysOf(*choice, at);
      }
      passed_.insert(at);
      if (here.reach == Reach::kExpected && (definition::EndsRun(step) || EndsPlan(step))) return;
      at = here.goes_to.empty() ? next : here.goes_to.front();
    }
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
        return from.goes_to.empty() || std::ranges::find(from.goes_to, way.to) != from.goes_to.end();
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
      for (const Transition& way : definition::TransitionsFrom(request_.workflow, from.step)) {
        if (IsEnd(way.to) || passed_.contains(way.to) || !MayGo(from, way)) continue;
        const auto [other, added] =
            others.try_emplace(way.to, PathStep{way.to, Reach::kConditional, {}});
        const auto& when = StepAt(way.to).when;
        if (added && when) other->second.when = TruthOf(*when, way.to, all_);
        const std::string words = WayText(request_.workflow, from.step, way);
        if (std::ranges::find(other->second.ways, words) == other->second.ways.end()) {
          other->second.ways.push_back(words);
        }
        if (added) open.push_back(other->second);
      }
    }
    for (auto& [step, other] : others) path_.push_back(std::move(other));
  }

  const PathRequest& request_;
  std::vector<PathStep> path_;
  std::set<int> all_;
  std::set<int> passed_;  // the expected steps
};

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

std::string Unknown(const PathRequest& request, std::span<const expression::Reference> references,
                    int step, const std::set<int>& before) {
  for (const auto& [path, offset, guarded] : references) {
    if (path.front() == "error" && !request.state.error) return "the error that leads there";
    if (path.front() == "run" && request.state.run.number == 0) {
      const bool known = path.size() > 1 && (path[1] == "requester" || path[1] == "workflow");
      if (!known) return "the run, which has not begun";
    }
    if (path.front() != "steps") continue;
    if (path.size() < 2) {
      if (!before.empty()) return "what the steps before it find";
      continue;
    }
    const auto named = request.workflow.FindStep(path[1]);
    if (named && *named != step && before.contains(*named)) return "what " + path[1] + " finds";
  }
  return "";
}

}  // namespace recourse::runtime
