// What the tests of the engine stand on beside the real journal: a clock that is moved by hand,
// actions that do as they are told, and a journal that fails when it is told to.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "actions/registry.h"
#include "engine/journal/journal.h"

namespace recourse::runtime {

class ManualClock final : public Clock {
 public:
  Time Now() const override {
    const std::lock_guard lock(mutex_);
    const Time now = now_;
    if (looks_ > 0 && --looks_ == 0) now_ -= step_back_;
    return now;
  }
  void Set(Time now) {
    const std::lock_guard lock(mutex_);
    now_ = now;
  }
  void Advance(std::chrono::microseconds by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
  }
  // Is set back by so much when it has been looked at so often; 0: not any more.
  void StepBackAfter(int looks, std::chrono::microseconds by) {
    const std::lock_guard lock(mutex_);
    looks_ = looks;
    step_back_ = by;
  }

 private:
  mutable std::mutex mutex_;
  mutable Time now_ = Time(std::chrono::hours(24 * 365 * 56));
  mutable int looks_ = 0;
  std::chrono::microseconds step_back_{};
};

// Where an action waits until the test lets it go on.
class Gate {
 public:
  // By the action. False: `stop` was set first.
  bool Pass(std::stop_token stop = {});
  // By the test: returns when `count` have come, in all.
  void WaitFor(int count);
  void Open();
  int came() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  int came_ = 0;
  bool open_ = false;
};

// An action whose phases are functions of the test's.
class Scripted final : public Action {
 public:
  explicit Scripted(std::string name, RepeatClass repeat = RepeatClass::kIdempotent);

  const ActionSpec& Spec() const override { return spec; }
  Result<ActionPlan> Plan(const Context& context) const override { return plan(context); }
  Outcome Prepare(const Context& context) const override { return prepare(context); }
  Outcome Apply(const Context& context) const override { return apply(context); }
  Verification Verify(const Context& context, const Value& output) const override {
    return verify(context, output);
  }
  ProbeAnswer Probe(const Context& context) const override { return probe(context); }
  Outcome Compensate(const Context& context, const Value& output) const override {
    return compensate(context, output);
  }

  ActionSpec spec;
  std::function<Result<ActionPlan>(const Context&)> plan;
  std::function<Outcome(const Context&)> prepare;
  std::function<Outcome(const Context&)> apply;
  std::function<Verification(const Context&, const Value&)> verify;
  std::function<ProbeAnswer(const Context&)> probe;
  std::function<Outcome(const Context&, const Value&)> compensate;
};

// The real journal, watched.
class WatchedJournal final : public journal::Journal {
 public:
  explicit WatchedJournal(std::unique_ptr<journal::Journal> journal)
      : journal_(std::move(journal)) {}

  // Asked before each append, on the core loop's thread: an error is answered in its place. Asked
  // with no changes before schedules are stored.
  using Refusal = std::function<std::optional<Error>(std::span<const journal::RunChange>)>;
  void RefuseWith(Refusal refusal);
  // Appends that the journal took.
  int appends() const;
  // Returns when so many appends were refused.
  void WaitForRefusals(int count);

  journal::Heads heads() const override { return journal_->heads(); }
  Result<journal::Position> Append(std::span<journal::RunChange> changes) override;
  // While it is set, what came of notifications is not stored; counted in notes_refused.
  std::atomic<bool> refuse_notes = false;
  std::atomic<int> notes_refused = 0;
  Result<void> NoteNotifications(std::span<const journal::OutboxRow> notes) override {
    if (refuse_notes) {
      ++notes_refused;
      return Unavailable("the disk is full");
    }
    return journal_->NoteNotifications(notes);
  }
  Result<void> StoreSchedules(std::span<const journal::ScheduleRow> rows) override;
  Result<journal::Position> RemoveRun(const journal::Removal& removal) override {
    return journal_->RemoveRun(removal);
  }
  Result<journal::Position> Import(const journal::ImportSource& source, const std::string& file,
                                   Time time, const std::string& principal) override {
    return journal_->Import(source, file, time, principal);
  }
  journal::Reader& reader() override { return journal_->reader(); }
  Result<std::unique_ptr<journal::Reader>> OpenReader() const override {
    return journal_->OpenReader();
  }
  Result<void> BackUp(const std::string& path, std::stop_token stop) const override {
    return journal_->BackUp(path, std::move(stop));
  }
  std::string path() const override { return journal_->path(); }
  std::int64_t size_bytes() const override { return journal_->size_bytes(); }

 private:
  // REQUIRES: mutex_ is held.
  std::optional<Error> Refused(std::span<const journal::RunChange> changes);

  const std::unique_ptr<journal::Journal> journal_;
  mutable std::mutex mutex_;
  std::condition_variable refused_;
  Refusal refusal_;
  int appends_ = 0;
  int refusals_ = 0;
};

}  // namespace recourse::runtime
