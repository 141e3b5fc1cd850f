// Lays the steps of a workflow out in one row: those that stand inside a step follow it.
#include "engine/base/json.h"
#include "engine/definition/loading.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"

namespace recourse::definition {
namespace {

constexpr std::size_t kStepsMax = 2000;
// Workflows in workflows in workflows: what a person can still follow.
constexpr std::size_t kNestingMax = 8;

// The definitions that a stored one carries along.
OtherWorkflows CarriedIn(const Node& root) {
  const Member* carried = root.Find(kCarried);
  if (carried == nullptr) return {};
  return [node = &carried->value](std::string_view name) -> std::optional<std::string> {
    const Member* found = node->is_map() ? node->Find(name) : nullptr;
    if (found == nullptr) return std::nullopt;
    return ToJson(ToValue(found->value));
  };
}

// What a workflow says that counts for its own runs only.
std::vector<std::string_view> OwnOf(const Workflow& workflow) {
  std::vector<std::string_view> own;
  if (workflow.lock) own.push_back("lock");
  if (workflow.deadline) own.push_back("deadline");
  if (workflow.window) own.push_back("window");
  return own;
}

class Row {
 public:
  explicit Row(Loading& loading) : loading_(loading), workflow_(loading.workflow) {}

  // `block` and `frame` are those of the steps in the list.
  void LayOut(const Node& list, int block, int frame, const OtherWorkflows& others) {
    if (!list.is_list() || list.items.empty()) {
      loading_.problems.Add(list.place, "steps: expected a list of at least one step");
      return;
    }
    int last = 0;
    for (const Node& item : list.items) {
      if (workflow_.steps.size() >= kStepsMax) {
        if (!full_) {
          loading_.problems.Add(item.place, "there are more than " + std::to_string(kStepsMax) +
                                                " steps; at most that many are accepted");
        }
        full_ = true;
        return;
      }
      last = static_cast<int>(workflow_.steps.size());
      AddStep(item, block, frame);
      if (item.is_map()) LayOutInside(item, last, frame, others);
    }
    last_.push_back(last);
  }

  void LayOutFinish(const Node& list, const OtherWorkflows& others) {
    const int block = AddBlock(Block::Kind::kFinish, "", -1);
    workflow_.on_finish = static_cast<int>(workflow_.steps.size());
    LayOut(list, block, -1, others);
    Close(block);
  }

  // Which step follows which. REQUIRES: everything is laid out.
  void Connect() {
    const int end = static_cast<int>(workflow_.steps.size());
    for (const Block& block : workflow_.blocks) {
      if (block.owner >= 0) workflow_.steps[block.owner].next = block.end;
    }
    for (const int last : last_) {
      if (last + 1 != end) workflow_.steps[last].next = end;
    }
  }

 private:
  int AddBlock(Block::Kind kind, std::string name, int owner) {
    workflow_.blocks.push_back({kind, std::move(name), owner, NextIndex(), 0});
    return static_cast<int>(workflow_.blocks.size()) - 1;
  }
  void Close(int block) { workflow_.blocks[block].end = NextIndex(); }
  int NextIndex() const { return static_cast<int>(workflow_.steps.size()); }

  void AddStep(const Node& item, int block, int frame) {
    const int index = NextIndex();
    loading_.slots.push_back({&item, loading_.text});
    Step& step = workflow_.steps.emplace_back();
    step.place = item.place;
    step.block = block;
    step.frame = frame;
    if (!item.is_map()) {
      loading_.problems.Add(item.place, "expected a step, found " + std::string(Describe(item)));
      return;
    }
    const Member* id = item.Find("id");
    if (id == nullptr) {
      loading_.problems.Add(item.place, "the step has no \"id\"");
      return;
    }
    const auto name = ReadName(id->value, "id", NameKind::kPlain, loading_.problems);
    if (!name) return;
    step.id = loading_.PrefixOf(frame) + *name;
    if (*name == "end") {
      loading_.problems.Add(id->value.place, "id: \"end\" means the end of the workflow");
    } else if (!loading_.step_ids.emplace(step.id, index).second) {
      loading_.problems.Add(id->value.place, "id: a step " + Quoted(*name) + " is there already");
    }
  }

