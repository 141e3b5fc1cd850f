// How something that an action has made takes its final name, and how it gives it back.
//
// It is made whole under a temporary name beside the final one. What has the final name is swapped
// with it in one step and goes to the trash of that directory. The undo record says what was there
// before; a checkpoint, made durable before the swap, says what is put there, so that a probe knows
// the two from each other and from what others put there.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "actions/action.h"
#include "actions/file/tree.h"
#include "engine/base/error.h"

namespace recourse::file {

// A name in a directory, the directory's symbolic links followed; what has the name is not.
struct Place {
  std::string path;
  std::string directory;
  std::string name;
  std::string temporary;  // beside it, of the attempt's key
  std::string trashed;    // where what had the name goes
};

// kInvalidArgument: not absolute, or no name. kNotFound: its directory is not there.
// kPermissionDenied: the policy does not allow the directory, which is written to.
Result<Place> PlaceOf(const std::string& path, const Context& context);

// What is only read: the directory need not be allowed where the path itself is.
Result<std::string> ReadablePath(const std::string& path, const Context& context);

// What has the name now. kAlreadyExists: something has, and `replace` is not said.
Result<std::optional<Identity>> FreeOrReplaced(const Place& place, bool replace);

// How long the inputs keep in the trash what is taken away.
Result<std::chrono::microseconds> GraceOf(const Context& context);

// The entry of the trash of the place's directory, with the time of grace of the inputs.
Result<void> MakeTrashFor(const Place& place, const Context& context);

// For a plan: what becomes of that which has the name, if anything has.
Result<void> PlanReplacing(const Place& place, const Context& context, ActionPlan& plan);

// The undo record of the below: null, or the identity of what had the name.
Value BeforeOf(const std::optional<Identity>& before);

// Calls `make`, which makes place.temporary and answers the output, and gives the name to what was
// made. REQUIRES an undo record with the member `before`. Answers the output with the members inode
// and replaced. Nothing is left of what was made when that fails.
// kAborted: something else has the name than when the undo record was made; nothing was moved.
Outcome MakeInPlace(const Place& place, const Context& context,
                    const std::function<Result<Value>()>& make);

// What is true after a crash.
ProbeAnswer ProbePlace(const Place& place, const Context& context);

// Puts back what had the name before; what was put there, or part of it that was made, is gone or
// in the trash afterwards. Safe to repeat. `output` is null when the attempt failed.
// kFailedPrecondition: something else has the name now, or, where neither output nor checkpoint
// says what was put there, something that may be somebody else's. kNotFound: what was there before
// has left the trash. Nothing was changed then.
Outcome TakeBack(const Place& place, const Value& output, const Context& context);

// An action that makes what the input `to` names, by MakeInPlace(): how it is probed and undone.
class PlacingAction : public Action {
 public:
  const ActionSpec& Spec() const override { return spec_; }
  ProbeAnswer Probe(const Context& context) const override;
  Outcome Compensate(const Context& context, const Value& output) const override;

 protected:
  PlacingAction();

  // What Prepare() answers: the name is free or may be replaced, and there is room for the bytes.
  static Outcome UndoRecordOf(const Place& to, const std::optional<Identity>& before,
                              std::int64_t bytes);

  ActionSpec spec_;
};

}  // namespace recourse::file
