#include "client/chatops/web/mac.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "engine/base/check.h"
#include "engine/base/digest.h"

namespace recourse::chatops::web {

std::string HmacSha256(std::string_view key, std::string_view text) {
  Digest digest;
  unsigned size = 0;
  RECOURSE_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                      reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                      digest.data(), &size) != nullptr);
  RECOURSE_CHECK(size == digest.size());
  return ToHex(digest);
}

bool SameSecret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace recourse::chatops::web
