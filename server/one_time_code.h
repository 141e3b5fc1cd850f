// One-time codes, as authenticator apps make them: the second factor of approvals that ask for one.
//
// Source: RFC 6238 (TOTP) with the defaults that apps have: HMAC-SHA-1, 30 seconds, six digits.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace recourse::server {

// The secret of RFC 4648 base32 ("JBSWY3DPEHPK3PXP"; blanks and lower case are taken too).
// kInvalidArgument: it is none, or shorter than 10 bytes.
Result<std::string> DecodeBase32(std::string_view text);

// The code for one of the 30-second steps since 1970.
std::string OneTimeCode(std::string_view secret, std::int64_t step);

// Checks codes, each of which counts for one approval: a vote whose answer was lost, or that was
// refused because the plan had changed, is cast again with the same one.
//
// Thread safety: every function may be called from any thread.
class OneTimeCodes {
 public:
  // What was used before `began` is not known: no code counts that was in force then.
  explicit OneTimeCodes(Time began);

  // Takes the code of the step that `now` is in, the one before and the one after.
  // kPermissionDenied: a wrong code, one that was used for another approval, or one from before the
  // beginning. kResourceExhausted: five wrong ones within five minutes; the message says how long
  // to wait.
  Result<void> Check(const std::string& principal, std::string_view secret, std::string_view code,
                     const std::string& approval, Time now);

 private:
  struct Known {
    std::int64_t used = 0;  // the last step whose code counted
    std::string used_for;   // the approval
    int wrong = 0;
    Time first_wrong;
  };
  const std::int64_t first_;  // the first step whose codes count
  std::mutex mutex_;
  std::map<std::string, Known> known_;  // by principal: those of the configuration only
};

}  // namespace recourse::server
