#include <stdio.h>

#include <filesystem>

#include "actions/database/file_copy.h"
#include "actions/database/trash.h"
#include "actions/file/file.h"
#include "actions/file/placement.h"
#include "actions/file/tree.h"
#include "actions/inputs.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::file {
namespace {

constexpr std::string_view kRemoveInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["path"],
  "properties": {
    "path": {"type": "string", "description": "a file, directory or symbolic link"},
    "permanently": {"type": "boolean", "default": false,
      "description": "delete it at once: nothing brings it back"},
    "missing_ok": {"type": "boolean", "default": false,
      "description": "nothing to do when it is not there; without it, that is NOT_FOUND"},
    "grace": {"type": "string", "default": "7d", "description": "how long the trash keeps it"}
  }
})";

constexpr std::string_view kRemoveOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "path": {"type": "string"},
    "removed": {"type": "boolean", "description": "false: it was not there"},
    "files": {"type": "integer"},
    "bytes": {"type": "integer", "description": "of its files"},
    "trash": {"type": "string", "description": "where it is now; empty: deleted"},
    "freed_bytes": {"type": "integer",
      "description": "deleted for good, what was past its time in the trash among it"}
  }
})";

using MaybeIdentity = std::optional<Identity>;

// Nothing lies in the trash without a time of grace, so that it is deleted for good too.
Result<bool> IsPermanent(const Context& context) {
  const auto grace = GraceOf(context);
  if (!grace) return grace.error();
  return context.inputs.BoolOr("permanently", false) || *grace <= std::chrono::microseconds(0);
}

class Remove final : public Action {
 public:
  Remove() {
    spec_.name = "file.remove";
    spec_.summary = "Move a file or directory to the trash, or delete it for good";
    spec_.inputs = Schema(kRemoveInputs);
    spec_.output = Schema(kRemoveOutput);
    spec_.repeat = RepeatClass::kProbed;
    spec_.has_plan = true;
    spec_.has_prepare = true;
    spec_.can_compensate = true;
    spec_.timeout = std::chrono::minutes(10);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    const auto place = PlaceOf(context.inputs.StringOr("path", ""), context);
    if (!place) return place.error();
    const auto there = Find(*place, context);
    if (!there) return there.error();
    if (!*there) return ActionPlan{{"remove nothing: " + place->path + " is not there"}, 0, {}};
    const auto tree = ReadTree(place->path, context);
    if (!tree) return tree.error();
    const auto permanent = IsPermanent(context);
    if (!permanent) return permanent.error();
    const std::string what = place->path + " (" + Describe(*tree) + ")";
    if (*permanent) return ActionPlan{{"delete " + what}, 0, {what + " is deleted for good"}};
    return ActionPlan{{"move " + what + " to " + place->directory + "/.trash, for " +
                       FormatDuration(*GraceOf(context))},
                      0,
                      {}};
  }

  // What it holds is counted here: once deletion has begun, that cannot be told any more.
  Outcome Prepare(const Context& context) const override {
    const auto place = PlaceOf(context.inputs.StringOr("path", ""), context);
    if (!place) return place.error();
    if (auto grace = GraceOf(context); !grace) return std::move(grace).error();
    const auto there = Find(*place, context);
    if (!there) return there.error();
    if (!*there) return Value::Object({{"was", Value()}});
    const auto tree = ReadTree(place->path, context);
    if (!tree) return tree.error();
    return Value::Object({{"was", (*there)->ToValue()},
                          {"files", tree->files},
                          {"bytes", tree->bytes},
                          {"entries", static_cast<std::int64_t>(tree->entries.size())}});
  }

  Outcome Apply(const Context& context) const override {
    const auto place = PlaceOf(context.inputs.StringOr("path", ""), context);
    if (!place) return place.error();
    const MaybeIdentity was = Identity::FromValue(context.undo["was"]);
    if (!was) return OutputOf(*place, context, 0);
    const auto permanent = IsPermanent(context);
    if (!permanent) return permanent.error();
    const auto now = IdentityAt(place->path);
    if (!now) return now.error();
    if (*now == was) {
      if (auto entry = MakeTrashFor(*place, context); !entry) return std::move(entry).error();
      RECOURSE_FAIL_POINT("remove_before_rename");
      auto moved = RenameFile(place->path, place->trashed, RENAME_NOREPLACE);
      if (!moved) return std::move(moved).error();
      RECOURSE_FAIL_POINT("remove_after_rename");
    } else if (const auto trashed = IdentityAt(place->trashed); !trashed || *trashed != was) {
      return FailedPrecondition(place->path +
                                " is not what it was when this was prepared; it was left as it is. "
                                "Look what has its name now, then try again");
    }
    return Finish(*place, *permanent, context);
  }

