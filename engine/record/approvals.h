// The approvals of a run as its events change them: private to engine/record.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/record/record.h"

namespace recourse::record {

class Approvals {
 public:
  // `before`: the run's state before the events that are added; `workflow` must outlive this.
  Approvals(const definition::Workflow& workflow, const machine::RunState& before);

  void Add(const Recorded& recorded);
  // The run goes by another definition from here on; it must outlive this too.
  void GoBy(const definition::Workflow& workflow) { workflow_ = &workflow; }

  // Those that an event was about, in the order in which they were requested.
  std::vector<journal::ApprovalRow> Rows() const;

 private:
  struct Approval {
    journal::ApprovalRow row;
    machine::ApprovalRequested request;
    std::vector<machine::AwaitingApproval::Cast> votes;
    bool touched = false;
  };

  void Request(const machine::ApprovalRequested& request, Time requested);
  void Settle(Approval& approval, machine::Settlement settlement, Time at);
  void AddApprover(Approval& approval, const std::string& role);
  // A hold begins, or is over since it began at hold_->since.
  void BeginHold(machine::Hold hold);
  void EndHold(Time at);
  // What the open approvals of steps were about has changed.
  void AskAnew(Time at);
  Approval* Find(ApprovalId id);  // null: there is none

  const definition::Workflow* workflow_;
  RunId run_;
  std::string requester_;
  std::vector<Approval> approvals_;
  std::optional<machine::Hold> hold_;
};

}  // namespace recourse::record
