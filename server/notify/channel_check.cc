#include "server/notify/channel_check.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "engine/runtime/plan_path.h"

namespace recourse::notify {
namespace {

using definition::Workflow;

machine::RunState StateWith(const Value& inputs) {
  machine::RunState state;
  state.inputs = inputs;
  return state;
}

// Asks what is known of a run that has not begun.
class Known {
 public:
  Known(const Workflow& workflow, const Value& inputs, Time now)
      : begins_(StateWith(inputs)),
        state_(runtime::WithKnownInputs({workflow, begins_, now})),
        request_{workflow, state_, now} {
    for (std::size_t step = 0; step < workflow.steps.size(); ++step) {
      all_.insert(static_cast<int>(step));
    }
  }

  // What the template or the program of the step comes to; nothing while that is not known.
  template <class Expression>
  std::optional<Value> ValueOf(const Expression& expression, int step) const {
    if (!runtime::Unknown(request_, expression.References(), step, all_).empty()) return {};
    const machine::RunScope scope(request_.workflow, state_, request_.now, {step, -1});
    auto value = expression.Evaluate(scope);
    return value ? std::optional(*std::move(value)) : std::nullopt;
  }

 private:
  const machine::RunState begins_;
  const machine::RunState state_;
  const runtime::PathRequest request_;
  std::set<int> all_;
};

bool Tells(const definition::Step& step) {
  const auto* action = std::get_if<definition::ActionStep>(&step.kind);
  return action != nullptr && action->sends && !action->for_each;
}

// The channel that the step tells; empty: that is not known, or it tells none.
std::string ChannelOf(const definition::Step& step, int index, const Known& known) {
  if (step.when && known.ValueOf(*step.when, index) == Value(false)) return "";
  const auto& with = std::get<definition::ActionStep>(step.kind).with;
  // What it says may depend on steps that have not run; the channel alone is asked for.
  const Value* channel = with.source().is_map() ? with.source().Find("channel") : nullptr;
  if (channel == nullptr) {
    const auto inputs = known.ValueOf(with, index);
    return inputs ? inputs->StringOr("channel", "") : "";
  }
  const auto named = expression::Template::Parse(*channel);
  const auto value = named ? known.ValueOf(*named, index) : std::nullopt;
  return value && value->is_string() ? value->as_string() : "";
}

Result<void> CheckChannelsOf(const Workflow& workflow, const Value& inputs,
                             const ChannelNames& channels, Time now) {
  if (std::ranges::none_of(workflow.steps, Tells)) return {};
  const Known known(workflow, inputs, now);
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    const definition::Step& step = workflow.steps[i];
    if (!Tells(step)) continue;
    const std::string channel = ChannelOf(step, static_cast<int>(i), known);
    if (channel.empty()) continue;
    if (auto kind = channels.KindOf(channel); !kind) {
      return std::move(kind).error().In("the step " + step.id + " could tell nobody");
    }
  }
  return {};
}

// The inputs as the run would have them.
Result<Value> InputsOf(const Workflow& workflow, const Value& given,
                       const definition::Inventory& inventory) {
  return definition::ResolveInputs(workflow, given.is_null() ? Value(Value::Map()) : given,
                                   inventory);
}

}  // namespace

Result<void> CheckChannels(const runtime::StartRequest& request,
                           const runtime::Catalogue& catalogue, const ChannelNames& channels,
                           Time now) {
  const auto found = catalogue.workflows.find(request.workflow);
  if (found == catalogue.workflows.end()) return {};
  const Workflow& workflow = *found->second;
  if (std::ranges::none_of(workflow.steps, Tells)) return {};
  const auto inputs = InputsOf(workflow, request.inputs, catalogue.inventory);
  if (!inputs) return {};
  auto checked = CheckChannelsOf(workflow, *inputs, channels, now);
  if (checked) return {};
  Error error = std::move(checked).error();
  error.message += "; nothing was started. What there is: recourse notifications list";
  return error;
}

std::vector<std::string> ScheduleProblems(const runtime::Catalogue& catalogue,
                                          const ChannelNames& channels) {
  std::vector<std::string> problems;
  for (const auto& [name, schedule] : catalogue.schedules) {
    const auto workflow = catalogue.workflows.find(schedule->workflow);
    if (workflow == catalogue.workflows.end()) continue;
    const auto inputs = InputsOf(*workflow->second, schedule->inputs, catalogue.inventory);
    if (!inputs) continue;
    auto checked = CheckChannelsOf(*workflow->second, *inputs, channels, Time());
    if (!checked) problems.push_back("schedule " + name + ": " + checked.error().message);
  }
  return problems;
}

}  // namespace recourse::notify
