// One log line for each transition of a run, written after its commit: what happened, from which
// status to which, by whom. Names and numbers only; inputs, outputs and messages stay in the
// journal.
#pragma once

#include <string>
#include <unordered_map>

#include "engine/machine/state.h"
#include "engine/runtime/engine.h"

namespace recourse::server {

// The line for `change`, whose run had the status `before`; 0: it is new.
std::string TransitionLine(const journal::RunChange& change, int before);

class TransitionLog final : public runtime::Listener {
 public:
  // Runs that were open before the engine started, so that their first line can name their status.
  void Remember(RunId run, int status) { statuses_[run] = status; }

  void Committed(journal::Position position, std::span<const journal::RunChange> changes) override;
  void News(const runtime::AttemptNews&) override {}

 private:
  std::unordered_map<RunId, int> statuses_;  // of open runs; the core loop's alone
};

}  // namespace recourse::server
