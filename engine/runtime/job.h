// A piece of work for the executor: one phase of an attempt, or the plan for an approval.
//
// Made and ended by the core loop, performed by a worker.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "actions/registry.h"
#include "engine/machine/decide.h"
#include "engine/runtime/blobs.h"
#include "engine/runtime/listeners.h"
#include "engine/runtime/mailbox.h"
#include "engine/runtime/secrets.h"

namespace recourse::runtime {

// What every job may use; outlives them all.
struct Surroundings {
  const Registry& registry;
  const Policy& policy;
  const Clock& clock;
  const Blobs& blobs;
  Listeners& listeners;
  Mailbox& mailbox;
  const SecretSource* secrets;  // null: there are none
  SeenSecrets& seen;
};

class Job : public std::enable_shared_from_this<Job> {
 public:
  // Who asked a job to stop: what comes of it then depends on that.
  enum class StoppedBy {
    kNobody,
    kDecision,
    kDeadline,
    kServer,
    kTooLate,  // nobody, and the work is over
  };

  Job(RunId run, machine::StepRef at, Time deadline) : run_(run), at_(at), deadline_(deadline) {}
  virtual ~Job() = default;

  // Does the work and answers its outcome. Never throws. May take as long as the action does.
  virtual machine::Input Perform() = 0;
  // The action may be started although the server is ending: it would look as if it may have
  // happened, and could not be repeated by itself.
  virtual bool MustNotBeLeft() const { return false; }

  RunId run() const { return run_; }
  machine::StepRef at() const { return at_; }
  Time deadline() const { return deadline_; }

  // The first one who asks is remembered.
  void Stop(StoppedBy by);
  // The work is over and its outcome stands: who asks it to stop from now on comes too late.
  void Finish();
  StoppedBy stopped_by() const { return stopped_by_.load(); }

 protected:
  std::stop_token stop_token() const { return stop_.get_token(); }

 private:
  const RunId run_;
  const machine::StepRef at_;
  const Time deadline_;
  std::atomic<StoppedBy> stopped_by_ = StoppedBy::kNobody;
  std::stop_source stop_;
};

// One phase of an attempt.
std::shared_ptr<Job> MakeAttemptJob(const Surroundings& surroundings, RunId run,
                                    std::shared_ptr<const definition::Workflow> workflow,
                                    machine::StartPhase start);

// The plan of what follows the approval at `plan.step`, made from what is known in `state`.
std::shared_ptr<Job> MakePlanJob(const Surroundings& surroundings,
                                 std::shared_ptr<const definition::Workflow> workflow,
                                 machine::RunState state, const machine::MakePlan& plan);

// The same on the calling thread, when it asks no action and is soon made; nothing otherwise.
std::optional<machine::PlanMade> PlanAtOnce(const Surroundings& surroundings,
                                            const definition::Workflow& workflow,
                                            const machine::RunState& state,
                                            const machine::MakePlan& plan);

// `value` with the defaults that `schema` declares for members that are not there.
Value WithDefaults(const Value& value, const Value& schema);

}  // namespace recourse::runtime
