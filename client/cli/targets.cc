// targets: the systems that workflows work on.
#include <cstdio>

#include "client/cli/verbs.h"

namespace recourse::cli {

int ListTargets(const Common& common) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::ListTargetsRequest request;
    auto list = AllPages(server, &v1::WorkflowService::Stub::ListTargets, server.workflows(),
                         request, [](auto& answer) { return answer.mutable_targets(); });
    if (!list) return std::move(list).error();
    if (common.json) return PrintJson(*list);
    Table table({"TARGET", "RESOURCES", "WHAT"});
    for (const v1::Target& target : list->targets()) {
      std::string resources;
      for (const std::string& resource : target.resources()) {
        resources += (resources.empty() ? "" : ", ") + resource;
      }
      table.Add({target.name(), resources, target.summary()});
    }
    std::printf("%s",
                table.empty() ? "the server has loaded no target\n" : table.ToString().c_str());
    return kOk;
  });
}

int ShowTarget(const Common& common, const std::string& name) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::GetTargetRequest request;
    request.set_target(name);
    auto target = Unary(server, &v1::WorkflowService::Stub::GetTarget, server.workflows(), request);
    if (!target) return std::move(target).error();
    if (common.json) return PrintJson(*target);
    std::printf("%s\n%s\n", OneLine(target->name() + " - " + target->summary()).c_str(),
                Pretty(target->content_json()).c_str());
    return kOk;
  });
}

}  // namespace recourse::cli
