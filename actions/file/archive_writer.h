// Writes tar archives, by libarchive.
//
// The same tree makes the same bytes: entries come in the order of their names, with the files' own
// times, and nothing says when the archive was made.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "actions/action.h"
#include "actions/file/tree.h"
#include "engine/base/error.h"

namespace recourse::file {

// kInvalidArgument: the name does not end with .tar, .tar.gz, .tgz, .tar.xz or .tar.zst.
Result<void> CheckArchiveName(const std::string& path);

// One tree of an archive, and the name that its top has there.
struct ArchivePart {
  Tree tree;
  std::string name;
};

struct Archived {
  std::string sha256;  // of the archive
  std::int64_t size = 0;
  std::vector<std::string> changed;  // files that changed while they were read
};

// Writes a new file, mode 0600 at first and `mode` at the end, synced; its format is that of
// `named_as`. What was written of it stays when this fails: the caller removes it.
//
// kAborted: a file became shorter while it was read, or, without `accept_changes`, changed at all.
Result<Archived> WriteArchive(const std::vector<ArchivePart>& parts, const std::string& to,
                              const std::string& named_as, mode_t mode, bool accept_changes,
                              const Context& context);

}  // namespace recourse::file
