#include <filesystem>

#include "actions/database/file_gate.h"
#include "actions/database/holders.h"
#include "actions/database/restore_plan.h"
#include "actions/database/restore_record.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/sqlite_connection.h"
#include "actions/database/verified_copy.h"
#include "engine/base/file.h"
#include "engine/base/json.h"

namespace recourse::database {
namespace {

namespace fs = std::filesystem;

// What the phases read from their inputs.
struct Request {
  Resource resource;
  std::string backup;
  Manifest manifest;
};

Result<Request> ReadRequest(const Context& context) {
  auto resource = ReadResource(context.inputs["database"], context.policy);
  if (!resource) return std::move(resource).error();
  Request request{*std::move(resource), context.inputs.StringOr("backup", ""), {}};
  if (auto allowed = context.policy.AllowPath(request.backup); !allowed) {
    return std::move(allowed).error().In("backup");
  }
  auto manifest = ReadVerifiedManifest(request.backup, request.resource.kind);
  if (!manifest) return std::move(manifest).error();
  request.manifest = *std::move(manifest);
  return request;
}

// The backup's bytes are those that were verified.
Result<void> CheckBytes(const Request& request, const Context& context) {
  auto gate = FileGate::ForRawRead(request.backup, context);
  if (!gate) return std::move(gate).error();
  auto sha256 = HashFile(request.backup, context);
  if (!sha256) return std::move(sha256).error();
  if (*sha256 == request.manifest.sha256) return {};
  return DataLoss("the bytes of " + request.backup + " are not those that were verified: SHA-256 " +
                  *sha256 + " instead of " + request.manifest.sha256 +
                  ". Nothing was changed. Choose another backup");
}

// The new file under its temporary name: verified, in the source's journal mode, with its owner and
// mode, synced. Answers what Apply will answer.
Outcome MakeNewFile(const Request& request, const RestoreRecord& record, const Context& context) {
  auto removed = RemoveSqliteFiles(record.temporary);  // what a crash left
  if (!removed) return removed.error();
  VerifiedCopy copy = CopyVerified(request.backup, record.temporary, request.manifest,
                                   request.resource.expected, context);
  if (copy.failure) return *std::move(copy.failure);
  if (request.manifest.journal_mode == "wal") {
    // In the file before it has its name, so that no log is ever made beside the database for it.
    auto connection =
        SqliteConnection::Open(record.temporary, SqliteConnection::Mode::kReadWrite, context);
    if (!connection) return std::move(connection).error();
    auto mode = connection->Text("PRAGMA journal_mode = WAL");
    if (!mode) return std::move(mode).error();
    if (*mode != "wal") return Internal(record.temporary + " stays in journal mode " + *mode);
  }
  if (auto owned = SetOwnership(record.temporary, record.ownership); !owned) return owned.error();
  if (auto synced = SyncFile(record.temporary); !synced) return synced.error();
  auto gate = FileGate::ForRawRead(record.temporary, context);
  if (!gate) return std::move(gate).error();
  auto sha256 = HashFile(record.temporary, context);
  if (!sha256) return std::move(sha256).error();
  auto facts = FactsOf(record.temporary);
  if (!facts) return std::move(facts).error();
  if (!*facts) return Aborted(record.temporary + " was taken away");
  return Value::Object({{"path", record.path},
                        {"backup", request.backup},
                        {"quarantine", record.quarantine},
                        {"sha256", *sha256},
                        {"size", (*facts)->size},
                        {"taken_at", TimeText(request.manifest.taken_at)},
                        {"journal_mode", request.manifest.journal_mode},
                        {"user_version", copy.report.content.user_version},
                        {"application_id", copy.report.content.application_id},
                        {"tables", copy.report.content.TablesValue()}});
}

// Nothing has changed since Prepare looked, and nobody has the files open.
// REQUIRES: the gate of the database.
Result<void> CheckStillPrepared(const RestoreRecord& record, const Context& context) {
  if (auto proven = ProveNoHolders(record.path, context); !proven) return proven;
  auto present = ReadFileSet(record.path, context);
  if (!present) return std::move(present).error();
  if (present->ToValue() == record.old_set.ToValue()) return {};
  return Aborted("the files of " + record.path +
                 " changed since the restore was prepared. Nothing "
                 "was changed. Stop what writes them, then try again");
}

Result<void> WriteNote(const RestoreRecord& record, const Value& output, const Context& context) {
  if (auto made = MakeQuarantine(record.quarantine); !made) return made;
  const Value note = Value::Object({{"format", 1},
                                    {"key", context.key},
                                    {"written_at", TimeText(context.clock.Now())},
                                    {"undo", record.ToValue()},
                                    {"output", output}});
  return WriteFileAtomically(record.NotePath(), ToPrettyJson(note) + "\n", 0640);
}

// A restore that cannot go on puts the old files back at once, unless somebody has opened what has
// appeared in their place; then a person must look, or the rollback.
Failure GiveUp(const RestoreRecord& record, Error error, const Context& context) {
  auto back = ProveNoHolders(record.path, context);
  if (back) back = PutBack(record, context);
  if (!back) context.log("the old files are not put back yet: " + back.error().ToString());
  return {std::move(error).In("restore " + record.path),
          {},
          back ? LeftBehind::kNothing : LeftBehind::kPartial};
}

class SqliteRestore final : public Action {
 public:
  const ActionSpec& Spec() const override { return RestoreSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto request = ReadRequest(context);
    if (!request) return std::move(request).error();
    return PlanRestore(request->resource, request->backup, request->manifest, context);
  }

