// The file that says which process a service is: `PID START_TIME` as we write it, or the bare pid
// that a service writes itself.
//
// `<path>.lock` beside it is held by whoever starts or stops the service. A process that was made
// for the service holds it too until it has become the service, so that nobody looks at the pid
// file while it is not yet clear whether that process will live.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actions/action.h"
#include "actions/service/identity.h"
#include "engine/base/error.h"
#include "engine/base/file.h"

namespace recourse::service {

class PidFile {
 public:
  // `command` is the service's: a bare pid counts only when its process has these arguments.
  PidFile(std::string path, std::vector<std::string> command)
      : path_(std::move(path)), command_(std::move(command)) {}

  // The process that it names, if that lives. Nothing: no file, or the process has ended.
  // kFailedPrecondition: the file holds something else than a pid.
  Result<std::optional<Identity>> Read() const;

  // Whole or not at all, and durable. kNotFound: its directory is not there.
  Result<void> Write(const Identity& process) const;

  // No error when it is not there.
  Result<void> Remove() const;

  // kAborted: another has held it for ten seconds. Else the context's StopError.
  Result<Descriptor> Lock(const Context& context) const;

  const std::string& path() const { return path_; }

 private:
  bool RunsTheCommand(pid_t pid) const;

  std::string path_;
  std::vector<std::string> command_;
};

}  // namespace recourse::service
