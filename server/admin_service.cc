#include "server/admin_service.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <stop_token>
#include <system_error>

#include "engine/machine/state.h"
#include "engine/record/archive.h"
#include "engine/record/heads.h"
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
constexpr auto kAgeMax = std::chrono::hours(24) * 365 * 100;

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

Result<void> CheckPath(const std::string& path) {
  if (!path.empty() && path.front() == '/') return {};
  return InvalidArgument("path: \"" + path + "\" is not an absolute path");
}

Result<v1::BackupJournalResponse> BackUp(const journal::Journal& journal, const std::string& path,
                                         const std::stop_token& stop) {
  if (auto valid = CheckPath(path); !valid) return valid.error();
  if (auto done = journal.BackUp(path, stop); !done) return std::move(done).error();
  std::error_code problem;
  const auto size = std::filesystem::file_size(path, problem);
  if (problem) return ErrnoError(problem.value(), "look at the backup " + path);
  v1::BackupJournalResponse response;
  response.set_path(path);
  response.set_size_bytes(static_cast<std::int64_t>(size));
  return response;
}

Error NoKey() {
  return FailedPrecondition("this server signs nothing: it has no key for the journal");
}

Result<v1::SignedHead> Head(const Core& core, journal::Reader& reader) {
  if (core.journal_key == nullptr) return NoKey();
  auto head = record::SignHead(reader, *core.journal_key, core.clock.Now());
  if (!head) return std::move(head).error();
  v1::SignedHead message;
  message.set_line(record::LineOf(*head));
  message.set_position(head->position);
  message.set_hash(head->hash);
  *message.mutable_time() = ToProto(head->time);
  return message;
}

Result<record::SignatureCheck> CheckSignatures(const v1::VerifyJournalRequest& request,
                                               journal::Reader& reader) {
  if (request.public_key().empty()) {
    if (request.heads().empty()) return record::SignatureCheck();
    return InvalidArgument("public_key: heads cannot be checked without it");
  }
  auto key = PublicKey::Parse(request.public_key());
  if (!key) return std::move(key).error().In("public_key");
  std::vector<record::SignedHead> heads;
  for (const std::string& line : request.heads()) {
    auto head = record::ParseHead(line);
    if (!head) return std::move(head).error().In("heads");
    heads.push_back(*std::move(head));
  }
  return record::CheckSignatures(reader, heads, *key);
}

Result<v1::ExportRunsResponse> Export(const v1::ExportRunsRequest& request, const Core& core,
                                      journal::Reader& reader) {
  if (auto valid = CheckPath(request.path()); !valid) return valid.error();
  const auto age = std::chrono::seconds(request.older_than().seconds());
  if (age < std::chrono::seconds(1) || age > kAgeMax) {
    return InvalidArgument("older_than: expected between a second and 100 years");
  }
  const Time now = core.clock.Now();
  auto made = record::ExportRuns(reader, now - age, request.path(), now, core.stopping);
  if (!made) return std::move(made).error();
  v1::ExportRunsResponse response;
  response.set_path(request.path());
  response.set_runs(made->runs);
  response.set_events(made->events);
  response.set_sha256(made->sha256);
  return response;
}

// Removes a run on the core loop's thread, and waits for it.
Result<journal::Position> RemoveOne(runtime::Engine& engine, journal::Removal removal) {
  std::promise<Result<journal::Position>> promise;
  auto removed = promise.get_future();
  engine.RemoveRun(std::move(removal), [&promise](Result<journal::Position> position) {
    promise.set_value(std::move(position));
  });
  return removed.get();
}

