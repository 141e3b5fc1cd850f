#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "actions/database/backup_files.h"
#include "actions/database/file_gate.h"
#include "actions/database/file_set.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/sqlite_check.h"
#include "actions/database/sqlite_copy.h"
#include "actions/database/trash.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

struct Request {
  Resource resource;
  Backups backups;
};

Result<Request> ReadRequest(const Context& context) {
  auto resource = ReadResource(context.inputs["database"], context.policy);
  if (!resource) return std::move(resource).error();
  auto backups = ReadBackups(context.inputs["backups"], context.policy);
  if (!backups) return std::move(backups).error();
  return Request{*std::move(resource), *std::move(backups)};
}

Result<void> CheckDirectory(const std::string& directory) {
  struct stat info;
  if (stat(directory.c_str(), &info) != 0) {
    return ErrnoError(errno, "look at the directory of the backups, " + directory);
  }
  if (!S_ISDIR(info.st_mode)) return FailedPrecondition(directory + " is not a directory");
  if (access(directory.c_str(), W_OK | X_OK) != 0) {
    return ErrnoError(errno, "write in the directory of the backups, " + directory);
  }
  return {};
}

Value OutputOf(const std::string& directory, const Manifest& manifest, bool replaced) {
  const std::string path = directory + "/" + manifest.name;
  return Value::Object({{"path", path},
                        {"name", manifest.name},
                        {"manifest", ManifestPath(path)},
                        {"sha256", manifest.sha256},
                        {"size", manifest.size},
                        {"taken_at", TimeText(manifest.taken_at)},
                        {"method", manifest.method},
                        {"user_version", manifest.content.user_version},
                        {"application_id", manifest.content.application_id},
                        {"tables", manifest.content.TablesValue()},
                        {"replaced", replaced}});
}

Failure Damaged(const CheckReport& source, const std::string& what_was_done) {
  return {DataLoss(source.path + " failed its check, so that there is no good backup of it: " +
                   FindingsText(source.findings) + ". " + what_was_done +
                   "; earlier backups were left as they are"),
          source.Evidence()};
}

// The finished file belongs to whom the database belongs, where this process may give it away.
Result<void> Finish(const std::string& unfinished, const std::string& database,
                    const Context& context) {
  auto facts = FactsOf(database);
  if (!facts) return std::move(facts).error();
  if (*facts) {
    Ownership ownership = (*facts)->ownership;
    auto owned = SetOwnership(unfinished, ownership);
    if (!owned && owned.error().code == Code::kPermissionDenied) {
      context.log(owned.error().message + "; the backup keeps this server's user");
      owned = SetOwnership(unfinished, {geteuid(), getegid(), ownership.mode});
    }
    if (!owned) return owned;
  }
  return SyncFile(unfinished);
}

class SqliteBackup final : public Action {
 public:
  const ActionSpec& Spec() const override { return BackupSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto request = ReadRequest(context);
    if (!request) return std::move(request).error();
    auto facts = FactsOf(request->resource.path);
    if (!facts) return std::move(facts).error();
    if (!*facts) return NotFound("there is no file " + request->resource.path);
    const std::string path =
        request->backups.directory + "/" + NameAt(request->backups, context.clock.Now());
    ActionPlan plan;
    plan.bytes_needed = (*facts)->size;
    plan.bytes_where = path;
    plan.lines.push_back("copy " + request->resource.path + " (" + HumanBytes((*facts)->size) +
                         ") to " + path + " and check the copy");
    if (Exists(path)) {
      plan.lines.push_back("once it is good, move the backup that has this name to " +
                           request->backups.directory + "/.trash");
    }
    return plan;
  }

  Outcome Apply(const Context& context) const override {
    auto request = ReadRequest(context);
    if (!request) return std::move(request).error();
    const std::string& database = request->resource.path;
    const std::string& directory = request->backups.directory;
    if (auto usable = CheckDirectory(directory); !usable) return usable.error();
    // What the copy would hide: a file that is cut short, a log that does not belong to it.
    auto source = CheckSqliteFile(database, {}, CheckDepth::kFile, context);
    if (!source) return std::move(source).error();
    const bool readable = source->page_size > 0 && !source->journal_mode.empty();
    if (!readable) return Damaged(*source, "Nothing was copied");
    if (auto space = NeedSpace(directory, source->size + source->wal_bytes); !space) {
      return space.error();
    }

    const std::string unfinished = UnfinishedBackup(directory, context.key);
    if (auto removed = RemoveSqliteFiles(unfinished); !removed) return removed.error();
    Outcome outcome = TakeBackup(*request, *source, unfinished, context);
    (void)RemoveSqliteFiles(unfinished);  // there only when it got no name
    return outcome;
  }

