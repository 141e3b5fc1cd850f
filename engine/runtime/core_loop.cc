#include "engine/runtime/core_loop.h"

#include <algorithm>

#include "engine/record/record.h"

namespace recourse::runtime {

using std::chrono::steady_clock;

namespace {

constexpr std::size_t kRoomKept = 1024;  // messages

}  // namespace

CoreLoop::CoreLoop(const Parts& parts)
    : options_(parts.options),
      journal_(parts.journal),
      catalogue_(parts.catalogue),
      clock_(parts.clock),
      mailbox_(parts.mailbox),
      listeners_(parts.listeners),
      definitions_(parts.definitions),
      blobs_(options_.blob_directory, options_.output_bytes_max),
      surroundings_{parts.registry, parts.policy, clock_,           blobs_,
                    listeners_,     mailbox_,     options_.secrets, seen_secrets_},
      runs_(journal_.reader(), definitions_),
      timers_(journal_.reader()),
      schedules_(journal_),
      executor_(options_.workers, [this](std::shared_ptr<Job> job, machine::Input outcome) {
        const RunId run = job->run();
        mailbox_.Post(EngineMessage{run, std::move(outcome), std::move(job), nullptr});
      }) {}

void CoreLoop::Run() {
  while (!Ended()) {
    mailbox_.Take(letters_, NextWake());
    EndGraceIfDue();
    attempts_.StopOverdue(clock_.Now());
    if (auto batch = NextBatch(); !batch.empty()) Process(batch);
    if (std::exchange(timers_taken_, false)) {
      if (auto loaded = timers_.Load(); !loaded) SetWritable(&loaded.error());
    }
    ServeReloads();
    ServeSteers();
    ServeRemovals();
    ServeWaits();
    ServeNotes();
    runs_in_memory_ = static_cast<std::int64_t>(runs_.size());
  }
  const Error stopped = Unavailable("the engine has stopped; ask again when it is back");
  for (auto& [run, callbacks] : waiters_) {
    for (RunCallback& done : callbacks) done(stopped);
  }
  waiters_.clear();
}

std::optional<CoreLoop::Steady> CoreLoop::NextWake() const {
  if (!letters_.own.empty() || !letters_.callers.empty() || !grants_.empty()) {
    return steady_clock::now();
  }
  std::optional<Steady> wake;
  const auto at = [&](Steady time) {
    if (!wake || time < *wake) wake = time;
  };
  if (const auto deadline = attempts_.NextDeadline()) at(WhenDue(*deadline));
  if (!held_.empty()) at(held_until_);
  if (letters_.closed) {
    if (!grace_over_) at(stop_at_.load());
  } else {
    for (const auto& due : {timers_.next(), schedules_.next()}) {
      if (due) at(writable_ ? WhenDue(*due) : std::max(WhenDue(*due), held_until_));
    }
  }
  return wake;
}

CoreLoop::Steady CoreLoop::WhenDue(Time time) const {
  return steady_clock::now() + SleepFor(time, clock_.Now());
}

std::vector<Message> CoreLoop::NextBatch() {
  std::vector<Message> batch;
  const auto limit = static_cast<std::size_t>(options_.batch_max);
  const Steady now = steady_clock::now();
  if (!held_.empty() && now >= held_until_) batch.swap(held_);
  std::move(grants_.begin(), grants_.end(), std::back_inserter(batch));
  grants_.clear();
  if (!letters_.closed && (writable_ || now >= held_until_)) {
    TakeTimers(batch);
    TakeSchedules(batch);
  }
  // What ends work comes before what begins it, and leaves room for it.
  TakeMessages(letters_.own, batch, limit - limit / 4);
  TakeMessages(letters_.callers, batch, limit);
  return batch;
}

void CoreLoop::TakeMessages(std::vector<Message>& from, std::vector<Message>& batch,
                            std::size_t limit) {
  std::size_t taken = 0;
  for (; taken < from.size() && batch.size() < std::max<std::size_t>(limit, 1); ++taken) {
    Message& message = from[taken];
    if (auto* wait = std::get_if<WaitMessage>(&message)) {
      waits_.push_back(std::move(*wait));
    } else if (auto* steer = std::get_if<SteerMessage>(&message)) {
      steers_.push_back(std::move(*steer));
    } else if (auto* reload = std::get_if<ReloadMessage>(&message)) {
      reloads_.push_back(std::move(*reload));
    } else if (auto* note = std::get_if<NoteMessage>(&message)) {
      notes_.push_back(std::move(*note));
    } else if (auto* remove = std::get_if<RemoveMessage>(&message)) {
      removals_.push_back(std::move(*remove));
    } else if (!IsMoot(message)) {
      batch.push_back(std::move(message));
    }
  }
  from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(taken));
  // A flood must not leave its memory behind.
  if (from.empty() && from.capacity() > kRoomKept) std::vector<Message>().swap(from);
}

