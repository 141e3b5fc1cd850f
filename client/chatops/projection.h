// Runs and approvals as messages: what stands there follows from the journal alone, so that the
// same state always gives the same message.
#pragma once

#include <string>
#include <vector>

#include "client/chatops/surface.h"
#include "recourse/v1/approval.pb.h"
#include "recourse/v1/run.pb.h"

namespace recourse::chatops {

bool IsOver(v1::RunStatus status);
// "needs attention" of RUN_STATUS_NEEDS_ATTENTION.
std::string StatusWords(v1::RunStatus status);

// REQUIRES: the full view. The digest is the step where the run stands: a click on `retry` or
// `skip` is about that step and no other.
ChatMessage RunMessage(const v1::Run& run);

// `run`: whose approval it is, in any view.
ChatMessage ApprovalMessage(const v1::Approval& approval, const v1::Run& run);

// One line of a list: "R-1042 recovery on shop, critical: needs attention at restore".
std::string RunLine(const v1::Run& run);
// "A-381 of R-1042: Restore it? (dba or incident-commander)".
std::string ApprovalLine(const v1::Approval& approval);

// As much of a digest as people compare: "ab12cd34ef56".
std::string ShortDigest(const std::string& digest);

// What a yes leads to, what of it is irreversible, and what follows a failure, a no and a time-out.
std::vector<std::string> Consequences(const v1::Approval& approval);

// The whole message as lines of text.
std::string TextOf(const ChatMessage& message);

}  // namespace recourse::chatops
