#include <algorithm>
#include <filesystem>

#include "actions/backup/catalogue.h"
#include "actions/backup/family.h"
#include "actions/backup/retention.h"
#include "actions/backup/specs.h"
#include "actions/database/file_copy.h"
#include "actions/database/file_set.h"
#include "actions/database/trash.h"
#include "actions/inputs.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::backup {
namespace {

constexpr int kForEverDays = 100'000;
constexpr int kKeepAtLeast = 3;

struct Decided {
  database::Backups backups;
  Catalogue catalogue;
  Pruning pruning;
};

// What is not said is no permission to remove anything: without keep_days all are kept.
Result<Retention> ReadRetention(const Context& context) {
  const Value& backups = context.inputs["backups"];
  Retention retention;
  retention.keep = std::chrono::days(backups.IntOr("keep_days", kForEverDays));
  retention.keep_at_least = static_cast<int>(backups.IntOr("keep_at_least", kKeepAtLeast));
  if (backups.Find("keep_at_most") != nullptr) {
    retention.keep_at_most = static_cast<std::size_t>(backups.IntOr("keep_at_most", 0));
  }
  auto max_age = DurationInput(backups, "max_age", retention.keep);
  if (!max_age) return std::move(max_age).error().In("backups");
  // A full disk keeps new backups from being made: then this would refuse what makes room for them.
  const bool whatever_age = context.inputs.BoolOr("whatever_age", false);
  retention.max_age = whatever_age ? std::chrono::microseconds::max() : *max_age;
  if (const Value& keep = context.inputs["keep"]; keep.is_list()) {
    for (const Value& name : keep.as_list()) {
      if (name.is_string()) retention.names.push_back(name.as_string());
    }
  }
  return retention;
}

Result<Decided> Decide(const Context& context) {
  auto backups = database::ReadBackups(context.inputs["backups"], context.policy);
  if (!backups) return std::move(backups).error();
  auto retention = ReadRetention(context);
  if (!retention) return std::move(retention).error();
  auto catalogue = ReadCatalogue(*backups);
  if (!catalogue) return std::move(catalogue).error();
  auto pruning =
      DecidePruning(*catalogue, *retention, context.clock.Now(),
                    [&context](const Entry& entry) { return WhyBytesDiffer(entry, context); });
  if (!pruning) return std::move(pruning).error().In("prune " + backups->directory);
  return Decided{*std::move(backups), *std::move(catalogue), *std::move(pruning)};
}

// The file, then its manifest: a manifest that is left alone is found, and pruned, the next time.
// `moved` tells whether anything was removed before an error.
Result<void> Remove(const Entry& entry, const std::string& trash, bool permanently, bool& moved) {
  for (const std::string& path : {entry.path, database::ManifestPath(entry.path)}) {
    if (!database::Exists(path)) continue;
    auto removed = permanently ? database::RemoveFile(path)
                               : database::MoveFile(path, trash + "/" + database::NameOf(path));
    if (!removed) return removed;
    moved = true;
    RECOURSE_FAIL_POINT("prune_after_file");
  }
  return {};
}

// What an attempt has removed: its names, and their bytes.
struct Removed {
  std::vector<std::string> names;
  std::int64_t bytes = 0;
};

// What this attempt had removed before a crash: it is in its own trash entry.
Removed RemovedBefore(const std::string& trash) {
  Removed removed;
  std::error_code failed;
  for (auto file = std::filesystem::directory_iterator(trash, failed);
       !failed && file != std::filesystem::directory_iterator(); file.increment(failed)) {
    const std::string name = file->path().filename().string();
    if (database::IsTrashNote(name) || name.ends_with(database::kManifestEnding)) continue;
    const auto facts = database::FactsOf(file->path().string());
    removed.names.push_back(name);
    removed.bytes += facts && *facts ? (*facts)->size : 0;
  }
  // Newest first, as the catalogue has them; the names are made of times.
  std::sort(removed.names.rbegin(), removed.names.rend());
  return removed;
}

class Prune final : public Action {
 public:
  const ActionSpec& Spec() const override { return PruneSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto decided = Decide(context);
    if (!decided) return std::move(decided).error();
    auto grace = DurationInput(context.inputs, "grace", std::chrono::days(7));
    if (!grace) return std::move(grace).error();
    // Without any time of grace the trash is emptied as soon as it is filled.
    const bool permanently =
        context.inputs.BoolOr("permanently", false) || *grace <= std::chrono::microseconds(0);
    ActionPlan plan;
    for (const std::size_t index : decided->pruning.removed) {
      const Entry& entry = decided->catalogue.entries[index];
      const std::string line = entry.name + " (" + HumanBytes(entry.size) + ", taken " +
                               database::TimeText(entry.taken_at) + ", " +
                               std::string(ToString(entry.state)) + ")";
      plan.lines.push_back((permanently ? "delete " : "move to .trash ") + line);
      if (permanently) plan.irreversible.push_back("the backup " + line + " is gone");
    }
    const Value& backups = context.inputs["backups"];
    if (backups["keep_days"].is_null() && backups["keep_at_most"].is_null()) {
      plan.lines.push_back(
          "remove nothing: the target's backups name no keep_days and no "
          "keep_at_most");
    } else if (plan.lines.empty()) {
      plan.lines.push_back("no backup is past its retention");
    }
    return plan;
  }

