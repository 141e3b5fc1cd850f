// Outputs that are too large for the journal: files named by their SHA-256.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/value.h"

namespace recourse::runtime {

class Blobs {
 public:
  // `directory`: where the files go, made when needed; empty: nowhere.
  Blobs(std::string directory, std::int64_t bytes_max)
      : directory_(std::move(directory)), bytes_max_(bytes_max) {}

  // `value` as it goes into the journal: itself (AsStored) when its JSON has at most bytes_max
  // bytes, else
  // {"blob": digest, "bytes": n} with its small members (texts up to 256 bytes, numbers, booleans),
  // so that expressions go on finding them, while the whole JSON stands in the file
  // <directory>/<digest>. The file is whole and durable before this returns.
  // kResourceExhausted: there is no directory. Otherwise as WriteFileAtomically.
  Result<Value> Shorten(Value value) const;

  // The same for what stands whether its output can be kept or not: where Shorten fails, the small
  // members with {"error": why the rest is lost}.
  Value ShortenAnyway(Value value) const;

  std::int64_t bytes_max() const { return bytes_max_; }

 private:
  const std::string directory_;
  const std::int64_t bytes_max_;
};

}  // namespace recourse::runtime
