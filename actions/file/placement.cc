#include "actions/file/placement.h"

#include <fcntl.h>
#include <stdio.h>

#include <filesystem>

#include "actions/database/file_copy.h"
#include "actions/database/trash.h"
#include "actions/inputs.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::file {
namespace {

namespace fs = std::filesystem;

using MaybeIdentity = std::optional<Identity>;

Failure Partly(Error error) { return Failure{std::move(error), {}, LeftBehind::kPartial}; }

Result<void> SyncBoth(const Place& place) {
  if (auto synced = SyncParent(place.path); !synced) return synced;
  return database::Exists(place.trashed) ? SyncParent(place.trashed) : Result<void>();
}

// Both names are taken; they change their owners in one step, or where the file system cannot do
// that, in two, by way of the trash.
Result<void> Swap(const std::string& path, const std::string& other, const std::string& aside) {
  auto swapped = RenameFile(other, path, RENAME_EXCHANGE);
  if (swapped || swapped.error().code != Code::kInvalidArgument) return swapped;
  if (auto moved = RenameFile(path, aside, RENAME_NOREPLACE); !moved) return moved;
  return RenameFile(other, path, RENAME_NOREPLACE);
}

// What was put in place, as far as the journal says: 0 when it does not.
ino_t InodePut(const Value& output, const Value& checkpoint) {
  return static_cast<ino_t>(output.IntOr("inode", checkpoint.IntOr("inode", 0)));
}

// Where that which had the name before is now: the trash, or the temporary name.
std::string WhereIsOld(const Place& place, const Identity& before) {
  for (const std::string& path : {place.trashed, place.temporary}) {
    const auto there = IdentityAt(path);
    if (there && *there == before) return path;
  }
  return "";
}

Error OldIsGone(const Place& place) {
  return NotFound("what was " + place.path + " before is not in " + place.trashed +
                  " any more: its time of grace is over, or somebody has taken it. " + place.path +
                  " was left as it is. Restore it from a backup, then skip this");
}

// A name that nothing has: what is taken back again and again all stays in the trash.
std::string FreeName(const std::string& wanted) {
  std::string name = wanted;
  for (int number = 2; database::Exists(name); ++number) {
    name = wanted + "." + std::to_string(number);
  }
  return name;
}

// Of TakeBack: what we put has the name, or nothing has.
Result<void> PutOldBack(const Place& place, const std::string& old, bool occupied) {
  if (!occupied) return RenameFile(old, place.path, RENAME_NOREPLACE);
  const std::string aside = FreeName(place.trashed + ".undone");
  if (auto swapped = Swap(place.path, old, aside); !swapped) return swapped;
  RECOURSE_FAIL_POINT("place_after_swap_back");
  if (!database::Exists(old)) return {};
  return RenameFile(old, aside, RENAME_NOREPLACE);
}

// What stands under the temporary name is of this attempt, and good for nothing.
void DropTemporary(const Place& place) {
  std::error_code ignored;
  fs::remove_all(place.temporary, ignored);
}

Error ChangedMeanwhile(const Place& place) {
  return Aborted(place.path +
                 " was changed by somebody while this was made; it was left as it is. Try again");
}

// Why the name was not given. While what was made has its temporary name, nothing was put in place:
// what has the name is somebody's.
Failure NotPut(const Place& place, Error error, const Identity& made, const MaybeIdentity& before) {
  const auto there = IdentityAt(before ? place.path : place.temporary);
  const bool untouched = there && *there == (before ? before : MaybeIdentity(made));
  const bool taken = untouched && !before && error.code == Code::kAlreadyExists;
  return Failure{taken ? ChangedMeanwhile(place) : std::move(error),
                 {},
                 untouched ? LeftBehind::kNothing : LeftBehind::kPartial};
}

// It has the name, and what comes after that failed. It is taken back here, where it is known what
// was put there: a rollback has neither the output nor the checkpoint.
Failure TakenBack(const Place& place, const Value& answer, Error error, const Context& context) {
  const Outcome back = TakeBack(place, answer, context);
  return Failure{std::move(error), {}, back ? LeftBehind::kNothing : LeftBehind::kPartial};
}

Outcome PutInPlace(const Place& place, const Value& output, const Context& context) {
  const MaybeIdentity before = Identity::FromValue(context.undo["before"]);
  const auto made = IdentityAt(place.temporary);
  const auto now = IdentityAt(place.path);
  if (!made || !*made) return Internal("nothing was made as " + place.temporary);
  if (!now) return now.error();
  if (*now != before) return ChangedMeanwhile(place);
  const Value answer = output.With("inode", static_cast<std::int64_t>((*made)->inode))
                           .With("replaced", before ? place.trashed : "");
  if (before) {
    if (auto entry = MakeTrashFor(place, context); !entry) return std::move(entry).error();
  }
  auto saved =
      context.save_progress(Value::Object({{"inode", answer["inode"]}, {"output", answer}}));
  if (!saved) return std::move(saved).error();
  RECOURSE_FAIL_POINT("place_before_rename");
  auto put = before ? Swap(place.path, place.temporary, place.trashed)
                    : RenameFile(place.temporary, place.path, RENAME_NOREPLACE);
  if (!put) return NotPut(place, std::move(put).error(), **made, before);
  RECOURSE_FAIL_POINT("place_after_rename");
  if (before && IdentityAt(place.temporary).ok() && database::Exists(place.temporary)) {
    auto trashed = RenameFile(place.temporary, place.trashed, RENAME_NOREPLACE);
    if (!trashed) return TakenBack(place, answer, std::move(trashed).error(), context);
  }
  if (auto synced = SyncBoth(place); !synced) {
    return TakenBack(place, answer, std::move(synced).error(), context);
  }
  RECOURSE_FAIL_POINT("place_after_trash");
  auto emptied = database::EmptyTrash(place.directory, {}, context.clock.Now());
  if (!emptied) context.log("the trash was not emptied: " + emptied.error().ToString());
  return answer;
}

}  // namespace

