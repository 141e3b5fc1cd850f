// The manifest beside a backup: what the file must be to count as good.
//
// `health_20261121.db` has `health_20261121.db.manifest.json`. A backup without one, or whose bytes
// are not those that the manifest names, is not verified.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/database/content.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::database {

struct Manifest {
  std::string kind;    // of the database: "sqlite"
  std::string name;    // of the backup's file
  std::string key;     // idempotency key of the attempt that took it; empty: not taken by one
  std::string sha256;  // of the file
  std::int64_t size = 0;
  Content content;
  std::string method;  // "backup_api", "vacuum_into", kSalvaged; empty: not known
  std::string source;  // path of the database that it was taken from; empty: not known
  std::int64_t source_change_counter = 0;  // of that database: how often it had been written
  std::string journal_mode;                // of the source: "wal" or "delete"
  Time taken_at;
  std::optional<Time> verified_at;    // when its content was last checked and found good
  bool suspect = false;               // taken from a source that failed its check
  std::vector<std::string> findings;  // what the last check found wrong

  Value ToValue() const;
};

// The method of a file that database.salvage has made: it is never a verified backup.
inline constexpr std::string_view kSalvaged = "salvage";

// What a manifest's name has behind that of its backup.
inline constexpr std::string_view kManifestEnding = ".manifest.json";
std::string ManifestPath(const std::string& backup);

// kNotFound: there is none. kDataLoss: it cannot be understood.
Result<Manifest> ReadManifest(const std::string& backup);

// Atomic and durable.
Result<void> WriteManifest(const std::string& backup, const Manifest& manifest);

std::string TimeText(Time time);

}  // namespace recourse::database
