// attention, ack, quarantine, resolve, override, adopt, withdraw: on the command line.
#include <memory>

#include "client/cli/tools.h"
#include "client/cli/verbs.h"

namespace recourse::cli {
namespace {

using SteerVerb = int (*)(const Common&, const SteerArguments&);

}  // namespace

void AddIncidentVerbs(CLI::App& app, const Common& common, const AddVerb& add) {
  const auto limit = std::make_shared<int>(20);
  add(app, "attention", "what needs a person now, the most urgent first",
      [&common, limit] { return ListAttention(common, *limit); })
      ->add_option("--limit", *limit, "how many at most, beside what waits behind them")
      ->capture_default_str();

  AddNotificationVerbs(app, common, add);

  const auto steer = std::make_shared<SteerArguments>();
  const auto add_steer = [&](const char* name, const char* what, SteerVerb verb,
                             bool needs_reason) {
    CLI::App* sub = add(app, name, what, [&common, steer, verb] { return verb(common, *steer); });
    sub->add_option("run", steer->run, "its id, R-1042")->required();
    sub->add_option("--reason", steer->reason, "why; stands in the journal")
        ->required(needs_reason);
    sub->add_flag("--wait", steer->wait, "follow the run until it is over or waits for a person");
    sub->add_option("--revision", steer->revision,
                    "refuse unless the run is at this revision, as --output json tells it");
    return sub;
  };
  add_steer("ack", "say that you take care of a run: nobody else is told", Acknowledge, false);
  add_steer("quarantine", "put a run aside: nothing begins, its timers stop; resume goes on",
            Quarantine, true);
  CLI::App* resolve =
      add_steer("resolve", "say what is true of an effect that a run asks about", Resolve, true);
  resolve->add_option("effect", steer->finding, "applied, not_applied or partial")->required();
  resolve->add_option("--step", steer->step, "refuse unless the run asks about this step");
  resolve->add_option("--step-output", steer->output_json,
                      "of applied: the output that the step should have had, as JSON");
  CLI::App* input = add_steer(
      "override", "give an input of a step that has not begun another value", Override, true);
  input->add_option("step", steer->step, "the step's id")->required();
  input->add_option("input", steer->name, "input=value; JSON where it is, else text")->required();
  CLI::App* adopt =
      add_steer("adopt", "let a run go on by the definition that is loaded now", Adopt, true);
  adopt->add_option("--digest", steer->name,
                    "refuse unless the loaded definition's digest begins so; see workflows show");

  const auto decide = std::make_shared<DecideArguments>();
  CLI::App* withdraw = add(app, "withdraw", "take your decision back, and why", [&common, decide] {
    decide->withdraw = true;
    return Decide(common, *decide);
  });
  withdraw->add_option("approval", decide->approval, "its id, A-381")->required();
  withdraw->add_option("--reason", decide->reason, "why; stands in the journal")->required();
}

}  // namespace recourse::cli
