// What is to be done with logs and with what was made of them before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actions/action.h"
#include "actions/file/tree.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::file {

struct Rotation {
  struct Renaming {
    std::string path;
    std::string to;
    std::int64_t bytes = 0;
    Identity log;
  };
  std::vector<Renaming> renamings;
  std::vector<std::string> packed;   // to be packed
  std::vector<std::string> removed;  // past their time, or more than are kept
  std::vector<std::string> doubled;  // not packed: their packed name is taken; not in the value

  Value ToValue() const;
  static Rotation FromValue(const Value& value);  // reads what ToValue wrote
};

// By the inputs of file.rotate_logs. The newest rotated file of a log is never packed: who writes
// the log may not have noticed yet.
// kInvalidArgument, kPermissionDenied: as MatchesOf. kFailedPrecondition: a log is no regular file.
Result<Rotation> DecideRotation(const Context& context);

}  // namespace recourse::file
