#include "client/cli/top_screen.h"

#include <algorithm>

#include "client/cli/call.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

// "12 s", "4 min 10 s", "3 h 5 min": a time that is read while it runs.
std::string SpanText(Time from, Time to) {
  const auto span =
      std::chrono::floor<std::chrono::seconds>(std::max(to - from, std::chrono::microseconds(0)));
  return span < std::chrono::minutes(1) ? std::to_string(span.count()) + " s" : HumanDuration(span);
}

std::string ClockText(Time time) {
  return FormatTimestamp({ToTimestamp(time).seconds, 0}).substr(11, 8);
}

bool IsAtWork(const v1::Run& run) {
  return run.status() == v1::RUN_STATUS_RUNNING || run.status() == v1::RUN_STATUS_ROLLING_BACK;
}

Time Since(const v1::Run& run) {
  return TimeOf(run.has_waiting() ? run.waiting().since() : run.change_time());
}

ScreenLine ServerLine(const TopState& state) {
  if (!state.problem.empty()) {
    const std::string as_of = state.known_at
                                  ? "; below is what was known at " + ClockText(*state.known_at)
                                  : std::string();
    const std::string since = state.known_at ? "gone for " + SpanText(*state.known_at, state.now)
                                             : std::string("not there");
    return {"server   " + since + as_of + "; tries again: " + OneLine(state.problem), Colour::kBad};
  }
  if (!state.known_at) return {"server   asking", Colour::kFaint};
  if (!state.info) return {"server   answers; more is told to the role admin"};
  const v1::GetInfoResponse& info = *state.info;
  const std::string text = "server   " + OneLine(info.version()) + ", up " +
                           SpanText(TimeOf(info.start_time()), state.now) + ", " +
                           std::to_string(info.attempts_at_work()) + " attempts at work, " +
                           std::to_string(info.inputs_waiting()) + " inputs waiting, journal " +
                           HumanBytes(info.journal_bytes());
  if (!info.journal_writable()) {
    return {"server   the journal cannot be written: " + OneLine(info.journal_error()),
            Colour::kBad};
  }
  return {text};
}

ScreenLine RunsLine(const TopState& state) {
  std::size_t at_work = 0, queued = 0, paused = 0;
  for (const v1::Run& run : state.runs) {
    at_work += IsAtWork(run) ? 1 : 0;
    queued += run.status() == v1::RUN_STATUS_QUEUED ? 1 : 0;
    paused += run.status() == v1::RUN_STATUS_PAUSED ? 1 : 0;
  }
  std::string text = "runs     " + std::to_string(state.runs.size()) +
                     (state.more_runs ? " or more" : "") + " open: " + std::to_string(at_work) +
                     " at work";
  if (queued > 0) text += ", " + std::to_string(queued) + " queued";
  if (paused > 0) text += ", " + std::to_string(paused) + " paused";
  if (state.watched.count() == 0 || !state.problem.empty()) return {text};
  text += "; " + std::to_string(state.finished) + " finished in the last ";
  return {text + (state.watched >= std::chrono::minutes(1)
                      ? "minute"
                      : std::to_string(state.watched.count()) + " s")};
}

ScreenLine PeopleLine(const TopState& state) {
  std::size_t waiting = 0, attention = 0;
  int approvals = 0;
  for (const v1::Run& run : state.runs) {
    waiting += run.waiting().for_person() ? 1 : 0;
    attention += run.status() == v1::RUN_STATUS_NEEDS_ATTENTION ? 1 : 0;
    approvals += run.open_approvals_size();
  }
  if (waiting == 0) return {"people   nothing waits for a person"};
  return {"people   " + std::to_string(waiting) + (waiting == 1 ? " run waits" : " runs wait") +
              " for a person; need attention: " + std::to_string(attention) +
              ", open approvals: " + std::to_string(approvals),
          Colour::kWaits};
}

// Those that wait for a person first, then those at work; among equals the longest first.
std::vector<v1::Run> InOrder(std::vector<v1::Run> runs) {
  const auto rank = [](const v1::Run& run) {
    if (run.status() == v1::RUN_STATUS_NEEDS_ATTENTION) return 0;
    if (run.waiting().for_person()) return 1;
    return IsAtWork(run) ? 2 : 3;
  };
  std::stable_sort(runs.begin(), runs.end(), [&](const v1::Run& a, const v1::Run& b) {
    return rank(a) != rank(b) ? rank(a) < rank(b) : Since(a) < Since(b);
  });
  return runs;
}

std::string WaitsFor(const v1::Run& run) {
  if (!run.has_waiting()) return "";
  if (run.waiting().has_lock_holder()) {
    return OneLine(run.waiting().lock_holder().run() + ": " + run.waiting().reason());
  }
  const std::string who = run.waiting().for_person() ? run.waiting().who() + ": " : "";
  return OneLine(who + run.waiting().reason());
}

std::vector<ScreenLine> RunLines(const TopState& state, std::size_t width, std::size_t count) {
  struct Row {
    std::vector<std::string> cells;
    Colour colour;
  };
  std::vector<Row> rows = {
      {{"RUN", "STATUS", "FOR", "WORKFLOW AT STEP", "WAITS FOR"}, Colour::kFaint}};
  for (const v1::Run& run : InOrder(state.runs)) {
    if (rows.size() == count) break;
    std::string at = OneLine(run.workflow());
    if (!run.step().empty()) at += " at " + OneLine(run.step());
    rows.push_back({{OneLine(run.id()), StatusName(run.status()), SpanText(Since(run), state.now),
                     at, WaitsFor(run)},
                    ColourOf(run.status())});
  }
  // Enough for what the columns hold, but the last one keeps half of the line.
  const std::size_t most[] = {10, 15, 11, std::max<std::size_t>(width / 3, 12)};
  std::size_t widths[4] = {};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < 4; ++i) {
      widths[i] = std::min(most[i], std::max(widths[i], Width(row.cells[i])));
    }
  }
  std::vector<ScreenLine> lines;
  for (const Row& row : rows) {
    std::string text;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::string cell = Cut(row.cells[i], widths[i]);
      text += cell + std::string(widths[i] - Width(cell) + 2, ' ');
    }
    lines.push_back({text + row.cells[4], row.colour});
  }
  return lines;
}

}  // namespace

std::vector<ScreenLine> TopLines(const TopState& state, std::size_t width, std::size_t height) {
  std::vector<ScreenLine> lines = {{ClockText(state.now) + " UTC  " + OneLine(state.server)},
                                   ServerLine(state),
                                   RunsLine(state),
                                   PeopleLine(state),
                                   {""}};
  constexpr std::size_t kAround = 6;  // those, and the last one
  const std::size_t room = height > kAround ? height - kAround : 0;
  if (room >= 2 && !state.runs.empty()) {
    for (ScreenLine& line : RunLines(state, width, room)) lines.push_back(std::move(line));
  }
  const std::size_t shown = lines.size() > 5 ? lines.size() - 6 : 0;
  std::string last = "q quits";
  if (shown < state.runs.size()) {
    last += "; " + std::to_string(shown) + " of " + std::to_string(state.runs.size()) +
            " open runs are shown";
  }
  lines.push_back({last, Colour::kFaint});
  if (lines.size() > height) lines.resize(height);
  for (ScreenLine& line : lines) {
    line.text = Cut(line.text, width);
    line.text.erase(line.text.find_last_not_of(' ') + 1);
  }
  return lines;
}

}  // namespace recourse::cli
