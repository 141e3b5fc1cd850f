// A run read from its events, with the rows that they must have given: private to engine/record.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/record/approvals.h"
#include "engine/record/record.h"

namespace recourse::record {

// Answers the definition of a digest. kDataLoss: there is none, or it is not what its digest says.
using DefinitionSource =
    std::function<Result<std::shared_ptr<const definition::Workflow>>(const std::string& digest)>;

// The definition that this canonical text is. kDataLoss: the text is not what `digest` was made of,
// or cannot be loaded.
Result<std::shared_ptr<const definition::Workflow>> LoadDefinition(const std::string& digest,
                                                                   const std::string& canonical);

// Folds a run, event by event.
class WholeRun {
 public:
  // `definitions` is asked once for each definition that the run goes by, and not kept beyond this.
  explicit WholeRun(DefinitionSource definitions) : definitions_(std::move(definitions)) {}

  // kDataLoss: the event does not follow, or the definition is not there.
  Result<Recorded> Add(const journal::StoredEvent& event);

  std::int64_t events() const { return state_.revision; }
  const machine::RunState& state() const { return state_; }
  // That it goes by now. REQUIRES: an event was added.
  const definition::Workflow& workflow() const { return *workflow_; }
  journal::RunRow Row() const { return RowOf(*workflow_, state_); }
  std::vector<journal::ApprovalRow> ApprovalRows() const { return approvals_->Rows(); }
  std::vector<journal::TimerRow> TimerRows() const { return TimerRowsOf(state_); }
  // Approvals whose digest is not that of what stands in the journal, a sentence each.
  const std::vector<std::string>& wrong_digests() const { return wrong_digests_; }

 private:
  void CheckDigest(const machine::ApprovalRequested& request);

  DefinitionSource definitions_;
  machine::RunState state_;
  std::shared_ptr<const definition::Workflow> workflow_;
  std::optional<Approvals> approvals_;
  std::vector<std::string> wrong_digests_;
};

}  // namespace recourse::record
