// What an alert starts: the rules of a server, as docs/alerts.md tells them.
//
// Immutable once loaded; may be read from any thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/definition/schedule.h"
#include "engine/definition/workflow.h"
#include "engine/expression/expression.h"
#include "server/alerts/alert.h"
#include "server/alerts/matcher.h"

namespace recourse::server::alerts {

// A workflow and its inputs, whose expressions see `labels`, `annotations` and `alert`.
struct Launch {
  std::string workflow;
  expression::Template inputs;  // a map
  std::string file = {};        // where they stand
};

struct Rule {
  std::string name;
  std::vector<Matcher> matchers;  // all must fit
  Launch launch;
  std::string severity;  // empty: the workflow's
  // More runs than that within 24 hours, on one target, are not begun without a person.
  int daily_limit = 3;
  // An alert that has started so many runs within that time is one that people must look at.
  int flapping_times = 3;
  std::chrono::microseconds flapping_within = std::chrono::hours(1);
  std::optional<Launch> on_resolved;
};

struct Rules {
  // The workflow whose run tells people of an alert whose own run cannot be started: its inputs are
  // `alert` and `problem`.
  std::string fallback;
  std::vector<Rule> rules;

  // The first that fits; null: none does.
  const Rule* For(const Alert& alert) const;
};

// Reads and checks a file of rules (YAML). Nothing unknown is accepted; workflows and, where they
// are constants, inputs and targets must be there.
// kInvalidArgument: every problem, a line each: "file:line:column: message".
//
// With `unusable`, what is wrong with the workflows that rules name, and with what these are given,
// does not keep the rules out of use: it stands there, a line each. Alerts for which such a rule
// counts start the fallback's run.
Result<std::shared_ptr<const Rules>> LoadRules(std::string_view text, std::string_view file,
                                               const definition::WorkflowsByName& workflows,
                                               const definition::Inventory& inventory,
                                               std::string* unusable = nullptr);

// The inputs of a run by what the alert says; `run` is the one that the alert started, empty while
// it has not. kInvalidArgument and others of Template::Evaluate: an expression fails, or the inputs
// are larger than 64 KiB.
Result<Value> InputsFor(const Launch& launch, const Alert& alert, const std::string& run = "");

}  // namespace recourse::server::alerts
