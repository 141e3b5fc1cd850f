// The interface between the engine and the code that observes or changes the world.
//
// An action is a stateless object: its phases may be called from any thread, several at once for
// different attempts, never two at once for one attempt. What it needs is in its Context; it reads
// no clock but the context's, no environment and no current directory. It never throws.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/definition/action_spec.h"

namespace recourse {

// What a failed attempt left in the world. Stored: the numbers are never reused.
enum class LeftBehind {
  kNothing = 1,  // the world is as it was before the attempt
  kPartial = 2,  // part of the effect; Compensate() puts it back
  kUnknown = 3,  // cannot be told
};

struct Failure {
  Error error;
  Value evidence;  // what was measured or read, for the person who decides; null when there is none
  LeftBehind left = LeftBehind::kNothing;
};

// An output, or a failure.
class [[nodiscard]] Outcome {
 public:
  Outcome(Value output) : state_(std::move(output)) {}
  Outcome(Failure failure) : state_(std::move(failure)) {}
  Outcome(Error error) : state_(Failure{std::move(error), {}, LeftBehind::kNothing}) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const Value& output() const { return std::get<Value>(state_); }       // REQUIRES: ok()
  const Failure& failure() const { return std::get<Failure>(state_); }  // REQUIRES: !ok()

 private:
  std::variant<Value, Failure> state_;
};

// What an action would do, for dry runs and approvals.
struct ActionPlan {
  std::vector<std::string>
      lines;                      // for people: "replace /data/health.db (12.0 MiB, written 03:04)"
  std::int64_t bytes_needed = 0;  // free space it needs where it writes
  std::vector<std::string> irreversible;  // what cannot be undone, and what data is lost
  std::string bytes_where{};  // a path on the file system where it needs them; empty: not said
};

struct Verification {
  // Inconclusive never counts as success: it goes to an operator.
  enum class Verdict { kPassed = 1, kFailed = 2, kInconclusive = 3 };
  Verdict verdict = Verdict::kPassed;
  std::string message;
  Value evidence;
};

struct ProbeAnswer {
  // kRepeatable: whether it happened does not show, and applying again with the same key is right
  // either way.
  enum class Verdict { kApplied = 1, kNotApplied = 2, kPartial = 3, kUnknown = 4, kRepeatable = 5 };
  Verdict verdict = Verdict::kUnknown;
  std::string message;
  Value output;  // with kApplied: what Apply would have answered
};

// Where a program is looked for that is given by its name alone, in this order.
inline constexpr std::array<std::string_view, 6> kSearchPath = {
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};

// What the server's configuration lets actions touch.
struct Policy {
  // Directories, absolute and normal, below which files may be read or changed. Empty: everywhere.
  std::vector<std::string> allowed_roots;
  // Programs that may be started: absolute paths, or names, which stand for the programs of that
  // name in kSearchPath and for no other. Empty: every one.
  std::vector<std::string> allowed_commands;

  // kPermissionDenied: the path, with its symbolic links followed as far as it exists, lies outside
  // the allowed roots. kInvalidArgument: it is not absolute.
  Result<void> AllowPath(const std::string& path) const;
  // `program` is absolute, as it was found. kPermissionDenied: it is not one of the allowed ones.
  Result<void> AllowCommand(const std::string& program) const;
};

// All that a phase may know. Lives as long as the call.
struct Context {
  Value inputs;      // resolved and checked against the spec's schema
  std::string key;   // idempotency key, the same after a crash, no other run's
  Value undo;        // what Prepare answered; null before it, or without one
  Value checkpoint;  // what SaveProgress stored last in this attempt; null when nothing was
  std::int64_t fencing_token = 0;  // grows with each holder of the run's lock; 0 without a lock
  const Clock& clock;
  std::chrono::steady_clock::time_point deadline;  // the phase should answer before
  std::stop_token stop;  // set when the run is cancelled, the deadline is over or the server ends
  const Policy& policy;
  // A line for the run's log, shown live; not journaled.
  std::function<void(std::string_view line)> log = [](std::string_view) {};
  // Live progress for watchers; not journaled. `done` of `total` in any unit; total 0: not known.
  std::function<void(std::int64_t done, std::int64_t total, std::string_view what)> progress =
      [](std::int64_t, std::int64_t, std::string_view) {};
  // Makes `checkpoint` durable before it returns; after a crash the context carries it.
  std::function<Result<void>(Value checkpoint)> save_progress = [](Value) {
    return Result<void>();
  };

  // The error to answer when `stop` is set: kDeadlineExceeded or kCancelled.
  Error StopError() const;
};

class Action {
 public:
  virtual ~Action() = default;

  virtual const ActionSpec& Spec() const = 0;

  // Changes nothing. Called only when the spec has has_plan.
  virtual Result<ActionPlan> Plan(const Context&) const { return ActionPlan{}; }

  // Changes nothing: checks the preconditions and answers the undo record, which is journaled
  // before Apply is called. Called only when the spec has has_prepare.
  virtual Outcome Prepare(const Context&) const { return Value(); }

  virtual Outcome Apply(const Context&) const = 0;

  // Changes nothing: did it really happen? Called only when the spec has has_verify.
  virtual Verification Verify(const Context&, const Value& /*output*/) const { return {}; }

  // Changes nothing: after a crash or an unknown failure, what is true? Class probed only.
  virtual ProbeAnswer Probe(const Context&) const { return {}; }

  // Puts back what the undo record says; safe to repeat. Called only when can_compensate. The
  // context holds the inputs and undo record of the attempt; `output` is null when it failed.
  virtual Outcome Compensate(const Context&, const Value& /*output*/) const { return Value(); }
};

}  // namespace recourse
