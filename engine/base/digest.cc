#include "engine/base/digest.h"

#include <openssl/evp.h>

#include <algorithm>

#include "engine/base/text.h"

namespace recourse {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  RECOURSE_CHECK(context_ != nullptr);
  RECOURSE_CHECK(EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

void Sha256::Add(std::string_view bytes) {
  RECOURSE_CHECK(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1);
}

Digest Sha256::Finish() {
  Digest digest;
  unsigned size = 0;
  RECOURSE_CHECK(EVP_DigestFinal_ex(context_, digest.data(), &size) == 1);
  RECOURSE_CHECK(size == digest.size());
  // A null type keeps the one set before: no look-up of the algorithm for each hash.
  RECOURSE_CHECK(EVP_DigestInit_ex(context_, nullptr, nullptr) == 1);
  return digest;
}

Digest Sha256Of(std::string_view bytes) {
  thread_local Sha256 sha;
  sha.Add(bytes);
  return sha.Finish();
}

std::string ToHex(const Digest& digest) {
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::optional<Digest> DigestFromHex(std::string_view hex) {
  Digest digest;
  const auto bytes = FromHex(hex);
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

}  // namespace recourse
