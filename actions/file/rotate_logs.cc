#include <signal.h>
#include <stdio.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "actions/database/file_copy.h"
#include "actions/database/trash.h"
#include "actions/file/file.h"
#include "actions/file/matches.h"
#include "actions/file/packed.h"
#include "actions/file/placement.h"
#include "actions/file/rotation.h"
#include "actions/inputs.h"
#include "actions/service/pid_file.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::file {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRotateLogsInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["paths"],
  "properties": {
    "paths": {"type": "array", "items": {"type": "string", "minLength": 1},
      "description": "logs, or globs of them; what was rotated before is not taken for a log"},
    "others": {"type": "array", "items": {"type": "string", "minLength": 1},
      "description": "old logs that somebody else has rotated: removed past keep_days"},
    "min_bytes": {"type": "integer", "minimum": 0, "default": 1,
      "description": "a smaller log is not rotated"},
    "compress": {"type": "boolean", "default": true,
      "description": "pack what was rotated before; never the newest, which may be written still"},
    "keep_days": {"type": "integer", "minimum": 0, "maximum": 100000,
      "description": "older ones go to the trash; without it, none for its age"},
    "keep_files": {"type": "integer", "minimum": 1,
      "description": "so many rotated files of each log stay; without it, all"},
    "reopen": {"type": "object", "additionalProperties": false, "required": ["pid_file"],
      "properties": {
        "pid_file": {"type": "string", "description": "PID, or PID and start time"},
        "signal": {"type": "string", "enum": ["HUP", "USR1", "USR2"], "default": "HUP"}
      },
      "description": "who writes the logs, and what tells it to begin new ones"},
    "grace": {"type": "string", "default": "7d",
      "description": "how long the trash keeps what is removed"}
  }
})";

constexpr std::string_view kRotateLogsOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "rotated": {"type": "array", "items": {"type": "object", "additionalProperties": false,
      "properties": {
        "path": {"type": "string"},
        "to": {"type": "string"},
        "bytes": {"type": "integer"}
      }}},
    "compressed": {"type": "array", "items": {"type": "string"}},
    "removed": {"type": "array", "items": {"type": "string"}},
    "trash": {"type": "array", "items": {"type": "string"},
      "description": "where the removed ones are"},
    "signalled": {"type": "integer", "description": "the pid that was told; 0: none"},
    "bytes_saved": {"type": "integer", "description": "by packing"},
    "freed_bytes": {"type": "integer", "description": "deleted from the trash, past their time"}
  }
})";

std::string NotPacked(const std::string& path) {
  return path + " is not packed: " + path + ".gz is there already";
}

std::int64_t SizeOf(const std::string& path) {
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  return failed ? 0 : static_cast<std::int64_t>(size);
}

std::string TrashedOf(const std::string& path, const Context& context) {
  const fs::path file = path;
  return database::TrashEntry(file.parent_path().string(), context.key) + "/" +
         file.filename().string();
}

Result<service::Identity> WriterOf(const std::string& pid_file) {
  const auto running = service::PidFile(pid_file, {}).Read();
  if (!running) return running.error();
  if (*running && (*running)->main_lives) return (*running)->main;
  return FailedPrecondition(pid_file +
                            " names no process that runs, so that nobody can be told to begin new "
                            "logs. Name the right file, or leave reopen out");
}

// What Apply does, in its order; each part finds what was done before a crash.
class Work {
 public:
  Work(const Context& context, Rotation rotation)
      : context_(context), rotation_(std::move(rotation)), changed_(HasBegun()) {}

  Result<void> Rename() {
    for (const Rotation::Renaming& renaming : rotation_.renamings) {
      const auto now = IdentityAt(renaming.path);
      if (!now) return now.error();
      if (*now == renaming.log) {
        auto renamed = RenameFile(renaming.path, renaming.to, RENAME_NOREPLACE);
        if (!renamed) return renamed;
        RECOURSE_FAIL_POINT("rotate_after_rename");
        if (auto synced = SyncParent(renaming.to); !synced) return synced;
      } else if (!database::Exists(renaming.to)) {
        return Aborted(renaming.path + " was changed by somebody meanwhile. Try again");
      }
      changed_ = true;
      rotated_.push_back(
          Value::Object({{"path", renaming.path}, {"to", renaming.to}, {"bytes", renaming.bytes}}));
    }
    return {};
  }

