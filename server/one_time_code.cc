#include "server/one_time_code.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <array>
#include <cctype>

#include "engine/base/text.h"

namespace recourse::server {
namespace {

constexpr std::int64_t kStepSeconds = 30;
constexpr std::size_t kDigits = 6;
constexpr std::size_t kSecretMin = 10;  // bytes
constexpr int kWrongMax = 5;
constexpr auto kWrongTime = std::chrono::minutes(5);

std::int64_t StepOf(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count() / kStepSeconds;
}

}  // namespace

Result<std::string> DecodeBase32(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string bytes;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '=' || std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    const auto digit =
        kAlphabet.find(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
    if (digit == kAlphabet.npos) {
      return InvalidArgument("a secret is written with the letters A to Z and the digits 2 to 7");
    }
    bits = (bits << 5) | static_cast<unsigned>(digit);
    held += 5;
    if (held >= 8) {
      held -= 8;
      bytes += static_cast<char>((bits >> held) & 0xff);
    }
  }
  if (bytes.size() < kSecretMin) {
    return InvalidArgument("the secret has " + std::to_string(bytes.size()) + " bytes; at least " +
                           std::to_string(kSecretMin) + " are needed");
  }
  return bytes;
}

std::string OneTimeCode(std::string_view secret, std::int64_t step) {
  std::array<unsigned char, 8> counter{};
  for (std::size_t i = 0; i < counter.size(); ++i) {
    counter[counter.size() - 1 - i] = static_cast<unsigned char>((step >> (8 * i)) & 0xff);
  }
  std::array<unsigned char, 20> hash{};
  unsigned size = 0;
  HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), counter.data(), counter.size(),
       hash.data(), &size);
  const std::size_t at = hash.back() & 0x0f;
  const std::uint32_t number =
      ((hash[at] & 0x7fu) << 24) | (hash[at + 1] << 16u) | (hash[at + 2] << 8u) | hash[at + 3];
  std::string digits = std::to_string(number % 1'000'000);
  return std::string(kDigits - digits.size(), '0') + digits;
}

OneTimeCodes::OneTimeCodes(Time began) : first_(StepOf(began) + 1) {}

Result<void> OneTimeCodes::Check(const std::string& principal, std::string_view secret,
                                 std::string_view code, const std::string& approval, Time now) {
  const std::lock_guard lock(mutex_);
  Known& known = known_[principal];
  if (known.wrong >= kWrongMax) {
    const auto left = known.first_wrong + kWrongTime - now;
    if (left > std::chrono::microseconds(0)) {
      return Error{Code::kResourceExhausted,
                   "code: " + std::to_string(kWrongMax) + " wrong codes of " + principal +
                       "; wait " + FormatDuration(std::chrono::ceil<std::chrono::seconds>(left)) +
                       ". Nothing was decided"};
    }
    known.wrong = 0;
  }
  const std::int64_t step = StepOf(now);
  // All are compared, each in constant time.
  std::int64_t found = 0;
  for (const std::int64_t near : {step - 1, step, step + 1}) {
    const std::string right = OneTimeCode(secret, near);
    const bool same =
        code.size() == right.size() && CRYPTO_memcmp(code.data(), right.data(), right.size()) == 0;
    if (same) found = near;
  }
  const auto refuse = [](const std::string& why) {
    return Error{Code::kPermissionDenied, "code: " + why + ". Nothing was decided"};
  };
  if (found != 0 && found < first_) {
    return refuse(
        "the server was started while this one-time code was in force, and cannot tell "
        "whether it was used before; wait for the next");
  }
  if (found > known.used || (found == known.used && found != 0 && approval == known.used_for)) {
    known = {found, approval, 0, {}};
    return {};
  }
  if (known.wrong++ == 0) known.first_wrong = now;
  if (found != 0) {
    return refuse("this one-time code was used already" +
                  (found == known.used ? ", for " + known.used_for : "") + "; wait for the next");
  }
  return refuse("it is no one-time code of " + principal +
                " now; look at the clocks if it should be");
}

}  // namespace recourse::server
