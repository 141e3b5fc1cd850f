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

// What runs of a service. At least one of its processes does.
struct Running {
  Identity main;  // the process that the pid file names
  bool main_lives = true;
  // Whether `main` leads a process group of its own, as one does that was started by us. Then the
  // service runs as long as anything of the group does: a wrapper script may have ended long before
  // what it has started.
  bool leads_group = false;

  // The processes that live now, `main` first.
  std::vector<Identity> Living() const;
};

class PidFile {
 public:
  // `command` is the service's.
  PidFile(std::string path, std::vector<std::string> command)
      : path_(std::move(path)), command_(std::move(command)) {}

  // What runs of the service that it names. Nothing: no file, or all of it has ended.
  //
  // A bare pid stands for the process that was there when the file was written. One that was
  // started later has merely been given the number; it counts only when it runs the command.
  //
  // kFailedPrecondition: the file holds something else than a pid, or it cannot be told whether its
  // process is the one meant: that is never taken for "does not run".
  Result<std::optional<Running>> Read() const;

  // Whole or not at all, and durable. kNotFound: its directory is not there.
  Result<void> Write(const Identity& process) const;

  // No error when it is not there.
  Result<void> Remove() const;

  // kAborted: another has held it for ten seconds. Else the context's StopError.
  Result<Descriptor> Lock(const Context& context) const;

  const std::string& path() const { return path_; }

 private:
  // Whether the process with a bare pid is the one that was there when the file was written.
  Result<bool> IsMeant(const Identity& process) const;

  std::string path_;
  std::vector<std::string> command_;
};

}  // namespace recourse::service
