// What keeps a second server, and network file systems, away from a journal.
#pragma once

#include <string>

#include "engine/base/clock.h"
#include "engine/base/file.h"

namespace recourse::journal {

// The lock file of a journal, held until destroyed or until the process ends, however it ends. The
// file stays behind: removing it would let two servers lock two files of one name.
class ServerLock {
 public:
  // kFailedPrecondition: another process, or this one, holds it; the message says who and since
  // when. Otherwise the code of the system error.
  static Result<ServerLock> Take(const std::string& journal_path, Time now);

 private:
  explicit ServerLock(Descriptor file) : file_(std::move(file)) {}

  Descriptor file_;
};

// kFailedPrecondition: the file, or the directory that will hold it, lies on a network file system,
// where neither locks nor shared memory can be relied on.
Result<void> RefuseNetworkFileSystem(const std::string& path);

}  // namespace recourse::journal
