// What `recourse top` shows, as a pure function of what is known and of the terminal's size.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/output.h"
#include "engine/base/clock.h"
#include "recourse/v1/admin.pb.h"
#include "recourse/v1/run.pb.h"

namespace recourse::cli {

struct TopState {
  std::string server;  // which one, for people
  Time now;
  std::optional<Time> known_at;             // when the server last answered; none: never
  std::string problem;                      // why it does not answer now; empty: it does
  std::optional<v1::GetInfoResponse> info;  // none: this principal may not ask
  std::vector<v1::Run> runs;                // that are not over, in the basic view
  bool more_runs = false;                   // there are more than those
  std::int64_t finished = 0;                // runs that were over within the last minute
  std::chrono::seconds watched{0};          // since when they are counted, at most a minute
};

struct ScreenLine {
  std::string text;
  Colour colour = Colour::kNone;
};

// At most `height` lines of at most `width` columns: the server, the counts, then the runs, those
// that wait for a person first. What comes from a server is fit for a terminal.
std::vector<ScreenLine> TopLines(const TopState& state, std::size_t width, std::size_t height);

}  // namespace recourse::cli
