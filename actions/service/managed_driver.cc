#include "actions/service/managed_driver.h"

#include <algorithm>
#include <utility>

#include "actions/inputs.h"
#include "actions/stop_event.h"
#include "engine/base/fail_point.h"
#include "engine/base/text.h"

namespace recourse::service {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr microseconds kInterval = std::chrono::milliseconds(100);
constexpr microseconds kKillLimit = std::chrono::seconds(10);

microseconds Since(steady_clock::time_point begin) {
  return std::chrono::duration_cast<microseconds>(steady_clock::now() - begin);
}

}  // namespace

Result<bool> AwaitTrue(const Context& context, microseconds limit,
                       const std::function<Result<bool>()>& condition) {
  const StopEvent stop(context);
  const auto begin = steady_clock::now();
  for (;;) {
    auto answer = condition();
    if (!answer || *answer) return answer;
    const microseconds left = limit - Since(begin);
    if (left.count() <= 0) return false;
    if (!stop.WaitFor(std::min(kInterval, left))) return context.StopError();
  }
}

Result<Managed> ManagedOf(const Value& service, std::string manager, microseconds stop_timeout) {
  Managed managed{service.StringOr("name", ""), std::move(manager), {}, {}};
  const auto settle = DurationInput(service, "settle", std::chrono::seconds(1));
  if (!settle) return settle.error().In("service " + managed.name);
  const auto stop = DurationInput(service, "stop_timeout", stop_timeout);
  if (!stop) return stop.error().In("service " + managed.name);
  managed.settle = *settle;
  managed.stop_timeout = *stop;
  return managed;
}

Outcome ManagedDriver::Start(const Context& context, const Value& memory) const {
  auto state = Look(context);
  if (!state) return std::move(state).error();
  if (state->phase == Phase::kRunning && memory.is_null()) {
    Outcome settled = AwaitSettled(context, false);
    if (settled) return settled;
    state = Look(context);  // it was ending when it was found
    if (!state) return std::move(state).error();
  }
  if (state->phase == Phase::kStopping) {
    if (auto ended = AwaitStopped(context, false); !ended) {
      return Failure{std::move(ended).error(), {}, LeftBehind::kPartial};
    }
  }
  auto told = TellStart(context, memory);
  RECOURSE_FAIL_POINT("service_after_told_start");
  if (told) return AwaitSettled(context, true);
  state = Look(context);
  if (!state) return Failure{std::move(told).error(), {}, LeftBehind::kUnknown};
  Failure failure = DidNotLast(context, *state, "could not be started");
  failure.error =
      Error{told.error().code == Code::kInternal ? failure.error.code : told.error().code,
            told.error().message + "; " + failure.error.message};
  return failure;
}

Outcome ManagedDriver::AwaitSettled(const Context& context, bool changed) const {
  const StopEvent stop(context);
  std::string instance;
  auto ready_since = steady_clock::now();
  for (;;) {
    auto state = Look(context);
    if (!state) return Failure{std::move(state).error(), {}, LeftBehind::kUnknown};
    const bool is_other = !instance.empty() && state->instance != instance;
    const bool is_down = state->phase == Phase::kStopped || state->phase == Phase::kRestarting ||
                         state->phase == Phase::kPartly;
    if (is_down || is_other) {
      return DidNotLast(context, *state,
                        changed ? "was started and has not kept running" : "has not kept running");
    }
    if (state->phase != Phase::kRunning) {
      ready_since = steady_clock::now();
    } else {
      instance = state->instance;
      if (std::max(state->age, Since(ready_since)) >= managed_.settle) {
        return OutputOf(managed_.name, *state, changed);
      }
    }
    if (!stop.WaitFor(kInterval)) {
      return Failure{context.StopError().In("wait until " + managed_.name + " has settled (" +
                                            managed_.manager + " calls it " + state->word + ")"),
                     OutputOf(managed_.name, *state, changed), LeftBehind::kPartial};
    }
  }
}

