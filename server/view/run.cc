#include "server/view/run.h"

#include <utility>

#include "engine/machine/state.h"
#include "server/view/convert.h"

namespace recourse::server {
namespace {

using machine::RunStatus;

static_assert(int{v1::RUN_STATUS_QUEUED} == static_cast<int>(RunStatus::kQueued));
static_assert(int{v1::RUN_STATUS_RUNNING} == static_cast<int>(RunStatus::kRunning));
static_assert(int{v1::RUN_STATUS_WAITING} == static_cast<int>(RunStatus::kWaiting));
static_assert(int{v1::RUN_STATUS_PAUSED} == static_cast<int>(RunStatus::kPaused));
static_assert(int{v1::RUN_STATUS_NEEDS_ATTENTION} == static_cast<int>(RunStatus::kNeedsAttention));
static_assert(int{v1::RUN_STATUS_ROLLING_BACK} == static_cast<int>(RunStatus::kRollingBack));
static_assert(int{v1::RUN_STATUS_SUCCEEDED} == static_cast<int>(RunStatus::kSucceeded));
static_assert(int{v1::RUN_STATUS_FAILED} == static_cast<int>(RunStatus::kFailed));
static_assert(int{v1::RUN_STATUS_CANCELLED} == static_cast<int>(RunStatus::kCancelled));
static_assert(int{v1::RUN_STATUS_ROLLED_BACK} == static_cast<int>(RunStatus::kRolledBack));

// Branches may wait for one each.
constexpr int kOpenApprovalsMax = 100;

void AddWaiting(const journal::RunRow& row, v1::Run& run) {
  if (row.waits_for.empty()) return;
  v1::Waiting& waiting = *run.mutable_waiting();
  waiting.set_reason(Utf8(row.waits_for));
  waiting.set_who(row.waits_for_whom);
  waiting.set_next(row.next);
  if (row.waits_since) *waiting.mutable_since() = ToProto(*row.waits_since);
  if (row.next_at) *waiting.mutable_next_at() = ToProto(*row.next_at);
}

}  // namespace

v1::Run ToProto(const journal::RunRow& row) {
  v1::Run run;
  run.set_id(row.run.ToString());
  run.set_workflow(row.workflow);
  run.set_digest(row.digest);
  run.set_target(row.target);
  run.set_status(static_cast<v1::RunStatus>(row.status));
  run.set_step(row.step);
  AddWaiting(row, run);
  run.set_revision(row.revision);
  run.set_severity(row.severity);
  run.set_requester(row.requester);
  run.set_request_id(row.request_id);
  *run.mutable_start_time() = ToProto(row.started);
  *run.mutable_change_time() = ToProto(row.changed);
  if (row.finished) *run.mutable_end_time() = ToProto(*row.finished);
  run.set_lock(row.lock);
  run.set_fencing_token(row.fencing_token);
  if (row.error_code != 0) {
    *run.mutable_error() = ToProto(Error{static_cast<Code>(row.error_code), row.error_message});
  }
  return run;
}

Result<void> AddApprovals(journal::Reader& reader, const journal::RunRow& row, v1::Run& run) {
  const auto status = static_cast<RunStatus>(row.status);
  bool for_person = status == RunStatus::kPaused || status == RunStatus::kNeedsAttention;
  if (status == RunStatus::kWaiting || for_person) {
    auto approvals = reader.ListApprovals(true, row.run, std::nullopt, kOpenApprovalsMax);
    if (!approvals) return std::move(approvals).error();
    for (const journal::ApprovalRow& approval : *approvals) {
      run.add_open_approvals(approval.approval.ToString());
      for_person = true;
    }
  }
  // As WhyItWaits words it.
  for_person = for_person || row.waits_for.find(machine::kChecklistReason) != row.waits_for.npos;
  if (for_person) run.mutable_waiting()->set_for_person(true);
  return {};
}

Result<v1::Run> BasicView(journal::Reader& reader, const journal::RunRow& row) {
  v1::Run run = ToProto(row);
  if (auto added = AddApprovals(reader, row, run); !added) return std::move(added).error();
  return run;
}

}  // namespace recourse::server
