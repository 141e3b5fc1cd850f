#include "server/access.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>
#include <string>
#include <utility>

#include "server/tls.h"

namespace recourse::server {
namespace {

constexpr std::string_view kViewer = "viewer";
constexpr std::string_view kOperator = "operator";
constexpr std::string_view kAdmin = "admin";
constexpr std::string_view kAlerts = "alerts";

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
    Rule{"RunService.AddReference", kDelegate},
    Rule{"RunService.SignalRun", kOperator},
    Rule{"RunService.AnswerItem", kAnyRole},
    Rule{"RunService.OverrideWindow", kOperator},
    Rule{"RunService.QuarantineRun", kOperator},
    Rule{"RunService.ResolveEffect", kOperator},
    Rule{"RunService.OverrideInput", kOperator},
    Rule{"RunService.AcknowledgeRun", kAnyRole},
    Rule{"RunService.AdoptDefinition", kAdmin},
    Rule{"RunService.ListAttention", kViewer},
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
    Rule{"NotificationService.ListChannels", kViewer},
    Rule{"NotificationService.RetryNotifications", kOperator},
    Rule{"NotificationService.TestChannel", kOperator},
    Rule{"EventService.WatchEvents", kViewer},
    Rule{"ReportService.GetReport", kViewer},
    Rule{"AdminService.GetInfo", kAdmin},
    Rule{"AdminService.VerifyJournal", kAdmin},
    Rule{"AdminService.BackupJournal", kAdmin},
    Rule{"IdentityService.WhoAmI", kAnyRole},
    Rule{"IdentityService.CreateToken", kAdmin},
    Rule{"IdentityService.ListTokens", kAdmin},
    Rule{"IdentityService.RevokeToken", kAdmin},
    Rule{"AdminService.GetHead", kAdmin},
    Rule{"AdminService.GetJournalKey", kAdmin},
    Rule{"AdminService.ExportRuns", kAdmin},
    Rule{"AdminService.PruneRuns", kAdmin},
    Rule{"Hooks.Alertmanager", kAlerts},
    Rule{"Hooks.Alert", kAlerts},
};

// The names in a client certificate. gRPC knows one only after it was verified against the issuers
// of the configuration.
void AddCertificate(const grpc::AuthContext& call, Presented& presented) {
  const auto add = [&](const char* property, std::string_view kind) {
    for (const grpc::string_ref& name : call.FindPropertyValues(property)) {
      presented.certificate.push_back(std::string(kind) + std::string(name.data(), name.size()));
    }
  };
  add(GRPC_X509_CN_PROPERTY_NAME, "CN=");
  add(GRPC_PEER_DNS_PROPERTY_NAME, "DNS:");
  add(GRPC_PEER_URI_PROPERTY_NAME, "URI:");
  add(GRPC_PEER_EMAIL_PROPERTY_NAME, "EMAIL:");
  for (const grpc::string_ref& pem : call.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME)) {
    presented.fingerprint = FingerprintOf(std::string(pem.data(), pem.size()));
  }
}

bool IsOneOf(std::string_view rpc, std::initializer_list<std::string_view> services) {
  return std::any_of(services.begin(), services.end(),
                     [&](std::string_view service) { return rpc.starts_with(service); });
}

// What a program may do that speaks for people: for itself it looks and keeps its references,
// whatever roles it has; for a person it does what is about runs.
Result<void> AllowDelegate(const runtime::Caller& caller, std::string_view role,
                           std::string_view rpc) {
  const auto refused = [&](const std::string& why) {
    return Error{Code::kPermissionDenied, std::string(rpc) + ": " + why};
  };
  if (!caller.via.empty()) {
    if (role == kAdmin || role == kDelegate ||
        !IsOneOf(rpc, {"RunService.", "ApprovalService.", "WorkflowService.",
                       "IdentityService.WhoAmI"})) {
      return refused("nobody can do that for " + caller.principal + "; it takes their own call");
    }
  } else if (std::find(caller.roles.begin(), caller.roles.end(), kDelegate) != caller.roles.end()) {
    if (role != kViewer && role != kDelegate && rpc != "IdentityService.WhoAmI") {
      return refused(caller.principal +
                     " speaks for people and changes nothing by itself, whatever "
                     "roles it has; it must say for whom it calls (recourse-on-behalf-of)");
    }
  }
  return {};
}

Result<void> Allow(const runtime::Caller& caller, std::string_view role, std::string_view rpc) {
  if (auto allowed = AllowDelegate(caller, role, rpc); !allowed) return allowed;
  if (role == kAnyRole ||
      std::find(caller.roles.begin(), caller.roles.end(), role) != caller.roles.end()) {
    return {};
  }
  return Error{Code::kPermissionDenied, std::string(rpc) + " needs the role " + std::string(role) +
                                            ", which " + caller.principal + " does not have"};
}

}  // namespace

Result<std::string_view> RoleFor(std::string_view rpc) {
  for (const Rule& rule : kRules) {
    if (rule.rpc == rpc) return rule.role;
  }
  return Error{Code::kUnimplemented, "no rule says who may call " + std::string(rpc)};
}

Presented PresentedBy(const grpc::ServerContextBase& context) {
  const auto header = context.client_metadata().find("authorization");
  Presented presented(header == context.client_metadata().end()
                          ? std::string_view()
                          : std::string_view(header->second.data(), header->second.size()));
  presented.peer = context.peer();
  const auto [first, last] = context.client_metadata().equal_range("recourse-on-behalf-of");
  if (first != last) {
    const bool is_one = std::next(first) == last;  // several name nobody
    presented.on_behalf_of =
        is_one ? std::string(first->second.data(), first->second.size()) : std::string();
  }
  AddCertificate(*context.auth_context(), presented);
  return presented;
}

Result<runtime::Caller> Admit(const Principals& principals, const grpc::ServerContextBase& context,
                              std::string_view rpc) {
  return Admit(principals, PresentedBy(context), rpc);
}

Result<runtime::Caller> Admit(const Principals& principals, const Presented& presented,
                              std::string_view rpc) {
  const auto role = RoleFor(rpc);
  if (!role) return role.error();
  auto caller = principals.Authenticate(presented, rpc);
  if (!caller) return caller;
  if (auto allowed = Allow(*caller, *role, rpc); !allowed) return std::move(allowed).error();
  return caller;
}

Result<StillAdmitted> AdmitStream(const Principals& principals,
                                  const grpc::ServerContextBase& context, std::string_view rpc) {
  if (auto caller = Admit(principals, context, rpc); !caller) return std::move(caller).error();
  return StillAdmitted(
      [&principals, presented = PresentedBy(context), rpc = std::string(rpc)]() -> Result<void> {
        auto caller = principals.StillThere(presented);
        if (!caller) return std::move(caller).error();
        return Allow(*caller, RoleFor(rpc).value(), rpc);
      });
}

}  // namespace recourse::server