Result<v1::PruneRunsResponse> Prune(const v1::PruneRunsRequest& request, const Core& core,
                                    const std::string& principal, journal::Reader& reader) {
  if (auto valid = CheckPath(request.path()); !valid) return valid.error();
  if (core.journal_key == nullptr) return NoKey();
  auto identity = reader.Identity();
  if (!identity) return std::move(identity).error();
  journal::Removal how;
  how.file = request.path();
  how.principal = principal;
  how.time = core.clock.Now();
  how.sign = [&](const std::string& payload) {
    return core.journal_key->Sign(record::TombstoneMessage(*identity, payload));
  };
  auto pruned = record::PruneRuns(
      reader, request.path(), how,
      [&](journal::Removal removal) { return RemoveOne(core.engine, std::move(removal)); },
      core.stopping);
  if (!pruned) return std::move(pruned).error();
  v1::PruneRunsResponse response;
  response.set_runs(pruned->runs);
  response.set_events(pruned->events);
  for (const std::string& sentence : pruned->left) response.add_left(Utf8(sentence));
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

Result<v1::VerifyJournalResponse> AdminService::Verify(const v1::VerifyJournalRequest& request,
                                                       journal::Reader& reader) {
  const std::stop_callback end(core_.stopping, [&reader] { reader.EndReads(); });
  // What is wrong with the request is told before the journal is read.
  auto signatures = CheckSignatures(request, reader);
  if (!signatures) return std::move(signatures).error();
  auto found = record::Verify(reader);
  if (!found) return std::move(found).error();
  v1::VerifyJournalResponse response = ToProto(*found, *signatures);
  const std::lock_guard lock(mutex_);
  last_check_ = {core_.clock.Now(), true, found->events, response.problems_size(),
                 response.problems().empty() ? "" : response.problems(0)};
  return response;
}

grpc::ServerUnaryReactor* AdminService::GetInfo(grpc::CallbackServerContext* context,
                                                const v1::GetInfoRequest*,
                                                v1::GetInfoResponse* response) {
  return AnswerFrom(core_, core_.readers, context, "AdminService.GetInfo", response,
                    [this](journal::Reader& reader) { return Info(reader); });
}

grpc::ServerUnaryReactor* AdminService::VerifyJournal(grpc::CallbackServerContext* context,
                                                      const v1::VerifyJournalRequest* request,
                                                      v1::VerifyJournalResponse* response) {
  return AnswerFrom(core_, core_.long_readers, context, "AdminService.VerifyJournal", response,
                    [this, request](journal::Reader& reader) { return Verify(*request, reader); });
}

grpc::ServerUnaryReactor* AdminService::BackupJournal(grpc::CallbackServerContext* context,
                                                      const v1::BackupJournalRequest* request,
                                                      v1::BackupJournalResponse* response) {
  return AnswerFrom(core_, core_.long_readers, context, "AdminService.BackupJournal", response,
                    [this, request](journal::Reader&) {
                      return BackUp(core_.journal, request->path(), core_.stopping);
                    });
}

grpc::ServerUnaryReactor* AdminService::GetHead(grpc::CallbackServerContext* context,
                                                const v1::GetHeadRequest*,
                                                v1::SignedHead* response) {
  return AnswerFrom(core_, core_.readers, context, "AdminService.GetHead", response,
                    [this](journal::Reader& reader) { return Head(core_, reader); });
}

grpc::ServerUnaryReactor* AdminService::GetJournalKey(grpc::CallbackServerContext* context,
                                                      const v1::GetJournalKeyRequest*,
                                                      v1::JournalKey* response) {
  return AnswerNow(core_, context, "AdminService.GetJournalKey", response,
                   [this]() -> Result<v1::JournalKey> {
                     if (core_.journal_key == nullptr) return NoKey();
                     v1::JournalKey key;
                     key.set_public_key(core_.journal_key->PublicPem());
                     return key;
                   });
}

grpc::ServerUnaryReactor* AdminService::ExportRuns(grpc::CallbackServerContext* context,
                                                   const v1::ExportRunsRequest* request,
                                                   v1::ExportRunsResponse* response) {
  return AnswerFrom(
      core_, core_.long_readers, context, "AdminService.ExportRuns", response,
      [this, request](journal::Reader& reader) { return Export(*request, core_, reader); });
}

grpc::ServerUnaryReactor* AdminService::PruneRuns(grpc::CallbackServerContext* context,
                                                  const v1::PruneRunsRequest* request,
                                                  v1::PruneRunsResponse* response) {
  auto caller = Admit(core_.principals, *context, "AdminService.PruneRuns");
  if (!caller) return Refuse(context, caller.error());
  return AnswerFrom(core_.long_readers, context, response,
                    [this, request, principal = caller->principal](journal::Reader& reader) {
                      return Prune(*request, core_, principal, reader);
                    });
}

}  // namespace recourse::server
