#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "actions/database/file_copy.h"
#include "actions/database/file_set.h"
#include "actions/database/manifest.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

namespace fs = std::filesystem;

// What a set is called while it is deleted, so that half of one is never taken for one.
constexpr std::string_view kDoomed = ".pruned-";

struct QuarantineSet {
  std::string name;
  Time kept_since;
  std::int64_t bytes = 0;
  bool doomed = false;  // a deletion that was cut off

  std::string Describe() const {
    return name + " (" + HumanBytes(bytes) + ", kept since " + TimeText(kept_since) + ")";
  }
};

struct Contents {
  std::string directory;
  std::vector<QuarantineSet> removed;  // newest first
  std::int64_t kept = 0;
  std::vector<std::string> ignored;  // what is no set of ours
};

std::optional<Time> TimeIn(const std::string& note, std::string_view member) {
  auto text = ReadFile(note, 4 << 20);
  if (!text) return std::nullopt;
  auto value = ParseJson(*text);
  if (!value) return std::nullopt;
  auto time = ParseTimestamp(value->StringOr(member, ""));
  if (!time) return std::nullopt;
  return FromTimestamp(*time);
}

// Since when the files are there, by the note of what has put them there; nothing when it has none.
std::optional<Time> KeptSince(const std::string& set) {
  if (auto preserved = TimeIn(set + "/manifest.json", "taken_at")) return preserved;
  if (auto restored = TimeIn(set + "/restore.json", "written_at")) return restored;
  // A restore that was undone leaves what had taken the place of the old files, and no note.
  struct stat info;
  if (lstat((set + "/undone").c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return std::nullopt;
  return Time(std::chrono::seconds(info.st_mtim.tv_sec));
}

Result<Contents> ReadContents(const Context& context) {
  auto resource = ReadResource(context.inputs["database"], context.policy);
  if (!resource) return std::move(resource).error();
  Contents contents;
  contents.directory = fs::path(QuarantineOf(resource->path, context.key)).parent_path().string();
  if (!Exists(contents.directory)) return contents;
  if (auto real = MakeOwnDirectory(contents.directory, 0750); !real) return std::move(real).error();
  std::vector<QuarantineSet> sets;
  std::error_code failed;
  for (auto entry = fs::directory_iterator(contents.directory, failed);
       !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    QuarantineSet set{entry->path().filename().string(), {}, 0, false};
    set.doomed = set.name.starts_with(kDoomed);
    const bool is_link = entry->is_symlink(failed);
    const auto since = is_link ? std::nullopt : KeptSince(entry->path().string());
    if (is_link || (!since && !set.doomed)) {
      contents.ignored.push_back(set.name);
      continue;
    }
    set.kept_since = since.value_or(Time());
    set.bytes = SizeBelow(entry->path().string());
    sets.push_back(std::move(set));
  }
  if (failed) return ErrnoError(failed.value(), "look at " + contents.directory);
  std::sort(contents.ignored.begin(), contents.ignored.end());
  std::sort(sets.begin(), sets.end(), [](const QuarantineSet& a, const QuarantineSet& b) {
    return std::pair(b.kept_since, b.name) < std::pair(a.kept_since, a.name);
  });
  const auto keep = std::chrono::days(context.inputs.IntOr("keep_days", 0));
  const std::int64_t keep_at_least = context.inputs.IntOr("keep_at_least", kQuarantineSetsKept);
  for (QuarantineSet& set : sets) {
    const bool stays = !set.doomed && (contents.kept < keep_at_least ||
                                       context.clock.Now() - set.kept_since <= keep);
    if (stays) {
      ++contents.kept;
    } else {
      contents.removed.push_back(std::move(set));
    }
  }
  return contents;
}

Result<void> Delete(const std::string& directory, const QuarantineSet& set) {
  std::string path = directory + "/" + set.name;
  if (!set.doomed) {
    const std::string doomed = directory + "/" + std::string(kDoomed) + set.name;
    if (auto moved = RenameFile(path, doomed); !moved) return moved;
    path = doomed;
  }
  RECOURSE_FAIL_POINT("prune_quarantine_before_delete");
  std::error_code failed;
  fs::remove_all(path, failed);
  if (failed) return ErrnoError(failed.value(), "delete " + path);
  RECOURSE_FAIL_POINT("prune_quarantine_after_delete");
  return {};
}

class SqliteListQuarantine final : public Action {
 public:
  const ActionSpec& Spec() const override { return ListQuarantineSpec(); }

  Outcome Apply(const Context& context) const override {
    auto contents = ReadContents(context);
    if (!contents) return std::move(contents).error();
    Value::List past;
    std::int64_t bytes = 0;
    for (const QuarantineSet& set : contents->removed) {
      past.push_back(Value::Object(
          {{"name", set.name}, {"bytes", set.bytes}, {"kept_since", TimeText(set.kept_since)}}));
      bytes += set.bytes;
    }
    return Value::Object({{"directory", contents->directory},
                          {"kept", contents->kept},
                          {"past", std::move(past)},
                          {"past_bytes", bytes},
                          {"ignored", TextList(contents->ignored)}});
  }
};

class SqlitePruneQuarantine final : public Action {
 public:
  const ActionSpec& Spec() const override { return PruneQuarantineSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto contents = ReadContents(context);
    if (!contents) return std::move(contents).error();
    ActionPlan plan;
    for (const QuarantineSet& set : contents->removed) {
      plan.lines.push_back("delete the quarantine set " + set.Describe());
      plan.irreversible.push_back("the quarantine set " + set.Describe() + " is gone");
    }
    if (plan.lines.empty()) plan.lines.push_back("no quarantine set is past its retention");
    return plan;
  }

  Outcome Apply(const Context& context) const override {
    auto contents = ReadContents(context);
    if (!contents) return std::move(contents).error();
    std::vector<std::string> removed;
    std::int64_t bytes = 0;
    for (const QuarantineSet& set : contents->removed) {
      if (context.stop.stop_requested()) return context.StopError();
      if (auto done = Delete(contents->directory, set); !done) {
        return Failure{std::move(done).error(), Value::Object({{"removed", TextList(removed)}}),
                       LeftBehind::kPartial};
      }
      context.log("deleted the quarantine set " + set.Describe());
      removed.push_back(set.doomed ? set.name.substr(kDoomed.size()) : set.name);
      bytes += set.bytes;
    }
    return Value::Object({{"directory", contents->directory},
                          {"removed", TextList(removed)},
                          {"removed_bytes", bytes},
                          {"kept", contents->kept},
                          {"ignored", TextList(contents->ignored)}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteListQuarantine() {
  return std::make_unique<SqliteListQuarantine>();
}

std::unique_ptr<const Action> MakeSqlitePruneQuarantine() {
  return std::make_unique<SqlitePruneQuarantine>();
}

}  // namespace recourse::database