Result<Place> PlaceOf(const std::string& path, const Context& context) {
  fs::path normal = fs::path(path).lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  if (!normal.is_absolute() || !normal.has_filename()) {
    return InvalidArgument("\"" + path + "\" is not the absolute path of a file or directory");
  }
  if (auto allowed = context.policy.AllowPath(normal.parent_path().string()); !allowed) {
    return std::move(allowed).error();
  }
  std::error_code failed;
  const fs::path directory = fs::canonical(normal.parent_path(), failed);
  if (failed) return ErrnoError(failed.value(), "find the directory of " + path);
  Place place;
  place.name = normal.filename().string();
  place.directory = directory.string();
  place.path = (directory / place.name).string();
  place.temporary =
      (directory / ("." + place.name + "." + database::KeyName(context.key) + ".tmp")).string();
  place.trashed = database::TrashEntry(place.directory, context.key) + "/" + place.name;
  return place;
}

Result<std::string> ReadablePath(const std::string& path, const Context& context) {
  fs::path normal = fs::path(path).lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  std::error_code failed;
  const bool is_link = fs::is_symlink(normal, failed);
  auto allowed = context.policy.AllowPath((is_link ? normal.parent_path() : normal).string());
  if (!allowed) return std::move(allowed).error();
  if (normal == normal.root_path()) return normal.string();
  const fs::path directory = fs::canonical(normal.parent_path(), failed);
  if (failed) return ErrnoError(failed.value(), "find the directory of " + path);
  return (directory / normal.filename()).string();
}

Result<MaybeIdentity> FreeOrReplaced(const Place& place, bool replace) {
  auto before = IdentityAt(place.path);
  if (!before || !*before || replace) return before;
  return Error{Code::kAlreadyExists, place.path +
                                         " is there already; it was left as it is. Name another "
                                         "path, or say replace: true"};
}

Result<std::chrono::microseconds> GraceOf(const Context& context) {
  return DurationInput(context.inputs, "grace", std::chrono::days(7));
}

Result<void> MakeTrashFor(const Place& place, const Context& context) {
  auto grace = GraceOf(context);
  if (!grace) return std::move(grace).error();
  auto entry = database::MakeTrashEntry(place.directory, context, *grace);
  if (!entry) return std::move(entry).error();
  return {};
}

Result<void> PlanReplacing(const Place& place, const Context& context, ActionPlan& plan) {
  const auto there = FreeOrReplaced(place, context.inputs.BoolOr("replace", false));
  if (!there) return there.error();
  if (!*there) return {};
  const auto grace = GraceOf(context);
  if (!grace) return grace.error();
  if (*grace > std::chrono::microseconds(0)) {
    plan.lines.push_back("move what is now " + place.path + " to " + place.directory +
                         "/.trash, for " + FormatDuration(*grace));
  } else {
    plan.irreversible.push_back("what is now " + place.path +
                                " is deleted, without a time of grace");
  }
  return {};
}

Value BeforeOf(const MaybeIdentity& before) { return before ? before->ToValue() : Value(); }