  Result<void> Reopen() {
    const Value& reopen = context_.inputs["reopen"];
    if (reopen.is_null() || rotated_.empty()) return {};
    const auto writer = WriterOf(reopen.StringOr("pid_file", ""));
    if (!writer) return writer.error();
    const std::string name = reopen.StringOr("signal", "HUP");
    const int number = name == "USR1" ? SIGUSR1 : name == "USR2" ? SIGUSR2 : SIGHUP;
    const auto watched = service::Watch(*writer);
    if (!watched) return watched.error();
    if (auto sent = service::SendSignal(*watched, number, *writer); !sent) return sent;
    signalled_ = writer->pid;
    return {};
  }

  Result<void> Remove() {
    const auto grace = GraceOf(context_);
    if (!grace) return grace.error();
    std::set<std::string> directories;
    for (const std::string& path : rotation_.removed) {
      const std::string directory = fs::path(path).parent_path().string();
      const std::string trashed = TrashedOf(path, context_);
      if (!database::Exists(trashed)) {
        auto entry = database::MakeTrashEntry(directory, context_, *grace);
        if (!entry) return std::move(entry).error();
        if (auto moved = RenameFile(path, trashed, RENAME_NOREPLACE); !moved) return moved;
        changed_ = true;
        RECOURSE_FAIL_POINT("rotate_after_remove");
      }
      removed_.push_back(path);
      directories.insert(directory);
    }
    for (const std::string& directory : directories) {
      const auto emptied = database::EmptyTrash(directory, {}, context_.clock.Now());
      if (!emptied) {
        context_.log("the trash was not emptied: " + emptied.error().ToString());
        continue;
      }
      freed_ += emptied->bytes;
    }
    return {};
  }

  Result<void> Pack() {
    for (const std::string& path : rotation_.packed) {
      const std::int64_t before = SizeOf(path);
      if (before > 0) {
        auto space = database::NeedSpace(fs::path(path).parent_path().string(), before);
        if (!space) return space;
      }
      auto packed = PackInPlace(path, context_);
      if (!packed && packed.error().code == Code::kAborted) {
        context_.log(packed.error().message + "; whoever writes it has not begun a new one");
        continue;
      }
      if (!packed) return packed;
      changed_ = true;
      RECOURSE_FAIL_POINT("rotate_after_pack");
      compressed_.push_back(path + ".gz");
      if (before > 0) saved_ += before - SizeOf(path + ".gz");
    }
    return {};
  }

  Failure Failed(Error error) const {
    return Failure{std::move(error), Output(),
                   changed_ ? LeftBehind::kPartial : LeftBehind::kNothing};
  }

  Value Output() const {
    std::vector<std::string> trash;
    for (const std::string& path : removed_) {
      const std::string trashed = TrashedOf(path, context_);
      if (database::Exists(trashed)) trash.push_back(trashed);
    }
    return Value::Object({{"rotated", rotated_},
                          {"compressed", ListOf(compressed_)},
                          {"removed", ListOf(removed_)},
                          {"trash", ListOf(trash)},
                          {"signalled", std::int64_t{signalled_}},
                          {"bytes_saved", saved_},
                          {"freed_bytes", freed_}});
  }

 private:
  // Whether an Apply before a crash has done any of it.
  bool HasBegun() const {
    for (const Rotation::Renaming& renaming : rotation_.renamings) {
      const auto rotated = IdentityAt(renaming.to);
      if (rotated && *rotated == renaming.log) return true;
    }
    for (const std::string& path : rotation_.removed) {
      if (database::Exists(TrashedOf(path, context_))) return true;
    }
    return std::any_of(rotation_.packed.begin(), rotation_.packed.end(),
                       [](const std::string& path) { return database::Exists(path + ".gz"); });
  }

  const Context& context_;
  const Rotation rotation_;
  bool changed_;
  Value::List rotated_;
  std::vector<std::string> compressed_, removed_;
  pid_t signalled_ = 0;
  std::int64_t saved_ = 0, freed_ = 0;
};

