#include "actions/database/backup_files.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "actions/database/file_set.h"
#include "actions/database/trash.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"

namespace recourse::database {
namespace {

namespace fs = std::filesystem;

// A second name in the trash, so that the first stays valid until it is taken over.
Result<void> KeepInTrash(const std::string& path, const std::string& entry) {
  const std::string kept = entry + "/" + NameOf(path);
  if (auto removed = RemoveFile(kept); !removed) return removed;  // what a crash left
  if (link(path.c_str(), kept.c_str()) == 0) return {};
  // Not every file system has links; there is then a moment without this backup.
  if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK) {
    return ErrnoError(errno, "keep " + path + " in " + entry);
  }
  return MoveFile(path, kept);
}

}  // namespace

std::string SuspectName(const std::string& name) {
  const fs::path path(name);
  return path.stem().string() + ".suspect" + path.extension().string();
}

std::string UnfinishedBackup(const std::string& directory, std::string_view key) {
  return directory + "/.backup-" + KeyName(key) + ".tmp";
}

Result<bool> GiveName(const std::string& unfinished, const std::string& path,
                      const Manifest& manifest, const Context& context) {
  const bool replaces = Exists(path) || Exists(ManifestPath(path));
  const std::string directory = fs::path(path).parent_path().string();
  // What an earlier, undone try of this attempt left there would mislead TakeBack.
  std::error_code failed;
  fs::remove_all(TrashEntry(directory, context.key) + "/undone", failed);
  if (replaces) {
    auto entry = MakeTrashEntry(directory, context);
    if (!entry) return std::move(entry).error();
    for (const std::string& old : {path, ManifestPath(path)}) {
      if (!Exists(old)) continue;
      if (auto kept = KeepInTrash(old, *entry); !kept) return std::move(kept).error();
    }
    if (auto synced = SyncParent(*entry + "/entry"); !synced) return std::move(synced).error();
  }
  RECOURSE_FAIL_POINT("backup_before_rename");
  if (auto written = WriteManifest(path, manifest); !written) return std::move(written).error();
  RECOURSE_FAIL_POINT("backup_after_manifest");
  if (rename(unfinished.c_str(), path.c_str()) != 0) {
    return ErrnoError(errno, "move " + unfinished + " to " + path);
  }
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
    auto manifest = ReadManifest(path.substr(0, path.size() - kManifestEnding.size()));
    // One that cannot be read is another's: ours is written whole.
    if (manifest && manifest->key == key && !manifest->suspect) return R(*std::move(manifest));
  }
  if (failed) return ErrnoError(failed.value(), "look at " + directory);
  return R(std::nullopt);
}

Result<void> TakeBack(const std::string& directory, const Context& context) {
  if (auto removed = RemoveFile(UnfinishedBackup(directory, context.key)); !removed) return removed;
  auto manifest = FindByKey(directory, context.key);
  if (!manifest) return std::move(manifest).error();
  if (!*manifest) return {};
  const std::string path = directory + "/" + (*manifest)->name;
  auto entry = MakeTrashEntry(directory, context);
  if (!entry) return std::move(entry).error();
  const std::string undone = *entry + "/undone";
  if (auto made = MakeDirectories(undone, 0750); !made) return made;
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

}  // namespace recourse::database
