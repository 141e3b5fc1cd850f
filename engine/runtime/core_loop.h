// The one thread that decides: it owns the runs' states and the journal's writer.
//
// Run() is the loop; everything private belongs to its thread. See architecture.md, section 2.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <random>

#include "engine/runtime/attempts.h"
#include "engine/runtime/batch.h"
#include "engine/runtime/executor.h"
#include "engine/runtime/schedules.h"
#include "engine/runtime/timers.h"

namespace recourse::runtime {

class CoreLoop {
 public:
  // What is borrowed outlives the loop.
  struct Parts {
    const Options& options;
    journal::Journal& journal;
    const Registry& registry;
    std::shared_ptr<const Catalogue> catalogue;
    const Policy& policy;
    const Clock& clock;
    Definitions& definitions;
    Mailbox& mailbox;
    Listeners& listeners;
  };
  explicit CoreLoop(const Parts& parts);

  // --- on the core loop's thread ---

  // Goes on with the runs that were at work when the journal was last written. Errors are the
  // reader's; a journal that cannot be written is no error, it is tried again.
  Result<void> Recover();
  // Returns after Stop(), when nothing is at work any more.
  void Run();

  // --- on any thread ---

  // Attempts at work may finish until `grace` is over. Only the first call counts.
  void Stop(std::chrono::milliseconds grace);
  Engine::Info info() const;

 private:
  using Steady = std::chrono::steady_clock::time_point;

  // core_loop.cc: what is next, and when.
  std::optional<Steady> NextWake() const;
  Steady WhenDue(Time time) const;
  std::vector<Message> NextBatch();
  void TakeMessages(std::vector<Message>& from, std::vector<Message>& batch, std::size_t limit);
  void TakeTimers(std::vector<Message>& batch);
  bool IsMoot(Message& message);
  void EndGraceIfDue();
  bool Ended() const;
  void ServeWaits();
  void ServeWait(WaitMessage& message);
  void Report(const Error& error);

  // take.cc: what each message comes to.
  void Take(Batch& batch, Message& message);
  void Take(Batch& batch, Message& message, StartMessage& start);
  void Take(Batch& batch, Message& message, SubmitMessage& submit);
  void Take(Batch& batch, Message& message, VoteMessage& vote);
  void Take(Batch& batch, Message& message, WaitMessage& wait);
  void Take(Batch& batch, Message& message, EngineMessage& own);
  void Take(Batch& batch, Message& message, TimerMessage& timer);
  void Take(Batch& batch, Message& message, GrantMessage& grant);
  void Take(Batch& batch, Message& message, ScheduleMessage& schedule);
  void Take(Batch& batch, Message& message, SteerMessage& steer);
  void Take(Batch& batch, Message& message, ReloadMessage& reload);
  Error ChangedSince(const LiveRun& run, std::int64_t revision) const;
  Result<void> CheckOverride(const definition::Workflow& workflow,
                             const machine::Input& input) const;
  Result<machine::Input> WithDefinition(const definition::Workflow& workflow,
                                        machine::AdoptDefinition adopt) const;
  void Take(Batch& batch, Message& message, RemoveMessage& remove);
  void Take(Batch& batch, Message& message, NoteMessage& notes);
  void TakeInput(Batch& batch, Message& message, RunId run, const machine::Input& input,
                 const std::optional<std::int64_t>& revision, const Caller& caller);
  bool Grant(Batch& batch, const std::string& lock);
  Result<RunId> HolderOf(const Batch& batch, const std::string& lock);
  double Jitter() { return std::uniform_real_distribution<double>()(random_); }

  // start_run.cc: how a run begins.
  using Started = std::variant<std::size_t, journal::RunRow>;  // by this change, or before
  Result<Started> Start(Batch& batch, const StartRequest& request, const Caller& caller);
  Result<std::optional<journal::RunRow>> FindRequest(const StartRequest& request);
  Result<machine::Start> MakeStart(Batch& batch, const definition::Workflow& workflow, RunId run,
                                   const StartRequest& request, const Caller& caller);
  Result<bool> IsNewDefinition(const Batch& batch, const definition::Workflow& workflow);

  // take_schedule.cc: what schedules do.
  void TakeSchedules(std::vector<Message>& batch);
  Result<bool> IsOpen(RunId run);
  void FinishSchedules(Batch& batch);
  void StoredSchedule(const journal::ScheduleRow& row);
  void RestSchedule(const ScheduleMessage& message);
  void ServeSteers();
  void ServeSteer(SteerMessage& message);
  void ServeReloads();
  Result<void> Use(std::shared_ptr<const Catalogue> catalogue);

  // commit.cc: making a batch durable, and what follows.
  void Process(std::span<Message> messages);
  void Redo(std::span<Message> messages, const Error& error);
  void Finish(Batch& batch);
  void RunEffects(Batch& batch);
  void Answer(Batch& batch);
  void AnswerWaiters(const Batch& batch);
  void KeepOrRefuse(std::span<Message> messages, Batch& batch, const Error& error);
  void SetWritable(const Error* error);
  void ServeRemovals();
  void ServeNotes();
  Result<journal::Position> Remove(const journal::Removal& removal);

  const Options& options_;
  journal::Journal& journal_;
  std::shared_ptr<const Catalogue> catalogue_;  // what runs are started from
  const Clock& clock_;
  Mailbox& mailbox_;
  Listeners& listeners_;
  Definitions& definitions_;

  const Blobs blobs_;
  SeenSecrets seen_secrets_;
  const Surroundings surroundings_;
  LiveRuns runs_;
  Attempts attempts_;
  Timers timers_;
  Schedules schedules_;
  std::mt19937_64 random_{std::random_device{}()};

  Mailbox::Letters letters_;        // taken from the mailbox, not dealt with yet
  std::vector<Message> grants_;     // locks to grant in the next batch
  std::vector<Message> held_;       // the engine's own, until the journal takes them
  Steady held_until_;               // when they are tried again
  std::vector<WaitMessage> waits_;  // to be looked at when nothing is undecided
  std::unordered_map<RunId, std::vector<RunCallback>> waiters_;
  std::vector<ReloadMessage> reloads_;  // served when no batch is under way
  std::vector<NoteMessage> notes_;  // what came of notifications; stored when no batch is under way
  std::vector<RemoveMessage> removals_;  // served when no batch is under way
  std::vector<SteerMessage> steers_;     // served once the batch that they came with is stored
  std::int64_t open_runs_ = 0;
  std::set<std::string, std::less<>> definitions_stored_;
  // By workflow of the catalogue: why no run of it starts, when it names a secret that nobody
  // knows.
  std::map<std::string, Error, std::less<>> unknown_secrets_;
  bool timers_taken_ = false;  // since timers_ was last loaded
  bool grace_over_ = false;

  std::atomic<Steady> stop_at_ = Steady::max();
  std::atomic<std::int64_t> runs_in_memory_ = 0;
  std::atomic<bool> writable_ = true;
  mutable std::mutex error_mutex_;
  std::string journal_error_;  // guarded by error_mutex_

  Executor executor_;  // last: its threads use what stands above
};

}  // namespace recourse::runtime
