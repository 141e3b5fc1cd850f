// Which process is meant: its pid and when it started, so that a number that was given to another
// process meanwhile is never taken for it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace recourse::service {

struct Identity {
  pid_t pid = 0;
  std::int64_t start_time = 0;  // clock ticks after boot, field 22 of /proc/PID/stat

  auto operator<=>(const Identity&) const = default;
};

// The process that has this number now; nothing when none has or it has ended (a zombie has).
std::optional<Identity> IdentityOf(pid_t pid);

// Its arguments; empty when it has ended.
std::vector<std::string> ArgumentsOf(pid_t pid);

// "4711 (sleep 100000)", for messages.
std::string Describe(pid_t pid);

// The user that it runs as, its effective one; nothing when it has ended.
std::optional<uid_t> UserOf(pid_t pid);

// The processes of a process group that have not ended.
std::vector<Identity> MembersOf(pid_t group);

// How long ago it was started.
std::chrono::milliseconds AgeOf(const Identity& process);

// A pidfd of exactly that process: poll(2) says when it has ended. Not valid when it has.
// kUnavailable: the kernel refused otherwise.
Result<Descriptor> Watch(const Identity& process);

// Sends to the process behind `pidfd`. No error when it has ended.
// kPermissionDenied: this process may not.
Result<void> SendSignal(const Descriptor& pidfd, int signal, const Identity& process);

// SIGHUP for "HUP"; nothing for a name that a service is not told to reload by.
std::optional<int> SignalNamed(std::string_view name);

}  // namespace recourse::service
