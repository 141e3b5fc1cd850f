#include "server/report_service.h"

#include <utility>

#include "server/convert.h"
#include "server/view/report.h"

namespace recourse::server {
namespace {

Result<v1::Report> ReadReport(const v1::GetReportRequest& request, runtime::Engine& engine,
                              journal::Reader& reader) {
  auto id = ParseRun("run", request.run());
  if (!id) return std::move(id).error();
  auto row = reader.FindRun(*id);
  if (!row) return std::move(row).error();
  if (!row->has_value()) return record::NoSuchRun(reader, *id);
  auto workflow = engine.DefinitionOf((*row)->digest);
  if (!workflow) return std::move(workflow).error();
  return ReportOf(reader, **workflow, **row);
}

}  // namespace

// On the thread of what takes long: between a run's first and last event may stand very many.
grpc::ServerUnaryReactor* ReportService::GetReport(grpc::CallbackServerContext* context,
                                                   const v1::GetReportRequest* request,
                                                   v1::Report* response) {
  return AnswerFrom(core_, core_.long_readers, context, "ReportService.GetReport", response,
                    [this, request](journal::Reader& reader) {
                      const std::stop_callback end(core_.stopping,
                                                   [&reader] { reader.EndReads(); });
                      return ReadReport(*request, core_.engine, reader);
                    });
}

}  // namespace recourse::server
