#include "server/access.h"

#include <grpcpp/server_context.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace recourse::server {
namespace {

constexpr std::string_view kViewer = "viewer";
constexpr std::string_view kOperator = "operator";
constexpr std::string_view kAdmin = "admin";

struct Rule {
  std::string_view rpc;
  std::string_view role;
};

constexpr std::array kRules = {
    Rule{"RunService.StartRun", kOperator},
    Rule{"RunService.GetRun", kViewer},
    Rule{"RunService.ListRuns", kViewer},
    Rule{"RunService.WatchRun", kViewer},
    Rule{"RunService.CancelRun", kOperator},
    Rule{"RunService.PauseRun", kOperator},
    Rule{"RunService.ResumeRun", kOperator},
    Rule{"RunService.RetryStep", kOperator},
    Rule{"RunService.SkipStep", kOperator},
    Rule{"RunService.RollBackRun", kOperator},
    Rule{"RunService.AnnotateRun", kOperator},
    Rule{"RunService.SignalRun", kOperator},
    Rule{"RunService.AnswerItem", kAnyRole},
    Rule{"RunService.OverrideWindow", kOperator},
    Rule{"RunService.GetTimeline", kViewer},
    Rule{"ApprovalService.ListApprovals", kViewer},
    Rule{"ApprovalService.GetApproval", kViewer},
    Rule{"ApprovalService.Decide", kAnyRole},
    Rule{"WorkflowService.ListWorkflows", kViewer},
    Rule{"WorkflowService.GetWorkflow", kViewer},
    Rule{"WorkflowService.GetGraph", kViewer},
    Rule{"WorkflowService.PlanRun", kOperator},
    Rule{"WorkflowService.ValidateWorkflow", kViewer},
    Rule{"WorkflowService.ApplyWorkflows", kAdmin},
    Rule{"WorkflowService.ListActions", kViewer},
    Rule{"WorkflowService.GetAction", kViewer},
    Rule{"WorkflowService.ListTargets", kViewer},
    Rule{"WorkflowService.GetTarget", kViewer},
    Rule{"ScheduleService.ListSchedules", kViewer},
    Rule{"ScheduleService.GetSchedule", kViewer},
    Rule{"ScheduleService.PauseSchedule", kOperator},
    Rule{"ScheduleService.ResumeSchedule", kOperator},
    Rule{"EventService.WatchEvents", kViewer},
    Rule{"ReportService.GetReport", kViewer},
    Rule{"AdminService.GetInfo", kAdmin},
    Rule{"AdminService.VerifyJournal", kAdmin},
    Rule{"AdminService.BackupJournal", kAdmin},
    Rule{"AdminService.GetHead", kAdmin},
    Rule{"AdminService.GetJournalKey", kAdmin},
    Rule{"AdminService.ExportRuns", kAdmin},
    Rule{"AdminService.PruneRuns", kAdmin},
};

}  // namespace

Result<std::string_view> RoleFor(std::string_view rpc) {
  for (const Rule& rule : kRules) {
    if (rule.rpc == rpc) return rule.role;
  }
  return Error{Code::kUnimplemented, "no rule says who may call " + std::string(rpc)};
}

Result<runtime::Caller> Admit(const Principals& principals, const grpc::ServerContextBase& context,
                              std::string_view rpc) {
  const auto role = RoleFor(rpc);
  if (!role) return role.error();

  const auto header = context.client_metadata().find("authorization");
  const std::string_view authorization =
      header == context.client_metadata().end()
          ? std::string_view()
          : std::string_view(header->second.data(), header->second.size());
  auto caller = principals.Authenticate(authorization);
  if (!caller || *role == kAnyRole) return caller;

  if (std::find(caller->roles.begin(), caller->roles.end(), *role) == caller->roles.end()) {
    return Error{Code::kPermissionDenied, std::string(rpc) + " needs the role " +
                                              std::string(*role) + ", which " + caller->principal +
                                              " does not have"};
  }
  return caller;
}

}  // namespace recourse::server
