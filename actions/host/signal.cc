#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "actions/host/family.h"
#include "actions/inputs.h"
#include "actions/proc_stat.h"
#include "actions/process/listing.h"
#include "actions/service/identity.h"
#include "actions/service/pid_file.h"
#include "actions/stop_event.h"
#include "engine/base/fail_point.h"
#include "engine/base/text.h"

namespace recourse::host {
namespace {

using service::Identity;
using std::chrono::microseconds;

constexpr auto kAfterKill = std::chrono::seconds(10);  // a process in a disk's hands ends late

constexpr std::string_view kSignalInputs = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "pid": {"type": "integer", "minimum": 1, "maximum": 2147483647},
    "start_time": {"type": "integer", "minimum": 0,
      "description": "of that process, in clock ticks after boot: database.holders, host.ports and host.processes tell it"},
    "pid_file": {"type": "string", "description": "instead of both: the file that names the process"},
    "signal": {"type": "string", "enum": ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2"],
      "default": "TERM"},
    "kill": {"type": "boolean", "default": false,
      "description": "end it by KILL when it has not ended in time after TERM, INT or QUIT"},
    "within": {"type": "string", "default": "10s",
      "description": "how long to wait for its end after TERM, INT or QUIT"}
  }
})";

constexpr std::string_view kSignalOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "pid": {"type": "integer", "description": "0: the pid file names nothing that runs"},
    "start_time": {"type": "integer"},
    "command": {"type": "string"},
    "signalled": {"type": "boolean", "description": "false: it had ended already"},
    "ended": {"type": "boolean"},
    "killed": {"type": "boolean", "description": "KILL was needed"}
  }
})";

int NumberOf(const std::string& signal) {
  if (signal == "INT") return SIGINT;
  if (signal == "QUIT") return SIGQUIT;
  if (signal == "HUP") return SIGHUP;
  if (signal == "USR1") return SIGUSR1;
  if (signal == "USR2") return SIGUSR2;
  return SIGTERM;
}

bool Ends(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT; }

std::string SignalOf(const Value& inputs) { return inputs.StringOr("signal", "TERM"); }

// The process that is meant. Pid 0: what the pid file names does not run.
Result<Identity> Meant(const Context& context) {
  const Value& inputs = context.inputs;
  const std::string pid_file = inputs.StringOr("pid_file", "");
  const bool by_number = inputs.Find("pid") != nullptr || inputs.Find("start_time") != nullptr;
  if (pid_file.empty() != by_number) {
    return InvalidArgument(
        "which process is meant is said by \"pid\" and \"start_time\", or by "
        "\"pid_file\"");
  }
  if (by_number) {
    if (inputs.Find("pid") == nullptr || inputs.Find("start_time") == nullptr) {
      return InvalidArgument(
          "\"pid\" and \"start_time\" are needed both: a number alone can have "
          "been given to another process meanwhile");
    }
    return Identity{static_cast<pid_t>(inputs.IntOr("pid", 0)), inputs.IntOr("start_time", 0)};
  }
  if (auto allowed = context.policy.AllowPath(pid_file); !allowed) {
    return std::move(allowed).error();
  }
  const auto running = service::PidFile(pid_file, {}).Read();
  if (!running) return running.error();
  return *running && (*running)->main_lives ? (*running)->main : Identity{};
}

// Why that process gets no signal from here, if so.
Result<void> CheckMaySignal(const Identity& process) {
  const auto refuse = [&](const std::string& why) {
    return FailedPrecondition("the process " + service::Describe(process.pid) +
                              " gets no signal: it is " + why + ". Nothing was changed");
  };
  if (process.pid == 1) return refuse("the first process, without which the machine stops");
  if (process.pid == getpid()) return refuse("this server");
  for (pid_t at = getppid(); at > 0;) {
    if (at == process.pid) return refuse("what this server runs in");
    const auto stat = ReadProcStat(at);
    at = stat ? stat->parent : 0;
  }
  const auto stat = ReadProcStat(process.pid);
  if (stat && stat->of_kernel) return refuse("a thread of the kernel");
  return {};
}

Identity FromRecord(const Value& record) {
  return {static_cast<pid_t>(record.IntOr("pid", 0)), record.IntOr("start_time", 0)};
}

bool Lives(const Identity& process) {
  return process.pid > 0 && service::IdentityOf(process.pid) == process;
}

Value Told(const Value& record, bool signalled, bool ended, bool killed) {
  return record.With("signalled", signalled).With("ended", ended).With("killed", killed);
}

class Signal final : public Action {
 public:
  Signal() {
    spec_.name = "host.signal";
    spec_.summary = "Send a signal to exactly one process, and wait for its end";
    spec_.inputs = Schema(kSignalInputs);
    spec_.output = Schema(kSignalOutput);
    spec_.repeat = RepeatClass::kProbed;
    spec_.has_plan = true;
    spec_.has_prepare = true;
    spec_.without_compensation = "a signal cannot be taken back; service.start starts a service";
    spec_.timeout = std::chrono::minutes(2);
    spec_.retry.attempts = 1;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    const auto process = Meant(context);
    if (!process) return process.error();
    if (!Lives(*process)) return ActionPlan{{"nothing: that process does not run"}, 0, {}};
    if (auto may = CheckMaySignal(*process); !may) return std::move(may).error();
    const std::string who =
        service::Describe(process->pid) + " of the user " + process::UserOfProcess(process->pid);
    const std::string signal = SignalOf(context.inputs);
    ActionPlan plan{{"send " + signal + " to the process " + who}, 0, {}};
    if (!Ends(NumberOf(signal))) return plan;
    plan.irreversible.push_back("the process ends; what it has in its memory alone is lost");
    if (context.inputs.BoolOr("kill", false)) {
      plan.lines.push_back("KILL, when it has not ended " +
                           context.inputs.StringOr("within", "10s") + " later");
    }
    return plan;
  }

