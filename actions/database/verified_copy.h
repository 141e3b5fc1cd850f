// A backup put to use: copied, and proven to be what its manifest says.
#pragma once

#include <optional>
#include <string>

#include "actions/action.h"
#include "actions/database/manifest.h"
#include "actions/database/sqlite_check.h"

namespace recourse::database {

// The manifest of a backup that may be restored as a database of `kind`; with `accept_salvaged`
// also that of a file that was salvaged from a damaged database. kNotFound: there is no such file.
// kFailedPrecondition: it has no manifest, is not verified, is suspect, or is of another kind.
// kDataLoss: its size is not that of the manifest.
Result<Manifest> ReadVerifiedManifest(const std::string& backup, const std::string& kind,
                                      bool accept_salvaged = false);

struct VerifiedCopy {
  std::optional<Failure> failure;  // then there is no copy
  CheckReport report;
};

// Copies `backup` into the new file `to` (mode 0600, synced), compares the checksum, checks the
// copy in full and compares its content with the manifest.
VerifiedCopy CopyVerified(const std::string& backup, const std::string& to,
                          const Manifest& manifest, const Expectations& expected,
                          const Context& context);

}  // namespace recourse::database