// The end of a job: true when its outcome counts for nothing because the server's own end caused
// it; the attempt is then resumed by the next start.
bool CoreLoop::IsMoot(Message& message) {
  auto* own = std::get_if<EngineMessage>(&message);
  if (own == nullptr || own->ended == nullptr) return false;
  attempts_.End(own->ended);
  // A prepare changes nothing: the next start repeats it, and goes on from there.
  if (grace_over_ && std::holds_alternative<machine::Prepared>(own->input)) return true;
  return own->ended->stopped_by() == Job::StoppedBy::kServer &&
         !std::holds_alternative<machine::Applied>(own->input) &&
         !std::holds_alternative<machine::Compensated>(own->input);
}

void CoreLoop::TakeTimers(std::vector<Message>& batch) {
  const Time now = clock_.Now();
  if (!timers_.next() || *timers_.next() > now) return;
  auto due = timers_.Due(now, options_.batch_max);
  if (!due) {
    return SetWritable(&due.error());
  }
  for (const journal::TimerRow& timer : *due) batch.push_back(TimerMessage{timer});
  timers_taken_ = true;
}

void CoreLoop::EndGraceIfDue() {
  if (!letters_.closed) return;
  if (!grace_over_ && steady_clock::now() >= stop_at_.load()) {
    grace_over_ = true;
    auto queued = executor_.TakeBack();
    for (const auto& job : queued) attempts_.End(job);
    attempts_.StopAll(Job::StoppedBy::kServer);
    std::erase_if(queued, [](const auto& job) { return !job->MustNotBeLeft(); });
    for (const auto& job : queued) attempts_.Begin(job);
    executor_.Push(queued);
  }
  if (grace_over_) {
    // The journal has not taken them in time; attempts that wait for it must not wait for ever.
    for (Message& message : held_) {
      Refuse(message, Unavailable("the engine is stopping and the journal cannot be written"));
    }
    held_.clear();
  }
}

bool CoreLoop::Ended() const {
  return letters_.closed && attempts_.empty() && held_.empty() && letters_.own.empty() &&
         letters_.callers.empty();
}

void CoreLoop::ServeWaits() {
  for (WaitMessage& message : waits_) ServeWait(message);
  waits_.clear();
}

void CoreLoop::ServeWait(WaitMessage& message) {
  std::optional<journal::RunRow> row;
  bool settled = false;
  if (const LiveRun* run = runs_.Find(message.run)) {
    settled = IsSettled(run->state);
    if (settled) row = record::RowOf(*run->workflow, run->state);
  } else {
    auto found = journal_.reader().FindRun(message.run);
    if (!found)
      return message.done(std::move(found).error().In("wait for " + message.run.ToString()));
    if (!*found) return message.done(NotFound("there is no run " + message.run.ToString()));
    const auto status = static_cast<machine::RunStatus>((*found)->status);
    settled = machine::IsFinal(status) || status == machine::RunStatus::kPaused ||
              status == machine::RunStatus::kNeedsAttention;
    if (status == machine::RunStatus::kWaiting) {
      auto open = journal_.reader().ListApprovals(true, message.run, {}, 1);
      if (!open) return message.done(std::move(open).error());
      settled = !open->empty();
    }
    row = std::move(*found);
  }
  if (settled) {
    message.done(*std::move(row));
  } else {
    waiters_[message.run].push_back(std::move(message.done));
  }
}

void CoreLoop::Report(const Error& error) {
  if (options_.report) options_.report(error);
}

void CoreLoop::Stop(std::chrono::milliseconds grace) {
  Steady never = Steady::max();
  stop_at_.compare_exchange_strong(never, steady_clock::now() + grace);
  mailbox_.Close();
}

Engine::Info CoreLoop::info() const {
  Engine::Info info;
  info.runs_in_memory = runs_in_memory_;
  info.attempts_at_work = attempts_.count();
  info.inputs_waiting = static_cast<std::int64_t>(mailbox_.size());
  info.journal_writable = writable_;
  const std::lock_guard lock(error_mutex_);
  info.journal_error = journal_error_;
  return info;
}

}  // namespace recourse::runtime
