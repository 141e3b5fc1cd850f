#include "actions/users.h"

#include <grp.h>
#include <pwd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <optional>

namespace recourse {
namespace {

constexpr std::size_t kEntryMax = 65536;  // of the user database, members of a group included

std::optional<unsigned> ParseNumber(const std::string& text, int base) {
  unsigned number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

}  // namespace

Result<uid_t> UserNumber(const std::string& name) {
  passwd entry;
  passwd* found = nullptr;
  std::vector<char> buffer(kEntryMax);
  if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr) {
    return uid_t{entry.pw_uid};
  }
  if (const auto number = ParseNumber(name, 10)) return uid_t{*number};
  return InvalidArgument("there is no user \"" + name + "\" on this machine");
}

Result<gid_t> GroupNumber(const std::string& name) {
  group entry;
  group* found = nullptr;
  std::vector<char> buffer(kEntryMax);
  if (getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr) {
    return gid_t{entry.gr_gid};
  }
  if (const auto number = ParseNumber(name, 10)) return gid_t{*number};
  return InvalidArgument("there is no group \"" + name + "\" on this machine");
}

std::string UserName(uid_t number) {
  passwd entry;
  passwd* found = nullptr;
  std::vector<char> buffer(kEntryMax);
  getpwuid_r(number, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? entry.pw_name : std::to_string(number);
}

std::string GroupName(gid_t number) {
  group entry;
  group* found = nullptr;
  std::vector<char> buffer(kEntryMax);
  getgrgid_r(number, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? entry.gr_name : std::to_string(number);
}

Result<mode_t> ParseMode(const std::string& text) {
  const auto number = ParseNumber(text, 8);
  if (number && *number <= 07777) return mode_t{*number};
  return InvalidArgument("\"" + text + "\" is no mode; write it in octal, such as \"0664\"");
}

Result<Credentials> CredentialsOf(const std::string& user, const std::string& group) {
  const auto number = UserNumber(user);
  if (!number) return number.error();
  passwd entry;
  passwd* found = nullptr;
  std::vector<char> buffer(kEntryMax);
  getpwuid_r(*number, &entry, buffer.data(), buffer.size(), &found);
  Credentials credentials{*number, 0, {}};
  if (!group.empty()) {
    const auto given = GroupNumber(group);
    if (!given) return given.error();
    credentials.group = *given;
  } else if (found != nullptr) {
    credentials.group = entry.pw_gid;
  } else {
    return InvalidArgument("the user " + user + " has no entry that names its group; give one");
  }
  credentials.groups = {credentials.group};
  if (found == nullptr) return credentials;
  int count = 256;
  credentials.groups.resize(static_cast<std::size_t>(count));
  if (getgrouplist(entry.pw_name, credentials.group, credentials.groups.data(), &count) < 0) {
    return InvalidArgument("the user " + user + " is in more groups than can be handled here");
  }
  credentials.groups.resize(static_cast<std::size_t>(count));
  return credentials;
}

// The system calls themselves: the C library's functions do more, for the threads that there were
// before the fork. The user last, because it takes away the right to change the others.
bool TakeOn(const Credentials& credentials) {
  return syscall(SYS_setgroups, credentials.groups.size(), credentials.groups.data()) == 0 &&
         syscall(SYS_setresgid, credentials.group, credentials.group, credentials.group) == 0 &&
         syscall(SYS_setresuid, credentials.user, credentials.user, credentials.user) == 0;
}

}  // namespace recourse
