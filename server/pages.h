// Pages of what the journal has: bounded by bytes and not only by number, because one event may be
// as large as the largest output, and one approval as large as its plan.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "engine/base/error.h"
#include "server/view/convert.h"

namespace recourse::server {

struct PageLimits {
  std::int64_t entries_max;
  std::size_t bytes_max = kAnswerBytesMax;  // an entry that is larger is a page of its own
  std::int64_t at_once = 16;                // entries that are read before they are counted
};

// Fills a page; answers whether there may be more. `read(limit)` answers the rows behind the one
// kept last, in order; `make(row)` answers the row's message; `keep(row, message)` puts it on the
// page. Errors are those of `read` and `make`.
template <class Read, class Make, class Keep>
Result<bool> ReadPage(const PageLimits& limits, Read read, Make make, Keep keep) {
  std::int64_t left = limits.entries_max;
  std::size_t bytes = 0;
  while (left > 0) {
    const std::int64_t limit = std::min(left, limits.at_once);
    auto rows = read(limit);
    if (!rows) return std::move(rows).error();
    for (const auto& row : *rows) {
      auto message = make(row);
      if (!message) return std::move(message).error();
      const std::size_t size = message->ByteSizeLong();
      if (bytes > 0 && bytes + size > limits.bytes_max) return true;
      bytes += size;
      keep(row, *std::move(message));
    }
    left -= static_cast<std::int64_t>(rows->size());
    if (static_cast<std::int64_t>(rows->size()) < limit) return false;
  }
  return true;
}

}  // namespace recourse::server
