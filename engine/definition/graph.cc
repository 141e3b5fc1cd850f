// How the steps of a workflow lead to each other, and what is sure to have happened on the way.
#include <algorithm>

#include "engine/definition/loading.h"
#include "engine/definition/transitions.h"

namespace recourse::definition {
namespace {

using Edge = Transition;
using Graph = std::vector<std::vector<Edge>>;

Graph Reverse(const Graph& graph) {
  Graph reversed(graph.size() + 1);
  for (std::size_t from = 0; from < graph.size(); ++from) {
    for (const Edge& edge : graph[from]) {
      reversed[static_cast<std::size_t>(edge.to)].push_back({.to = static_cast<int>(from)});
    }
  }
  return reversed;
}

// Every node that is reached from `starts`.
std::vector<bool> Reached(const Graph& graph, std::vector<int> starts, std::size_t nodes) {
  std::vector<bool> reached(nodes);
  for (const int start : starts) reached[start] = true;
  while (!starts.empty()) {
    const std::size_t at = static_cast<std::size_t>(starts.back());
    starts.pop_back();
    if (at >= graph.size()) continue;  // the end leads nowhere
    for (const Edge& edge : graph[at]) {
      if (reached[edge.to]) continue;
      reached[edge.to] = true;
      starts.push_back(edge.to);
    }
  }
  return reached;
}

// The steps from `step` on that go round among themselves, for a message.
std::string Cycle(const Workflow& workflow, const Graph& graph, int step) {
  const std::vector<bool> reached = Reached(graph, {step}, graph.size() + 1);
  std::string names;
  int named = 0;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    if (!reached[i]) continue;
    if (++named > 5) return names + "...";
    names += (names.empty() ? "" : ", ") + Quoted(workflow.steps[i].id);
  }
  return names;
}

void CheckWays(const Graph& graph, Loading& loading) {
  const Workflow& workflow = loading.workflow;
  const std::size_t end = graph.size();
  std::vector<int> starts{0};
  if (workflow.on_finish) starts.push_back(*workflow.on_finish);
  const std::vector<bool> reached = Reached(graph, starts, end + 1);
  std::vector<int> ends{static_cast<int>(end)};
  for (std::size_t i = 0; i < end; ++i) {
    if (EndsRun(workflow, workflow.steps[i])) ends.push_back(static_cast<int>(i));
  }
  const std::vector<bool> ending = Reached(Reverse(graph), ends, end + 1);
  bool told = false;  // one cycle is enough: the others are seen once it has an exit
  for (std::size_t i = 0; i < end; ++i) {
    const Step& step = workflow.steps[i];
    if (!reached[i]) {
      loading.problems.Add(step.place, "the step " + Quoted(step.id) + " is never reached");
    } else if (!ending[i] && !told) {
      told = true;
      loading.problems.Add(step.place, "no way leads from the step " + Quoted(step.id) +
                                           " to an end; the run would go round in " +
                                           Cycle(workflow, graph, static_cast<int>(i)));
    }
  }
}

}  // namespace

// Finds what is certain: the facts that hold on every way to a step. It begins with everything and
// takes away until nothing changes.
class Flow {
 public:
  Flow(const Workflow& workflow, const Graph& graph)
      : workflow_(workflow),
        graph_(graph),
        steps_(static_cast<int>(graph.size())),
        certainty_(steps_, static_cast<int>(workflow.blocks.size())) {
    for (auto& row : certainty_.rows_) std::fill(row.begin(), row.end(), ~std::uint64_t{0});
    Forget(0);
    if (workflow.on_finish) Forget(*workflow.on_finish);  // whatever the end was
    for (bool changed = true; changed;) {
      changed = false;
      for (int from = 0; from < steps_; ++from) {
        for (const Edge& edge : graph_[from]) {
          FindFacts(from, edge);
          // What holds at the end of a block holds where all blocks of the step are done.
          const bool inside = edge.leaves >= 0 && workflow_.blocks[std::size_t(edge.leaves)].owner >= 0;
          changed = Meet(inside ? certainty_.EndOf(edge.leaves) : edge.to, facts_) || changed;
        }
        if (std::holds_alternative<SucceedStep>(workflow_.steps[from].kind) &&
            EndsRun(workflow_, workflow_.steps[from])) {
          changed = Meet(steps_, certainty_.rows_[from]) || changed;
        }
      }
    }
  }

  Certainty Take() && { return std::move(certainty_); }

 private:
  using Row = std::vector<std::uint64_t>;

