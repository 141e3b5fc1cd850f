// The resources of a target, as the actions of the family read them from their inputs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/action.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::database {

// What a database must hold to be the one that is expected. What is not set may be anything.
struct Expectations {
  struct Table {
    std::string name;
    std::int64_t rows_min = 0;
    std::vector<std::string> key = {};  // of its rows, for merges; empty: not said
    std::string timestamp = {};         // the column that says which of two is newer
  };
  std::vector<Table> tables;
  std::optional<std::int64_t> application_id;
  std::optional<std::int64_t> user_version;
};

struct Resource {
  std::string kind;
  std::string path;                // absolute, its symbolic links followed when it exists
  std::string owner, group, mode;  // empty: not said
  Expectations expected;
};

// Reads a target's `database`. kInvalidArgument: the path is not absolute, or leads nowhere by a
// symbolic link. kPermissionDenied: the policy does not allow the path.
Result<Resource> ReadResource(const Value& database, const Policy& policy);

// Owner and permissions of a file.
struct Ownership {
  uid_t user = 0;
  gid_t group = 0;
  mode_t mode = 0;
};

// `present`, with what the resource says instead where it says something.
// kInvalidArgument: no such user or group, or the mode is not octal.
Result<Ownership> OwnershipOf(const Resource& resource, const Ownership& present);

// Where the backups of a target are and how they are named.
struct Backups {
  std::string directory;  // absolute, its symbolic links followed when it exists
  std::string pattern;    // for strftime, in UTC
};

// Reads a target's `backups`. kInvalidArgument: the directory is not absolute, or the pattern is
// none (CheckNamePattern in engine/base/dated_name.h).
// kPermissionDenied: the policy does not allow the directory.
Result<Backups> ReadBackups(const Value& backups, const Policy& policy);

// The name of a backup that is taken at `time`, and the time that a name stands for (to the
// precision of the pattern); nothing when the name does not follow the pattern.
std::string NameAt(const Backups& backups, Time time);
std::optional<Time> TimeOfName(const Backups& backups, const std::string& name);

}  // namespace recourse::database
