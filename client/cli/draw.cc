// workflows graph: a workflow or a run as a picture.
#include <cstdio>

#include "client/cli/verbs.h"
#include "client/picture/picture.h"

namespace recourse::cli {

int DrawWorkflow(const Common& common, const GraphArguments& arguments) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::GetGraphRequest request;
    request.set_workflow(arguments.workflow);
    request.set_run(arguments.run);
    auto graph = Unary(server, &v1::WorkflowService::Stub::GetGraph, server.workflows(), request);
    if (!graph) return std::move(graph).error();
    if (common.json) return PrintJson(*graph);
    if (arguments.format == "dot") {
      std::printf("%s", picture::ToDot(*graph).c_str());
    } else if (arguments.format == "mermaid") {
      std::printf("%s", picture::ToMermaid(*graph).c_str());
    } else {
      auto svg = picture::ToSvg(*graph);
      if (!svg) return std::move(svg).error();
      std::printf("%s", svg->c_str());
    }
    return kOk;
  });
}

}  // namespace recourse::cli