Outcome MakeInPlace(const Place& place, const Context& context,
                    const std::function<Result<Value>()>& make) {
  DropTemporary(place);  // what a crash left
  auto output = make();
  Outcome outcome = output ? PutInPlace(place, *output, context) : Outcome(output.error());
  if (!outcome && outcome.failure().left == LeftBehind::kNothing) DropTemporary(place);
  return outcome;
}

ProbeAnswer ProbePlace(const Place& place, const Context& context) {
  using Verdict = ProbeAnswer::Verdict;
  const MaybeIdentity before = Identity::FromValue(context.undo["before"]);
  const auto now = IdentityAt(place.path);
  if (!now) return {Verdict::kUnknown, now.error().ToString(), {}};
  const ino_t inode = InodePut({}, context.checkpoint);
  if (inode != 0 && *now && (*now)->inode == inode) {
    if (!database::Exists(place.temporary)) {
      return {Verdict::kApplied, place.path + " is what was put there",
              context.checkpoint["output"]};
    }
    return {Verdict::kPartial, place.path + " is new, and the old one not yet in the trash", {}};
  }
  if (*now == before) return {Verdict::kNotApplied, place.path + " is as it was before", {}};
  if (inode == 0) {
    return {Verdict::kNotApplied,
            "nothing was put in place; somebody else has changed " + place.path,
            {}};
  }
  if (!*now) return {Verdict::kPartial, place.path + " is not there: it is in the trash", {}};
  return {Verdict::kUnknown,
          place.path + " is neither what was there before nor what was put there",
          {}};
}

Outcome TakeBack(const Place& place, const Value& output, const Context& context) {
  const MaybeIdentity before = Identity::FromValue(context.undo["before"]);
  const auto now = IdentityAt(place.path);
  if (!now) return now.error();
  if (*now == before) {
    DropTemporary(place);
    database::DropEmptyTrashEntry(place.directory, context.key);
    return Value();
  }
  const ino_t inode = InodePut(output, context.checkpoint);
  if (*now && inode != 0 && (*now)->inode != inode) {
    return FailedPrecondition(place.path +
                              " is not what was put there: somebody has replaced it since. It was "
                              "left as it is" +
                              (before ? "; what was there before is in " + place.trashed : "") +
                              ". Look which one is right, then skip this");
  }
  const std::string old = before ? WhereIsOld(place, *before) : "";
  if (before && old.empty()) return OldIsGone(place);
  // Where the journal does not say what was put there, only our own names can: the old one went
  // away by the swap, and what was made has left the temporary name.
  const bool swapped = before && (old == place.temporary || !database::Exists(place.temporary));
  if (*now && inode == 0 && !swapped) {
    return FailedPrecondition(
        place.path +
        " is there, and nothing shows that this step has put it there. It was left as "
        "it is" +
        (before ? "; what was there before is in " + old : "") +
        ". Look whose it is, and move it away if it is not wanted, then skip this");
  }
  if (auto entry = MakeTrashFor(place, context); !entry) return std::move(entry).error();
  auto done = before ? PutOldBack(place, old, now->has_value())
                     : RenameFile(place.path, FreeName(place.trashed), RENAME_NOREPLACE);
  if (!done) return Partly(std::move(done).error());
  RECOURSE_FAIL_POINT("place_after_undo");
  if (auto synced = SyncBoth(place); !synced) return Partly(std::move(synced).error());
  database::DropEmptyTrashEntry(place.directory, context.key);
  return Value();
}

PlacingAction::PlacingAction() {
  spec_.repeat = RepeatClass::kProbed;
  spec_.has_plan = true;
  spec_.has_prepare = true;
  spec_.can_compensate = true;
  spec_.timeout = std::chrono::minutes(30);
}

Outcome PlacingAction::UndoRecordOf(const Place& to, const std::optional<Identity>& before,
                                    std::int64_t bytes) {
  auto space = database::NeedSpace(to.directory, bytes);
  if (!space) return std::move(space).error();
  return Value::Object({{"before", BeforeOf(before)}});
}

ProbeAnswer PlacingAction::Probe(const Context& context) const {
  const auto to = PlaceOf(context.inputs.StringOr("to", ""), context);
  if (!to) return {ProbeAnswer::Verdict::kUnknown, to.error().ToString(), {}};
  return ProbePlace(*to, context);
}

Outcome PlacingAction::Compensate(const Context& context, const Value& output) const {
  const auto to = PlaceOf(context.inputs.StringOr("to", ""), context);
  if (!to) return to.error();
  return TakeBack(*to, output, context);
}

}  // namespace recourse::file
