// Codes that prove who wrote a text: HMAC with SHA-256 (RFC 2104), by OpenSSL.
#pragma once

#include <string>
#include <string_view>

namespace recourse::web {

// 64 lower-case hexadecimal digits.
std::string HmacSha256(std::string_view key, std::string_view text);

// Whether both are the same, in a time that tells nothing of where they differ. Their lengths are
// no secret.
bool SameSecret(std::string_view a, std::string_view b);

}  // namespace recourse::web
