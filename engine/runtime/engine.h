// The engine: one thread that decides, a pool of threads that act, and the rule that nothing takes
// effect or is answered before it is durable.
//
//   mailbox -> core loop: drain a batch, decide each input, append all events, commit once;
//              only then run the effects, answer the callers, tell the watchers.
//
// Thread safety: every public function may be called from any thread. Callbacks are called once, on
// the core loop's thread, and must not block; a request that is refused at once, because too many
// wait or the engine is stopping, is answered on the caller's own thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "actions/registry.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/definition/schedule.h"
#include "engine/definition/workflow.h"
#include "engine/journal/journal.h"
#include "engine/machine/decide.h"
#include "engine/runtime/secrets.h"

namespace recourse::runtime {

struct Options {
  int workers = 16;             // threads for actions; 1 to 256
  int batch_max = 512;          // inputs that share a commit; 1 to 10,000
  int mailbox_max = 20'000;     // inputs of callers that wait; more are answered RESOURCE_EXHAUSTED
  int open_runs_max = 100'000;  // runs that are not over; more are answered RESOURCE_EXHAUSTED
  std::int64_t inputs_bytes_max = 256 * 1024;  // a run's or an attempt's, as JSON
  std::int64_t output_bytes_max = 64 * 1024;   // an output as JSON; larger: to a file, see blobs
  std::string blob_directory;  // for large outputs, named by their SHA-256; empty: they fail
  std::chrono::milliseconds append_retry = std::chrono::milliseconds(250);  // when the disk refuses
  // The channels that are told of it, given the run's row; on the core loop's thread, so that it
  // must be quick. A notification for each is stored with the event. Empty: nobody is told of
  // anything.
  std::function<std::vector<std::string>(const machine::Notify&, const journal::RunRow&)> route;
  // Where secrets come from; must outlive the engine. Null: there are none.
  const SecretSource* secrets = nullptr;
  // Told what went wrong that no caller hears of; on the core loop's thread. May be empty.
  std::function<void(const Error&)> report;
};

// Who asks. The roles decide about votes; what else a role may do is the server's business.
struct Caller {
  std::string principal;
  std::vector<std::string> roles;
  std::string channel;  // "cli", "grpc", "web"
  // Who passed it on, and for which chat user: "bot for slack:T024/U21"; empty: nobody did.
  std::string via{};
};

struct StartRequest {
  std::string workflow;    // by name; the newest definition loaded
  Value inputs;            // as given, before defaults and targets
  std::string request_id;  // empty: each call starts a run
  std::string severity{};  // empty: the workflow's
  std::string hold{};      // why it is paused before its first step; empty: it is not
};

// What a run would do that was not started.
struct RunPlan {
  std::shared_ptr<const definition::Workflow> workflow;
  Value inputs;  // with defaults and targets
  Value plan;    // plan_maker.h, and {"lock": {"key", "on_locked", "holder", "holder_workflow",
                 // "holder_started", "waiting"} or null, "past_runs": {"runs", "median",
                 // "shortest", "longest"}}
  std::string digest;  // SHA-256 of inputs and plan, in hexadecimal
};

// What callers are answered: the run's row after the commit.
using RunCallback = std::function<void(Result<journal::RunRow>)>;

// Live news of an attempt; not journaled, lost when nobody listens.
struct AttemptNews {
  RunId run;
  std::string step;  // "restore"
  std::string line;  // a line of its log, or what its progress is about
  std::int64_t done = 0;
  std::int64_t total = 0;  // 0: not known, or a log line
};

// Told on the core loop's thread; must not block.
class Listener {
 public:
  virtual ~Listener() = default;
  // Everything up to `position` is durable. `changes` are the ones just committed.
  virtual void Committed(journal::Position position,
                         std::span<const journal::RunChange> changes) = 0;
  // May come from any thread.
  virtual void News(const AttemptNews& news) = 0;
};

// The definitions that runs may be started from, by name.
using Workflows = definition::WorkflowsByName;
// The schedules that start runs, by name.
using ScheduleDefinitions =
    std::map<std::string, std::shared_ptr<const definition::Schedule>, std::less<>>;

// What runs are started from, as it was read at one time.
struct Catalogue {
  Workflows workflows;
  definition::Inventory inventory;
  ScheduleDefinitions schedules;
};

class Engine {
 public:
  // An engine that does nothing yet: requests wait for Run(). What must be there before anything
  // happens in the world, such as ports and listeners, is set up between the two. `journal`,
  // `registry`, `policy` and `clock` must outlive the engine. kInvalidArgument: see Options.
  static Result<std::unique_ptr<Engine>> Open(Options options, journal::Journal& journal,
                                              const Registry& registry, Workflows workflows,
                                              definition::Inventory inventory, const Policy& policy,
                                              const Clock& clock,
                                              ScheduleDefinitions schedules = {});

  // Opens an engine and runs it.
  static Result<std::unique_ptr<Engine>> Start(Options options, journal::Journal& journal,
                                               const Registry& registry, Workflows workflows,
                                               definition::Inventory inventory,
                                               const Policy& policy, const Clock& clock,
                                               ScheduleDefinitions schedules = {});

