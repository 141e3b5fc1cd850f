#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "actions/file/file.h"
#include "actions/file/tree.h"
#include "actions/inputs.h"
#include "actions/users.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"

namespace recourse::file {
namespace {

constexpr std::string_view kPermissionsInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["path"],
  "properties": {
    "path": {"type": "string", "description": "a file or directory, not a symbolic link"},
    "owner": {"type": "string", "minLength": 1,
      "description": "a user's name or number; kept without it"},
    "group": {"type": "string", "minLength": 1,
      "description": "a group's name or number; kept without it"},
    "mode": {"type": "string", "minLength": 3,
      "description": "in octal, such as \"0664\"; kept without it"}
  }
})";

constexpr std::string_view kPermissionsOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "path": {"type": "string"},
    "owner": {"type": "string"},
    "group": {"type": "string"},
    "mode": {"type": "string"},
    "changed": {"type": "boolean", "description": "false when it was as wanted already"}
  }
})";

struct Permissions {
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0;

  bool operator==(const Permissions&) const = default;
};

std::string Octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode));
  return text;
}

// A place in the file system, held by O_PATH: what its name leads to may change meanwhile, and
// closing it does not take away locks that this process has on the file.
class HeldPath {
 public:
  static Result<HeldPath> Open(const std::string& path, const Policy& policy) {
    if (auto allowed = policy.AllowPath(path); !allowed) return std::move(allowed).error();
    auto fd = OpenFile(path, O_PATH | O_NOFOLLOW);
    if (!fd) return std::move(fd).error();
    struct stat info;
    if (fstat(fd->get(), &info) != 0) return ErrnoError(errno, "look at " + path);
    if (S_ISLNK(info.st_mode)) {
      return FailedPrecondition(path + " is a symbolic link; name what it leads to");
    }
    return HeldPath(*std::move(fd), {info.st_uid, info.st_gid, info.st_mode & 07777},
                    {info.st_dev, info.st_ino});
  }

  const Permissions& now() const { return now_; }
  const Identity& identity() const { return identity_; }

  // Whether it is the file of the undo record, or that has none.
  bool IsFileOf(const Value& undo) const {
    const auto file = Identity::FromValue(undo["file"]);
    return !file || *file == identity_;
  }

  // The owner first: changing it may take away bits of the mode.
  // `changed` tells whether anything was changed before an error.
  Result<void> Set(const Permissions& wanted, const std::string& path, bool& changed) const {
    if (wanted.owner != now_.owner || wanted.group != now_.group) {
      if (fchownat(fd_.get(), "", wanted.owner, wanted.group, AT_EMPTY_PATH) != 0) {
        return ErrnoError(errno, "give " + path + " to " + UserName(wanted.owner) + ":" +
                                     GroupName(wanted.group));
      }
      changed = true;
      RECOURSE_FAIL_POINT("permissions_after_owner");
    }
    const std::string by_descriptor = "/proc/self/fd/" + std::to_string(fd_.get());
    if ((changed || wanted.mode != now_.mode) && chmod(by_descriptor.c_str(), wanted.mode) != 0) {
      return ErrnoError(errno, "set the mode of " + path + " to " + Octal(wanted.mode));
    }
    changed = true;
    RECOURSE_FAIL_POINT("permissions_after_mode");
    return {};
  }

 private:
  HeldPath(Descriptor fd, Permissions now, Identity identity)
      : fd_(std::move(fd)), now_(now), identity_(identity) {}

  Descriptor fd_;
  Permissions now_;
  Identity identity_;
};

// What the inputs ask for; what they do not name stays as it is.
Result<Permissions> Wanted(const Value& inputs, Permissions wanted) {
  if (const std::string owner = inputs.StringOr("owner", ""); !owner.empty()) {
    auto number = UserNumber(owner);
    if (!number) return std::move(number).error().In("owner");
    wanted.owner = *number;
  }
  if (const std::string group = inputs.StringOr("group", ""); !group.empty()) {
    auto number = GroupNumber(group);
    if (!number) return std::move(number).error().In("group");
    wanted.group = *number;
  }
  if (const std::string mode = inputs.StringOr("mode", ""); !mode.empty()) {
    auto number = ParseMode(mode);
    if (!number) return std::move(number).error().In("mode");
    wanted.mode = *number;
  }
  return wanted;
}

class SetPermissions final : public Action {
 public:
  SetPermissions() {
    spec_.name = "file.permissions";
    spec_.summary = "Set a file's owner, group and mode";
    spec_.inputs = Schema(kPermissionsInputs);
    spec_.output = Schema(kPermissionsOutput);
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.has_prepare = true;
    spec_.can_compensate = true;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Prepare(const Context& context) const override {
    const auto held = HeldPath::Open(context.inputs.StringOr("path", ""), context.policy);
    if (!held) return held.error();
    const auto wanted = Wanted(context.inputs, held->now());
    if (!wanted) return wanted.error();
    return Value::Object({{"owner", std::int64_t{held->now().owner}},
                          {"group", std::int64_t{held->now().group}},
                          {"mode", Octal(held->now().mode)},
                          {"file", held->identity().ToValue()}});
  }

  Outcome Apply(const Context& context) const override {
    const std::string path = context.inputs.StringOr("path", "");
    const auto held = HeldPath::Open(path, context.policy);
    if (!held) return held.error();
    if (!held->IsFileOf(context.undo)) {
      return Aborted(path +
                     " was replaced by another file meanwhile; it was left as it is. Try again");
    }
    const auto wanted = Wanted(context.inputs, held->now());
    if (!wanted) return wanted.error();
    return Change(*held, *wanted, path);
  }

  Outcome Compensate(const Context& context, const Value&) const override {
    const std::string path = context.inputs.StringOr("path", "");
    const auto held = HeldPath::Open(path, context.policy);
    if (!held) return held.error();
    if (!held->IsFileOf(context.undo)) {
      return FailedPrecondition(path +
                                " is another file than the one that was changed: somebody has "
                                "replaced it since. It was left as it is. Look whether its owner "
                                "and mode are right, then skip this");
    }
    const auto mode = ParseMode(context.undo.StringOr("mode", ""));
    if (!mode) return Internal("the undo record of " + path + " has no mode");
    return Change(*held,
                  {static_cast<uid_t>(context.undo.IntOr("owner", held->now().owner)),
                   static_cast<gid_t>(context.undo.IntOr("group", held->now().group)), *mode},
                  path);
  }

 private:
  static Outcome Change(const HeldPath& held, const Permissions& wanted, const std::string& path) {
    bool changed = false;
    if (wanted != held.now()) {
      if (auto set = held.Set(wanted, path, changed); !set) {
        return Failure{
            std::move(set).error(), {}, changed ? LeftBehind::kPartial : LeftBehind::kNothing};
      }
    }
    return Value::Object({{"path", path},
                          {"owner", UserName(wanted.owner)},
                          {"group", GroupName(wanted.group)},
                          {"mode", Octal(wanted.mode)},
                          {"changed", changed}});
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakePermissions() { return std::make_unique<SetPermissions>(); }

}  // namespace recourse::file
