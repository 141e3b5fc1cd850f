// Whether a SQLite file is whole, and what it holds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actions/action.h"
#include "actions/database/content.h"
#include "engine/base/error.h"

namespace recourse::database {

enum class CheckDepth {
  kFile,   // the files only: header, sizes, sidecars
  kQuick,  // PRAGMA quick_check
  kFull,   // PRAGMA integrity_check: indexes are compared with their tables too
};

struct CheckReport {
  std::string path;
  std::int64_t size = 0;
  std::int64_t wal_bytes = 0;
  std::int64_t page_size = 0;
  std::int64_t page_count = 0;
  std::int64_t freelist_pages = 0;
  std::int64_t foreign_key_violations = 0;
  std::int64_t change_counter = 0;  // of the newest page 1: that of the log, or of the file
  std::string journal_mode;         // "wal" or "delete"
  bool foreign_log = false;         // the log beside it is another's, as a finding tells
  Content content;                  // empty after CheckDepth::kFile

  // What is wrong, a sentence each, the database's own words among them; empty: the file is good.
  std::vector<std::string> findings;
  // What was seen that is no damage.
  std::vector<std::string> notes;

  bool good() const { return findings.empty(); }
  // All of it, for a person who decides.
  Value Evidence() const;
  // kDataLoss, with the first findings.
  Error ToError() const;
};

// Checks the file as others may write it meanwhile, and leaves nothing behind. Damage is in the
// report; errors are what kept it from being checked. kNotFound: there is no file.
// kFailedPrecondition: a transaction that was cut off must first be rolled back by a writer, or the
// schema uses what only the application has.
// kAborted: locked by others for too long. kPermissionDenied, kUnavailable: it cannot be read.
Result<CheckReport> CheckSqliteFile(const std::string& path, const Expectations& expected,
                                    CheckDepth depth, const Context& context);

}  // namespace recourse::database
