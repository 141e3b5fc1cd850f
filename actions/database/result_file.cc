#include "actions/database/result_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "actions/database/file_copy.h"
#include "actions/database/file_gate.h"
#include "actions/database/file_set.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"

namespace recourse::database {
namespace {

Error IsThere(const std::string& path) {
  return FailedPrecondition("there is a file " + path +
                            " already; it was left as it is. Give another name, or move it away");
}

// The path of the input `to`, in a directory that may be written.
Result<std::string> WritablePath(const Context& context) {
  const std::filesystem::path to(context.inputs.StringOr("to", ""));
  if (auto allowed = context.policy.AllowPath(to.string()); !allowed) {
    return std::move(allowed).error().In("to");
  }
  const std::string path = to.lexically_normal().string();
  const std::string directory = to.lexically_normal().parent_path().string();
  if (access(directory.c_str(), W_OK | X_OK) != 0) {
    return ErrnoError(errno, "to: write in " + directory);
  }
  return path;
}

// rename(2) that replaces nothing.
Result<void> RenameToNew(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EEXIST) return IsThere(to);
  // Some file systems know no RENAME_NOREPLACE; a second name does not replace either.
  if (errno != EINVAL) return ErrnoError(errno, "move " + from + " to " + to);
  if (link(from.c_str(), to.c_str()) == 0) return RemoveFile(from);
  if (errno == EEXIST) return IsThere(to);
  return ErrnoError(errno, "move " + from + " to " + to);
}

Result<std::string> HashResult(const std::string& path, const Context& context) {
  auto gate = FileGate::ForRawRead(path, context);
  if (!gate) return std::move(gate).error();
  return HashFile(path, context);
}

}  // namespace

Result<std::string> ResultFile::PathFor(const Context& context) {
  auto path = WritablePath(context);
  if (path && Exists(*path)) return IsThere(*path);
  return path;
}

Result<ResultFile> ResultFile::Begin(const Context& context) {
  auto path = WritablePath(context);
  if (!path) return std::move(path).error();
  ResultFile file;
  file.path_ = *std::move(path);
  const std::string unfinished =
      file.directory() + "/." + NameOf(file.path_) + "-" + KeyName(context.key) + ".tmp";
  if (auto removed = RemoveSqliteFiles(unfinished); !removed) return std::move(removed).error();
  if (Exists(file.path_)) {
    const Value& output = context.checkpoint["output"];
    if (output.is_null()) return IsThere(file.path_);
    auto sha256 = HashResult(file.path_, context);
    if (!sha256) return std::move(sha256).error();
    if (*sha256 != output.StringOr("sha256", "")) return IsThere(file.path_);
    if (auto synced = SyncParent(file.path_); !synced) return std::move(synced).error();
    file.done_ = output;
    return file;
  }
  file.unfinished_ = unfinished;
  return file;
}

std::string ResultFile::directory() const {
  return std::filesystem::path(path_).parent_path().string();
}

ResultFile::ResultFile(ResultFile&& other) noexcept
    : path_(std::move(other.path_)),
      unfinished_(std::exchange(other.unfinished_, "")),
      done_(std::move(other.done_)) {}

ResultFile::~ResultFile() {
  if (!unfinished_.empty()) (void)RemoveSqliteFiles(unfinished_);
}

Result<Value> ResultFile::Finish(const Value& output, const Ownership& ownership,
                                 const Context& context) {
  if (auto owned = SetOwnership(unfinished_, ownership); !owned) return std::move(owned).error();
  if (auto synced = SyncFile(unfinished_); !synced) return std::move(synced).error();
  auto sha256 = HashResult(unfinished_, context);
  if (!sha256) return std::move(sha256).error();
  auto facts = FactsOf(unfinished_);
  if (!facts) return std::move(facts).error();
  if (!*facts) return Aborted(unfinished_ + " was taken away");
  Value finished = output.With("path", path_).With("bytes", (*facts)->size).With("sha256", *sha256);
  // First, so that after a crash the file is known for this attempt's.
  if (auto saved = context.save_progress(Value::Object({{"output", finished}})); !saved) {
    return std::move(saved).error();
  }
  RECOURSE_FAIL_POINT("result_before_rename");
  if (auto named = RenameToNew(unfinished_, path_); !named) return std::move(named).error();
  RECOURSE_FAIL_POINT("result_after_rename");
  unfinished_.clear();
  if (auto synced = SyncParent(path_); !synced) return std::move(synced).error();
  return finished;
}

Ownership OwnWithMode(mode_t mode) { return {geteuid(), getegid(), mode}; }

}  // namespace recourse::database
