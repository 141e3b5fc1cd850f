#include <stdio.h>
#include <sys/stat.h>

#include <filesystem>

#include "actions/database/file_copy.h"
#include "actions/database/trash.h"
#include "actions/file/file.h"
#include "actions/file/placement.h"
#include "actions/file/tree.h"
#include "actions/file/tree_copy.h"
#include "actions/inputs.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"

namespace recourse::file {
namespace {

constexpr std::string_view kMoveInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["from", "to"],
  "properties": {
    "from": {"type": "string", "description": "a file, directory or symbolic link"},
    "to": {"type": "string", "description": "its new name, not the directory for it"},
    "replace": {"type": "boolean", "default": false,
      "description": "what has that name goes to the trash; without it, it is ALREADY_EXISTS"},
    "grace": {"type": "string", "default": "7d",
      "description": "how long the trash keeps what was replaced, or copied to elsewhere"}
  }
})";

constexpr std::string_view kMoveOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "path": {"type": "string"},
    "from": {"type": "string"},
    "bytes": {"type": "integer", "description": "copied to another file system; 0: renamed"},
    "replaced": {"type": "string",
      "description": "where in the trash is what had the name; empty: nothing had"},
    "trash": {"type": "string",
      "description": "where the original is, when it was copied to another file system"},
    "inode": {"type": "integer", "description": "of what is there: a rollback moves no other"}
  }
})";

struct MoveRequest {
  Place from;
  Place to;
};

Result<MoveRequest> MoveRequestOf(const Context& context) {
  auto from = PlaceOf(context.inputs.StringOr("from", ""), context);
  if (!from) return std::move(from).error().In("from");
  auto to = PlaceOf(context.inputs.StringOr("to", ""), context);
  if (!to) return std::move(to).error().In("to");
  if (to->path == from->path || to->path.starts_with(from->path + "/")) {
    return InvalidArgument(to->path + " is " + from->path + " itself or lies in it");
  }
  return MoveRequest{*std::move(from), *std::move(to)};
}

Result<Identity> Present(const std::string& path) {
  const auto there = IdentityAt(path);
  if (!there) return there.error();
  if (!*there) return NotFound(path + " is not there; nothing was moved");
  return **there;
}

bool OtherFileSystem(const MoveRequest& request, const Identity& source) {
  struct stat facts;
  return stat(request.to.directory.c_str(), &facts) == 0 && facts.st_dev != source.device;
}

// The places that a move on one file system has to do with, and what is where now.
struct Where {
  std::optional<Identity> source, before;  // as the undo record has them
  std::optional<Identity> from, to, trashed;

  static Result<Where> Look(const MoveRequest& request, const Context& context) {
    Where where;
    where.source = Identity::FromValue(context.undo["source"]);
    where.before = Identity::FromValue(context.undo["before"]);
    for (const auto& [path, found] :
         {std::pair{&request.from.path, &where.from}, std::pair{&request.to.path, &where.to},
          std::pair{&request.to.trashed, &where.trashed}}) {
      auto there = IdentityAt(*path);
      if (!there) return std::move(there).error();
      *found = *there;
    }
    return where;
  }

  bool Moved() const { return to == source; }
  bool Untouched() const { return from == source && to == before; }
};

Outcome ChangedSince(const MoveRequest& request) {
  return FailedPrecondition(
      request.from.path + " and " + request.to.path +
      " are not what they were when this was prepared: somebody has changed "
      "them. They were left as they are. Look which is right, then skip this");
}

// What was written to the original since it was listed is in no copy of it. `at` is where it is
// now.
Result<void> NothingWritten(const Tree& tree, const std::string& at, const Context& context) {
  const auto now = ReadTree(at, context);
  if (!now) return now.error();
  const auto change = FirstChange(tree, *now);
  if (!change) return {};
  return Aborted(*change +
                 " was changed while it was copied, so that the copy lacks something. Stop what "
                 "writes there, then try again");
}

Outcome Finish(const MoveRequest& request, const Context& context, const Value& output) {
  for (const Place* place : {&request.from, &request.to}) {
    if (auto synced = SyncParent(place->path); !synced) {
      return Failure{std::move(synced).error(), {}, LeftBehind::kPartial};
    }
    auto emptied = database::EmptyTrash(place->directory, {}, context.clock.Now());
    if (!emptied) context.log("the trash was not emptied: " + emptied.error().ToString());
  }
  return output;
}

