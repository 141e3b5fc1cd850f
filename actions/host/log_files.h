// The files of a log, rotated and compressed ones among them, and their lines.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/action.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace recourse::host {

struct LogFile {
  std::string path;
  Time written;
  std::int64_t size = 0;  // as it is read; of a compressed one, -1 until MeasurePacked() has told
  bool compressed = false;
  bool incomplete = false;  // compressed, and its end is missing
};

// Those that `patterns` name (paths, with *, ? and [...] as the shell has them), the one that was
// written last at the end. Empty: there are none.
// kPermissionDenied: one lies where the policy allows nothing. kFailedPrecondition: one is
// compressed otherwise than by gzip.
Result<std::vector<LogFile>> FindLogFiles(const Value::List& patterns, const Policy& policy);

// How much a compressed file holds. It says so nowhere (its last bytes tell the size of its last
// member, modulo 4 GiB), so it is read to its end. Before each 64 KiB, `go_on` is asked.
// kDataLoss: it is damaged. kCancelled: `go_on` said no.
Result<void> MeasurePacked(LogFile& file, const std::function<bool()>& go_on);

struct LinesRead {
  std::int64_t bytes = 0;
  std::int64_t lines = 0;
  bool cut = false;  // a part of the file was not read, or its compressed end is missing
};

// Hands the last lines of the file to `take`, as many as `bytes_max` bytes hold, from the first of
// them on; false from it ends the reading. A line of more than 64 KiB comes in pieces. With
// `bytes_max` 0, a compressed file need not be measured.
// kDataLoss: it is compressed, and damaged.
Result<LinesRead> ReadLines(const LogFile& file, std::int64_t bytes_max,
                            const std::function<bool(std::string_view)>& take);

}  // namespace recourse::host
