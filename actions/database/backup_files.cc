#include "actions/database/backup_files.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "actions/database/file_gate.h"
#include "actions/database/file_set.h"
#include "actions/database/trash.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"

namespace recourse::database {
namespace {

namespace fs = std::filesystem;

// A second copy, for where there can be no second name.
Result<void> CopyWithOwner(const std::string& from, const std::string& to, const Context& context) {
  auto gate = FileGate::ForRawRead(from, context);
  if (!gate) return std::move(gate).error();
  auto facts = FactsOf(from);
  if (!facts) return std::move(facts).error();
  if (!*facts) return NotFound("there is no file " + from);
  if (auto copied = CopyFile(from, to, context); !copied) return std::move(copied).error();
  if (auto owned = SetOwnership(to, (*facts)->ownership); !owned) {
    context.log(owned.error().message + "; the copy keeps this server's user");
  }
  return SyncParent(to);
}

// A second name in the trash, so that the first stays valid until it is taken over.
Result<void> KeepInTrash(const std::string& path, const std::string& entry,
                         const Context& context) {
  const std::string kept = entry + "/" + NameOf(path);
  if (auto removed = RemoveFile(kept); !removed) return removed;  // what a crash left
  if (link(path.c_str(), kept.c_str()) == 0) return {};
  // Not every file system has links, and not every user may link another's file.
  if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK) {
    return ErrnoError(errno, "keep " + path + " in " + entry);
  }
  auto copied = CopyWithOwner(path, kept, context);
  if (copied || copied.error().code != Code::kResourceExhausted) return copied;
  // Without room for a copy there is a moment without this backup; TakeBack ends it.
  return MoveFile(path, kept);
}

// The files of the key's trash entry whose names are vacant in the directory.
std::vector<std::string> TakenOut(const std::string& directory, std::string_view key) {
  std::vector<std::string> names;
  std::error_code failed;
  const std::string entry = TrashEntry(directory, key);
  if (fs::is_symlink(entry, failed)) return names;  // not ours
  for (auto file = fs::directory_iterator(entry, failed);
       !failed && file != fs::directory_iterator(); file.increment(failed)) {
    const std::string name = file->path().filename().string();
    if (IsTrashNote(name) || !file->is_regular_file(failed)) continue;
    if (!Exists(directory + "/" + name)) names.push_back(name);
  }
  return names;
}

// Takes the new backup out and gives its name back to the one that it has replaced, if any.
Result<void> Undo(const std::string& path, const Context& context) {
  auto entry = MakeTrashEntry(fs::path(path).parent_path().string(), context);
  if (!entry) return std::move(entry).error();
  const std::string undone = *entry + "/undone";
  if (auto made = MakeOwnDirectory(undone, 0750); !made) return made;
  // What is in "undone" was taken out already; what stands in its place then is the earlier backup.
  if (!Exists(undone + "/" + NameOf(path)) && Exists(path)) {
    if (auto moved = MoveFile(path, undone + "/" + NameOf(path)); !moved) return moved;
  }
  RECOURSE_FAIL_POINT("backup_undo_after_set_aside");
  const std::string old = *entry + "/" + NameOf(path);
  if (Exists(old)) {
    if (auto moved = MoveFile(old, path); !moved) return moved;
  }
  RECOURSE_FAIL_POINT("backup_undo_after_put_back");
  // The manifest last: it carries the key by which a repeated call finds its work.
  const std::string manifest_path = ManifestPath(path);
  (void)link(manifest_path.c_str(), (undone + "/" + NameOf(manifest_path)).c_str());
  if (Exists(ManifestPath(old))) {
    if (auto moved = MoveFile(ManifestPath(old), manifest_path); !moved) return moved;
  } else if (auto removed = RemoveFile(manifest_path); !removed) {
    return removed;
  }
  return SyncParent(path);
}

}  // namespace

