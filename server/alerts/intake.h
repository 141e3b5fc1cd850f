// What becomes of alerts that were sent: runs that start, notes on runs that there are.
//
// One delivery is worked off after the other, so that what the guards count is true. The journal is
// all that is remembered: an alert starts one run however often it is sent, also when the server
// dies between the receipt and the answer.
//
// Thread safety: every function may be called from any thread; Take() waits for the disk.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/runtime/engine.h"
#include "server/alerts/alert.h"
#include "server/alerts/rules.h"

namespace recourse::server::alerts {

// What each alert of a delivery came to.
enum class Outcome {
  kStarted,   // a run
  kHeld,      // a run that is paused before its first step, because a guard said so
  kFallback,  // the fallback's run, because the rule's own could not be started
  kRepeated,  // the run that it has started before
  kNoted,     // noted on the run of the same alert that is still open
  kResolved,  // noted on the run that it has started
  kNoRule,    // nothing: no rule fits
  kNothing,   // nothing: it is resolved, and has started no run
};
std::string_view ToString(Outcome outcome);

struct Taken {
  std::string alert;  // its name
  Outcome outcome = Outcome::kNothing;
  RunId run;  // 0: none
};

class Intake {
 public:
  // The rules in force; never null.
  using RulesNow = std::function<std::shared_ptr<const Rules>()>;

  // `engine`, `journal` and `clock` outlive the intake. Errors are those of Journal::OpenReader.
  static Result<std::unique_ptr<Intake>> Open(runtime::Engine& engine, journal::Journal& journal,
                                              const Clock& clock, RulesNow rules);

  // Answers when all that follows from the delivery is durable, in the order of its alerts.
  // kUnavailable, kResourceExhausted and others: not all of it could be done; what was done is
  // durable, and the same delivery may be given again.
  Result<std::vector<Taken>> Take(const Delivery& delivery, const runtime::Caller& caller);

 private:
  Intake(runtime::Engine& engine, const Clock& clock, RulesNow rules,
         std::unique_ptr<journal::Reader> reader)
      : engine_(engine), clock_(clock), rules_(std::move(rules)), reader_(std::move(reader)) {}

  // All of these under mutex_.
  Result<Taken> TakeOne(const Alert& alert, const Rules& rules, const runtime::Caller& caller);
  Result<Taken> Fire(const Alert& alert, const Rules& rules, const runtime::Caller& caller);
  Result<Taken> StartFallback(const Alert& alert, const Rules& rules, const std::string& problem,
                              const std::string& severity, const runtime::Caller& caller);
  Result<Taken> Resolve(const Alert& alert, const Rules& rules, const runtime::Caller& caller);
  Result<void> Check(const Alert& alert, const Launch& launch, RunId run,
                     const runtime::Caller& caller);
  Result<std::optional<journal::RunRow>> OpenRunOf(const Alert& alert);
  // Puts `text` on the run's timeline unless a note that begins with `key` is there. Answers the
  // run's row.
  Result<journal::RunRow> Note(RunId run, const std::string& key, const std::string& text,
                               const runtime::Caller& caller);
  Result<journal::RunRow> StartRun(runtime::StartRequest request, const runtime::Caller& caller);

  runtime::Engine& engine_;
  const Clock& clock_;
  const RulesNow rules_;
  std::mutex mutex_;
  const std::unique_ptr<journal::Reader> reader_;  // guarded by mutex_
};

}  // namespace recourse::server::alerts
