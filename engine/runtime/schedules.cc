#include "engine/runtime/schedules.h"

#include <algorithm>

#include "engine/runtime/schedule_decision.h"

namespace recourse::runtime {

Result<void> Schedules::Load(const ScheduleDefinitions& definitions, Time now) {
  if (definitions.empty() && entries_.empty()) return {};
  auto stored = journal_.reader().ListSchedules();
  if (!stored) return std::move(stored).error().In("read the schedules");
  std::map<std::string, journal::ScheduleRow, std::less<>> rows;
  for (journal::ScheduleRow& row : *stored) rows.emplace(row.name, std::move(row));

  entries_.clear();
  awaited_.clear();
  new_.clear();
  next_.reset();
  for (const auto& [name, schedule] : definitions) {
    std::optional<journal::ScheduleRow> before;
    if (const auto found = rows.find(name); found != rows.end()) before = found->second;
    const journal::ScheduleRow row = RowWhenLoaded(*schedule, before, now);
    entries_[name].schedule = schedule;
    Stored(row);
    if (before != row) new_.push_back(row);
    // The run that a time waits for may have ended with the former server.
    if (!row.queued.empty() && !row.paused) LookAgain(name, now);
  }
  return {};
}

Result<void> Schedules::StoreNew() {
  if (new_.empty()) return {};
  auto stored = journal_.StoreSchedules(new_);
  if (!stored) return stored.error().In("store the schedules");
  new_.clear();
  return {};
}

std::vector<std::string> Schedules::Due(Time now) const {
  std::vector<std::string> due;
  if (!next_ || *next_ > now) return due;
  for (const auto& [name, entry] : entries_) {
    if (entry.next && *entry.next <= now) due.push_back(name);
  }
  return due;
}

const Schedules::Entry* Schedules::Find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

void Schedules::Stored(const journal::ScheduleRow& row) {
  Entry& entry = entries_.at(row.name);
  awaited_.erase(entry.row.last_run);
  entry.row = row;
  entry.next = NextDecision(*entry.schedule, row);
  if (!row.queued.empty() && !row.paused) awaited_[row.last_run] = row.name;
  FindNext();
}

void Schedules::LookAgain(const std::string& name, std::optional<Time> at) {
  entries_.at(name).next = at;
  FindNext();
}

void Schedules::Committed(std::span<const journal::RunChange> changes) {
  if (awaited_.empty()) return;
  for (const journal::RunChange& change : changes) {
    if (!change.row.finished) continue;
    const auto awaited = awaited_.find(change.row.run);
    if (awaited != awaited_.end()) LookAgain(awaited->second, *change.row.finished);
  }
}

void Schedules::FindNext() {
  next_.reset();
  for (const auto& [name, entry] : entries_) {
    if (entry.next && (!next_ || *entry.next < *next_)) next_ = entry.next;
  }
}

}  // namespace recourse::runtime
