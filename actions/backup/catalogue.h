// The backups that are in a directory, and which of them are good.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/action.h"
#include "actions/database/manifest.h"
#include "actions/database/resource.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::backup {

enum class State {
  kVerified,    // as far as its manifest and size tell
  kUnverified,  // nobody has checked it
  kSuspect,     // taken from a database that failed its check
  kDamaged,     // it is not what its manifest says, or failed its last check
  kMissing,     // a manifest without its file
};

std::string_view ToString(State state);

struct Entry {
  std::string name;
  std::string path;
  State state = State::kUnverified;
  std::string reason;  // why it is not verified
  Time taken_at;       // by its manifest, else by its name
  std::int64_t size = 0;
  std::optional<database::Manifest> manifest;

  Value ToValue(Time now) const;
};

struct Catalogue {
  std::vector<Entry> entries;        // newest first
  std::vector<std::string> ignored;  // other names; those that begin with a dot are not even listed
};

// kNotFound: there is no such directory. kPermissionDenied: it cannot be read.
Result<Catalogue> ReadCatalogue(const database::Backups& backups);

// Whether a verified entry's bytes still are those that were verified; reads the whole file. A
// reason why not; nothing when they are.
Result<std::optional<std::string>> WhyBytesDiffer(const Entry& entry, const Context& context);

}  // namespace recourse::backup
