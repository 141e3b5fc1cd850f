// The names that completion offers: from the server, if it answers at once, and from this host.
#include <map>

#include "client/cli/completion.h"
#include "client/cli/contexts.h"

namespace recourse::cli {
namespace {

using Names = std::vector<Candidate>;

// Somebody waits with a finger on the key: later is too late.
constexpr std::chrono::milliseconds kPatience{400};
constexpr int kNamesMax = 200;

// The server that the words so far choose.
Common CommonOf(const std::vector<std::string>& words) {
  Common common;
  common.server.principal.clear();
  common.server.timeout = kPatience;
  const std::map<std::string, std::string*> options = {{"--data", &common.server.data},
                                                       {"--address", &common.server.address},
                                                       {"--token-file", &common.server.token_file},
                                                       {"--as", &common.server.principal},
                                                       {"--context", &common.context}};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto equals = words[i].find('=');
    if (const auto found = options.find(words[i].substr(0, equals)); found != options.end()) {
      // The word after it is its value, unless that is the one being completed.
      const bool apart = equals == std::string::npos;
      const std::size_t value =
          apart && i + 2 < words.size() && words[i + 1] == "=" ? i + 2 : i + 1;
      if (!apart) *found->second = words[i].substr(equals + 1);
      if (apart && value + 1 < words.size()) *found->second = words[value];
    }
  }
  return common;
}

template <class Response, class List>
Names NamesIn(const Result<Response>& answer, List list) {
  Names names;
  if (!answer) return names;
  for (const auto& each : list(*answer)) names.push_back({each.name(), each.summary()});
  return names;
}

Names Runs(const client::Connection& server) {
  v1::ListRunsRequest request;
  request.set_page_size(kNamesMax);
  Names names;
  const auto list = Unary(server, &v1::RunService::Stub::ListRuns, server.runs(), request);
  if (!list) return names;
  for (const v1::Run& run : list->runs()) {
    names.push_back({run.id(), StatusName(run.status()) + " " + run.workflow()});
  }
  return names;
}

Names OpenApprovals(const client::Connection& server) {
  v1::ListApprovalsRequest request;
  request.set_page_size(kNamesMax);
  Names names;
  const auto list =
      Unary(server, &v1::ApprovalService::Stub::ListApprovals, server.approvals(), request);
  if (!list) return names;
  for (const v1::Approval& approval : list->approvals()) {
    names.push_back({approval.id(), approval.run() + " " + approval.prompt()});
  }
  return names;
}

Names FromServer(const client::Connection& server, const std::string& kind) {
  using Workflows = v1::WorkflowService::Stub;
  if (kind == "run") return Runs(server);
  if (kind == "approval") return OpenApprovals(server);
  if (kind == "workflow") {
    return NamesIn(
        Unary(server, &Workflows::ListWorkflows, server.workflows(), v1::ListWorkflowsRequest()),
        [](const auto& answer) { return answer.workflows(); });
  }
  if (kind == "action") {
    return NamesIn(
        Unary(server, &Workflows::ListActions, server.workflows(), v1::ListActionsRequest()),
        [](const auto& answer) { return answer.actions(); });
  }
  if (kind == "target") {
    return NamesIn(
        Unary(server, &Workflows::ListTargets, server.workflows(), v1::ListTargetsRequest()),
        [](const auto& answer) { return answer.targets(); });
  }
  if (kind == "schedule") {
    return NamesIn(Unary(server, &v1::ScheduleService::Stub::ListSchedules, server.schedules(),
                         v1::ListSchedulesRequest()),
                   [](const auto& answer) { return answer.schedules(); });
  }
  return {};
}

Names Statuses() {
  Names names;
  for (int number = v1::RUN_STATUS_QUEUED; number <= v1::RUN_STATUS_ROLLED_BACK; ++number) {
    names.push_back({StatusName(static_cast<v1::RunStatus>(number)), ""});
  }
  return names;
}

Names ContextNames() {
  Names names;
  const auto contexts = ReadContexts(ContextsPath());
  if (!contexts) return names;
  for (const Context& context : contexts->all) names.push_back({context.name, context.Where()});
  return names;
}

}  // namespace

NamesOf NamesFromServer(const std::vector<std::string>& words) {
  return [words](const std::string& kind) -> Names {
    if (kind == "status") return Statuses();
    if (kind == "context") return ContextNames();
    const auto chosen = ServerOf(CommonOf(words));
    if (!chosen) return {};
    const auto server = client::Connection::Open(chosen->options);
    return server ? FromServer(*server, kind) : Names();
  };
}

}  // namespace recourse::cli