  ProbeAnswer Probe(const Context& context) const override {
    using Verdict = ProbeAnswer::Verdict;
    auto backups = ReadBackups(context.inputs["backups"], context.policy);
    if (!backups) return {Verdict::kUnknown, backups.error().message, {}};
    auto manifest = FindByKey(backups->directory, context.key);
    if (!manifest) return {Verdict::kUnknown, manifest.error().message, {}};
    if (!*manifest && HasTakenOut(backups->directory, context.key)) {
      return {Verdict::kPartial,
              "the backup that was to be replaced is in " +
                  TrashEntry(backups->directory, context.key) +
                  " only, and the new one is not there",
              {}};
    }
    if (!*manifest) return {Verdict::kNotApplied, "no backup has this key", {}};
    const std::string path = backups->directory + "/" + (*manifest)->name;
    auto gate = FileGate::ForRawRead(path, context);
    if (!gate) return {Verdict::kUnknown, gate.error().message, {}};
    auto sha256 = HashFile(path, context);
    if (!sha256 && sha256.error().code != Code::kNotFound) {
      return {Verdict::kUnknown, sha256.error().message, {}};
    }
    if (!sha256 || *sha256 != (*manifest)->sha256) {
      return {Verdict::kPartial, path + " has its manifest, but not its content yet", {}};
    }
    if (auto synced = SyncParent(path); !synced)
      return {Verdict::kUnknown, synced.error().message, {}};
    const bool replaced = Exists(TrashEntry(backups->directory, context.key) + "/" + NameOf(path));
    return {Verdict::kApplied, path + " is there and whole",
            OutputOf(backups->directory, **manifest, replaced)};
  }

  Outcome Compensate(const Context& context, const Value&) const override {
    auto backups = ReadBackups(context.inputs["backups"], context.policy);
    if (!backups) return std::move(backups).error();
    auto taken_back = TakeBack(backups->directory, context);
    if (!taken_back) return Failure{taken_back.error(), {}, LeftBehind::kPartial};
    return Value();
  }

 private:
  // From the source to the finished backup, or to a suspect one and DATA_LOSS.
  static Outcome TakeBackup(const Request& request, const CheckReport& source,
                            const std::string& unfinished, const Context& context) {
    const std::string& database = request.resource.path;
    const Time taken_at = context.clock.Now();
    auto copied = CopySqliteDatabase(database, unfinished, source.journal_mode == "wal", context);
    if (!copied && copied.error().code == Code::kDataLoss) {
      CheckReport damaged = source;
      damaged.findings.push_back(copied.error().message);
      return Damaged(damaged, "It could not be copied");
    }
    if (!copied) return std::move(copied).error();
    auto report =
        CheckSqliteFile(unfinished, request.resource.expected, CheckDepth::kFull, context);
    if (!report) return std::move(report).error();
    if (auto finished = Finish(unfinished, database, context); !finished) return finished.error();

    Manifest manifest;
    manifest.kind = request.resource.kind;
    manifest.name = NameAt(request.backups, taken_at);
    manifest.key = context.key;
    manifest.content = report->content;
    manifest.method = copied->method;
    manifest.source = database;
    manifest.source_change_counter = source.change_counter;
    manifest.journal_mode = source.journal_mode;
    manifest.taken_at = taken_at;
    manifest.findings = source.findings;
    manifest.findings.insert(manifest.findings.end(), report->findings.begin(),
                             report->findings.end());
    auto facts = FactsOf(unfinished);
    if (!facts) return std::move(facts).error();
    manifest.size = *facts ? (*facts)->size : 0;
    auto gate = FileGate::ForRawRead(unfinished, context);
    if (!gate) return std::move(gate).error();
    auto sha256 = HashFile(unfinished, context);
    if (!sha256) return std::move(sha256).error();
    manifest.sha256 = *std::move(sha256);

    if (!manifest.findings.empty()) {
      report->path = database;
      report->findings = manifest.findings;
      return KeepSuspect(request, *report, unfinished, manifest, context);
    }
    manifest.verified_at = context.clock.Now();
    auto replaced =
        GiveName(unfinished, request.backups.directory + "/" + manifest.name, manifest, context);
    if (!replaced) {
      const auto taken_back = TakeBack(request.backups.directory, context);
      return Failure{std::move(replaced).error().In("back up " + database),
                     {},
                     taken_back ? LeftBehind::kNothing : LeftBehind::kPartial};
    }
    return OutputOf(request.backups.directory, manifest, *replaced);
  }

  // For those who look into the damage; it counts as nothing, and stands in nobody's way.
  static Outcome KeepSuspect(const Request& request, const CheckReport& report,
                             const std::string& unfinished, Manifest manifest,
                             const Context& context) {
    manifest.suspect = true;
    manifest.name = SuspectName(manifest.name);
    const std::string path = request.backups.directory + "/" + manifest.name;
    const auto earlier = ReadManifest(path);
    const bool is_ours = earlier && earlier->key == context.key;
    // What an earlier attempt of the day could still save may be more than this one could.
    auto replaced = is_ours ? Result<bool>(false) : KeepReplaced(path, context);
    auto kept = replaced ? WriteManifest(path, manifest) : Result<void>(replaced.error());
    if (kept) kept = MoveFile(unfinished, path);
    if (!kept) {
      context.log(kept.error().ToString());
      if (auto back = TakeBack(request.backups.directory, context); !back) {
        context.log("the earlier suspect backup is not put back: " + back.error().ToString());
      }
      return Damaged(report, "The copy could not be kept");
    }
    return Damaged(report, "What could be copied is in " + path);
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteBackup() { return std::make_unique<SqliteBackup>(); }

}  // namespace recourse::database