class RotateLogs final : public Action {
 public:
  RotateLogs() {
    spec_.name = "file.rotate_logs";
    spec_.summary = "Begin new logs, pack older ones, remove what is past its time";
    spec_.inputs = Schema(kRotateLogsInputs);
    spec_.output = Schema(kRotateLogsOutput);
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.has_plan = true;
    spec_.has_prepare = true;
    spec_.can_compensate = true;
    spec_.timeout = std::chrono::minutes(10);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    const auto rotation = DecideRotation(context);
    if (!rotation) return rotation.error();
    const auto grace = GraceOf(context);
    if (!grace) return grace.error();
    ActionPlan plan;
    for (const Rotation::Renaming& renaming : rotation->renamings) {
      plan.lines.push_back("rename " + renaming.path + " (" + HumanBytes(renaming.bytes) + ") to " +
                           renaming.to);
    }
    for (const std::string& path : rotation->packed) {
      plan.lines.push_back("pack " + path + " (" + HumanBytes(SizeOf(path)) + ")");
      plan.bytes_needed = std::max(plan.bytes_needed, SizeOf(path));
      plan.bytes_where = path;
    }
    for (const std::string& path : rotation->doubled) plan.lines.push_back(NotPacked(path));
    const bool kept = *grace > std::chrono::microseconds(0);
    for (const std::string& path : rotation->removed) {
      const std::string what = path + " (" + HumanBytes(SizeOf(path)) + ")";
      plan.lines.push_back((kept ? "move to .trash " : "delete ") + what);
      if (!kept) plan.irreversible.push_back(what + " is deleted for good");
    }
    if (plan.lines.empty()) plan.lines.push_back("nothing to rotate, pack or remove");
    return plan;
  }

  Outcome Prepare(const Context& context) const override {
    if (auto grace = GraceOf(context); !grace) return std::move(grace).error();
    const Value& reopen = context.inputs["reopen"];
    if (!reopen.is_null()) {
      const std::string pid_file = reopen.StringOr("pid_file", "");
      if (auto allowed = context.policy.AllowPath(pid_file); !allowed) {
        return std::move(allowed).error().In("reopen");
      }
      if (const auto writer = WriterOf(pid_file); !writer) return writer.error();
    }
    const auto rotation = DecideRotation(context);
    if (!rotation) return rotation.error();
    for (const std::string& path : rotation->doubled) context.log(NotPacked(path));
    return rotation->ToValue();
  }

  Outcome Apply(const Context& context) const override {
    Work work(context, Rotation::FromValue(context.undo));
    for (const auto part : {&Work::Rename, &Work::Reopen, &Work::Remove, &Work::Pack}) {
      if (context.stop.stop_requested()) return work.Failed(context.StopError());
      if (auto done = (work.*part)(); !done) return work.Failed(std::move(done).error());
    }
    return work.Output();
  }

  // In the opposite order. A log that was begun meanwhile is not replaced: its lines are new.
  Outcome Compensate(const Context& context, const Value&) const override {
    const Rotation rotation = Rotation::FromValue(context.undo);
    const auto fail = [](Error error) {
      return Failure{std::move(error), {}, LeftBehind::kPartial};
    };
    for (const std::string& path : rotation.packed) {
      if (auto unpacked = UnpackInPlace(path, context); !unpacked) {
        return fail(std::move(unpacked).error());
      }
      RECOURSE_FAIL_POINT("rotate_after_unpack");
    }
    for (const std::string& path : rotation.removed) {
      if (database::Exists(path)) continue;
      auto moved = RenameFile(TrashedOf(path, context), path, RENAME_NOREPLACE);
      if (!moved) return fail(std::move(moved).error().In("bring back " + path));
      RECOURSE_FAIL_POINT("rotate_after_bring_back");
      database::DropEmptyTrashEntry(fs::path(path).parent_path().string(), context.key);
    }
    for (const Rotation::Renaming& renaming : rotation.renamings) {
      const auto rotated = IdentityAt(renaming.to);
      if (!rotated || *rotated != renaming.log) continue;
      if (database::Exists(renaming.path)) {
        context.log(renaming.path + " was begun anew, so that what was in it before stays in " +
                    renaming.to);
        continue;
      }
      auto moved = RenameFile(renaming.to, renaming.path, RENAME_NOREPLACE);
      if (!moved) return fail(std::move(moved).error());
      RECOURSE_FAIL_POINT("rotate_after_undo");
      if (auto synced = SyncParent(renaming.path); !synced) return fail(std::move(synced).error());
    }
    return Value();
  }

 private:
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeRotateLogs() { return std::make_unique<RotateLogs>(); }

}  // namespace recourse::file
