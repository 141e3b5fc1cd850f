#include "actions/database/sqlite_replacement.h"

#include <filesystem>

#include "actions/database/file_gate.h"
#include "actions/database/holders.h"
#include "actions/database/manifest.h"
#include "actions/database/restore_plan.h"
#include "actions/database/sqlite_connection.h"
#include "engine/base/file.h"
#include "engine/base/json.h"

namespace recourse::database {
namespace {

// Completes the new file under its temporary name: in its journal mode, with its owner and mode,
// synced. Answers `content` with what is known of the file besides.
Outcome FinishNewFile(const RestoreRecord& record, const Value& content, const Context& context) {
  if (content.StringOr("journal_mode", "") == "wal") {
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
  return content.With("path", record.path)
      .With("quarantine", record.quarantine)
      .With("sha256", *sha256)
      .With("size", (*facts)->size);
}

// Nothing has changed since Prepare looked, and nobody has the files open.
// REQUIRES: the gate of the database.
Result<void> CheckStillPrepared(const RestoreRecord& record, const Context& context) {
  if (auto proven = ProveNoHolders(record.path, context); !proven) return proven;
  auto present = ReadFileSet(record.path, context);
  if (!present) return std::move(present).error();
  if (present->ToValue() == record.old_set.ToValue()) return {};
  return Aborted("the files of " + record.path +
                 " changed since this was prepared. Nothing was changed. Stop what writes them, "
                 "then try again");
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

// A replacement that cannot go on puts the old files back at once, unless somebody has opened what
// has appeared in their place; then a person must look, or the rollback.
Failure GiveUp(const RestoreRecord& record, Error error, const Context& context) {
  auto back = ProveNoHolders(record.path, context);
  if (back) back = PutBack(record, context);
  if (!back) context.log("the old files are not put back yet: " + back.error().ToString());
  return {std::move(error).In("replace " + record.path),
          {},
          back ? LeftBehind::kNothing : LeftBehind::kPartial};
}

}  // namespace

Outcome DatabaseReplacement::Prepare(const Context& context) const {
  auto wanted = ReadReplacement(context);
  if (!wanted) return std::move(wanted).error();
  const std::string& path = wanted->resource.path;
  const std::string directory = std::filesystem::path(path).parent_path().string();
  auto ownership = PlanOwnership(wanted->resource, wanted->source);
  if (!ownership) return std::move(ownership).error().In("prepare " + Spec().name);
  if (auto space = NeedSpace(directory, wanted->bytes); !space) return space.error();
  auto gate = FileGate::ForRawRead(path, context);
  if (!gate) return std::move(gate).error();
  if (auto proven = ProveNoHolders(path, context); !proven) return proven.error();
  if (auto checked = CheckSource(context); !checked) return checked.error();
  auto present = ReadFileSet(path, context);
  if (!present) return std::move(present).error();
  return RestoreRecord{path,
                       wanted->source,
                       QuarantineOf(path, context.key),
                       path + ".restore-" + KeyName(context.key) + ".tmp",
                       *std::move(present),
                       *ownership}
      .ToValue();
}

Outcome DatabaseReplacement::Apply(const Context& context) const {
  auto record = RestoreRecord::FromValue(context.undo);
  if (!record) return std::move(record).error();
  auto gate = FileGate::ForRawRead(record->path, context);
  if (!gate) return std::move(gate).error();
  if (auto still = CheckStillPrepared(*record, context); !still) return still.error();
  auto removed = RemoveSqliteFiles(record->temporary);  // what a crash left
  if (!removed) return removed.error();
  Outcome output = MakeContent(*record, context);
  if (output) output = FinishNewFile(*record, output.output(), context);
  if (!output) {
    (void)RemoveSqliteFiles(record->temporary);
    return output;
  }
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

Verification DatabaseReplacement::Verify(const Context& context, const Value& output) const {
  using Verdict = Verification::Verdict;
  auto record = RestoreRecord::FromValue(context.undo);
  if (!record) return {Verdict::kInconclusive, record.error().message, {}};
  for (const std::string_view suffix : kSuffixes) {
    if (suffix.empty() || !Exists(record->path + std::string(suffix))) continue;
    return {Verdict::kInconclusive,
            record->path + std::string(suffix) +
                " has appeared: something has opened the new database already",
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
  return {Verdict::kPassed, record->path + " is the new file, byte for byte as it was checked", {}};
}

ProbeAnswer DatabaseReplacement::Probe(const Context& context) const {
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

Outcome DatabaseReplacement::Compensate(const Context& context, const Value&) const {
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

}  // namespace recourse::database
