#include "server/workflow_service.h"

#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/runtime/plan_maker.h"
#include "server/catalogue_page.h"
#include "server/convert.h"
#include "server/graph_view.h"
#include "server/notification_service.h"
#include "server/notify/channel_check.h"
#include "server/reloader.h"
#include "server/run_inputs.h"
#include "server/workflow_view.h"

namespace recourse::server {
namespace {

Result<std::shared_ptr<const definition::Workflow>> FindWorkflow(const runtime::Engine& engine,
                                                                 const std::string& name) {
  const auto catalogue = engine.catalogue();
  const auto& workflows = catalogue->workflows;
  if (const auto found = workflows.find(name); found != workflows.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, workflow] : workflows) names.push_back(known);
  return NoSuchIn("workflow", name, names);
}

// A workflow that the definition runs is the one that the server has.
Result<v1::ValidateWorkflowResponse> Validate(const v1::ValidateWorkflowRequest& request,
                                              const Registry& registry,
                                              const runtime::Workflows& workflows) {
  if (request.definition().empty()) return InvalidArgument("definition: must be set");
  const definition::Loaded loaded = definition::LoadWorkflow(
      request.definition(), &registry, [&](std::string_view name) -> std::optional<std::string> {
        const auto found = workflows.find(name);
        return found == workflows.end() ? std::nullopt : std::optional(found->second->canonical);
      });
  v1::ValidateWorkflowResponse response;
  for (const definition::Problem& problem : loaded.problems) {
    v1::Problem& message = *response.add_problems();
    message.set_line(problem.place.line);
    message.set_column(problem.place.column);
    message.set_message(Utf8(problem.message));
  }
  if (loaded.workflow) *response.mutable_workflow() = FullView(*loaded.workflow);
  return response;
}

v1::Target TargetOf(const std::string& name, const Value& target) {
  v1::Target message;
  message.set_name(name);
  message.set_summary(target.StringOr("summary", ""));
  for (const auto& [member, content] : target.as_map()) {
    const std::string key = member.as_string();
    if (key != "name" && key != "summary") message.add_resources(key);
  }
  return message;
}

Result<v1::ApplyWorkflowsResponse> Apply(const v1::ApplyWorkflowsRequest& request,
                                         Reloader& reloader) {
  std::vector<DefinitionFiles::Given> given;
  for (const v1::DefinitionFile& file : request.files()) {
    given.push_back({Utf8(file.name()), file.definition()});
  }
  if (given.empty()) return InvalidArgument("files: must not be empty");
  auto application = reloader.Apply(given);
  if (!application) return std::move(application).error();
  v1::ApplyWorkflowsResponse response;
  for (const std::string& problem : application->problems) response.add_problems(Utf8(problem));
  if (!application->problems.empty()) return response;
  for (const DefinitionFiles::Applied& applied : application->applied) {
    v1::AppliedWorkflow& message = *response.add_applied();
    message.set_workflow(applied.workflow);
    message.set_file(Utf8(applied.file));
    message.set_digest(applied.digest);
    message.set_digest_before(applied.digest_before);
  }
  return response;
}

}  // namespace

grpc::ServerUnaryReactor* WorkflowService::ListWorkflows(grpc::CallbackServerContext* context,
                                                         const v1::ListWorkflowsRequest* request,
                                                         v1::ListWorkflowsResponse* response) {
  using Response = v1::ListWorkflowsResponse;
  return AnswerNow(
      core_, context, "WorkflowService.ListWorkflows", response, [&]() -> Result<Response> {
        Response page;
        const auto catalogue = core_.engine.catalogue();
        auto token = Page(
            catalogue->workflows, request->page_size(), request->page_token(),
            [](const auto& entry) -> const std::string& { return entry.first; },
            [&](const auto& entry) { *page.add_workflows() = ToProto(*entry.second); });
        if (!token) return std::move(token).error();
        page.set_next_page_token(*token);
        return page;
      });
}

grpc::ServerUnaryReactor* WorkflowService::GetWorkflow(grpc::CallbackServerContext* context,
                                                       const v1::GetWorkflowRequest* request,
                                                       v1::Workflow* response) {
  return AnswerNow(core_, context, "WorkflowService.GetWorkflow", response,
                   [&]() -> Result<v1::Workflow> {
                     auto workflow = FindWorkflow(core_.engine, request->workflow());
                     if (!workflow) return std::move(workflow).error();
                     return FullView(**workflow);
                   });
}

grpc::ServerUnaryReactor* WorkflowService::GetGraph(grpc::CallbackServerContext* context,
                                                    const v1::GetGraphRequest* request,
                                                    v1::Graph* response) {
  const auto read = [this, request](journal::Reader& reader) -> Result<v1::Graph> {
    if (!request->run().empty()) return ReadGraph(*request, core_.engine, reader);
    auto workflow = FindWorkflow(core_.engine, request->workflow());
    if (!workflow) return std::move(workflow).error();
    return GraphOf(**workflow);
  };
  return AnswerFrom(core_, core_.readers, context, "WorkflowService.GetGraph", response, read);
}

