// The approvals of a run as its events change them: private to engine/record.
#pragma once

#include <string>
#include <vector>

#include "engine/record/record.h"

namespace recourse::record {

class Approvals {
 public:
  // `before`: the run's state before the events that are added; `workflow` must outlive this.
  Approvals(const definition::Workflow& workflow, const machine::RunState& before);

  void Add(const Recorded& recorded);

  // Those that an event was about, in the order in which they were requested.
  std::vector<journal::ApprovalRow> Rows() const;

 private:
  struct Approval {
    journal::ApprovalRow row;
    std::vector<std::string> approvers;
    std::vector<machine::AwaitingApproval::Cast> votes;
    bool touched = false;
  };

  void Request(const machine::ApprovalRequested& request, Time requested);
  Approval* Find(ApprovalId id);  // null: there is none

  const definition::Workflow& workflow_;
  RunId run_;
  std::string requester_;
  std::vector<Approval> approvals_;
};

}  // namespace recourse::record
