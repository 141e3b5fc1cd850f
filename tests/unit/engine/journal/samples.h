// Small changes to store.
#pragma once

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

}  // namespace recourse::journal
