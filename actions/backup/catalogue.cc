#include "actions/backup/catalogue.h"

#include <algorithm>
#include <filesystem>

#include "actions/database/backup_files.h"
#include "actions/database/file_copy.h"
#include "actions/database/file_gate.h"

namespace recourse::backup {
namespace {

namespace fs = std::filesystem;
using database::Backups;
using database::kManifestEnding;
using database::Manifest;

// The time that a name stands for, also that of a suspect backup; nothing when it is no backup's
// name.
std::optional<Time> TimeOf(const Backups& backups, const std::string& name) {
  if (const auto time = database::TimeOfName(backups, name)) return time;
  const auto mark = name.rfind(".suspect");
  if (mark == std::string::npos) return std::nullopt;
  const std::string plain = name.substr(0, mark) + name.substr(mark + 8);
  if (database::SuspectName(plain) != name) return std::nullopt;
  return database::TimeOfName(backups, plain);
}

void Judge(Entry& entry, bool exists, const Result<Manifest>& manifest) {
  const auto set = [&entry](State state, std::string reason) {
    entry.state = state;
    entry.reason = std::move(reason);
  };
  if (!exists) return set(State::kMissing, "it has a manifest, but there is no such file");
  if (!manifest && manifest.error().code == Code::kNotFound) {
    return set(State::kUnverified, "it has no manifest: nobody has verified it");
  }
  if (!manifest) return set(State::kUnverified, manifest.error().message);
  if (manifest->suspect) {
    return set(State::kSuspect, "its database failed its check when it was taken: " +
                                    database::Sentences(manifest->findings, 1));
  }
  if (manifest->size != entry.size) {
    return set(State::kDamaged, "it has " + std::to_string(entry.size) +
                                    " bytes, its manifest says " + std::to_string(manifest->size));
  }
  if (!manifest->findings.empty()) {
    return set(State::kDamaged,
               "it failed its last check: " + database::Sentences(manifest->findings, 1));
  }
  if (!manifest->verified_at) return set(State::kUnverified, "nobody has verified it");
  set(State::kVerified, "");
}

Entry MakeEntry(const Backups& backups, const std::string& name, Time time_of_name) {
  Entry entry;
  entry.name = name;
  entry.path = backups.directory + "/" + name;
  entry.taken_at = time_of_name;
  auto facts = database::FactsOf(entry.path);
  const bool exists = facts && *facts;
  if (exists) entry.size = (*facts)->size;
  auto manifest = database::ReadManifest(entry.path);
  if (facts) {
    Judge(entry, exists, manifest);
  } else {
    entry.reason = facts.error().message;
  }
  if (manifest) {
    entry.taken_at = manifest->taken_at;
    entry.manifest = *std::move(manifest);
  }
  return entry;
}

}  // namespace

std::string_view ToString(State state) {
  switch (state) {
    case State::kVerified:
      return "verified";
    case State::kUnverified:
      return "unverified";
    case State::kSuspect:
      return "suspect";
    case State::kDamaged:
      return "damaged";
    case State::kMissing:
      return "missing";
  }
  return "unverified";
}

Value Entry::ToValue(Time now) const {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - taken_at);
  const bool verified = manifest && manifest->verified_at;
  return Value::Object(
      {{"name", name},
       {"path", path},
       {"state", backup::ToString(state)},
       {"reason", reason},
       {"taken_at", database::TimeText(taken_at)},
       {"age_seconds", std::int64_t{age.count()}},
       {"size", size},
       {"sha256", manifest ? manifest->sha256 : ""},
       {"verified_at", verified ? database::TimeText(*manifest->verified_at) : ""},
       {"tables", manifest ? manifest->content.TablesValue() : Value(Value::Map())}});
}

Result<Catalogue> ReadCatalogue(const Backups& backups) {
  Catalogue catalogue;
  std::vector<std::string> names;
  std::error_code failed;
  for (auto file = fs::directory_iterator(backups.directory, failed);
       !failed && file != fs::directory_iterator(); file.increment(failed)) {
    names.push_back(file->path().filename().string());
  }
  if (failed)
    return ErrnoError(failed.value(), "read the directory of the backups, " + backups.directory);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (name.starts_with('.')) continue;
    const bool is_manifest = name.ends_with(kManifestEnding);
    const std::string backup =
        is_manifest ? name.substr(0, name.size() - kManifestEnding.size()) : name;
    const auto time = TimeOf(backups, backup);
    if (!time) {
      catalogue.ignored.push_back(name);
    } else if (!is_manifest || !std::binary_search(names.begin(), names.end(), backup)) {
      catalogue.entries.push_back(MakeEntry(backups, backup, *time));
    }
  }
  std::stable_sort(catalogue.entries.begin(), catalogue.entries.end(),
                   [](const Entry& a, const Entry& b) { return a.taken_at > b.taken_at; });
  return catalogue;
}

Result<std::optional<std::string>> WhyBytesDiffer(const Entry& entry, const Context& context) {
  using R = Result<std::optional<std::string>>;
  auto gate = database::FileGate::ForRawRead(entry.path, context);
  if (!gate) return std::move(gate).error();
  auto sha256 = database::HashFile(entry.path, context);
  if (!sha256) {
    // That the time is over says nothing about the backup.
    const Code code = sha256.error().code;
    const bool stopped = code == Code::kCancelled || code == Code::kDeadlineExceeded;
    return stopped ? R(std::move(sha256).error()) : R(sha256.error().message);
  }
  if (*sha256 == entry.manifest->sha256) return R(std::nullopt);
  return R("its bytes changed since it was verified (SHA-256 " + *sha256 + " instead of " +
           entry.manifest->sha256 + ")");
}

}  // namespace recourse::backup
