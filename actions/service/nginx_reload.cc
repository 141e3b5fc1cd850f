// service.nginx_reload: a new configuration, or the one that is there, is taken by the running
// nginx, or everything is as it was.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "actions/inputs.h"
#include "actions/service/nginx.h"
#include "actions/service/service.h"
#include "engine/base/digest.h"
#include "engine/base/fail_point.h"
#include "engine/definition/resources.h"

namespace recourse {
namespace {

using service::Nginx;

constexpr std::int64_t kConfigurationMax = 1024 * 1024;

constexpr std::string_view kReloadInputs = R"({
  "new_configuration": {"type": "string",
    "description": "a file whose content is put in place first; without it, nginx reads what is there"},
  "replaces": {"type": "string",
    "description": "the file that it takes the place of; default: the main configuration"},
  "within": {"type": "string", "default": "30s",
    "description": "how long new workers may take to serve alone"}
})";

constexpr std::string_view kReloadOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "changed": {"type": "boolean", "description": "a file was replaced"},
    "kept": {"type": "string", "description": "where the old file is kept; empty: there was none"},
    "old_workers": {"type": "array", "items": {"type": "integer"}, "description": "pids"},
    "new_workers": {"type": "array", "items": {"type": "integer"}, "description": "pids"}
  }
})";

// The file of the configuration that is replaced: what it held, and what it is to hold. An empty
// digest: there was no file.
struct Change {
  std::string file;
  std::string kept;      // where its old content is kept; hidden, so that no `include *` reads it
  std::string incoming;  // the new content on its way, hidden too
  std::string old_digest;
  std::string new_digest;
  mode_t mode = 0644;
  uid_t user = 0;
  gid_t group = 0;
};

std::string HiddenBeside(const std::string& file, const std::string& what, const std::string& key) {
  const std::filesystem::path path(file);
  std::string name = "." + path.filename().string() + "." + what + "-" + key;
  for (char& c : name) {
    if (c == '/' || c == '@') c = '.';
  }
  return (path.parent_path() / name).string();
}

Result<std::string> DigestOf(const std::string& path) {
  auto bytes = ReadFile(path, kConfigurationMax);
  if (!bytes && bytes.error().code == Code::kNotFound) return std::string();
  if (!bytes) return std::move(bytes).error();
  return ToHex(Sha256Of(*bytes));
}

Value RecordOf(const Change& change) {
  return Value::Object({{"file", change.file},
                        {"old_digest", change.old_digest},
                        {"new_digest", change.new_digest},
                        {"mode", static_cast<std::int64_t>(change.mode)},
                        {"user", static_cast<std::int64_t>(change.user)},
                        {"group", static_cast<std::int64_t>(change.group)}});
}

Change ChangeOf(const Context& context) {
  const Value& record = context.undo;
  Change change;
  change.file = record.StringOr("file", "");
  change.kept = HiddenBeside(change.file, "before", context.key);
  change.incoming = HiddenBeside(change.file, "new", context.key);
  change.old_digest = record.StringOr("old_digest", "");
  change.new_digest = record.StringOr("new_digest", "");
  change.mode = static_cast<mode_t>(record.IntOr("mode", 0644));
  change.user = static_cast<uid_t>(record.IntOr("user", 0));
  change.group = static_cast<gid_t>(record.IntOr("group", 0));
  return change;
}

// `to` holds `bytes` afterwards, with the owner and mode of the file that is changed, and the time
// that is given, or what it held before.
Result<void> Put(const Change& change, const std::string& bytes, const std::string& to,
                 std::optional<timespec> time = {}) {
  if (auto written = WriteFileAtomically(change.incoming, bytes, change.mode); !written) {
    return written;
  }
  // The time first: who may give a file away (CAP_CHOWN) may not set the time of somebody else's.
  const timespec times[] = {{0, UTIME_OMIT}, time.value_or(timespec{0, UTIME_OMIT})};
  if (utimensat(AT_FDCWD, change.incoming.c_str(), times, 0) != 0) {
    return ErrnoError(errno, "give " + change.incoming + " its time");
  }
  if (chown(change.incoming.c_str(), change.user, change.group) != 0) {
    return ErrnoError(errno, "give " + change.incoming + " to user " + std::to_string(change.user) +
                                 " and group " + std::to_string(change.group) +
                                 ", whose file it is to replace, which takes root or CAP_CHOWN");
  }
  if (auto renamed = RenameFile(change.incoming, to); !renamed) return renamed;
  return SyncParent(to);
}

Error ChangedByOthers(const Change& change) {
  return Aborted(change.file + " is neither what it was when this step began nor what this step " +
                 "has written: somebody else has changed it. It was left as it is. Look what " +
                 "it should be" +
                 (change.old_digest.empty() ? "" : "; what it was may be kept as " + change.kept));
}

