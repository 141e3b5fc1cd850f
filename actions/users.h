// Users, groups and modes as targets and inputs write them.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "engine/base/error.h"

namespace recourse {

// A user's or group's name, or its number. kInvalidArgument: there is none on this machine.
Result<uid_t> UserNumber(const std::string& name);
Result<gid_t> GroupNumber(const std::string& name);

// The name, or the number as text where there is no name.
std::string UserName(uid_t number);
std::string GroupName(gid_t number);

// Permissions in octal: "0664". kInvalidArgument: it is not.
Result<mode_t> ParseMode(const std::string& text);

// Who a process is to be.
struct Credentials {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // all that it belongs to, `group` among them
};

// Of a user, in its own group when `group` is empty. kInvalidArgument: there is no such user or
// group, or the user is a number without a name and no group is given.
Result<Credentials> CredentialsOf(const std::string& user, const std::string& group);

// In a child after a fork: becomes that user. False, with errno, when it may not.
// Async-signal-safe.
bool TakeOn(const Credentials& credentials);

}  // namespace recourse