  Outcome Prepare(const Context& context) const override {
    auto request = ReadRequest(context);
    if (!request) return std::move(request).error();
    const std::string& path = request->resource.path;
    const std::string directory = fs::path(path).parent_path().string();
    auto ownership = PlanOwnership(request->resource, request->backup);
    if (!ownership) return std::move(ownership).error().In("prepare the restore");
    if (auto space = NeedSpace(directory, request->manifest.size); !space) return space.error();
    auto gate = FileGate::ForRawRead(path, context);
    if (!gate) return std::move(gate).error();
    if (auto proven = ProveNoHolders(path, context); !proven) return proven.error();
    if (auto checked = CheckBytes(*request, context); !checked) return checked.error();
    auto present = ReadFileSet(path, context);
    if (!present) return std::move(present).error();
    return RestoreRecord{path,
                         request->backup,
                         QuarantineOf(path, context.key),
                         path + ".restore-" + KeyName(context.key) + ".tmp",
                         *std::move(present),
                         *ownership}
        .ToValue();
  }

  Outcome Apply(const Context& context) const override {
    auto record = RestoreRecord::FromValue(context.undo);
    if (!record) return std::move(record).error();
    auto request = ReadRequest(context);
    if (!request) return std::move(request).error();
    auto gate = FileGate::ForRawRead(record->path, context);
    if (!gate) return std::move(gate).error();
    if (auto still = CheckStillPrepared(*record, context); !still) return still.error();
    Outcome output = MakeNewFile(*request, *record, context);
    if (!output) return output;
    // The copy took its time: a supervisor may have started the service again meanwhile.
    auto ready = ProveNoHolders(record->path, context);
    if (ready) ready = WriteNote(*record, output.output(), context);
    if (!ready) {
      // Nothing was moved, and somebody may use the files: what stands there stays.
      if (auto gone = Forget(*record); !gone) context.log(gone.error().ToString());
      return std::move(ready).error();
    }
    context.log("moving the old files to " + record->quarantine);
    auto moved = SetAside(*record);
    if (moved) moved = PutInPlace(*record);
    if (!moved) return GiveUp(*record, std::move(moved).error(), context);
    return output;
  }

  Verification Verify(const Context& context, const Value& output) const override {
    using Verdict = Verification::Verdict;
    auto record = RestoreRecord::FromValue(context.undo);
    if (!record) return {Verdict::kInconclusive, record.error().message, {}};
    for (const std::string_view suffix : kSuffixes) {
      if (suffix.empty() || !Exists(record->path + std::string(suffix))) continue;
      return {Verdict::kInconclusive,
              record->path + std::string(suffix) +
                  " has appeared: something has opened the restored database already",
              {}};
    }
    auto gate = FileGate::ForRawRead(record->path, context);
    if (!gate) return {Verdict::kInconclusive, gate.error().message, {}};
    // The same bytes were checked in full before they got their name.
    auto sha256 = HashFile(record->path, context);
    if (!sha256) return {Verdict::kFailed, sha256.error().message, {}};
    if (*sha256 != output.StringOr("sha256", "")) {
      return {Verdict::kFailed,
              record->path + " is not the file that was put there: SHA-256 " + *sha256,
              {}};
    }
    auto facts = FactsOf(record->path);
    if (!facts || !*facts) return {Verdict::kInconclusive, record->path + " cannot be seen", {}};
    const Ownership& owned = (*facts)->ownership;
    if (owned.user != record->ownership.user || owned.group != record->ownership.group ||
        owned.mode != record->ownership.mode) {
      return {Verdict::kFailed, record->path + " has another owner or mode than it should", {}};
    }
    return {
        Verdict::kPassed, record->path + " holds the backup, byte for byte as it was checked", {}};
  }

  ProbeAnswer Probe(const Context& context) const override {
    using Verdict = ProbeAnswer::Verdict;
    auto record = RestoreRecord::FromValue(context.undo);
    if (!record) return {Verdict::kUnknown, record.error().message, {}};
    switch (StateOf(*record)) {
      case RestoreState::kNotBegun:
        return {Verdict::kNotApplied, "the old files stand where they were", {}};
      case RestoreState::kPartial:
        return {Verdict::kPartial, "some of the old files are in " + record->quarantine, {}};
      case RestoreState::kDone:
        break;
    }
    auto text = ReadFile(record->NotePath(), 1 << 20);
    auto note = text ? ParseJson(*text) : Result<Value>(text.error());
    if (!note) return {Verdict::kUnknown, note.error().message, {}};
    // The rename is seen; this makes it last, in case the crash came before its sync.
    if (auto synced = SyncParent(record->path); !synced) {
      return {Verdict::kUnknown, synced.error().message, {}};
    }
    return {Verdict::kApplied, "the new file is in place", (*note)["output"]};
  }

  Outcome Compensate(const Context& context, const Value&) const override {
    auto record = RestoreRecord::FromValue(context.undo);
    if (!record) return std::move(record).error();
    auto gate = FileGate::ForRawRead(record->path, context);
    if (!gate) return std::move(gate).error();
    if (auto proven = ProveNoHolders(record->path, context); !proven) {
      return Failure{proven.error(), {}, LeftBehind::kPartial};
    }
    if (auto back = PutBack(*record, context); !back) {
      return Failure{std::move(back).error().In("put the old files of " + record->path + " back"),
                     {},
                     LeftBehind::kPartial};
    }
    return Value();
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteRestore() { return std::make_unique<SqliteRestore>(); }

}  // namespace recourse::database
