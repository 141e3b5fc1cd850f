#include "actions/database/restore_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "engine/base/fail_point.h"
#include "engine/base/file.h"

namespace recourse::database {
namespace {

namespace fs = std::filesystem;

// The fail-points after each move, in the order of kSuffixes.
constexpr std::array kAfterSetAside = {"restore_after_set_aside_db", "restore_after_set_aside_wal",
                                       "restore_after_set_aside_shm",
                                       "restore_after_set_aside_journal"};
constexpr std::array kAfterUndone = {
    "restore_undo_after_set_aside_db", "restore_undo_after_set_aside_wal",
    "restore_undo_after_set_aside_shm", "restore_undo_after_set_aside_journal"};
constexpr std::array kAfterPutBack = {
    "restore_undo_after_put_back_db", "restore_undo_after_put_back_wal",
    "restore_undo_after_put_back_shm", "restore_undo_after_put_back_journal"};

void PassRestoreFailPoint([[maybe_unused]] const char* name) { RECOURSE_FAIL_POINT(name); }

Result<void> SyncDirectory(const std::string& directory) {
  return SyncParent(directory + "/entry");
}

// A directory below the quarantine that holds none of the set's names yet: an earlier undo may have
// left its own there.
Result<std::string> UndoneDirectory(const RestoreRecord& record, std::string_view suffix) {
  for (int number = 1;; ++number) {
    std::string directory = record.quarantine + "/undone";
    if (number > 1) directory += "-" + std::to_string(number);
    if (Exists(directory + "/" + NameOf(record.path + std::string(suffix)))) continue;
    if (auto made = MakeOwnDirectory(directory, 0750); !made) return std::move(made).error();
    return directory;
  }
}

// What stands at the set's places and is not of the old set goes below "undone".
Result<void> SetUndoneAside(const RestoreRecord& record) {
  for (std::size_t i = 0; i < kSuffixes.size(); ++i) {
    const std::string path = record.path + std::string(kSuffixes[i]);
    const bool is_old = record.old_set.Find(kSuffixes[i]) != nullptr &&
                        !Exists(record.QuarantinedPathOf(kSuffixes[i]));
    if (is_old || !Exists(path)) continue;
    auto directory = UndoneDirectory(record, kSuffixes[i]);
    if (!directory) return std::move(directory).error();
    if (auto moved = RenameFile(path, *directory + "/" + NameOf(path)); !moved) return moved;
    PassRestoreFailPoint(kAfterUndone[i]);
    if (auto synced = SyncDirectory(*directory); !synced) return synced;
  }
  return {};
}

// The sidecars first: the database must not be found without them.
Result<void> MoveOldSetBack(const RestoreRecord& record) {
  for (std::size_t i = kSuffixes.size(); i-- > 0;) {
    const std::string quarantined = record.QuarantinedPathOf(kSuffixes[i]);
    if (record.old_set.Find(kSuffixes[i]) == nullptr || !Exists(quarantined)) continue;
    if (auto moved = RenameFile(quarantined, record.path + std::string(kSuffixes[i])); !moved) {
      return moved;
    }
    PassRestoreFailPoint(kAfterPutBack[i]);
  }
  return {};
}

Result<void> CheckOldSet(const RestoreRecord& record, const Context& context) {
  for (const SetFile& file : record.old_set.files) {
    auto same = file.Is(record.PathOf(file), context);
    if (!same) return std::move(same).error();
    if (*same) continue;
    return DataLoss(record.PathOf(file) +
                    " is back, but not as it was before the restore: its bytes were " +
                    std::to_string(file.size) + ", with SHA-256 " +
                    (file.sha256.empty() ? "unknown" : file.sha256));
  }
  return {};
}

}  // namespace

Value RestoreRecord::ToValue() const {
  return Value::Object({{"path", path},
                        {"backup", backup},
                        {"quarantine", quarantine},
                        {"temporary", temporary},
                        {"files", old_set.ToValue()},
                        {"user", std::int64_t{ownership.user}},
                        {"group", std::int64_t{ownership.group}},
                        {"mode", std::int64_t{ownership.mode}}});
}

Result<RestoreRecord> RestoreRecord::FromValue(const Value& value) {
  RestoreRecord record;
  record.path = value.StringOr("path", "");
  record.backup = value.StringOr("backup", "");
  record.quarantine = value.StringOr("quarantine", "");
  record.temporary = value.StringOr("temporary", "");
  record.old_set = FileSet::FromValue(value["files"]);
  record.ownership = {static_cast<uid_t>(value.IntOr("user", 0)),
                      static_cast<gid_t>(value.IntOr("group", 0)),
                      static_cast<mode_t>(value.IntOr("mode", 0))};
  if (record.path.empty() || record.quarantine.empty() || record.temporary.empty()) {
    return Internal("the undo record is not one of a database that is replaced");
  }
  return record;
}

std::string RestoreRecord::QuarantinedPathOf(std::string_view suffix) const {
  return quarantine + "/" + NameOf(path) + std::string(suffix);
}

RestoreState StateOf(const RestoreRecord& record) {
  std::size_t moved = 0;
  for (const SetFile& file : record.old_set.files) {
    moved += Exists(record.QuarantinedPathOf(file.suffix));
  }
  const bool all_moved = moved == record.old_set.files.size();
  const bool renamed = Exists(record.path) && !Exists(record.temporary);
  if (record.old_set.files.empty()) {
    // Nothing to move: the note, written just before, tells that the new file was ready.
    return renamed && Exists(record.NotePath()) ? RestoreState::kDone : RestoreState::kNotBegun;
  }
  if (moved == 0) return RestoreState::kNotBegun;
  return all_moved && renamed ? RestoreState::kDone : RestoreState::kPartial;
}

Result<void> SetAside(const RestoreRecord& record) {
  RECOURSE_FAIL_POINT("restore_before_set_aside");
  for (std::size_t i = 0; i < kSuffixes.size(); ++i) {
    const SetFile* file = record.old_set.Find(kSuffixes[i]);
    if (file == nullptr) continue;
    if (auto moved = RenameFile(record.PathOf(*file), record.QuarantinedPathOf(file->suffix));
        !moved) {
      return moved;
    }
    PassRestoreFailPoint(kAfterSetAside[i]);
  }
  if (auto synced = SyncDirectory(record.quarantine); !synced) return synced;
  return SyncParent(record.path);
}

Result<void> PutInPlace(const RestoreRecord& record) {
  RECOURSE_FAIL_POINT("restore_before_rename");
  for (const std::string_view suffix : kSuffixes) {
    const std::string path = record.path + std::string(suffix);
    if (!Exists(path)) continue;
    return Aborted(path + " has appeared while the database was replaced: something still writes " +
                   "there. Stop it, then try again");
  }
  if (renameat2(AT_FDCWD, record.temporary.c_str(), AT_FDCWD, record.path.c_str(),
                RENAME_NOREPLACE) != 0) {
    // Some file systems know no RENAME_NOREPLACE.
    if (errno != EINVAL)
      return ErrnoError(errno, "move " + record.temporary + " to " + record.path);
    if (auto moved = RenameFile(record.temporary, record.path); !moved) return moved;
  }
  RECOURSE_FAIL_POINT("restore_after_rename");
  if (auto synced = SyncParent(record.path); !synced) return synced;
  RECOURSE_FAIL_POINT("restore_after_sync");
  return {};
}

Result<void> Forget(const RestoreRecord& record) {
  if (auto removed = RemoveSqliteFiles(record.temporary); !removed) return removed;
  if (auto removed = RemoveFile(record.NotePath()); !removed) return removed;
  // Both stay when they hold something: what was undone, or sets of other runs.
  rmdir(record.quarantine.c_str());
  rmdir(fs::path(record.quarantine).parent_path().c_str());
  return {};
}

Result<void> PutBack(const RestoreRecord& record, const Context& context) {
  RECOURSE_FAIL_POINT("restore_undo_before_set_aside");
  // A restore that had not begun to move anything has nothing to put back.
  if (StateOf(record) != RestoreState::kNotBegun || Exists(record.quarantine + "/undone")) {
    if (auto done = SetUndoneAside(record); !done) return done;
    RECOURSE_FAIL_POINT("restore_undo_before_put_back");
    if (auto done = MoveOldSetBack(record); !done) return done;
    if (auto synced = SyncParent(record.path); !synced) return synced;
    RECOURSE_FAIL_POINT("restore_undo_after_sync");
    if (auto same = CheckOldSet(record, context); !same) return same;
  }
  return Forget(record);
}

}  // namespace recourse::database