  // What is wrong with the shape is told when the step itself is read.
  void LayOutInside(const Node& item, int step, int frame, const OtherWorkflows& others) {
    if (const Member* parallel = item.Find("parallel"); parallel && parallel->value.is_map()) {
      const Member* branches = parallel->value.Find("branches");
      if (branches == nullptr || !branches->value.is_map()) return;
      for (const Member& branch : branches->value.members) {
        const int block = AddBlock(Block::Kind::kBranch, branch.key, step);
        LayOut(branch.value, block, frame, others);
        Close(block);
      }
    }
    if (const Member* name = item.Find("workflow"); name && name->value.is_string()) {
      Inline(name->value, step, others);
    }
  }

  // What is right once is so wherever it stands; how deep that is, is looked at again.
  Loaded LoadInner(const std::string& text, const OtherWorkflows& others) {
    if (const auto known = loading_.known->find(text); known != loading_.known->end()) {
      return {known->second, {}};
    }
    Loading whole;
    whole.catalogue = loading_.catalogue;
    whole.stored = loading_.stored;
    whole.others = others;
    whole.above = loading_.above;
    whole.known = loading_.known;
    whole.text = text;
    Loaded loaded = Load(whole);
    if (loaded.workflow != nullptr) loading_.known->emplace(text, loaded.workflow);
    return loaded;
  }

  void Inline(const Node& name, int step, const OtherWorkflows& others) {
    const std::string& wanted = name.scalar.as_string();
    const auto refuse = [&](const std::string& why) {
      loading_.problems.Add(name.place, "workflow: " + Quoted(wanted) + " " + why);
    };
    for (const std::string& above : loading_.above) {
      if (above == wanted) return refuse("would run itself");
    }
    if (loading_.above.size() > kNestingMax) {
      return refuse("stands in " + std::to_string(kNestingMax) +
                    " others already, which is the limit");
    }
    const auto text = others ? others(wanted) : std::nullopt;
    if (!text) return refuse("is no workflow that can be found here");
    const auto inner = LoadInner(*text, others);
    if (inner.workflow == nullptr) {
      const Problem& first = inner.problems.front();
      return refuse("has " + std::to_string(inner.problems.size()) + " problem" +
                    (inner.problems.size() == 1 ? "" : "s") + " of its own, first in line " +
                    std::to_string(first.place.line) + ": " + first.message);
    }
    if (inner.workflow->on_finish) {
      return refuse("has an on_finish, which only the workflow that a run is of can have");
    }
    loading_.carried[wanted] = inner.workflow->canonical;
    const std::string& kept = loading_.texts.emplace_back(*text);
    const Node& root = loading_.roots.emplace_back(
        loading_.stored ? ReadStored(kept, loading_.problems) : ReadYaml(kept, loading_.problems));
    const int frame = static_cast<int>(workflow_.frames.size());
    workflow_.frames.push_back({workflow_.steps[step].id + "/",
                                step,
                                inner.workflow->inputs,
                                {},
                                inner.workflow->on_failure,
                                OwnOf(*inner.workflow)});
    loading_.frame_roots.push_back({&root, kept});
    const int block = AddBlock(Block::Kind::kSubWorkflow, wanted, step);
    const std::string_view outside = std::exchange(loading_.text, kept);
    loading_.above.push_back(wanted);
    LayOut(root.Find("steps")->value, block, frame, loading_.stored ? CarriedIn(root) : others);
    loading_.above.pop_back();
    loading_.text = outside;
    Close(block);
  }

  Loading& loading_;
  Workflow& workflow_;
  std::vector<int> last_;  // the last step of each list
  bool full_ = false;
};

}  // namespace

std::string Loading::PrefixOf(int frame) const {
  return frame < 0 ? "" : workflow.frames[frame].prefix;
}

void LayOutSteps(const Node& root, const Node& steps, const Node* on_finish, Loading& loading) {
  const OtherWorkflows others = loading.stored ? CarriedIn(root) : loading.others;
  Row row(loading);
  row.LayOut(steps, -1, -1, others);
  if (on_finish != nullptr) row.LayOutFinish(*on_finish, others);
  row.Connect();
}

}  // namespace recourse::definition
