// What a script and process.script say to each other.
//
// The script is run once a phase. A document on its standard input says what the phase is about. By
// the protocol, one on its standard output answers; without it, exit code and words are the answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/action.h"
#include "actions/process/child.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::process {

// The script of an action's inputs. Lives as long as the context.
class Script {
 public:
  explicit Script(const Context& context) : context_(context) {}

  // Whether it speaks the protocol: then it is asked which phases it has.
  bool speaks() const { return context_.inputs["phases"].is_null(); }
  std::string program() const { return context_.inputs.StringOr("program", ""); }

  // The names of its phases. kInvalidArgument: one that there is not, or no apply. Else why it
  // could not be asked.
  Result<std::vector<std::string>> Phases() const;

  struct Answer {
    std::optional<Failure> failure;
    Value document;  // by the protocol; else null
    Finished finished;
    bool started = false;  // false: the script has not run, and nothing was done
  };

  // Runs it for `phase`. `output` is what apply answered, for the phases after it.
  Answer Run(std::string_view phase, const Value& output = {}) const;

 private:
  Program ProgramFor(std::string_view phase) const;
  void Read(std::string_view phase, Answer& answer) const;
  Failure FailureOf(const Answer& answer) const;

  const Context& context_;
};

// Waits until no process is left that an earlier life of this server has started for this attempt;
// what has made itself a session of its own, as daemons do, is what the script was to start.
// kUnavailable: one still runs after half of the time that is left.
Result<void> AwaitLeftovers(const Context& context);

}  // namespace recourse::process