  ProbeAnswer Probe(const Context& context) const override {
    using Verdict = ProbeAnswer::Verdict;
    const auto place = PlaceOf(context.inputs.StringOr("path", ""), context);
    if (!place) return {Verdict::kUnknown, place.error().ToString(), {}};
    const auto permanent = IsPermanent(context);
    const auto now = IdentityAt(place->path);
    const auto trashed = IdentityAt(place->trashed);
    if (!permanent || !now || !trashed) return {Verdict::kUnknown, "it cannot be looked at", {}};
    const MaybeIdentity was = Identity::FromValue(context.undo["was"]);
    if (!was || *now == was) return {Verdict::kNotApplied, place->path + " is as it was", {}};
    if (*trashed == was) {
      if (*permanent) return {Verdict::kNotApplied, "it is in the trash, and not deleted yet", {}};
      return {Verdict::kApplied, "it is " + place->trashed, OutputOf(*place, context, 0)};
    }
    if (context.checkpoint.BoolOr("deleting", false)) {
      return {Verdict::kApplied, "it is deleted",
              OutputOf(*place, context, context.undo.IntOr("bytes", 0))};
    }
    return {Verdict::kUnknown, "it is neither " + place->path + " nor " + place->trashed, {}};
  }

  Outcome Compensate(const Context& context, const Value&) const override {
    const auto place = PlaceOf(context.inputs.StringOr("path", ""), context);
    if (!place) return place.error();
    const MaybeIdentity was = Identity::FromValue(context.undo["was"]);
    const auto now = IdentityAt(place->path);
    const auto trashed = IdentityAt(place->trashed);
    if (!now) return now.error();
    if (!trashed) return trashed.error();
    if (!was || *now == was) {
      database::DropEmptyTrashEntry(place->directory, context.key);
      return Value();
    }
    if (*trashed != was) {
      return FailedPrecondition("what was " + place->path +
                                " is deleted for good and cannot be put back. Restore it from a "
                                "backup if it is needed, then skip this");
    }
    if (*now) {
      return FailedPrecondition(place->path +
                                " is something else now, which was left as it is. "
                                "What was removed is " +
                                place->trashed + ". Look which is right, then skip this");
    }
    if (auto whole = IsWhole(*place, context); !whole) return std::move(whole).error();
    auto moved = RenameFile(place->trashed, place->path, RENAME_NOREPLACE);
    if (!moved) return Failure{std::move(moved).error(), {}, LeftBehind::kPartial};
    RECOURSE_FAIL_POINT("remove_after_undo");
    database::DropEmptyTrashEntry(place->directory, context.key);
    if (auto synced = SyncParent(place->path); !synced) {
      return Failure{std::move(synced).error(), {}, LeftBehind::kPartial};
    }
    return Value();
  }

 private:
  static Result<MaybeIdentity> Find(const Place& place, const Context& context) {
    auto there = IdentityAt(place.path);
    if (!there || *there || context.inputs.BoolOr("missing_ok", false)) return there;
    return NotFound(place.path + " is not there; nothing was removed");
  }

  static Value OutputOf(const Place& place, const Context& context, std::int64_t freed) {
    const bool was = !context.undo["was"].is_null();
    return Value::Object({{"path", place.path},
                          {"removed", was},
                          {"files", context.undo.IntOr("files", 0)},
                          {"bytes", context.undo.IntOr("bytes", 0)},
                          {"trash", database::Exists(place.trashed) ? place.trashed : ""},
                          {"freed_bytes", freed}});
  }

  // Of what is still in the trash: a deletion may have stopped half-way, and takes the top last.
  static Result<void> IsWhole(const Place& place, const Context& context) {
    const auto permanent = IsPermanent(context);
    if (!permanent) return permanent.error();
    if (!*permanent) return {};
    const auto tree = ReadTree(place.trashed, context);
    if (!tree) return tree.error();
    const Value& undo = context.undo;
    const auto entries = static_cast<std::int64_t>(tree->entries.size());
    if (tree->files >= undo.IntOr("files", 0) && tree->bytes >= undo.IntOr("bytes", 0) &&
        entries >= undo.IntOr("entries", 0)) {
      return {};
    }
    return FailedPrecondition("what was " + place.path + " is partly deleted: it had " +
                              std::to_string(undo.IntOr("files", 0)) + " files of " +
                              HumanBytes(undo.IntOr("bytes", 0)) + "; what is left (" +
                              Describe(*tree) + ") is in " + place.trashed +
                              ". Nothing was put back. Restore it from a backup if it is needed, "
                              "then skip this");
  }

  // It is in the trash.
  static Outcome Finish(const Place& place, bool permanent, const Context& context) {
    const auto fail = [](Error error) {
      return Failure{std::move(error), {}, LeftBehind::kPartial};
    };
    for (const std::string& path : {place.path, place.trashed}) {
      if (auto synced = SyncParent(path); !synced) return fail(std::move(synced).error());
    }
    std::int64_t freed = 0;
    if (permanent) {
      // Once it is gone, nothing else tells that it was this attempt which has deleted it.
      auto saved = context.save_progress(Value::Object({{"deleting", true}}));
      if (!saved) return fail(std::move(saved).error());
      std::error_code failed;
      std::filesystem::remove_all(place.trashed, failed);
      if (failed) return fail(ErrnoError(failed.value(), "delete " + place.trashed));
      RECOURSE_FAIL_POINT("remove_after_delete");
      database::DropEmptyTrashEntry(place.directory, context.key);
      freed += context.undo.IntOr("bytes", 0);
    }
    const auto emptied = database::EmptyTrash(place.directory, {}, context.clock.Now());
    if (!emptied) context.log("the trash was not emptied: " + emptied.error().ToString());
    return OutputOf(place, context, freed + (emptied ? emptied->bytes : 0));
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeRemove() { return std::make_unique<Remove>(); }

}  // namespace recourse::file
