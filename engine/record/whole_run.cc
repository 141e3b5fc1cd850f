#include "engine/record/whole_run.h"

#include "engine/base/digest.h"
#include "engine/machine/draft.h"
#include "engine/record/fold.h"

namespace recourse::record {

Result<std::shared_ptr<const definition::Workflow>> LoadDefinition(const std::string& digest,
                                                                   const std::string& canonical) {
  if (const std::string found = ToHex(Sha256Of(canonical)); found != digest) {
    return DataLoss("its definition " + digest + " has been changed: its digest is " + found);
  }
  auto loaded = definition::LoadStoredWorkflow(canonical, nullptr);
  if (loaded.workflow == nullptr) {
    return DataLoss("its definition " + digest + " cannot be loaded: " + loaded.Report(digest));
  }
  return std::shared_ptr<const definition::Workflow>(std::move(loaded.workflow));
}

Result<Recorded> WholeRun::Add(const journal::StoredEvent& event) {
  auto recorded = FoldOne(state_, event);
  if (!recorded) return recorded;
  if (workflow_ == nullptr || workflow_->digest != state_.digest) {
    auto found = definitions_(state_.digest);
    if (!found) return std::move(found).error();
    workflow_ = *std::move(found);
    if (approvals_) {
      approvals_->GoBy(*workflow_);
    } else {
      approvals_.emplace(*workflow_, machine::RunState());
    }
  }
  if (const auto* request = std::get_if<machine::ApprovalRequested>(&recorded->event)) {
    CheckDigest(*request);
  }
  approvals_->Add(*recorded);
  return recorded;
}

// The chain proves what was stored; this, that what was stored is what was agreed to.
void WholeRun::CheckDigest(const machine::ApprovalRequested& request) {
  const std::string digest = machine::DigestOf(state_, request);
  if (digest == request.digest) return;
  wrong_digests_.push_back(request.id.ToString() + " of " + state_.run.ToString() +
                           " was given for the digest " + request.digest +
                           ", but its prompt, inputs and plan have the digest " + digest);
}

}  // namespace recourse::record