Failure ManagedDriver::DidNotLast(const Context& context, const State& state,
                                  const std::string& what) const {
  std::string said = "it has said nothing";
  Value::List lines;
  auto logs = Logs(context, {});
  if (!logs) said = "its log cannot be read: " + logs.error().message;
  if (logs && !logs->lines.empty()) {
    lines = std::move(logs->lines);
    said = "its last line in " + logs->source + ": " + lines.back().as_string();
  }
  const bool ended = state.phase == Phase::kStopped;
  const std::string again =
      state.phase == Phase::kRestarting ? ", and will start it again by itself"
      : state.phase == Phase::kRunning  ? ", and has started it again by itself"
                                        : "";
  return {Unavailable(managed_.name + " " + what + " for its settle time of " +
                      FormatDuration(managed_.settle) + ": " + managed_.manager + " calls it " +
                      state.word + again + "; " + said),
          OutputOf(managed_.name, state, !ended).With("log", std::move(lines)),
          ended ? LeftBehind::kNothing : LeftBehind::kPartial};
}

Outcome ManagedDriver::Stop(const Context& context, bool kill) const {
  auto state = Look(context);
  if (!state) return std::move(state).error();
  if (state->phase == Phase::kStopped) return OutputOf(managed_.name, *state, false);
  if (auto told = TellStop(context); !told) {
    return Failure{std::move(told).error().In("stop " + managed_.name), {}, LeftBehind::kPartial};
  }
  RECOURSE_FAIL_POINT("service_after_told_stop");
  if (auto ended = AwaitStopped(context, kill); !ended) {
    return Failure{std::move(ended).error(), OutputOf(managed_.name, *state, true),
                   LeftBehind::kPartial};
  }
  state = Look(context);
  if (!state) return Failure{std::move(state).error(), {}, LeftBehind::kUnknown};
  return OutputOf(managed_.name, *state, true);
}

Result<void> ManagedDriver::AwaitStopped(const Context& context, bool kill) const {
  std::string word;
  const auto has_ended = [&]() -> Result<bool> {
    auto state = Look(context);
    if (!state) return std::move(state).error();
    word = state->word;
    return state->phase == Phase::kStopped;
  };
  auto ended = AwaitTrue(context, managed_.stop_timeout, has_ended);
  if (!ended) return std::move(ended).error().In("wait until " + managed_.name + " has ended");
  if (*ended) return {};
  const std::string what = managed_.name + " has not ended " +
                           FormatDuration(managed_.stop_timeout) +
                           " after it was told to: " + managed_.manager + " calls it " + word;
  if (!kill) {
    return Error{Code::kDeadlineExceeded,
                 what + "; it was not killed, and may still end by itself; look what keeps it, " +
                     "stop it by hand and retry, or allow it to be killed with `kill: true`"};
  }
  context.log(what + "; killing it");
  if (auto killed = TellKill(context); !killed) return std::move(killed).error().In(what);
  RECOURSE_FAIL_POINT("service_after_told_kill");
  ended = AwaitTrue(context, kKillLimit, has_ended);
  if (!ended) return std::move(ended).error().In("wait until " + managed_.name + " has ended");
  if (*ended) return {};
  return Error{Code::kDeadlineExceeded,
               what + ", nor after it was killed; look what " + managed_.manager + " says of it"};
}

Outcome ManagedDriver::Reload(const Context& context) const {
  auto before = Look(context);
  if (!before) return std::move(before).error();
  if (before->phase != Phase::kRunning) {
    return FailedPrecondition(managed_.name + " does not run (" + managed_.manager + " calls it " +
                              before->word + "): there is nothing to reload; start it");
  }
  if (auto told = TellReload(context); !told) return std::move(told).error();
  RECOURSE_FAIL_POINT("service_after_told_reload");
  State after;
  auto changed = AwaitTrue(context, managed_.settle, [&]() -> Result<bool> {
    auto state = Look(context);
    if (!state) return std::move(state).error();
    after = *std::move(state);
    return after.instance != before->instance;
  });
  if (!changed) {
    return Failure{std::move(changed).error().In("look whether " + managed_.name + " runs on"),
                   {},
                   LeftBehind::kUnknown};
  }
  if (!*changed) return OutputOf(managed_.name, after, true);
  Failure failure = DidNotLast(context, after, "was told to reload and has not kept running");
  failure.left = LeftBehind::kPartial;
  return failure;
}

Result<bool> ManagedDriver::AwaitPendingStop(const Context& context) const {
  return AwaitTrue(context, managed_.stop_timeout, [&]() -> Result<bool> {
    auto state = Look(context);
    if (!state) return std::move(state).error();
    return state->phase != Phase::kStopping;
  });
}

}  // namespace recourse::service