  // Which process it is must not change with the pid file, whatever happens between.
  Outcome Prepare(const Context& context) const override {
    const auto process = Meant(context);
    if (!process) return process.error();
    if (Lives(*process)) {
      if (auto may = CheckMaySignal(*process); !may) return std::move(may).error();
    }
    return Value::Object({{"pid", std::int64_t{process->pid}},
                          {"start_time", process->start_time},
                          {"command", Lives(*process) ? process::CommandLine(process->pid) : ""}});
  }

  Outcome Apply(const Context& context) const override {
    const auto within = DurationInput(context.inputs, "within", std::chrono::seconds(10));
    if (!within) return within.error();
    const Identity process = FromRecord(context.undo);
    const bool before = WasSent(context);
    if (!Lives(process)) return Told(context.undo, before, true, false);
    if (auto may = CheckMaySignal(process); !may) return std::move(may).error();
    auto pidfd = service::Watch(process);
    if (!pidfd) return std::move(pidfd).error();
    if (!pidfd->valid()) return Told(context.undo, before, true, false);
    const int signal = NumberOf(SignalOf(context.inputs));
    if (!before) {
      if (auto sent = service::SendSignal(*pidfd, signal, process); !sent) {
        return std::move(sent).error();
      }
      RECOURSE_FAIL_POINT("signal_sent");
      NoteSent(context);
    }
    if (!Ends(signal)) return Told(context.undo, true, !Lives(process), false);
    return AwaitEnd(context, process, *pidfd, *within);
  }

  ProbeAnswer Probe(const Context& context) const override {
    using Verdict = ProbeAnswer::Verdict;
    const std::string signal = SignalOf(context.inputs);
    if (!Lives(FromRecord(context.undo))) {
      return {Verdict::kApplied, "the process has ended", Told(context.undo, true, true, false)};
    }
    if (Ends(NumberOf(signal))) {
      return {Verdict::kRepeatable,
              WasSent(context) ? "the process got " + signal + ", and runs still"
                               : "the process runs; whether it got " + signal + " does not show",
              {}};
    }
    if (WasSent(context)) {
      return {Verdict::kApplied, "the process got " + signal,
              Told(context.undo, true, false, false)};
    }
    return {Verdict::kUnknown,
            "the process runs; whether it got " + signal +
                " does not show from outside. Look at "
                "its log; most programs take a second " +
                signal + " as well",
            {}};
  }

 private:
  // Whether this attempt has sent the signal before a crash. False: it may have, just before it.
  static bool WasSent(const Context& context) {
    return context.checkpoint.BoolOr("signalled", false);
  }

  // So that nobody gets a signal twice: many programs take a second one for an order to hurry.
  static void NoteSent(const Context& context) {
    const auto noted = context.save_progress(Value::Object({{"signalled", true}}));
    if (!noted) context.log("that it was sent is not noted: " + noted.error().ToString());
  }

  // A process that has its signal and runs on is a half done thing.
  static Outcome AwaitEnd(const Context& context, const Identity& process, const Descriptor& pidfd,
                          microseconds within) {
    const StopEvent stop(context);
    if (stop.WaitReadable(pidfd.get(), within)) return Told(context.undo, true, true, false);
    const std::string who = "the process " + service::Describe(process.pid);
    const std::string sent = who + " got " + SignalOf(context.inputs) + ", and runs still";
    if (stop.stopped()) {
      return Failure{context.StopError().In(sent), context.undo, LeftBehind::kPartial};
    }
    if (!context.inputs.BoolOr("kill", false)) {
      return Failure{{Code::kDeadlineExceeded,
                      sent + " after " + HumanDuration(within) +
                          "; it may end yet. Wait and try again, or let kill: true end it, which "
                          "gives it no chance to finish what it does"},
                     context.undo,
                     LeftBehind::kPartial};
    }
    context.log(sent + "; now it gets KILL");
    if (auto killed = service::SendSignal(pidfd, SIGKILL, process); !killed) {
      return Failure{std::move(killed).error(), context.undo, LeftBehind::kPartial};
    }
    if (stop.WaitReadable(pidfd.get(), kAfterKill)) return Told(context.undo, true, true, true);
    return Failure{{Code::kDeadlineExceeded,
                    who +
                        " does not end even after KILL: the kernel holds it, mostly in a disk or "
                        "network file system that does not answer; look at its state with "
                        "`ps -o stat,wchan -p " +
                        std::to_string(process.pid) + "`"},
                   context.undo,
                   LeftBehind::kPartial};
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeSignal() { return std::make_unique<Signal>(); }

}  // namespace recourse::host
