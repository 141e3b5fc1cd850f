// A new file that an action makes: it appears under its name whole, and nothing is ever replaced.
#pragma once

#include <optional>
#include <string>

#include "actions/action.h"
#include "actions/database/resource.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::database {

class ResultFile {
 public:
  // Where the input `to` wants the file, for plans: changes nothing. Errors: as Begin().
  static Result<std::string> PathFor(const Context& context);

  // The file that the input `to` names. kInvalidArgument: it is not absolute. kPermissionDenied:
  // the policy does not allow it, or this process may not write there. kNotFound: there is no such
  // directory. What an earlier try of this attempt has left is removed. kFailedPrecondition: there
  // is a file of that name which this attempt has not made.
  static Result<ResultFile> Begin(const Context& context);

  // The output of this attempt when it had made the file before a crash.
  const std::optional<Value>& done() const { return done_; }

  // Where it is to be, and where it is made: an empty place, which is emptied again with this
  // object unless Finish() has succeeded.
  const std::string& path() const { return path_; }
  const std::string& unfinished() const { return unfinished_; }
  std::string directory() const;

  ResultFile(ResultFile&& other) noexcept;
  ResultFile& operator=(ResultFile&&) = delete;
  ~ResultFile();

  // Gives the finished file its owner, mode and name, durably, and answers `output` with its path,
  // bytes and sha256 besides. REQUIRES: this process does not have it open.
  Result<Value> Finish(const Value& output, const Ownership& ownership, const Context& context);

 private:
  ResultFile() = default;

  std::string path_;
  std::string unfinished_;  // empty: nothing is to be removed
  std::optional<Value> done_;
};

// Of a file that this process makes: its own, with this mode.
Ownership OwnWithMode(mode_t mode);

}  // namespace recourse::database
