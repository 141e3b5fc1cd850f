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

  std::vector<runtime::PathStep> Path() const { return runtime::PathFrom(request_); }

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

// The channel that the step tells; empty: that is not known.
std::string ChannelOf(const definition::Step& step, int index, const Known& known) {
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

struct Lost {
  std::string step;
  bool expected = false;  // it is come to when all goes well
  Error error;
};

// Of the steps that a run may come to those that tell a channel that there is not.
std::vector<Lost> LostOf(const Workflow& workflow, const Value& inputs,
                         const ChannelNames& channels, Time now) {
  std::vector<Lost> lost;
  if (std::ranges::none_of(workflow.steps, Tells)) return lost;
  const Known known(workflow, inputs, now);
  for (const runtime::PathStep& at : known.Path()) {
    const definition::Step& step = workflow.steps[static_cast<std::size_t>(at.step)];
    if (at.reach == runtime::PathStep::Reach::kSkipped || !Tells(step)) continue;
    const std::string channel = ChannelOf(step, at.step, known);
    if (channel.empty()) continue;
    const bool expected = at.reach == runtime::PathStep::Reach::kExpected;
    auto kind = channels.KindOf(channel);
    if (!kind) lost.push_back({step.id, expected, std::move(kind).error()});
  }
  return lost;
}

std::string TellsNobody(const Lost& lost) {
  return "the step " + lost.step + " could tell nobody: " + lost.error.message;
}

// The inputs as the run would have them.
Result<Value> InputsOf(const Workflow& workflow, const Value& given,
                       const definition::Inventory& inventory) {
  return definition::ResolveInputs(workflow, given.is_null() ? Value(Value::Map()) : given,
                                   inventory);
}

}  // namespace

Result<std::vector<LostMessage>> CheckChannels(const runtime::StartRequest& request,
                                               const runtime::Catalogue& catalogue,
                                               const ChannelNames* channels, Time now) {
  std::vector<LostMessage> messages;
  const auto found = catalogue.workflows.find(request.workflow);
  if (channels == nullptr || found == catalogue.workflows.end()) return messages;
  const Workflow& workflow = *found->second;
  const auto inputs = InputsOf(workflow, request.inputs, catalogue.inventory);
  if (!inputs) return messages;
  for (Lost& lost : LostOf(workflow, *inputs, *channels, now)) {
    if (lost.expected) {
      return Error{lost.error.code, TellsNobody(lost) +
                                        "; nothing was started. What there is: recourse "
                                        "notifications list"};
    }
    messages.push_back({std::move(lost.step), std::move(lost.error.message)});
  }
  return messages;
}

Value WithLostMessages(const Value& plan, const std::vector<LostMessage>& lost) {
  Value::List steps = plan["steps"].as_list();
  for (Value& step : steps) {
    const auto message = std::ranges::find(lost, step["step"].as_string(), &LostMessage::step);
    if (message == lost.end()) continue;
    Value::List problems = step["problems"].as_list();
    // The action has said so itself, unless it could not be asked yet.
    const bool said = std::ranges::any_of(problems, [&](const Value& problem) {
      return problem.as_string().find(message->why) != std::string::npos;
    });
    if (said) continue;
    problems.emplace_back("would tell nobody as things are now: " + message->why);
    step = step.With("problems", std::move(problems));
  }
  return plan.With("steps", std::move(steps));
}

std::vector<std::string> ScheduleProblems(const runtime::Catalogue& catalogue,
                                          const ChannelNames& channels) {
  std::vector<std::string> problems;
  for (const auto& [name, schedule] : catalogue.schedules) {
    const auto workflow = catalogue.workflows.find(schedule->workflow);
    if (workflow == catalogue.workflows.end()) continue;
    const auto inputs = InputsOf(*workflow->second, schedule->inputs, catalogue.inventory);
    if (!inputs) continue;
    for (const Lost& lost : LostOf(*workflow->second, *inputs, channels, Time())) {
      problems.push_back("schedule " + name + ": " + TellsNobody(lost));
    }
  }
  return problems;
}

}  // namespace recourse::notify
