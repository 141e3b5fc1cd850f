#include "server/skip_check.h"

#include <algorithm>
#include <utility>

namespace recourse::server {
namespace {

using expression::Reference;

// What the expressions of one place name: a step, or the run's outputs.
struct Use {
  std::string who;
  int frame = -1;  // whose names it sees
  std::vector<Reference> references;
};

void Append(std::vector<Reference> more, std::vector<Reference>& references) {
  for (Reference& reference : more) references.push_back(std::move(reference));
}

struct Collect {
  std::vector<Reference>& into;

  void operator()(const definition::ActionStep& step) const {
    Append(step.with.References(), into);
    if (step.for_each) Append(step.for_each->References(), into);
  }
  void operator()(const definition::ManualStep& step) const {
    Append(step.prompt.References(), into);
    for (const auto& item : step.items) {
      Append(item.text.References(), into);
      if (item.check) Append(item.check->with.References(), into);
    }
  }
  void operator()(const definition::SetStep& step) const { Append(step.values.References(), into); }
  void operator()(const definition::SubWorkflowStep& step) const {
    Append(step.with.References(), into);
  }
  void operator()(const definition::ParallelStep&) const {}
  void operator()(const definition::ApprovalStep& step) const {
    Append(step.prompt.References(), into);
  }
  void operator()(const definition::SwitchStep& step) const {
    for (const auto& each : step.cases) Append(each.when.References(), into);
  }
  void operator()(const definition::WaitStep& step) const {
    if (step.duration) Append(step.duration->References(), into);
    if (step.until) Append(step.until->References(), into);
  }
  void operator()(const definition::FailStep& step) const {
    Append(step.message.References(), into);
  }
  void operator()(const definition::CheckpointStep&) const {}
  void operator()(const definition::SucceedStep&) const {}
};

std::vector<Use> UsesIn(const definition::Workflow& workflow) {
  std::vector<Use> uses;
  for (const definition::Step& step : workflow.steps) {
    Use& use = uses.emplace_back();
    use.who = step.id;
    use.frame = step.frame;
    if (step.when) Append(step.when->References(), use.references);
    std::visit(Collect{use.references}, step.kind);
  }
  uses.push_back({"the run's outputs", -1, workflow.outputs.References()});
  for (std::size_t i = 0; i < workflow.frames.size(); ++i) {
    const definition::Frame& frame = workflow.frames[i];
    uses.push_back({"the outputs of " + frame.prefix.substr(0, frame.prefix.size() - 1),
                    static_cast<int>(i), frame.outputs.References()});
  }
  return uses;
}

bool IsOutputOf(const Reference& reference, std::string_view name) {
  return reference.path.size() >= 3 && reference.path[0] == "steps" && reference.path[1] == name &&
         reference.path[2] == "output";
}

// Whether has() asks for it, or for something further in it, in the same place.
bool IsAskedFor(const Reference& reference, const std::vector<Reference>& references) {
  return std::ranges::any_of(references, [&](const Reference& guard) {
    const std::size_t length = std::min(guard.path.size(), reference.path.size());
    return guard.guarded && length >= 3 &&
           std::equal(guard.path.begin(), guard.path.begin() + static_cast<std::ptrdiff_t>(length),
                      reference.path.begin());
  });
}

bool IsMissing(const Reference& reference, const Value& output) {
  if (output.is_null()) return true;
  return reference.path.size() > 3 && output.is_map() && output.Find(reference.path[3]) == nullptr;
}

// "steps.choose.output.path", no further in: what a person has to give.
std::string NameOf(const Reference& reference) {
  std::string name;
  for (std::size_t i = 0; i < std::min<std::size_t>(reference.path.size(), 4); ++i) {
    name += (i == 0 ? "" : ".") + reference.path[i];
  }
  return name;
}

}  // namespace

std::vector<std::string> MissingOutputs(const definition::Workflow& workflow, const std::string& id,
                                        const Value& output) {
  std::vector<std::pair<std::string, std::vector<std::string>>> missing;  // name, users
  const auto index = workflow.FindStep(id);
  if (!index) return {};
  const definition::Step& step = workflow.steps[static_cast<std::size_t>(*index)];
  for (const Use& use : UsesIn(workflow)) {
    if (use.who == id || use.frame != step.frame) continue;
    for (const Reference& reference : use.references) {
      if (!IsOutputOf(reference, workflow.NameIn(step)) || IsAskedFor(reference, use.references) ||
          !IsMissing(reference, output)) {
        continue;
      }
      const std::string name = NameOf(reference);
      auto entry = std::ranges::find(missing, name, &decltype(missing)::value_type::first);
      if (entry == missing.end()) entry = missing.insert(missing.end(), {name, {}});
      auto& users = entry->second;
      if (users.empty() || users.back() != use.who) users.push_back(use.who);
    }
  }
  std::vector<std::string> texts;
  for (const auto& [name, users] : missing) {
    std::string who;
    for (const std::string& user : users) who += (who.empty() ? "" : ", ") + user;
    texts.push_back(name + " (" + who + ")");
  }
  return texts;
}

Result<void> CheckSkip(const definition::Workflow& workflow, const machine::RunState& state,
                       const machine::Skip& skip, Time now) {
  machine::Facts facts;
  facts.now = now;
  const auto decision = machine::Decide(workflow, state, skip, facts);
  if (!decision || decision->events.empty()) return {};
  // What counts as the step's output from then on; other skips leave an output as it is.
  machine::StepRef at;
  Value output;
  const machine::Event& first = decision->events.front();
  if (const auto* skipped = std::get_if<machine::StepSkipped>(&first)) {
    at = skipped->at;
    output = skipped->output;
  } else if (const auto* accepted = std::get_if<machine::AttemptSucceeded>(&first)) {
    at = accepted->at;
    output = accepted->output;
  } else {
    return {};
  }
  if (at.item >= 0 && !output.is_null()) return {};  // one of a list: nobody names its members
  const std::string& id = workflow.steps.at(static_cast<std::size_t>(at.step)).id;
  std::string fields;
  for (const std::string& missing : MissingOutputs(workflow, id, output)) {
    fields += (fields.empty() ? "" : ", ") + missing;
  }
  if (fields.empty()) return {};
  return FailedPrecondition("output_json: without it, what comes after " + id +
                            " fails, because it uses " + fields +
                            ". Give the output that the step should have had, or set "
                            "without_output to go on all the same. Nothing was done");
}

}  // namespace recourse::server
