#include "tests/unit/engine/runtime/scripted.h"

namespace recourse::runtime {

bool Gate::Pass(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  ++came_;
  changed_.notify_all();
  return changed_.wait(lock, std::move(stop), [this] { return open_; });
}

void Gate::WaitFor(int count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return came_ >= count; });
}

void Gate::Open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

int Gate::came() const {
  const std::lock_guard lock(mutex_);
  return came_;
}

Scripted::Scripted(std::string name, RepeatClass repeat)
    : plan([](const Context&) { return ActionPlan{}; }),
      prepare([](const Context&) { return Value(); }),
      apply([](const Context& context) { return context.inputs; }),
      verify([](const Context&, const Value&) { return Verification{}; }),
      probe([](const Context&) { return ProbeAnswer{}; }),
      compensate([](const Context&, const Value&) { return Value(); }) {
  spec.name = std::move(name);
  spec.summary = "Does as the test says";
  spec.inputs = Value::Object({{"type", "object"}});
  spec.output = Value::Object({{"type", "object"}});
  spec.repeat = repeat;
}

void WatchedJournal::RefuseWith(Refusal refusal) {
  const std::lock_guard lock(mutex_);
  refusal_ = std::move(refusal);
}

int WatchedJournal::appends() const {
  const std::lock_guard lock(mutex_);
  return appends_;
}

void WatchedJournal::WaitForRefusals(int count) {
  std::unique_lock lock(mutex_);
  refused_.wait(lock, [&] { return refusals_ >= count; });
}

std::optional<Error> WatchedJournal::Refused(std::span<const journal::RunChange> changes) {
  auto error = refusal_ ? refusal_(changes) : std::nullopt;
  if (error) {
    ++refusals_;
    refused_.notify_all();
  }
  return error;
}

Result<journal::Position> WatchedJournal::Append(std::span<journal::RunChange> changes) {
  {
    const std::lock_guard lock(mutex_);
    if (auto error = Refused(changes)) return *std::move(error);
    ++appends_;
  }
  return journal_->Append(changes);
}

Result<void> WatchedJournal::StoreSchedules(std::span<const journal::ScheduleRow> rows) {
  {
    const std::lock_guard lock(mutex_);
    if (auto error = Refused({})) return *std::move(error);
  }
  return journal_->StoreSchedules(rows);
}

}  // namespace recourse::runtime