  void Forget(int at) {
    auto& row = certainty_.rows_[std::size_t(at)];
    std::fill(row.begin(), row.end(), 0);
  }

  static void Set(Row& row, int bit) { row[bit / 64] |= std::uint64_t{1} << (bit % 64); }

  static void Clear(Row& row, int bit) { row[bit / 64] &= ~(std::uint64_t{1} << (bit % 64)); }

  // What holds after going along `edge`, as `facts_`.
  void FindFacts(int from, const Edge& edge) {
    Row& row = facts_;
    row = certainty_.rows_[from];
    if (edge.rollback_to) {
      const Row& checkpoint = certainty_.rows_[*edge.rollback_to];
      for (std::size_t i = 0; i < row.size(); ++i) row[i] &= checkpoint[i];
      Set(row, *edge.rollback_to);
    }
    Set(row, 2 * steps_ + from);
    if (edge.closes) {
      for (std::size_t block = 0; block < workflow_.blocks.size(); ++block) {
        if (workflow_.blocks[block].owner != from) continue;
        const Row& end = certainty_.rows_[std::size_t(certainty_.EndOf(static_cast<int>(block)))];
        for (std::size_t i = 0; i < row.size(); ++i) row[i] |= end[i];
      }
    }
    if (edge.kind == Edge::Kind::kInside) return;  // not done yet
    const bool done = edge.kind == Edge::Kind::kDone || edge.kind == Edge::Kind::kCase ||
                      edge.kind == Edge::Kind::kDefault;
    if (done) {  // A success forgets an earlier failure.
      Set(row, from);
      Clear(row, steps_ + from);
    }
    if (edge.kind == Edge::Kind::kFailed) {  // And a failure an earlier success.
      Clear(row, from);
      Set(row, steps_ + from);
      Set(row, 3 * steps_);
    }
  }

  // True when something was taken away.
  bool Meet(int at, const Row& row) {
    bool changed = false;
    Row& known = certainty_.rows_[at];
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::uint64_t both = known[i] & row[i];
      changed = changed || both != known[i];
      known[i] = both;
    }
    return changed;
  }

  const Workflow& workflow_;
  const Graph& graph_;
  int steps_;
  Certainty certainty_;
  Row facts_;
};

namespace {

void CheckRollbacks(const Certainty& certainty, Loading& loading) {
  const Workflow& workflow = loading.workflow;
  for (int at = 0; at < static_cast<int>(workflow.steps.size()); ++at) {
    const Step& step = workflow.steps[at];
    for (const ErrorRule& rule : step.on_error) {
      if (!rule.rollback_to) continue;
      const int to = *rule.rollback_to;
      const std::string name = Quoted(workflow.steps[to].id);
      if (!std::holds_alternative<CheckpointStep>(workflow.steps[to].kind)) {
        loading.problems.Add(step.place, "rollback_to: the step " + name + " is no checkpoint");
        continue;
      }
      if (!certainty.Succeeded(at, to)) {
        loading.problems.Add(step.place,
                             "rollback_to: the run may not have passed the checkpoint " + name +
                                 " when the step " + Quoted(step.id) + " fails");
        continue;
      }
      for (int pivot = 0; pivot < static_cast<int>(workflow.steps.size()); ++pivot) {
        if (!workflow.steps[pivot].irreversible || !certainty.Succeeded(at, pivot) ||
            certainty.Succeeded(to, pivot)) {
          continue;
        }
        loading.problems.Add(step.place, "rollback_to: the way back to " + name +
                                             " crosses the irreversible step " +
                                             Quoted(workflow.steps[pivot].id));
      }
    }
  }
}

}  // namespace

Certainty::Certainty(std::optional<int> steps, int blocks) : steps_(steps.value_or(0)) {
  if (!steps) return;
  const std::size_t words = static_cast<std::size_t>(3 * steps_) / 64 + 1;
  rows_.assign(static_cast<std::size_t>(steps_ + 1 + blocks), std::vector<std::uint64_t>(words));
}

Certainty CheckGraph(Loading& loading) {
  Graph graph;
  const int steps = static_cast<int>(loading.workflow.steps.size());
  for (int i = 0; i < steps; ++i) graph.push_back(TransitionsFrom(loading.workflow, i));
  CheckWays(graph, loading);
  Certainty certainty = Flow(loading.workflow, graph).Take();
  CheckRollbacks(certainty, loading);
  return certainty;
}

}  // namespace recourse::definition
