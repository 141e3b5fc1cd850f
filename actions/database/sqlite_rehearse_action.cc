#include <sys/stat.h>

#include <filesystem>

#include "actions/database/file_set.h"
#include "actions/database/restore_plan.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/verified_copy.h"

namespace recourse::database {
namespace {

namespace fs = std::filesystem;

// A directory of our own, gone with its owner.
class Scratch {
 public:
  static Result<Scratch> Make(const std::string& path) {
    std::error_code failed;
    fs::remove_all(path, failed);  // what a crash left
    if (mkdir(path.c_str(), 0700) != 0) return ErrnoError(errno, "make the directory " + path);
    return Scratch(path);
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code failed;
    if (!path_.empty()) fs::remove_all(path_, failed);
  }
  const std::string& path() const { return path_; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

class SqliteRehearseRestore final : public Action {
 public:
  const ActionSpec& Spec() const override { return RehearseRestoreSpec(); }

  Outcome Apply(const Context& context) const override {
    auto resource = ReadResource(context.inputs["database"], context.policy);
    if (!resource) return std::move(resource).error();
    const std::string backup = context.inputs.StringOr("backup", "");
    const std::string parent =
        context.inputs.StringOr("scratch", fs::path(resource->path).parent_path().string());
    for (const std::string& path : {backup, parent}) {
      if (auto allowed = context.policy.AllowPath(path); !allowed) return allowed.error();
    }
    auto manifest = ReadVerifiedManifest(backup, resource->kind,
                                         context.inputs.BoolOr("accept_salvaged", false));
    if (!manifest) return std::move(manifest).error();
    if (auto space = NeedSpace(parent, manifest->size); !space) return space.error();
    // While everything still runs: afterwards the services are stopped.
    if (auto possible = PlanOwnership(*resource, backup); !possible) {
      return std::move(possible).error().In("rehearse the restore");
    }
    auto scratch = Scratch::Make(parent + "/.rehearsal-" + KeyName(context.key));
    if (!scratch) return std::move(scratch).error();

    VerifiedCopy copy = CopyVerified(backup, scratch->path() + "/" + NameOf(backup), *manifest,
                                     resource->expected, context);
    if (copy.failure) {
      return Failure{std::move(copy.failure->error).In("rehearse the restore"),
                     copy.failure->evidence};
    }
    return Value::Object({{"backup", backup},
                          {"integrity", "ok"},
                          {"sha256", manifest->sha256},
                          {"size", manifest->size},
                          {"taken_at", TimeText(manifest->taken_at)},
                          {"user_version", copy.report.content.user_version},
                          {"application_id", copy.report.content.application_id},
                          {"tables", copy.report.content.TablesValue()}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteRehearseRestore() {
  return std::make_unique<SqliteRehearseRestore>();
}

}  // namespace recourse::database
