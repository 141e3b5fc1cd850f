#include "engine/journal/sqlite/server_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "engine/base/text.h"

namespace recourse::journal {
namespace {

// A symbolic link and the file that it names have one lock.
std::string Resolved(const std::string& path) {
  std::error_code failed;
  const auto resolved = std::filesystem::weakly_canonical(path, failed);
  return failed ? path : resolved.string();
}

// What the kernel calls the file systems that live on another machine (linux/magic.h and the
// sources of those that are not in it).
constexpr std::pair<std::uint32_t, const char*> kNetworkFileSystems[] = {
    {0x6969, "NFS"},      {0x517b, "SMB"},     {0xff534d42, "CIFS"},   {0xfe534d42, "SMB2"},
    {0x5346414f, "AFS"},  {0x6b414653, "AFS"}, {0x73757245, "Coda"},   {0x564c, "NCP"},
    {0x00c36400, "Ceph"}, {0x01021997, "9P"},  {0x0bd00bd0, "Lustre"}, {0x47504653, "GPFS"},
    {0x65735546, "FUSE"},
};

}  // namespace

Result<ServerLock> ServerLock::Take(const std::string& journal_path, Time now) {
  const std::string path = Resolved(journal_path) + ".lock";
  auto file = OpenFile(path, O_RDWR | O_CREAT | O_NOFOLLOW);
  if (!file) return std::move(file).error();
  if (flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoError(errno, "lock " + path);
    const auto holder = ReadFile(path, 4096);
    return FailedPrecondition(
        "another server has the journal " + journal_path +
        " open: " + (holder && !holder->empty() ? *holder : "it has not said yet who it is") +
        ". Nothing was changed; use that server, or stop it first");
  }
  const std::string holder = "the process with pid " + std::to_string(getpid()) + ", since " +
                             FormatTimestamp(ToTimestamp(now));
  // Written before what is left of the last holder is cut off: that needs no space on a full disk.
  if (auto written = WriteAll(file->get(), holder); !written) {
    return std::move(written).error().In(path);
  }
  if (ftruncate(file->get(), static_cast<off_t>(holder.size())) != 0) {
    return ErrnoError(errno, "write " + path);
  }
  return ServerLock(*std::move(file));
}

Result<void> RefuseNetworkFileSystem(const std::string& path) {
  std::string parent = std::filesystem::path(Resolved(path)).parent_path().string();
  if (parent.empty()) parent = ".";
  struct statfs info;
  if (statfs(parent.c_str(), &info) != 0) return ErrnoError(errno, "look at " + parent);
  for (const auto& [magic, name] : kNetworkFileSystems) {
    if (static_cast<std::uint32_t>(info.f_type) != magic) continue;
    return FailedPrecondition(path + " lies on a network file system (" + name +
                              "), where a journal is not safe; put it on a local disk");
  }
  return {};
}

}  // namespace recourse::journal
