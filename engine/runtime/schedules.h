// The schedules that are loaded and what they have come to. What stands here is durable, but for
// what Load() finds out anew.
//
// Belongs to the core loop's thread.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/runtime/engine.h"

namespace recourse::runtime {

class Schedules {
 public:
  // `journal` outlives this.
  explicit Schedules(journal::Journal& journal) : journal_(journal) {}

  // Takes the place of those that were loaded, with what the journal has of them. Errors are the
  // reader's: nothing has changed then.
  Result<void> Load(const ScheduleDefinitions& definitions, Time now);
  // Stores what is new in them since. Errors are the journal's. They begin again then with the next
  // start of the server, unless something is stored for them before.
  Result<void> StoreNew();

  // When the next of them has something to do, as far as time decides.
  std::optional<Time> next() const { return next_; }

  // Those that have something to do, or may have.
  std::vector<std::string> Due(Time now) const;

  struct Entry {
    std::shared_ptr<const definition::Schedule> schedule;
    journal::ScheduleRow row;
    std::optional<Time> next;  // when it has to be looked at
  };
  // Null when there is none of that name.
  const Entry* Find(std::string_view name) const;

  // The row is durable.
  void Stored(const journal::ScheduleRow& row);
  // Its times were looked at and nothing came of it.
  void LookAgain(const std::string& name, std::optional<Time> at);
  // The runs that ended may be what a time waits for.
  void Committed(std::span<const journal::RunChange> changes);

 private:
  void FindNext();

  journal::Journal& journal_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::unordered_map<RunId, std::string> awaited_;  // runs whose end a time waits for
  std::vector<journal::ScheduleRow> new_;
  std::optional<Time> next_;
};

}  // namespace recourse::runtime
