// top: a live screen of what is at work and what waits for whom.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <limits>

#include "client/cli/screen.h"
#include "client/cli/top_watch.h"
#include "client/cli/verbs.h"

namespace recourse::cli {
namespace {

using namespace std::chrono_literals;

// Whether there is a terminal that a screen can be drawn on.
bool CanDraw() {
  const char* kind = std::getenv("TERM");
  return OnTerminal() && isatty(STDIN_FILENO) == 1 && kind != nullptr && *kind != '\0' &&
         std::string_view(kind) != "dumb";
}

std::string NameOf(const Common& common, const client::Connection& server) {
  const auto chosen = ServerOf(common);
  const std::string address = server.options().address.empty()
                                  ? server.options().data + "/recourse.sock"
                                  : server.options().address;
  return chosen && !chosen->context.empty() ? "context " + chosen->context + ", " + address
                                            : address;
}

// Once, as it is now, all of it.
Result<int> PrintTop(const Common& common, const client::Connection& server) {
  auto state = AskForTop(server);
  if (!state) return std::move(state).error();
  if (common.json) {
    v1::ListRunsResponse list;
    for (const v1::Run& run : state->runs) *list.add_runs() = run;
    return PrintJson(list);
  }
  state->server = NameOf(common, server);
  state->now = SystemClock().Now();
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  auto lines =
      TopLines(*state, OnTerminal() ? static_cast<std::size_t>(TerminalWidth()) : 1000, kAll);
  lines.pop_back();  // there is nothing to quit
  for (const ScreenLine& line : lines) std::printf("%s\n", line.text.c_str());
  return kOk;
}

int ShowLive(const std::string& name, const client::Connection& server) {
  TopWatch watch(server);
  Screen screen;
  for (;;) {
    TopState state = watch.State();
    state.server = name;
    screen.Draw(TopLines(state, screen.width(), screen.height()));
    const auto happened = screen.Wait(watch.changed(), 1000ms);
    if (happened == Screen::Happening::kQuit) return kOk;
    watch.Taken();
  }
}

}  // namespace

int ShowTop(const Common& common) {
  const bool live = CanDraw() && !common.json;
  if (live) BlockScreenSignals();  // before the connection starts its threads
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    return live ? ShowLive(NameOf(common, server), server) : PrintTop(common, server);
  });
}

}  // namespace recourse::cli
