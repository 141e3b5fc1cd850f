// approvals, approval, approve, reject.
#include <algorithm>
#include <cstdio>

#include "client/cli/verbs.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

std::string Roles(const v1::Approval& approval) {
  std::string roles;
  for (const std::string& role : approval.approvers()) roles += (roles.empty() ? "" : ", ") + role;
  if (roles.empty()) roles = "nobody";
  if (approval.quorum() > 1) roles = std::to_string(approval.quorum()) + " of: " + roles;
  if (approval.groups_size() > 0) {
    const std::map<std::string, int> groups(approval.groups().begin(), approval.groups().end());
    roles.clear();
    for (const auto& [role, quorum] : groups) {
      roles += (roles.empty() ? "" : " and ") + std::to_string(quorum) + " of " + role;
    }
    for (const std::string& role : approval.approvers()) {
      if (!groups.contains(role)) roles += ", or " + role + " for any of them";
    }
  }
  if (approval.second_factor()) roles += "; with a one-time code";
  if (approval.exclude_requester()) roles += "; not " + approval.requester() + ", who asked";
  return roles;
}

// Who said so: "ana", "ana and bob".
std::string Deciders(const v1::Approval& approval, v1::Decision decision) {
  std::string names;
  for (const v1::Vote& vote : approval.votes()) {
    if (vote.decision() != decision) continue;
    names += (names.empty() ? "" : " and ") + OneLine(vote.principal());
  }
  return names;
}

// What came of it, or when it expires: "approved by ana, 3 min ago", "expires in 12 min".
std::string Outcome(const v1::Approval& approval) {
  switch (approval.state()) {
    case v1::Approval::APPROVED:
      return "approved by " + Deciders(approval, v1::DECISION_APPROVE) + ", " +
             FromNow(approval.settle_time());
    case v1::Approval::REJECTED:
      return "rejected by " + Deciders(approval, v1::DECISION_REJECT) + ", " +
             FromNow(approval.settle_time());
    case v1::Approval::EXPIRED:
      return "nobody decided in time, " + FromNow(approval.settle_time());
    case v1::Approval::VOID:
      return "not asked any more, " + FromNow(approval.settle_time());
    case v1::Approval::REVOKED:
      return "given and taken back, " + FromNow(approval.settle_time());
    default:
      return approval.has_expire_time() ? "expires " + FromNow(approval.expire_time())
                                        : "never expires";
  }
}

}  // namespace

std::string ApprovalText(const v1::Approval& approval) {
  std::string text = approval.id() + "  " + v1::Approval::State_Name(approval.state()) +
                     "  asked by " + approval.run() + " at " + OneLine(approval.step()) + ", " +
                     FromNow(approval.request_time()) + "\n\n" + Quoted(approval.prompt()) + "\n\n";
  text += "who may decide   " + OneLine(Roles(approval)) + "\n";
  if (approval.has_settle_time()) {
    text +=
        "settled          " + Outcome(approval) + " (" + When(approval.settle_time()) + " UTC)\n";
  } else if (approval.has_expire_time()) {
    text += "expires          " + FromNow(approval.expire_time()) + " (" +
            When(approval.expire_time()) + " UTC)\n";
  }
  text += "digest           " + approval.digest() + "\n";
  for (const v1::Vote& vote : approval.votes()) {
    text += std::string(vote.decision() == v1::DECISION_APPROVE ? "approved by      "
                                                                : "rejected by      ") +
            OneLine(vote.principal()) +
            (vote.via().empty() ? "" : " (via " + OneLine(vote.via()) + ")") + " at " +
            When(vote.time()) + " UTC" +
            (vote.reason().empty() ? "" : ": " + Quoted(vote.reason())) + "\n";
  }
  auto plan = ParseJson(approval.plan_json());
  return plan && plan->is_map() ? text + PlanText(*plan, "What happens next, if approved:") : text;
}

Result<v1::Approval> GetApproval(const client::Connection& server, const std::string& id) {
  v1::GetApprovalRequest request;
  request.set_approval(id);
  return Unary(server, &v1::ApprovalService::Stub::GetApproval, server.approvals(), request);
}

namespace {

// The revision of the approval's run: what it does after the vote comes later.
Result<std::int64_t> SequenceBefore(const client::Connection& server, const std::string& id) {
  auto approval = GetApproval(server, id);
  if (!approval) return std::move(approval).error();
  v1::GetRunRequest request;
  request.set_run(approval->run());
  request.set_view(v1::RUN_VIEW_BASIC);
  auto run = Unary(server, &v1::RunService::Stub::GetRun, server.runs(), request);
  if (!run) return std::move(run).error();
  return run->revision();
}

// What to do about a one-time code that was refused, or is missing.
std::string AdviceOnCode(const Common& common, const client::Connection& server,
                         const DecideArguments& arguments, const std::string& refusal) {
  const auto approval = GetApproval(server, arguments.approval);
  if (approval && !approval->second_factor()) {
    return "\nit takes no code; again: " + VoteAgain(common, arguments);
  }
  if (refusal.find("knows no one-time codes") != refusal.npos) return "";
  return "\nagain: " + VoteAgain(common, arguments) +
         " --code CODE (six digits, of your authenticator app)";
}

}  // namespace

