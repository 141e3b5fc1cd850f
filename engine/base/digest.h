// SHA-256 (FIPS 180-4), by OpenSSL.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"

struct evp_md_ctx_st;

namespace recourse {

using Digest = std::array<unsigned char, 32>;

// Hashes what is added, piece by piece. Finish() answers the digest and starts anew.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Add(std::string_view bytes);
  Digest Finish();

 private:
  evp_md_ctx_st* context_;
};

Digest Sha256Of(std::string_view bytes);

// 64 lower-case hexadecimal digits.
std::string ToHex(const Digest& digest);
// Nothing unless `hex` is such digits.
std::optional<Digest> DigestFromHex(std::string_view hex);

}  // namespace recourse