// The file as it is, with its owner, mode and time, under the name of what is kept.
Result<void> Keep(const Change& change) {
  auto old = ReadFile(change.file, kConfigurationMax);
  if (!old) return std::move(old).error();
  struct stat info;
  if (stat(change.file.c_str(), &info) != 0) return ErrnoError(errno, "look at " + change.file);
  return Put(change, *old, change.kept, info.st_mtim);
}

Result<void> PutNew(const Change& change, const std::string& source) {
  auto now = DigestOf(change.file);
  if (!now) return std::move(now).error();
  if (*now == change.new_digest) return {};
  if (*now != change.old_digest) return ChangedByOthers(change);
  auto bytes = ReadFile(source, kConfigurationMax);
  if (!bytes) return std::move(bytes).error();
  if (ToHex(Sha256Of(*bytes)) != change.new_digest) {
    return Aborted(source + " has changed since this step began");
  }
  if (!change.old_digest.empty()) {
    if (auto kept = Keep(change); !kept) return kept;
    RECOURSE_FAIL_POINT("nginx_after_kept");
  }
  auto put = Put(change, *bytes, change.file);
  RECOURSE_FAIL_POINT("nginx_after_put");
  return put;
}

// The new configuration is not in place, because of `error`: what was made on the way to it is
// removed, unless the file is not what it was, so that somebody must look at both.
Failure NotPut(const Change& change, Error error) {
  const auto now = DigestOf(change.file);
  if (!now || *now != change.old_digest) return {std::move(error), {}, LeftBehind::kPartial};
  unlink(change.kept.c_str());
  unlink(change.incoming.c_str());
  error.message += ". Nothing was changed: " + change.file +
                   (change.old_digest.empty() ? " is not there, as before" : " is as it was");
  return {std::move(error), {}, LeftBehind::kNothing};
}

// The file is as it was afterwards; what was kept of it is gone.
Result<void> PutBack(const Change& change) {
  auto now = DigestOf(change.file);
  if (!now) return std::move(now).error();
  if (*now != change.old_digest) {
    if (*now != change.new_digest) return ChangedByOthers(change);
    if (change.old_digest.empty()) {
      if (unlink(change.file.c_str()) != 0) return ErrnoError(errno, "remove " + change.file);
    } else if (auto back = RenameFile(change.kept, change.file); !back) {
      return back;
    }
    RECOURSE_FAIL_POINT("nginx_after_put_back");
  }
  unlink(change.kept.c_str());
  unlink(change.incoming.c_str());
  return SyncParent(change.file);
}

class NginxReload final : public Action {
 public:
  NginxReload() {
    spec_.name = "service.nginx_reload";
    spec_.summary = "Have nginx take its configuration, proven by new workers, or put it back";
    spec_.inputs =
        Value::Object({{"type", "object"},
                       {"additionalProperties", false},
                       {"required", Value::List{"nginx"}},
                       {"properties", Schema(kReloadInputs).With("nginx", NginxSchema())}});
    spec_.output = Schema(kReloadOutput);
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.has_plan = true;
    spec_.has_prepare = true;
    spec_.can_compensate = true;
    spec_.timeout = std::chrono::minutes(2);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto nginx = NginxOf(context);
    if (!nginx) return std::move(nginx).error();
    auto master = nginx->Master();
    if (!master) return std::move(master).error();
    ActionPlan plan;
    if (const std::string source = context.inputs.StringOr("new_configuration", "");
        !source.empty()) {
      plan.lines.push_back("put " + source + " in the place of " + FileOf(context, *nginx));
    }
    plan.lines.push_back("test " + nginx->configuration() + " and make nginx (master " +
                         std::to_string(master->pid) + ", workers " +
                         std::to_string(nginx->Serving(*master).size()) + ") read it");
    return plan;
  }

  Outcome Prepare(const Context& context) const override {
    auto nginx = NginxOf(context);
    if (!nginx) return std::move(nginx).error();
    if (auto master = nginx->Master(); !master) return std::move(master).error();
    const std::string source = context.inputs.StringOr("new_configuration", "");
    if (source.empty()) return Value::Object({});
    auto change = Look(context, *nginx, source);
    if (!change) return std::move(change).error();
    // One that is damaged already can be put back, but nothing can be made to run by it.
    const auto sound = nginx->Test(context);
    if (!sound && sound.error().code != Code::kFailedPrecondition) return sound.error();
    return RecordOf(*change).With("sound", sound.ok());
  }

  Outcome Apply(const Context& context) const override {
    auto nginx = NginxOf(context);
    if (!nginx) return std::move(nginx).error();
    auto within = DurationInput(context.inputs, "within", std::chrono::seconds(30));
    if (!within) return std::move(within).error();
    const Change change = ChangeOf(context);
    const bool puts = !change.file.empty();
    if (puts) {
      auto put = PutNew(change, context.inputs.StringOr("new_configuration", ""));
      if (!put) return NotPut(change, std::move(put).error());
    }
    if (auto sound = nginx->Test(context); !sound) {
      return GiveUp(context, *nginx, change, *within, std::move(sound).error(), false);
    }
    auto reloaded = nginx->Reload(context, *within);
    if (!reloaded) {
      return GiveUp(context, *nginx, change, *within, std::move(reloaded).error(), true);
    }
    return OutputOf(change, *reloaded);
  }

