// Reads archives (tar, packed with gzip, bzip2, xz or zstd, and zip), by libarchive. What they hold
// is others' work: no name and no link in one is followed out of the place it is unpacked to.
#pragma once

#include <cstdint>
#include <string>

#include "actions/action.h"
#include "engine/base/error.h"

namespace recourse::file {

struct Survey {
  std::int64_t files = 0;  // hard links count as files
  std::int64_t directories = 0;
  std::int64_t links = 0;  // symbolic ones
  std::int64_t bytes = 0;  // of the files, unpacked
};

// Looks at every name in the archive, and with `content` reads all of it; without, what has no size
// in its header is read to know it.
// kDataLoss: it is damaged, ends too early, or is no archive.
// kFailedPrecondition: a name in it leads elsewhere, or what it names is no file, directory or
// link.
Result<Survey> SurveyArchive(const std::string& path, bool content, const Context& context);

struct Unpacking {
  bool keep_owners = true;
  std::int64_t bytes_max = 0;
};

// Unpacks into the new directory `to`, all of it synced. What was made of it stays when this fails:
// the caller removes it. Errors are those of SurveyArchive, and:
// kFailedPrecondition: a link would lead out of `to`, or a name comes twice.
// kResourceExhausted: it is more than bytes_max. kPermissionDenied: with keep_owners, this process
// may not give files away.
Result<Survey> UnpackArchive(const std::string& path, const std::string& to,
                             const Unpacking& unpacking, const Context& context);

}  // namespace recourse::file