  Outcome Apply(const Context& context) const override {
    const bool permanently = context.inputs.BoolOr("permanently", false);
    auto grace = DurationInput(context.inputs, "grace", std::chrono::days(7));
    if (!grace) return std::move(grace).error();
    auto decided = Decide(context);
    if (!decided) return std::move(decided).error();
    const std::string& directory = decided->backups.directory;

    const std::string trash = database::TrashEntry(directory, context.key);
    if (!permanently && !decided->pruning.removed.empty()) {
      if (auto made = database::MakeTrashEntry(directory, context); !made) return made.error();
    }
    Removed removed = RemovedBefore(trash);
    bool moved = !removed.names.empty();
    const auto fail = [&](Error error) {
      return Failure{std::move(error),
                     Value::Object({{"removed", database::TextList(removed.names)}}),
                     moved ? LeftBehind::kPartial : LeftBehind::kNothing};
    };
    for (const std::size_t index : decided->pruning.removed) {
      const Entry& entry = decided->catalogue.entries[index];
      if (auto done = Remove(entry, trash, permanently, moved); !done) {
        return fail(std::move(done).error().In("remove the backup " + entry.name));
      }
      context.log("removed " + entry.name);
      // One of which only the manifest was left is there already.
      if (std::count(removed.names.begin(), removed.names.end(), entry.name) > 0) continue;
      removed.names.push_back(entry.name);
      removed.bytes += entry.size;
    }
    if (auto synced = SyncParent(directory + "/entry"); !synced) return fail(synced.error());
    auto emptied = database::EmptyTrash(directory, *grace, context.clock.Now());
    if (!emptied) return fail(std::move(emptied).error());
    const auto& entries = decided->catalogue.entries;
    std::int64_t kept_bytes = 0;
    for (const Entry& entry : entries) kept_bytes += entry.size;
    for (const std::size_t index : decided->pruning.removed) kept_bytes -= entries[index].size;
    const auto kept = static_cast<std::int64_t>(entries.size() - decided->pruning.removed.size());
    return Value::Object({{"removed", database::TextList(removed.names)},
                          {"removed_bytes", removed.bytes},
                          {"kept", kept},
                          {"verified", static_cast<std::int64_t>(VerifiedKept(*decided))},
                          {"newest_verified", entries[decided->pruning.good.front()].name},
                          {"bytes_before", kept_bytes + removed.bytes},
                          {"bytes_after", kept_bytes},
                          {"trash", database::Exists(trash) ? trash : ""},
                          {"freed_bytes", emptied->bytes + (permanently ? removed.bytes : 0)}});
  }

 private:
  static std::size_t VerifiedKept(const Decided& decided) {
    std::size_t verified = 0;
    for (const Entry& entry : decided.catalogue.entries) {
      verified += entry.state == State::kVerified;
    }
    for (const std::size_t index : decided.pruning.removed) {
      verified -= decided.catalogue.entries[index].state == State::kVerified;
    }
    return verified;
  }
};

}  // namespace

std::unique_ptr<const Action> MakePrune() { return std::make_unique<Prune>(); }

}  // namespace recourse::backup
