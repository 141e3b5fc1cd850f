// Programs that actions start: found in fixed places, with the arguments, the environment and the
// working directory given and nothing else. No shell is between.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/action.h"
#include "actions/users.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/value.h"

namespace recourse::process {

struct Program {
  // The first names the program: an absolute path, or a name that is looked up in /usr/local/sbin,
  // /usr/local/bin, /usr/sbin, /usr/bin, /sbin and /bin.
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  // all of it
  std::string working_directory = "/";
  std::optional<Credentials> credentials = {};  // none: those of this process
};

// A program that was found and may be started.
class Image {
 public:
  // kInvalidArgument: no arguments, one with a NUL, or a working directory that is not absolute.
  // kNotFound: there is no such program. kPermissionDenied: its mode forbids it, or the policy the
  // program or its working directory (but never "/"), or this process cannot take on its user.
  static Result<Image> Find(const Program& program, const Policy& policy);

  // The arguments and environment as execve(2) takes them, made before fork because nothing may
  // allocate after it. They point into this image.
  struct Pointers {
    std::vector<char*> argv;
    std::vector<char*> envp;
  };
  Pointers Point() const;

  // In the child, after fork: becomes the program with these three descriptors and no other. When
  // that fails, writes what failed to `report` for ReadReport, and ends. Async-signal-safe.
  [[noreturn]] void Become(const Pointers& pointers, int in, int out, int err, int report) const;

  // In the parent: waits until the child has become the program, which closes the writing end.
  // The error says what failed; the caller still has to reap the child.
  Result<void> ReadReport(int report) const;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::string working_directory_;
  std::optional<Credentials> credentials_;  // to be taken on
  std::vector<std::string> texts_;          // the arguments, then the environment
  std::size_t arguments_ = 0;               // how many of them are arguments
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};
// Both ends close on exec.
Result<Pipe> MakePipe();

// Starts a program that is to outlive this process: in a session of its own, no child of ours, its
// output appended to `log` (a descriptor). Answers when it has been started.
//
// `before_exec` is called here with its pid while it still waits; only when that has answered ok,
// and this process still lives, does it become the program. So what `before_exec` wrote down is
// true before the program's first instruction, and a crash at any place leaves either no program or
// one that was written down. Open descriptors of ours, locks among them, stay open in the waiting
// child until then.
//
// Errors: those of `before_exec`, or what failed; nothing runs then.
Result<pid_t> StartDetached(const Image& image, int log,
                            const std::function<Result<void>(pid_t)>& before_exec);

// The program of an action's inputs: arguments under `arguments_key`, and `environment` and
// `working_directory`, all checked by their schema.
Program ProgramOf(const Value& inputs, std::string_view arguments_key);

}  // namespace recourse::process
