#include "actions/file/gzip_check.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "actions/file/tree.h"
#include "engine/base/file.h"

namespace recourse::file {
namespace {

constexpr std::string_view kMagic = "\x1f\x8b";

}  // namespace

Result<void> CheckGzip(const std::string& path, const Context& context) {
  auto file = OpenFile(path, O_RDONLY | O_NONBLOCK);
  if (!file) return std::move(file).error();
  char begin[kMagic.size()];
  if (pread(file->get(), begin, sizeof begin, 0) != sizeof begin) return {};
  if (std::string_view(begin, sizeof begin) != kMagic) return {};
  // It closes the descriptor that it is given: one of its own.
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> unpacked(
      gzdopen(fcntl(file->get(), F_DUPFD_CLOEXEC, 0), "rb"), gzclose);
  if (unpacked == nullptr) return ErrnoError(ENOMEM, "read " + path);
  std::string buffer(kReadBlock, '\0');
  for (;;) {
    if (context.stop.stop_requested()) return context.StopError();
    const int count = gzread(unpacked.get(), buffer.data(), kReadBlock);
    if (count > 0) continue;
    int number = Z_OK;
    const char* said = gzerror(unpacked.get(), &number);
    if (number == Z_OK || (count == 0 && number == Z_STREAM_END)) return {};
    if (number == Z_ERRNO) return ErrnoError(errno, "read " + path);
    return DataLoss("read " + path + ": it is damaged or ends too early (" + said + ")");
  }
}

}  // namespace recourse::file
