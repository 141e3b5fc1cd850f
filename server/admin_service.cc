#include "server/admin_service.h"

#include <unistd.h>

#include <filesystem>
#include <stop_token>
#include <system_error>

#include "engine/record/record.h"
#include "server/convert.h"
#include "server/reloader.h"
#include "server/version.h"

namespace recourse::server {
namespace {

Result<v1::GetInfoResponse> Info(const Core& core, journal::Reader& reader) {
  auto position = reader.LastPosition();
  if (!position) return std::move(position).error();
  const runtime::Engine::Info engine = core.engine.info();

  v1::GetInfoResponse info;
  info.set_version(Version());
  *info.mutable_start_time() = ToProto(core.started);
  info.set_journal_path(core.journal.path());
  info.set_journal_bytes(core.journal.size_bytes());
  info.set_last_position(*position);
  info.set_journal_writable(engine.journal_writable);
  info.set_journal_error(engine.journal_error);
  info.set_runs_in_memory(engine.runs_in_memory);
  info.set_attempts_at_work(engine.attempts_at_work);
  info.set_inputs_waiting(engine.inputs_waiting);
  info.set_process_id(getpid());
  const auto catalogue = core.engine.catalogue();
  info.set_workflows(static_cast<std::int32_t>(catalogue->workflows.size()));
  info.set_targets(static_cast<std::int32_t>(catalogue->inventory.Names().size()));
  const Reloader::Report loaded = core.reloader.last();
  *info.mutable_load_time() = ToProto(loaded.time);
  for (const std::string& problem : loaded.problems) {
    info.add_definition_problems(Utf8(problem));
  }
  info.set_actions(static_cast<std::int32_t>(core.registry.All().size()));
  return info;
}

Result<v1::VerifyJournalResponse> Verify(journal::Reader& reader, const std::stop_token& stop) {
  const std::stop_callback end(stop, [&reader] { reader.EndReads(); });
  auto found = record::Verify(reader);
  if (!found) return std::move(found).error();
  v1::VerifyJournalResponse response;
  response.set_events(found->events);
  response.set_runs(found->runs);
  response.set_head(found->head);
  for (const std::string& problem : found->problems) response.add_problems(Utf8(problem));
  return response;
}

Result<v1::BackupJournalResponse> BackUp(const journal::Journal& journal, const std::string& path,
                                         const std::stop_token& stop) {
  if (path.empty() || path.front() != '/') {
    return InvalidArgument("path: \"" + path + "\" is not an absolute path");
  }
  if (auto done = journal.BackUp(path, stop); !done) return std::move(done).error();
  std::error_code problem;
  const auto size = std::filesystem::file_size(path, problem);
  if (problem) return ErrnoError(problem.value(), "look at the backup " + path);
  v1::BackupJournalResponse response;
  response.set_path(path);
  response.set_size_bytes(static_cast<std::int64_t>(size));
  return response;
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::GetInfo(grpc::CallbackServerContext* context,
                                                const v1::GetInfoRequest*,
                                                v1::GetInfoResponse* response) {
  return AnswerFrom(core_, core_.readers, context, "AdminService.GetInfo", response,
                    [this](journal::Reader& reader) { return Info(core_, reader); });
}

grpc::ServerUnaryReactor* AdminService::VerifyJournal(grpc::CallbackServerContext* context,
                                                      const v1::VerifyJournalRequest*,
                                                      v1::VerifyJournalResponse* response) {
  return AnswerFrom(core_, core_.long_readers, context, "AdminService.VerifyJournal", response,
                    [this](journal::Reader& reader) { return Verify(reader, core_.stopping); });
}

grpc::ServerUnaryReactor* AdminService::BackupJournal(grpc::CallbackServerContext* context,
                                                      const v1::BackupJournalRequest* request,
                                                      v1::BackupJournalResponse* response) {
  return AnswerFrom(core_, core_.long_readers, context, "AdminService.BackupJournal", response,
                    [this, request](journal::Reader&) {
                      return BackUp(core_.journal, request->path(), core_.stopping);
                    });
}

}  // namespace recourse::server
