// workflows apply.
#include <cstdio>

#include "client/cli/definition_paths.h"
#include "client/cli/verbs.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

Result<v1::ApplyWorkflowsRequest> RequestOf(const std::vector<std::string>& paths) {
  v1::ApplyWorkflowsRequest request;
  for (const std::string& path : paths) {
    auto files = FilesAt(path);
    if (!files) return std::move(files).error();
    for (const std::filesystem::path& file : *files) {
      if (HoldsCases(file)) continue;
      auto text = ReadFile(file, kDefinitionMax);
      if (!text) return std::move(text).error();
      if (!IsUtf8(*text)) return InvalidArgument(file.string() + ": not UTF-8");
      v1::DefinitionFile& given = *request.add_files();
      given.set_name(file);
      given.set_definition(*std::move(text));
    }
  }
  if (request.files().empty()) return NotFound(paths.front() + ": there is no definition in it");
  return request;
}

void Print(const v1::AppliedWorkflow& applied) {
  const bool is_new = applied.digest_before().empty();
  const bool same = applied.digest() == applied.digest_before();
  std::printf("%s %s, in %s\n", OneLine(applied.workflow()).c_str(),
              same ? "is as it was" : (is_new ? "is new" : "is changed"),
              OneLine(applied.file()).c_str());
}

}  // namespace

int ApplyWorkflows(const Common& common, const std::vector<std::string>& paths) {
  auto request = RequestOf(paths);
  if (!request) return Tell(request.error(), kUsage);
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto answer =
        Unary(server, &v1::WorkflowService::Stub::ApplyWorkflows, server.workflows(), *request);
    if (!answer) return std::move(answer).error();
    const int code = answer->problems().empty() ? kOk : kRefused;
    if (common.json) {
      const int printed = PrintJson(*answer);
      return printed == kOk ? code : printed;
    }
    for (const std::string& problem : answer->problems()) {
      std::fprintf(stderr, "%s\n", Clean(problem).c_str());
    }
    if (code != kOk) {
      std::fprintf(stderr, "recourse: nothing was applied; the server goes on with what it had\n");
      return code;
    }
    for (const v1::AppliedWorkflow& applied : answer->applied()) Print(applied);
    std::printf("runs that have begun keep their definition\n");
    return kOk;
  });
}

}  // namespace recourse::cli
