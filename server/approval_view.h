// An approval as the API shows it.
#pragma once

#include "engine/base/error.h"
#include "engine/journal/journal.h"
#include "recourse/v1/approval.pb.h"

namespace recourse::server {

// kDataLoss: approvers or votes of the row are not the JSON that they must be.
Result<v1::Approval> ToProto(const journal::ApprovalRow& row);

// What a vote that comes after the approval was settled is told: who settled it, when and how.
// REQUIRES: the approval is not open.
Error SettledError(const v1::Approval& approval);

}  // namespace recourse::server