std::string VoteAgain(const Common& common, const DecideArguments& arguments) {
  std::string again = Prefix(common) + (arguments.reject ? " reject " : " approve ") +
                      ShellWord(arguments.approval) + AsCaller(common);
  if (!arguments.reason.empty()) again += " --reason " + ShellWord(OneLine(arguments.reason));
  if (!arguments.digest.empty()) again += " --digest " + ShellWord(arguments.digest);
  if (arguments.wait) again += " --wait";
  return again;
}

std::string WhyNotYours(const v1::Approval& approval, const v1::WhoAmIResponse& who) {
  const auto is_asked = [&](const std::string& role) {
    return std::ranges::find(approval.approvers(), role) != approval.approvers().end();
  };
  const std::string may_not = who.principal() + " may not approve " + approval.id() + ": ";
  if (std::ranges::none_of(who.roles(), is_asked)) {
    return may_not + "it takes " + Roles(approval);
  }
  if (approval.exclude_requester() && who.principal() == approval.requester()) {
    return may_not + "who asked for " + approval.run() + " may not decide about it too";
  }
  return "";
}

Error WithAdvice(const Common& common, const client::Connection& server,
                 const DecideArguments& arguments, Error error) {
  if (error.message.starts_with("code: ")) {
    error.message += AdviceOnCode(common, server, arguments, error.message);
  } else if (error.code == Code::kPermissionDenied && server.options().principal == "operator") {
    error.message += "\nas somebody else: " + Prefix(common) +
                     (arguments.reject ? " reject " : " approve ") + arguments.approval +
                     AsApprover(common);
  } else if (error.code == Code::kAborted) {
    error.message += "\nwhat became of it: " + Prefix(common) + " approval " + arguments.approval;
  }
  return error;
}

int ListApprovals(const Common& common, bool all) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::ListApprovalsRequest request;
    request.set_include_settled(all);
    auto list = AllPages(server, &v1::ApprovalService::Stub::ListApprovals, server.approvals(),
                         request, [](auto& answer) { return answer.mutable_approvals(); });
    if (!list) return std::move(list).error();
    if (common.json) return PrintJson(*list);
    Table table({"APPROVAL", "STATE", "RUN", "ASKED", "OUTCOME", "QUESTION"});
    for (const v1::Approval& approval : list->approvals()) {
      table.Add({approval.id(), v1::Approval::State_Name(approval.state()), approval.run(),
                 FromNow(approval.request_time()), Outcome(approval), Brief(approval.prompt())});
    }
    std::printf("%s", table.empty() ? "nothing waits for an approval\n" : table.ToString().c_str());
    return kOk;
  });
}

int ShowApproval(const Common& common, const std::string& id) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto approval = GetApproval(server, id);
    if (!approval) return std::move(approval).error();
    if (common.json) return PrintJson(*approval);
    std::printf("%s", ApprovalText(*approval).c_str());
    return kOk;
  });
}

Result<int> Vote(const Common& common, const client::Connection& server,
                 const DecideArguments& arguments) {
  std::int64_t before = 0;
  if (arguments.wait) {
    auto sequence = SequenceBefore(server, arguments.approval);
    if (!sequence) return std::move(sequence).error();
    before = *sequence;
  }
  v1::DecideRequest request;
  request.set_approval(arguments.approval);
  request.set_decision(arguments.withdraw ? v1::DECISION_WITHDRAW
                       : arguments.reject ? v1::DECISION_REJECT
                                          : v1::DECISION_APPROVE);
  request.set_one_time_code(arguments.code);
  request.set_reason(arguments.reason);
  request.set_digest(arguments.digest);
  request.set_channel("cli");
  auto approval = Unary(server, &v1::ApprovalService::Stub::Decide, server.approvals(), request);
  if (!approval) return WithAdvice(common, server, arguments, std::move(approval).error());
  if (common.json) {
    // The lines that follow say what the vote came to.
    if (!arguments.wait) return PrintJson(*approval);
  } else if (approval->state() == v1::Approval::OPEN) {
    std::printf(arguments.withdraw ? "%s: your decision is taken back; it takes %d in all\n"
                                   : "%s: your vote is recorded; it takes %d in all\n",
                approval->id().c_str(), approval->quorum());
  } else {
    std::printf("%s is %s. Follow %s: %s watch %s\n", approval->id().c_str(),
                v1::Approval::State_Name(approval->state()).c_str(), approval->run().c_str(),
                Prefix(common).c_str(), approval->run().c_str());
  }
  if (!arguments.wait) return kOk;
  return Follow(common, server,
                {.run = approval->run(), .until_waiting = true, .after = before, .answered = true});
}

int Decide(const Common& common, const DecideArguments& arguments) {
  if (arguments.approval.empty()) {
    return Tell(
        InvalidArgument("say which approval; what there is: " + Prefix(common) + " approvals"),
        kUsage);
  }
  NameServer(common);
  return WithServer(
      common, [&](const client::Connection& server) { return Vote(common, server, arguments); });
}

}  // namespace recourse::cli