Result<v1::RunPlan> WorkflowService::Plan(const runtime::StartRequest& start,
                                          const runtime::Caller& caller,
                                          journal::Reader& reader) const {
  const auto lost =
      notify::CheckChannels(start, *core_.engine.catalogue(), ChannelsOf(core_), core_.clock.Now());
  if (!lost) return lost.error();
  auto plan = core_.engine.PlanRun(start, caller, reader, core_.stopping);
  if (!plan) return std::move(plan).error();
  if (!lost->empty()) {
    plan->plan = notify::WithLostMessages(plan->plan, *lost);
    plan->digest = runtime::PlanDigest(plan->inputs, plan->plan, "");
  }
  return ToProto(*plan);
}

grpc::ServerUnaryReactor* WorkflowService::PlanRun(grpc::CallbackServerContext* context,
                                                   const v1::PlanRunRequest* request,
                                                   v1::RunPlan* response) {
  auto caller = Admit(core_.principals, *context, "WorkflowService.PlanRun");
  if (!caller) return Refuse(context, caller.error());
  auto start = FromProto(*request);
  if (!start) return Refuse(context, start.error());
  return AnswerFrom(core_.plan_readers, context, response,
                    [this, caller = *std::move(caller), start = *std::move(start)](
                        journal::Reader& reader) { return Plan(start, caller, reader); });
}

grpc::ServerUnaryReactor* WorkflowService::ValidateWorkflow(
    grpc::CallbackServerContext* context, const v1::ValidateWorkflowRequest* request,
    v1::ValidateWorkflowResponse* response) {
  // On a reader's thread because a large definition takes long, not because it reads.
  return AnswerFrom(core_, core_.readers, context, "WorkflowService.ValidateWorkflow", response,
                    [this, request](journal::Reader&) {
                      return Validate(*request, core_.registry,
                                      core_.engine.catalogue()->workflows);
                    });
}

grpc::ServerUnaryReactor* WorkflowService::ApplyWorkflows(grpc::CallbackServerContext* context,
                                                          const v1::ApplyWorkflowsRequest* request,
                                                          v1::ApplyWorkflowsResponse* response) {
  // On a reader's thread because it waits for the disk and the engine.
  return AnswerFrom(core_, core_.readers, context, "WorkflowService.ApplyWorkflows", response,
                    [this, request](journal::Reader&) { return Apply(*request, core_.reloader); });
}

grpc::ServerUnaryReactor* WorkflowService::ListActions(grpc::CallbackServerContext* context,
                                                       const v1::ListActionsRequest* request,
                                                       v1::ListActionsResponse* response) {
  using Response = v1::ListActionsResponse;
  return AnswerNow(core_, context, "WorkflowService.ListActions", response,
                   [&]() -> Result<Response> {
                     Response page;
                     auto token = Page(
                         core_.registry.All(), request->page_size(), request->page_token(),
                         [](const ActionSpec* spec) -> const std::string& { return spec->name; },
                         [&](const ActionSpec* spec) { *page.add_actions() = ToProto(*spec); });
                     if (!token) return std::move(token).error();
                     page.set_next_page_token(*token);
                     return page;
                   });
}

grpc::ServerUnaryReactor* WorkflowService::GetAction(grpc::CallbackServerContext* context,
                                                     const v1::GetActionRequest* request,
                                                     v1::Action* response) {
  return AnswerNow(core_, context, "WorkflowService.GetAction", response,
                   [&]() -> Result<v1::Action> {
                     const ActionSpec* spec = core_.registry.Find(request->action());
                     if (spec != nullptr) return FullView(*spec);
                     std::vector<std::string> names;
                     for (const ActionSpec* each : core_.registry.All())
                       names.push_back(each->name);
                     return NoSuchIn("action", request->action(), names);
                   });
}

grpc::ServerUnaryReactor* WorkflowService::ListTargets(grpc::CallbackServerContext* context,
                                                       const v1::ListTargetsRequest* request,
                                                       v1::ListTargetsResponse* response) {
  using Response = v1::ListTargetsResponse;
  const auto catalogue = core_.engine.catalogue();
  const definition::Inventory& inventory = catalogue->inventory;
  return AnswerNow(core_, context, "WorkflowService.ListTargets", response,
                   [&]() -> Result<Response> {
                     Response page;
                     auto token = Page(
                         inventory.Names(), request->page_size(), request->page_token(),
                         [](const std::string& name) -> const std::string& { return name; },
                         [&](const std::string& name) {
                           *page.add_targets() = TargetOf(name, *inventory.Find(name));
                         });
                     if (!token) return std::move(token).error();
                     page.set_next_page_token(*token);
                     return page;
                   });
}

grpc::ServerUnaryReactor* WorkflowService::GetTarget(grpc::CallbackServerContext* context,
                                                     const v1::GetTargetRequest* request,
                                                     v1::Target* response) {
  const auto catalogue = core_.engine.catalogue();
  const definition::Inventory& inventory = catalogue->inventory;
  return AnswerNow(core_, context, "WorkflowService.GetTarget", response,
                   [&]() -> Result<v1::Target> {
                     const Value* found = inventory.Find(request->target());
                     if (found == nullptr) {
                       return NoSuchIn("target", request->target(), inventory.Names());
                     }
                     v1::Target target = TargetOf(request->target(), *found);
                     target.set_content_json(ToJson(*found));
                     return target;
                   });
}

}  // namespace recourse::server