std::string SuspectName(const std::string& name) {
  const fs::path path(name);
  return path.stem().string() + ".suspect" + path.extension().string();
}

std::string UnfinishedBackup(const std::string& directory, std::string_view key) {
  return directory + "/.backup-" + KeyName(key) + ".tmp";
}

Result<bool> KeepReplaced(const std::string& path, const Context& context) {
  if (!Exists(path) && !Exists(ManifestPath(path))) return false;
  auto entry = MakeTrashEntry(fs::path(path).parent_path().string(), context);
  if (!entry) return std::move(entry).error();
  for (const std::string& old : {path, ManifestPath(path)}) {
    if (!Exists(old)) continue;
    if (auto kept = KeepInTrash(old, *entry, context); !kept) return std::move(kept).error();
    RECOURSE_FAIL_POINT("backup_after_keep");
  }
  if (auto synced = SyncParent(*entry + "/entry"); !synced) return std::move(synced).error();
  return true;
}

Result<bool> GiveName(const std::string& unfinished, const std::string& path,
                      const Manifest& manifest, const Context& context) {
  const std::string directory = fs::path(path).parent_path().string();
  // What an earlier, undone try of this attempt left there would mislead TakeBack.
  if (const std::string entry = TrashEntry(directory, context.key); Exists(entry)) {
    if (auto ours = MakeTrashEntry(directory, context); !ours) return std::move(ours).error();
    std::error_code failed;
    fs::remove_all(entry + "/undone", failed);
  }
  auto replaces = KeepReplaced(path, context);
  if (!replaces) return replaces;
  RECOURSE_FAIL_POINT("backup_before_rename");
  if (auto written = WriteManifest(path, manifest); !written) return std::move(written).error();
  RECOURSE_FAIL_POINT("backup_after_manifest");
  if (auto moved = RenameFile(unfinished, path); !moved) return std::move(moved).error();
  RECOURSE_FAIL_POINT("backup_after_rename");
  if (auto synced = SyncParent(path); !synced) return std::move(synced).error();
  RECOURSE_FAIL_POINT("backup_after_sync");
  return replaces;
}

Result<std::optional<Manifest>> FindByKey(const std::string& directory, const std::string& key) {
  using R = Result<std::optional<Manifest>>;
  std::error_code failed;
  for (const auto& file : fs::directory_iterator(directory, failed)) {
    const std::string path = file.path().string();
    if (!path.ends_with(kManifestEnding)) continue;
    const std::string backup = path.substr(0, path.size() - kManifestEnding.size());
    auto manifest = ReadManifest(backup);
    // One that cannot be read is another's: ours is written whole. So is one that names another
    // file than the one beside it: the name becomes a path that is moved.
    const bool ours = manifest && manifest->key == key && !manifest->suspect;
    if (ours && manifest->name == NameOf(backup)) return R(*std::move(manifest));
  }
  if (failed) return ErrnoError(failed.value(), "look at " + directory);
  return R(std::nullopt);
}

bool HasTakenOut(const std::string& directory, std::string_view key) {
  return !TakenOut(directory, key).empty();
}

Result<void> TakeBack(const std::string& directory, const Context& context) {
  if (auto removed = RemoveFile(UnfinishedBackup(directory, context.key)); !removed) return removed;
  auto manifest = FindByKey(directory, context.key);
  if (!manifest) return std::move(manifest).error();
  if (*manifest) {
    if (auto undone = Undo(directory + "/" + (*manifest)->name, context); !undone) return undone;
  }
  // Also without a manifest that has the key: the earlier backup may have been moved out of its
  // place before there was one.
  for (const std::string& name : TakenOut(directory, context.key)) {
    const std::string kept = TrashEntry(directory, context.key) + "/" + name;
    if (auto moved = MoveFile(kept, directory + "/" + name); !moved) return moved;
    RECOURSE_FAIL_POINT("backup_undo_after_return");
  }
  return {};
}

}  // namespace recourse::database
