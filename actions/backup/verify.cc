#include "actions/backup/catalogue.h"
#include "actions/backup/family.h"
#include "actions/backup/specs.h"
#include "actions/database/check_file.h"
#include "actions/database/file_copy.h"
#include "actions/database/file_gate.h"
#include "actions/database/file_set.h"

namespace recourse::backup {
namespace {

using database::Manifest;

Result<std::string> HashGated(const std::string& path, const Context& context) {
  auto gate = database::FileGate::ForRawRead(path, context);
  if (!gate) return std::move(gate).error();
  return database::HashFile(path, context);
}

// The manifest that is there, or the first one of a backup that came without.
Result<Manifest> ManifestOf(const std::string& path, const std::string& sha256,
                            const database::FileFacts& facts, const database::Resource& resource,
                            const Context& context) {
  auto manifest = database::ReadManifest(path);
  if (manifest || manifest.error().code != Code::kNotFound) return manifest;
  Manifest made;
  made.kind = resource.kind;
  made.name = database::NameOf(path);
  made.sha256 = sha256;
  made.size = facts.size;
  made.taken_at = facts.changed;
  if (context.inputs["backups"].is_map()) {
    auto backups = database::ReadBackups(context.inputs["backups"], context.policy);
    if (!backups) return std::move(backups).error();
    made.taken_at = database::TimeOfName(*backups, made.name).value_or(made.taken_at);
  }
  return made;
}

// Nobody need hold the backup while it is looked at: a second backup of the day may take its place
// meanwhile, or a pruning take it away. What was found out is then of another file.
Result<void> StillThere(const std::string& path, const database::FileFacts& before,
                        const Value& known) {
  auto facts = database::FactsOf(path);
  if (!facts) return std::move(facts).error();
  const auto now = database::ReadManifest(path);
  const bool same_manifest = now ? now->ToValue() == known : known.is_null();
  if (*facts && (*facts)->SameAs(before) && same_manifest) return {};
  return Aborted(path + (*facts ? " was replaced, or its manifest written," : " was taken away") +
                 " while it was looked at. What was found was not written down; try again");
}

class Verify final : public Action {
 public:
  const ActionSpec& Spec() const override { return VerifySpec(); }

  Outcome Apply(const Context& context) const override {
    auto resource = database::ReadResource(context.inputs["database"], context.policy);
    if (!resource) return std::move(resource).error();
    const std::string path = context.inputs.StringOr("backup", "");
    if (auto allowed = context.policy.AllowPath(path); !allowed) return allowed.error();
    auto facts = database::FactsOf(path);
    if (!facts) return std::move(facts).error();
    if (!*facts) return NotFound("there is no backup " + path + ". Nothing was changed");

    const auto known = database::ReadManifest(path);
    const Value was = known ? known->ToValue() : Value();
    auto sha256 = HashGated(path, context);
    if (!sha256) return std::move(sha256).error();
    auto manifest = ManifestOf(path, *sha256, **facts, *resource, context);
    if (!manifest) return std::move(manifest).error();
    auto report = database::CheckFile(resource->kind, path, resource->expected, context);
    if (!report) return std::move(report).error();
    const bool is_new =
        manifest->content.tables.empty() && !manifest->verified_at && manifest->key.empty();
    if (is_new) {
      manifest->content = report->content;
      manifest->journal_mode = report->journal_mode;
    }
    std::vector<std::string> findings = report->findings;
    if (*sha256 != manifest->sha256) {
      findings.push_back("its bytes changed since it was taken: SHA-256 " + *sha256 +
                         " instead of " + manifest->sha256);
    }
    if (report->good()) {
      for (std::string& difference : database::Differences(manifest->content, report->content)) {
        findings.push_back(std::move(difference));
      }
    }
    manifest->findings = findings;
    manifest->verified_at = findings.empty() ? std::optional(context.clock.Now()) : std::nullopt;
    if (findings.empty() && manifest->suspect) {
      return FailedPrecondition(path +
                                " was taken from a database that failed its check; it "
                                "stays suspect. Its manifest was left as it is");
    }
    if (auto same = StillThere(path, **facts, was); !same) return std::move(same).error();
    if (auto written = database::WriteManifest(path, *manifest); !written) return written.error();
    if (!findings.empty()) {
      report->findings = findings;
      return Failure{DataLoss(path + " is not a good backup: " + database::FindingsText(findings) +
                              ". Its manifest says so now; the file was left as it is"),
                     report->Evidence()};
    }
    return Value::Object({{"path", path},
                          {"name", manifest->name},
                          {"integrity", "ok"},
                          {"sha256", *sha256},
                          {"size", report->size},
                          {"taken_at", database::TimeText(manifest->taken_at)},
                          {"verified_at", database::TimeText(*manifest->verified_at)},
                          {"user_version", report->content.user_version},
                          {"application_id", report->content.application_id},
                          {"tables", report->content.TablesValue()}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeVerify() { return std::make_unique<Verify>(); }

}  // namespace recourse::backup