  // Folds the runs that were at work when the journal was last written, and goes on with them.
  // Errors are the journal's: the engine has stopped then, and whoever waited was answered so.
  // REQUIRES: called once at most, and not after Stop().
  virtual Result<void> Run() = 0;

  // Stops as Stop(0s).
  virtual ~Engine() = default;

  // Answers once the run is durable. The same request_id again answers the run that it started.
  // kNotFound: no such workflow or target. kInvalidArgument: an input is wrong, named by the
  // message. kAlreadyExists: the request_id started a run of another workflow or with other inputs.
  // kAborted: the lock is held and the workflow says reject; the message names the holder.
  // kResourceExhausted: a limit of Options, or the disk is full. kUnavailable: the journal cannot
  // be written, or the engine is stopping.
  virtual void StartRun(StartRequest request, Caller caller, RunCallback done) = 0;

  // What the run would do, asked of its actions, on the caller's own thread and with his reader:
  // nothing is started or stored. Takes as long as they do, up to two minutes; `stop` ends it soon.
  // Errors are those of StartRun that are about workflow and inputs, and the reader's.
  virtual Result<RunPlan> PlanRun(const StartRequest& request, const Caller& caller,
                                  journal::Reader& reader, const std::stop_token& stop) const = 0;

  // Sends an input to a run. `revision`, if given, must be the run's (else kAborted: it has
  // changed). kNotFound: no such run. Otherwise as machine::Decide and StartRun.
  virtual void Submit(RunId run, machine::Input input, std::optional<std::int64_t> revision,
                      Caller caller, RunCallback done) = 0;

  // The same for the run that the approval belongs to. Answers the approval's row in full.
  using ApprovalCallback = std::function<void(Result<journal::ApprovalRow>)>;
  virtual void Vote(machine::CastVote vote, Caller caller, ApprovalCallback done) = 0;

  // Pauses a schedule, or resumes it, and answers its row. One that is so already stays as it is.
  // kNotFound: none of that name is loaded. kUnavailable, kResourceExhausted: as StartRun.
  using ScheduleCallback = std::function<void(Result<journal::ScheduleRow>)>;
  virtual void SteerSchedule(std::string name, bool pause, std::string reason, Caller caller,
                             ScheduleCallback done) = 0;

  // Removes a run that was exported, and answers the position of its tombstone. Errors are those of
  // journal::Journal::RemoveRun; kFailedPrecondition also while the run is at work.
  using RemovalCallback = std::function<void(Result<journal::Position>)>;
  virtual void RemoveRun(journal::Removal removal, RemovalCallback done) = 0;

  // Stores what has come of notifications; errors are those of journal::Journal::NoteNotifications,
  // and kUnavailable when the engine is stopping.
  virtual void NoteNotifications(std::vector<journal::OutboxRow> notes,
                                 std::function<void(Result<void>)> done) = 0;

  // Calls `done` when the run is over or waits for a person (approval, needs attention, pause); at
  // once when it does already. kNotFound: no such run; kUnavailable: the engine stops first.
  virtual void WhenSettled(RunId run, RunCallback done) = 0;

  // `listener` is told from the next commit on, until it is removed; RemoveListener returns when no
  // call to it is under way, so it is not called from within one.
  virtual void AddListener(Listener* listener) = 0;
  virtual void RemoveListener(Listener* listener) = 0;

  // The definition with which a run was started; from memory or from the journal.
  virtual Result<std::shared_ptr<const definition::Workflow>> DefinitionOf(
      const std::string& digest) = 0;
  // What runs are started from now; never null. It stays as it is when another takes its place.
  virtual std::shared_ptr<const Catalogue> catalogue() const = 0;

  // Lets runs start from `catalogue` from now on. Runs that have begun keep their definition and
  // their targets. Schedules go on by what the new ones say, as after a start of the server; the
  // times of those that are no longer there are left. Errors: kUnavailable, the journal cannot be
  // read or the engine is stopping; the former catalogue then stays.
  virtual void Reload(Catalogue catalogue, std::function<void(Result<void>)> done) = 0;

  // Facts about the engine for people and metrics.
  struct Info {
    std::int64_t runs_in_memory = 0;
    std::int64_t attempts_at_work = 0;
    std::int64_t inputs_waiting = 0;
    bool journal_writable = true;
    std::string journal_error;  // why it is not
  };
  virtual Info info() const = 0;

  // Takes no more inputs from callers, lets attempts at work finish until `grace` is over, then
  // sets their stop tokens and ends when they have returned. Outcomes go into the journal, with
  // what comes next; that is started by the next start, but for actions of the class `once`, which
  // could not be told from ones that took effect: those run to their end, also after the grace, up
  // to their timeout. What has no outcome when the grace is over, or
  // fails because it was stopped, is resumed by the next start as after a crash. May be called
  // twice; the second call waits for the first.
  virtual void Stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace recourse::runtime
