#include <sys/stat.h>

#include <filesystem>

#include "actions/database/file_gate.h"
#include "actions/database/file_set.h"
#include "actions/database/manifest.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

namespace fs = std::filesystem;

using FactsBySuffix = std::vector<std::optional<FileFacts>>;

Result<FactsBySuffix> FactsOfSet(const std::string& database) {
  FactsBySuffix all;
  for (const std::string_view suffix : kSuffixes) {
    auto facts = FactsOf(database + std::string(suffix));
    if (!facts) return std::move(facts).error();
    all.push_back(*facts);
  }
  return all;
}

bool SameSet(const FactsBySuffix& a, const FactsBySuffix& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].has_value() != b[i].has_value()) return false;
    if (a[i] && !a[i]->SameAs(*b[i])) return false;
  }
  return true;
}

// Copies every file of the set into `directory`, with its owner and mode where this process may.
Result<FileSet> CopySet(const std::string& database, const FactsBySuffix& facts,
                        const std::string& directory, const Context& context) {
  FileSet set;
  for (std::size_t i = 0; i < kSuffixes.size(); ++i) {
    if (!facts[i]) continue;
    const std::string from = database + std::string(kSuffixes[i]);
    const std::string to = directory + "/" + NameOf(from);
    auto copied = CopyFile(from, to, context, true);
    if (!copied) return std::move(copied).error();
    if (copied->missing > 0) {
      context.log("the disk does not give " + std::to_string(copied->missing) + " bytes of " +
                  from + " back; they are zeros in " + to);
    }
    set.files.push_back(
        {std::string(kSuffixes[i]), copied->size, copied->sha256, copied->missing, 0, 0});
    auto owned = SetOwnership(to, facts[i]->ownership);
    if (!owned && owned.error().code != Code::kPermissionDenied) return std::move(owned).error();
    if (!owned) context.log(owned.error().message + "; the copy keeps this server's user");
  }
  return set;
}

Value OutputOf(const std::string& database, const std::string& directory, const FileSet& set) {
  Value::List files;
  for (const SetFile& file : set.files) {
    files.push_back(Value::Object({{"name", NameOf(database + file.suffix)},
                                   {"size", file.size},
                                   {"sha256", file.sha256},
                                   {"missing_bytes", file.missing}}));
  }
  return Value::Object(
      {{"directory", directory}, {"bytes", set.size()}, {"files", std::move(files)}});
}

class SqlitePreserve final : public Action {
 public:
  const ActionSpec& Spec() const override { return PreserveSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto resource = ReadResource(context.inputs["database"], context.policy);
    if (!resource) return std::move(resource).error();
    auto facts = FactsOfSet(resource->path);
    if (!facts) return std::move(facts).error();
    ActionPlan plan;
    for (std::size_t i = 0; i < kSuffixes.size(); ++i) {
      if (!(*facts)[i]) continue;
      const FileFacts& file = *(*facts)[i];
      plan.lines.push_back("copy " + resource->path + std::string(kSuffixes[i]) + " (" +
                           HumanBytes(file.size) + ", written " + TimeText(file.changed) + ") to " +
                           QuarantineText(resource->path));
      plan.bytes_needed += file.size;
      plan.bytes_where = resource->path;
    }
    return plan;
  }

  Outcome Apply(const Context& context) const override {
    auto resource = ReadResource(context.inputs["database"], context.policy);
    if (!resource) return std::move(resource).error();
    const std::string& database = resource->path;
    const std::string directory = QuarantineOf(database, context.key);
    if (Exists(directory)) return AnswerAgain(database, directory, context);

    auto gate = FileGate::ForRawRead(database, context);
    if (!gate) return std::move(gate).error();
    auto facts = FactsOfSet(database);
    if (!facts) return std::move(facts).error();
    std::int64_t bytes = 0;
    bool any = false;
    for (const auto& file : *facts) {
      any |= file.has_value();
      bytes += file ? file->size : 0;
    }
    if (!any) return NotFound("there is nothing to preserve: no file of " + database);
    const std::string parent = fs::path(directory).parent_path().string();
    if (auto made = MakeOwnDirectory(parent, 0750); !made) return made.error();
    if (auto synced = SyncParent(parent); !synced) return synced.error();
    if (auto space = NeedSpace(parent, bytes); !space) return space.error();

    const std::string temporary = parent + "/." + KeyName(context.key) + ".tmp";
    auto kept = Keep(database, *facts, temporary, context);
    if (kept) {
      if (auto named = RenameFile(temporary, directory); !named) kept = std::move(named).error();
    }
    if (!kept) {
      std::error_code failed;
      fs::remove_all(temporary, failed);
      return std::move(kept).error().In("preserve " + database);
    }
    if (auto synced = SyncParent(directory); !synced) return synced.error();
    return OutputOf(database, directory, *kept);
  }

 private:
  // The whole set in `temporary`, with its manifest, synced.
  static Result<FileSet> Keep(const std::string& database, const FactsBySuffix& facts,
                              const std::string& temporary, const Context& context) {
    std::error_code failed;
    fs::remove_all(temporary, failed);  // what a crash left
    if (mkdir(temporary.c_str(), 0750) != 0) {
      return ErrnoError(errno, "make the directory " + temporary);
    }
    auto set = CopySet(database, facts, temporary, context);
    if (!set) return set;
    auto after = FactsOfSet(database);
    if (!after) return std::move(after).error();
    if (!SameSet(facts, *after)) {
      return Aborted(
          "the files changed while they were copied, so that the copies would not fit "
          "together. Nothing was kept. Stop what writes them, then try again");
    }
    const Value manifest = Value::Object({{"format", 1},
                                          {"key", context.key},
                                          {"source", database},
                                          {"taken_at", TimeText(context.clock.Now())},
                                          {"files", set->ToValue()}});
    auto written =
        WriteFileAtomically(temporary + "/manifest.json", ToPrettyJson(manifest) + "\n", 0640);
    if (!written) return std::move(written).error();
    return set;
  }

  // The set of this key is there, whole: its directory appeared by one rename.
  static Outcome AnswerAgain(const std::string& database, const std::string& directory,
                             const Context& context) {
    if (auto real = MakeOwnDirectory(directory, 0750); !real) return real.error();
    auto text = ReadFile(directory + "/manifest.json", 1 << 20);
    if (!text) return std::move(text).error();
    auto manifest = ParseJson(*text);
    if (!manifest) return std::move(manifest).error().In(directory + "/manifest.json");
    const FileSet set = FileSet::FromValue((*manifest)["files"]);
    for (const SetFile& file : set.files) {
      auto same = file.Is(directory + "/" + NameOf(database + file.suffix), context);
      if (!same) return std::move(same).error();
      if (!*same) {
        return DataLoss(directory + "/" + NameOf(database + file.suffix) +
                        " was changed since it was preserved");
      }
    }
    return OutputOf(database, directory, set);
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqlitePreserve() { return std::make_unique<SqlitePreserve>(); }

}  // namespace recourse::database
