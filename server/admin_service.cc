#include "server/admin_service.h"

#include <unistd.h>

#include <filesystem>
#include <stop_token>
#include <system_error>

#include "engine/machine/state.h"
#include "engine/record/record.h"
#include "server/convert.h"
#include "server/reloader.h"
#include "server/run_reads.h"
#include "server/version.h"

namespace recourse::server {
namespace {

// Who asks how many wants to know whether there are any, or very many.
constexpr int kRunsCounted = 10'000;
constexpr int kApprovalsCounted = 1000;
constexpr std::size_t kLeftOutMax = 100;

Result<std::int64_t> CountRuns(journal::Reader& reader, std::vector<int> statuses) {
  journal::RunFilter filter;
  filter.statuses = std::move(statuses);
  filter.limit = kRunsCounted;
  auto rows = reader.ListRuns(filter);
  if (!rows) return std::move(rows).error();
  return static_cast<std::int64_t>(rows->size());
}

// What waits to be done, by anybody.
Result<void> AddCounts(journal::Reader& reader, v1::GetInfoResponse& info) {
  auto open = CountRuns(reader, OpenStatuses());
  if (!open) return std::move(open).error();
  auto stuck = CountRuns(reader, {static_cast<int>(machine::RunStatus::kNeedsAttention)});
  if (!stuck) return std::move(stuck).error();
  auto approvals = reader.ListApprovals(true, {}, std::nullopt, kApprovalsCounted);
  if (!approvals) return std::move(approvals).error();
  info.set_open_runs(*open);
  info.set_runs_need_attention(*stuck);
  info.set_open_approvals(static_cast<std::int64_t>(approvals->size()));
  return {};
}

v1::JournalCheck Shown(const JournalCheck& check) {
  v1::JournalCheck message;
  *message.mutable_time() = ToProto(check.time);
  message.set_whole(check.whole);
  message.set_events(check.events);
  message.set_problems(check.problems);
  message.set_first_problem(Utf8(check.first_problem));
  return message;
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

Result<v1::GetInfoResponse> AdminService::Info(journal::Reader& reader) {
  const Core& core = core_;
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
  info.set_actions(static_cast<std::int32_t>(core.registry.All().size()));
  if (auto added = AddCounts(reader, info); !added) return std::move(added).error();
  const Reloader::Report loaded = core.reloader.last();
  *info.mutable_load_time() = ToProto(loaded.time);
  for (const std::string& problem : loaded.problems) {
    if (info.left_out_size() == kLeftOutMax) break;
    info.add_left_out(Utf8(problem));
  }
  const std::lock_guard lock(mutex_);
  *info.mutable_last_check() = Shown(last_check_);
  return info;
}

Result<v1::VerifyJournalResponse> AdminService::Verify(journal::Reader& reader) {
  const std::stop_callback end(core_.stopping, [&reader] { reader.EndReads(); });
  auto found = record::Verify(reader);
  if (!found) return std::move(found).error();
  v1::VerifyJournalResponse response;
  response.set_events(found->events);
  response.set_runs(found->runs);
  response.set_head(found->head);
  for (const std::string& problem : found->problems) response.add_problems(Utf8(problem));
  const std::lock_guard lock(mutex_);
  last_check_ = {core_.clock.Now(), true, found->events,
                 static_cast<std::int64_t>(found->problems.size()),
                 found->problems.empty() ? "" : found->problems.front()};
  return response;
}

grpc::ServerUnaryReactor* AdminService::GetInfo(grpc::CallbackServerContext* context,
                                                const v1::GetInfoRequest*,
                                                v1::GetInfoResponse* response) {
  return AnswerFrom(core_, core_.readers, context, "AdminService.GetInfo", response,
                    [this](journal::Reader& reader) { return Info(reader); });
}

grpc::ServerUnaryReactor* AdminService::VerifyJournal(grpc::CallbackServerContext* context,
                                                      const v1::VerifyJournalRequest*,
                                                      v1::VerifyJournalResponse* response) {
  return AnswerFrom(core_, core_.long_readers, context, "AdminService.VerifyJournal", response,
                    [this](journal::Reader& reader) { return Verify(reader); });
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
