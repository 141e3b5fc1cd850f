// Small changes to store, and what tests of journals share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/journal/journal.h"

namespace recourse::journal {

// Numbers as the machine has them; the journal only stores them.
inline constexpr int kStatusRunning = 2;
inline constexpr int kStatusWaiting = 3;
inline constexpr int kStatusSucceeded = 7;

// `seconds` after a fixed day in 2026.
Time At(std::int64_t seconds);

// A change of `run` with `events` events that follow `heads` and `before` events of the run.
RunChange ChangeOf(const Heads& heads, RunId run, int events = 1, std::int64_t before = 0);

// Appends one such change, which must succeed.
void MustAppend(Journal& journal, RunChange change);

// All events from the first; their chain is checked.
std::vector<StoredEvent> AllEvents(Reader& reader);

// A directory of its own, removed with what is in it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace recourse::journal
