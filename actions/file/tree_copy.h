// Copies of files and trees that are the same in all that is promised: content, owner, group, mode,
// time of change, symbolic and hard links. Extended attributes and access control lists are not.
#pragma once

#include <string>

#include "actions/action.h"
#include "actions/file/tree.h"
#include "engine/base/error.h"

namespace recourse::file {

// Makes `to`, which must not be there, as a copy of the tree, all of it synced; what is no file,
// directory or link is left out. Answers the SHA-256 of a single file, else nothing.
//
// kAborted: a file changed while it was copied. kPermissionDenied: with `keep_owners`, this process
// may not give files away. What was made stays: the caller removes it.
Result<std::string> CopyTree(const Tree& tree, const std::string& to, bool keep_owners,
                             const Context& context);

// Sets what does not belong to the content. Without `keep_owners` the owner is this process's, and
// the bits are gone that would lend its rights to others.
Result<void> SetFacts(int file, const std::string& path, const struct stat& facts,
                      bool keep_owners);

}  // namespace recourse::file