class Move final : public Action {
 public:
  Move() {
    spec_.name = "file.move";
    spec_.summary = "Give a file or directory another name or place";
    spec_.inputs = Schema(kMoveInputs);
    spec_.output = Schema(kMoveOutput);
    spec_.repeat = RepeatClass::kProbed;
    spec_.has_plan = true;
    spec_.has_prepare = true;
    spec_.can_compensate = true;
    spec_.timeout = std::chrono::minutes(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    const auto request = MoveRequestOf(context);
    if (!request) return request.error();
    const auto source = Present(request->from.path);
    if (!source) return source.error();
    const auto tree = ReadTree(request->from.path, context);
    if (!tree) return tree.error();
    ActionPlan plan;
    const std::string what =
        request->from.path + " (" + Describe(*tree) + ") to " + request->to.path;
    if (OtherFileSystem(*request, *source)) {
      plan.lines.push_back("copy " + what + ", which is on another file system");
      plan.lines.push_back("then move the original to " + request->from.directory + "/.trash");
      plan.bytes_needed = tree->bytes;
      plan.bytes_where = request->to.directory;
    } else {
      plan.lines.push_back("move " + what);
    }
    if (auto replacing = PlanReplacing(request->to, context, plan); !replacing) {
      return std::move(replacing).error();
    }
    return plan;
  }

  Outcome Prepare(const Context& context) const override {
    const auto request = MoveRequestOf(context);
    if (!request) return request.error();
    const auto source = Present(request->from.path);
    if (!source) return source.error();
    const auto before = FreeOrReplaced(request->to, context.inputs.BoolOr("replace", false));
    if (!before) return before.error();
    const bool copied = OtherFileSystem(*request, *source);
    if (copied) {
      const auto tree = ReadTree(request->from.path, context);
      if (!tree) return tree.error();
      if (!tree->others.empty()) {
        return FailedPrecondition(tree->others.front() +
                                  " is a socket, fifo or device, which cannot be copied to another "
                                  "file system; nothing was moved. Remove it, or use file.copy");
      }
      auto space = database::NeedSpace(request->to.directory, tree->bytes);
      if (!space) return std::move(space).error();
    }
    return Value::Object(
        {{"source", source->ToValue()}, {"before", BeforeOf(*before)}, {"copied", copied}});
  }

  Outcome Apply(const Context& context) const override {
    const auto request = MoveRequestOf(context);
    if (!request) return request.error();
    return context.undo.BoolOr("copied", false) ? CopyAway(*request, context)
                                                : Rename(*request, context);
  }

  ProbeAnswer Probe(const Context& context) const override {
    using Verdict = ProbeAnswer::Verdict;
    const auto request = MoveRequestOf(context);
    if (!request) return {Verdict::kUnknown, request.error().ToString(), {}};
    const auto where = Where::Look(*request, context);
    if (!where) return {Verdict::kUnknown, where.error().ToString(), {}};
    if (context.undo.BoolOr("copied", false)) {
      ProbeAnswer answer = ProbePlace(request->to, context);
      if (answer.verdict == Verdict::kApplied && where->from == where->source) {
        return {Verdict::kPartial, request->from.path + " is copied, and still there", {}};
      }
      return answer;
    }
    if (where->Untouched()) return {Verdict::kNotApplied, "nothing was moved", {}};
    if (where->Moved() && (!where->before || where->from != where->before)) {
      return {Verdict::kApplied, request->to.path + " is what was to be moved there",
              OutputOfRename(*request, *where)};
    }
    if (where->Moved() || where->trashed == where->before) {
      return {Verdict::kPartial, "what was replaced is not yet in the trash", {}};
    }
    return {Verdict::kUnknown, "neither name has what it had, nor what it was to have", {}};
  }

  Outcome Compensate(const Context& context, const Value& output) const override {
    const auto request = MoveRequestOf(context);
    if (!request) return request.error();
    return context.undo.BoolOr("copied", false) ? BringBack(*request, output, context)
                                                : RenameBack(*request, context);
  }

 private:
  static Value OutputOfRename(const MoveRequest& request, const Where& where) {
    return Value::Object({{"path", request.to.path},
                          {"from", request.from.path},
                          {"bytes", 0},
                          {"replaced", where.before ? request.to.trashed : ""},
                          {"trash", ""},
                          {"inode", static_cast<std::int64_t>(where.source->inode)}});
  }

  static Outcome Rename(const MoveRequest& request, const Context& context) {
    const auto where = Where::Look(request, context);
    if (!where) return where.error();
    if (!where->Untouched()) return ChangedSince(request);
    if (!where->before) {
      auto moved = RenameFile(request.from.path, request.to.path, RENAME_NOREPLACE);
      if (!moved) return std::move(moved).error();
      RECOURSE_FAIL_POINT("move_after_rename");
      return Finish(request, context, OutputOfRename(request, *where));
    }
    if (auto entry = MakeTrashFor(request.to, context); !entry) return std::move(entry).error();
    // Swapped, so that the name is never without either; then the old one goes on to the trash.
    auto moved = RenameFile(request.from.path, request.to.path, RENAME_EXCHANGE);
    if (!moved) return std::move(moved).error();
    RECOURSE_FAIL_POINT("move_after_rename");
    moved = RenameFile(request.from.path, request.to.trashed, RENAME_NOREPLACE);
    if (!moved) return Failure{std::move(moved).error(), {}, LeftBehind::kPartial};
    RECOURSE_FAIL_POINT("move_after_trash");
    return Finish(request, context, OutputOfRename(request, *where));
  }

  // Each case is what a crash between two renames, of this or of Rename(), can have left.
  static Outcome RenameBack(const MoveRequest& request, const Context& context) {
    const auto where = Where::Look(request, context);
    if (!where) return where.error();
    Result<void> moved;
    if (where->Moved() && !where->before) {
      if (where->from) return ChangedSince(request);
      moved = RenameFile(request.to.path, request.from.path, RENAME_NOREPLACE);
    } else if (where->Moved() && where->from == where->before) {
      moved = RenameFile(request.from.path, request.to.path, RENAME_EXCHANGE);
    } else if (where->Moved() && where->trashed == where->before) {
      if (where->from) return ChangedSince(request);
      moved = RenameFile(request.to.trashed, request.to.path, RENAME_EXCHANGE);
      RECOURSE_FAIL_POINT("move_after_undo");
      if (moved) moved = RenameFile(request.to.trashed, request.from.path, RENAME_NOREPLACE);
    } else if (where->trashed == where->source && where->to == where->before && !where->from) {
      moved = RenameFile(request.to.trashed, request.from.path, RENAME_NOREPLACE);
    } else if (where->Moved()) {
      return NotFound("what was " + request.to.path + " before is not in " + request.to.trashed +
                      " any more: its time of grace is over. Nothing was moved back. Restore it "
                      "from a backup, then skip this");
    } else if (!where->Untouched()) {
      return ChangedSince(request);
    }
    if (!moved) return Failure{std::move(moved).error(), {}, LeftBehind::kPartial};
    database::DropEmptyTrashEntry(request.to.directory, context.key);
    return Finish(request, context, {});
  }

  static Outcome CopyAway(const MoveRequest& request, const Context& context) {
    const auto source = Present(request.from.path);
    if (!source) return source.error();
    if (*source != Identity::FromValue(context.undo["source"])) return ChangedSince(request);
    const auto tree = ReadTree(request.from.path, context);
    if (!tree) return tree.error();
    Outcome put = MakeInPlace(request.to, context, [&]() -> Result<Value> {
      const auto sha256 = CopyTree(*tree, request.to.temporary, true, context);
      auto same =
          sha256 ? NothingWritten(*tree, request.from.path, context) : Result<void>(sha256.error());
      if (!same) return same.error().In("copy to another file system (nothing was moved)");
      return Value::Object({{"path", request.to.path},
                            {"from", request.from.path},
                            {"bytes", tree->bytes},
                            {"trash", request.from.trashed}});
    });
    if (!put) return put;
    auto moved = MakeTrashFor(request.from, context);
    if (moved) moved = RenameFile(request.from.path, request.from.trashed, RENAME_NOREPLACE);
    if (moved) {
      RECOURSE_FAIL_POINT("move_after_trash");
      // Nobody finds the original by its name any more: this look is the last that is needed.
      moved = NothingWritten(*tree, request.from.trashed, context);
    }
    if (!moved) return Undone(request, put.output(), std::move(moved).error(), context);
    return Finish(request, context, put.output());
  }

  // Undone here, where it is known which copy was put in place: a rollback could not tell.
  static Failure Undone(const MoveRequest& request, const Value& output, Error error,
                        const Context& context) {
    const Outcome back = BringBack(request, output, context);
    if (back) {
      return Failure{std::move(error).In("move to another file system (all is back in its place)"),
                     {},
                     LeftBehind::kNothing};
    }
    return Failure{
        std::move(error).In("move to another file system (the original is " + request.from.trashed +
                            ", a copy " + request.to.path +
                            "; putting them back failed: " + back.failure().error.message + ")"),
        {},
        LeftBehind::kPartial};
  }

  static Outcome BringBack(const MoveRequest& request, const Value& output,
                           const Context& context) {
    const auto source = Identity::FromValue(context.undo["source"]);
    const auto from = IdentityAt(request.from.path);
    const auto trashed = IdentityAt(request.from.trashed);
    if (!from) return from.error();
    if (!trashed) return trashed.error();
    if (*from != source) {
      if (*from || *trashed != source) {
        return FailedPrecondition("the original of " + request.from.path +
                                  (*from ? " cannot take its name, which something else has"
                                         : " is not in the trash any more") +
                                  ". Nothing was moved back; a whole copy is " + request.to.path +
                                  ". Put it where it belongs, then skip this");
      }
      auto moved = RenameFile(request.from.trashed, request.from.path, RENAME_NOREPLACE);
      if (!moved) return Failure{std::move(moved).error(), {}, LeftBehind::kPartial};
      RECOURSE_FAIL_POINT("move_after_undo");
    }
    database::DropEmptyTrashEntry(request.from.directory, context.key);
    Outcome taken = TakeBack(request.to, output, context);
    if (!taken) return taken;
    return Finish(request, context, {});
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeMove() { return std::make_unique<Move>(); }

}  // namespace recourse::file