  Outcome Compensate(const Context& context, const Value&) const override {
    const Change change = ChangeOf(context);
    if (change.file.empty()) return Value();
    auto nginx = NginxOf(context);
    if (!nginx) return std::move(nginx).error();
    if (auto back = PutBack(change); !back) {
      return Failure{std::move(back).error(), {}, LeftBehind::kPartial};
    }
    if (!context.undo.BoolOr("sound", true)) {
      context.log(change.file +
                  " is as it was, and nginx refuses it as before; what runs now runs " +
                  "on, and nginx will not start with this file");
      return Value();
    }
    auto within = DurationInput(context.inputs, "within", std::chrono::seconds(30));
    if (!within) return std::move(within).error();
    if (auto reloaded = TestAndReload(context, *nginx, *within); !reloaded) {
      return Failure{
          std::move(reloaded).error().In(change.file + " is as it was"), {}, LeftBehind::kPartial};
    }
    return Value();
  }

 private:
  static Result<Nginx> NginxOf(const Context& context) {
    return Nginx::Of(context.inputs["nginx"], context.policy);
  }

  static std::string FileOf(const Context& context, const Nginx& nginx) {
    return context.inputs.StringOr("replaces", nginx.configuration());
  }

  static Result<Change> Look(const Context& context, const Nginx& nginx,
                             const std::string& source) {
    Change change;
    change.file = FileOf(context, nginx);
    for (const std::string& path : {source, change.file}) {
      if (auto allowed = context.policy.AllowPath(path); !allowed) {
        return std::move(allowed).error();
      }
    }
    struct stat info;
    if (lstat(change.file.c_str(), &info) == 0) {
      if (!S_ISREG(info.st_mode)) {
        return FailedPrecondition(change.file + " is a symbolic link or no file; nothing was " +
                                  "changed. Name the file itself that is to be replaced");
      }
      change.mode = info.st_mode & 07777;
      change.user = info.st_uid;
      change.group = info.st_gid;
    } else if (errno != ENOENT) {
      return ErrnoError(errno, "look at " + change.file);
    } else {
      change.user = geteuid();
      change.group = getegid();
    }
    auto old_digest = DigestOf(change.file);
    if (!old_digest) return std::move(old_digest).error();
    auto new_digest = DigestOf(source);
    if (!new_digest) return std::move(new_digest).error();
    if (new_digest->empty()) return NotFound(source + " is not there; nothing was changed");
    change.old_digest = *std::move(old_digest);
    change.new_digest = *std::move(new_digest);
    return change;
  }

  static Result<Nginx::Reloaded> TestAndReload(const Context& context, const Nginx& nginx,
                                               std::chrono::microseconds within) {
    if (auto sound = nginx.Test(context); !sound) return std::move(sound).error();
    return nginx.Reload(context, within);
  }

  // The new configuration does not do. `told`: nginx was told to take it, and may have begun to.
  static Outcome GiveUp(const Context& context, const Nginx& nginx, const Change& change,
                        std::chrono::microseconds within, Error error, bool told) {
    if (change.file.empty()) {
      error.message += ". nginx serves on as before";
      return Failure{std::move(error), {}, told ? LeftBehind::kPartial : LeftBehind::kNothing};
    }
    if (auto back = PutBack(change); !back) {
      error.message += ". The old file could not be put back: " + back.error().message;
      return Failure{std::move(error), {}, LeftBehind::kPartial};
    }
    error.message += ". " + change.file + " is as it was";
    if (!told) return Failure{std::move(error), {}, LeftBehind::kNothing};
    auto reloaded = TestAndReload(context, nginx, within);
    error.message += reloaded ? ", and nginx serves with it"
                              : ", but nginx could not be made to serve with it again: " +
                                    reloaded.error().message;
    return Failure{std::move(error), {}, reloaded ? LeftBehind::kNothing : LeftBehind::kPartial};
  }

  static Value OutputOf(const Change& change, const Nginx::Reloaded& reloaded) {
    const bool changed = change.old_digest != change.new_digest;
    return Value::Object({{"changed", changed},
                          {"kept", changed && !change.old_digest.empty() ? change.kept : ""},
                          {"old_workers", service::PidsOf(reloaded.old_workers)},
                          {"new_workers", service::PidsOf(reloaded.new_workers)}});
  }

  ActionSpec spec_;
};

}  // namespace

void AddNginxReload(Registry& registry) { registry.Add(std::make_unique<NginxReload>()); }

}  // namespace recourse
