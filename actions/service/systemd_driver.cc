// kind `systemd`: a unit of the system's manager or of a user's, through systemctl.
#include <time.h>

#include <charconv>
#include <map>
#include <set>
#include <sstream>

#include "actions/inputs.h"
#include "actions/service/log_lines.h"
#include "actions/service/managed_driver.h"
#include "actions/service/tool.h"
#include "engine/base/fail_point.h"
#include "engine/base/text.h"

namespace recourse::service {
namespace {

using std::chrono::microseconds;
using Properties = std::map<std::string, std::string>;

struct UnitSettings {
  std::string unit;
  bool of_user = false;
  std::string log;             // a file; empty: the journal
  std::string journal;         // its directory; empty: the machine's
  process::Program systemctl;  // what all of its calls have in common
};

Error ManagerError(const process::Finished& finished) {
  const std::string said = SaidBy(finished);
  const auto says = [&](std::string_view text) { return said.find(text) != std::string::npos; };
  if (says("Access denied") || says("authentication required") || says("Permission denied")) {
    return {Code::kPermissionDenied, said};
  }
  if (says("Failed to connect") || says("not been booted with systemd") ||
      says("Connection reset") || says("Transport endpoint")) {
    return Unavailable("systemd does not answer: " + said);
  }
  if (says("not found") || says("not loaded")) return NotFound(said);
  return Internal(said);
}

std::int64_t NumberIn(const Properties& properties, const std::string& name) {
  const auto found = properties.find(name);
  std::int64_t number = 0;
  if (found == properties.end()) return number;
  const std::string& text = found->second;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Phase PhaseOf(const std::string& active, const std::string& sub) {
  if (active == "active" || active == "reloading") return Phase::kRunning;
  if (active == "deactivating") return Phase::kStopping;
  if (active != "activating") return Phase::kStopped;
  return sub == "auto-restart" ? Phase::kRestarting : Phase::kStarting;
}

microseconds SinceBoot() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) + microseconds(now.tv_nsec / 1000);
}

class SystemdDriver final : public ManagedDriver {
 public:
  SystemdDriver(Managed managed, UnitSettings settings)
      : ManagedDriver(std::move(managed)), settings_(std::move(settings)) {}

  Result<State> Look(const Context& context) const override {
    auto shown = Show(context);
    if (!shown) return std::move(shown).error();
    if ((*shown)["LoadState"] == "not-found") {
      return NotFound("systemd knows no unit " + settings_.unit +
                      "; look at the unit's name in the target, or whether its file is installed");
    }
    return StateOf(context, *shown);
  }

  Result<void> CheckStart(const Context& context) const override {
    auto shown = Show(context);
    if (!shown) return std::move(shown).error();
    Properties& unit = *shown;
    if (unit["LoadState"] == "masked") {
      return FailedPrecondition(settings_.unit +
                                " is masked: somebody has forbidden that it is started. Nothing "
                                "was changed. Find out why; `systemctl unmask` allows it again");
    }
    if (unit["LoadState"] != "loaded") {
      return FailedPrecondition("systemd cannot load " + settings_.unit + " (" + unit["LoadState"] +
                                ") " + unit["LoadError"] +
                                "; correct the unit's file and run `systemctl daemon-reload`");
    }
    if (unit["CanStart"] == "no" || unit["RefuseManualStart"] == "yes") {
      return FailedPrecondition(settings_.unit + " is not one that may be started by hand");
    }
    return {};
  }

  // Stop and start would leave the units stopped that need this one; restart takes them along.
  Outcome Restart(const Context& context, bool kill) const override {
    auto before = Look(context);
    if (!before) return std::move(before).error();
    const bool is_meant =
        before->running && before->instance == context.undo.StringOr("instance", before->instance);
    if (is_meant) {
      if (auto told = Order(context, {"restart", "--no-block"}); !told) {
        return Failure{std::move(told).error(), {}, LeftBehind::kUnknown};
      }
      RECOURSE_FAIL_POINT("service_after_told_restart");
      if (auto gone = AwaitOther(context, before->instance, kill); !gone) {
        return Failure{std::move(gone).error(), {}, LeftBehind::kPartial};
      }
    }
    Outcome started = Start(context, {});
    if (started) return started.output().With("changed", true);
    Failure failure = started.failure();
    failure.left = LeftBehind::kPartial;
    return failure;
  }

  // A job that was given to systemd and not begun: the unit still looks as if it ran on.
  Result<bool> AwaitPendingStop(const Context& context) const override {
    return AwaitTrue(context, managed().stop_timeout, [&]() -> Result<bool> {
      auto shown = Show(context);
      if (!shown) return std::move(shown).error();
      const Phase phase = PhaseOf((*shown)["ActiveState"], (*shown)["SubState"]);
      return phase != Phase::kStopping && NumberIn(*shown, "Job") == 0;
    });
  }

  Result<LogLines> Logs(const Context& context, const LogQuery& query) const override {
    if (!settings_.log.empty()) {
      if (query.since) return NoTimes(settings_.log);
      return LinesOfFile(settings_.log, 0, query.lines);
    }
    process::Program journalctl = settings_.systemctl;
    // One more than wanted tells whether there are more.
    journalctl.arguments = {"journalctl",
                            "--no-pager",
                            "--quiet",
                            "--output=short-iso",
                            "--lines=" + std::to_string(query.lines + 1),
                            (settings_.of_user ? "--user-unit=" : "--unit=") + settings_.unit};
    if (query.since) {
      const auto from = ToTimestamp(context.clock.Now() - *query.since);
      journalctl.arguments.push_back("--since=@" + std::to_string(from.seconds));
    }
    if (!settings_.journal.empty()) {
      journalctl.arguments.push_back("--directory=" + settings_.journal);
    } else if (settings_.of_user) {
      journalctl.arguments.insert(journalctl.arguments.begin() + 1, "--user");
    }
    auto finished = RunTool(journalctl, context, true);
    if (!finished) return std::move(finished).error();
    const std::string source = "the journal of " + settings_.unit;
    if (finished->exit_code != 0 ||
        finished->errors.text.find("No journal files") != std::string::npos) {
      return FailedPrecondition(
          source + " cannot be read: " + SaidBy(*finished) +
          ". Where the unit writes to a file, name it as `log` in the target");
    }
    return LinesOf(finished->output.text, query.lines, source);
  }

 private:
  Result<process::Finished> Systemctl(const Context& context, std::vector<std::string> words,
                                      const std::vector<std::string>& units, bool quiet) const {
    process::Program program = settings_.systemctl;
    program.arguments.insert(program.arguments.end(), words.begin(), words.end());
    program.arguments.emplace_back("--");
    program.arguments.insert(program.arguments.end(), units.begin(), units.end());
    return RunTool(program, context, quiet);
  }

  Result<void> Order(const Context& context, std::vector<std::string> words) const {
    const std::string verb = words.front();
    auto finished = Systemctl(context, std::move(words), {settings_.unit}, false);
    if (!finished) return std::move(finished).error().In(verb + " " + settings_.unit);
    if (finished->exit_code == 0 && finished->signal == 0) return {};
    return ManagerError(*finished).In("systemctl " + verb + " " + settings_.unit);
  }

  // The properties of units, in their order.
  Result<std::vector<Properties>> ShowAll(const Context& context,
                                          const std::vector<std::string>& units) const {
    auto finished = Systemctl(
        context,
        {"show",
         "--property=Id,LoadState,LoadError,ActiveState,SubState,Result,MainPID,InvocationID,"
         "NRestarts,Job,ActiveEnterTimestampMonotonic,ExecMainCode,ExecMainStatus,CanStart,"
         "CanReload,RefuseManualStart,NeedDaemonReload,TriggeredBy,RequiredBy,BoundBy,ConsistsOf"},
        units, true);
    if (!finished) return std::move(finished).error();
    if (finished->exit_code != 0) return ManagerError(*finished).In("look at " + settings_.unit);
    std::vector<Properties> all(1);
    std::istringstream lines(finished->output.text);
    for (std::string line; std::getline(lines, line);) {
      const auto equals = line.find('=');
      if (line.empty() && !all.back().empty()) all.emplace_back();
      if (equals != line.npos) all.back()[line.substr(0, equals)] = line.substr(equals + 1);
    }
    if (all.back().empty()) all.pop_back();
    if (all.size() != units.size()) {
      return Internal("systemctl show told of " + std::to_string(all.size()) +
                      " units, asked for " + std::to_string(units.size()));
    }
    return all;
  }

  Result<Properties> Show(const Context& context) const {
    auto all = ShowAll(context, {settings_.unit});
    if (!all) return std::move(all).error();
    return std::move(all->front());
  }

  Result<State> StateOf(const Context& context, Properties& unit) const {
    State state;
    state.phase = PhaseOf(unit["ActiveState"], unit["SubState"]);
    state.running = state.phase != Phase::kStopped && state.phase != Phase::kRestarting;
    state.pid = NumberIn(unit, "MainPID");
    if (state.running) state.instance = unit["InvocationID"];
    state.restarts = NumberIn(unit, "NRestarts");
    state.word = unit["ActiveState"] + " (" + unit["SubState"] + ")";
    if (unit["Result"] != "success" && !unit["Result"].empty()) {
      state.word += ", " + unit["Result"];
      if (NumberIn(unit, "ExecMainCode") != 0) state.word += " " + unit["ExecMainStatus"];
    }
    if (state.phase != Phase::kRunning) return state;
    state.age = SinceBoot() - microseconds(NumberIn(unit, "ActiveEnterTimestampMonotonic"));
    auto dependents = ActiveDependents(context, unit);
    if (!dependents) return std::move(dependents).error();
    if (!dependents->empty()) {
      state.memory = Value::Object({{"dependents", *std::move(dependents)}});
    }
    return state;
  }

  // The running units that systemd stops along with this one, and does not start along with it.
  Result<Value::List> ActiveDependents(const Context& context, const Properties& unit) const {
    Value::List active;
    std::set<std::string> seen = {settings_.unit, unit.at("Id")};
    std::vector<Properties> level = {unit};
    while (!level.empty()) {
      std::vector<std::string> next;
      for (Properties& properties : level) {
        std::istringstream names(properties["RequiredBy"] + " " + properties["BoundBy"] + " " +
                                 properties["ConsistsOf"]);
        for (std::string name; names >> name;) {
          if (seen.insert(name).second) next.push_back(name);
        }
      }
      if (next.empty()) break;
      auto shown = ShowAll(context, next);
      if (!shown) return std::move(shown).error();
      level.clear();
      for (Properties& properties : *shown) {
        const Phase phase = PhaseOf(properties["ActiveState"], properties["SubState"]);
        if (phase != Phase::kRunning && phase != Phase::kStarting) continue;
        active.emplace_back(properties["Id"]);
        level.push_back(std::move(properties));
      }
    }
    return active;
  }

  Result<void> AwaitOther(const Context& context, const std::string& instance, bool kill) const {
    const auto is_gone = [&]() -> Result<bool> {
      auto state = Look(context);
      if (!state) return std::move(state).error();
      return state->instance != instance;
    };
    auto gone = AwaitTrue(context, managed().stop_timeout, is_gone);
    if (gone && !*gone && kill) {
      if (auto killed = TellKill(context); !killed) return killed;
      gone = AwaitTrue(context, std::chrono::seconds(10), is_gone);
    }
    if (!gone) return std::move(gone).error();
    if (*gone) return {};
    return Error{Code::kDeadlineExceeded,
                 settings_.unit + " has not ended " + FormatDuration(managed().stop_timeout) +
                     " after systemd was told to restart it. systemd still does so; look what "
                     "keeps it (systemctl status), or allow it to be killed with `kill: true`"};
  }

  Result<void> TellStart(const Context& context, const Value& memory) const override {
    auto shown = Show(context);
    if (!shown) return std::move(shown).error();
    Properties& unit = *shown;
    // One that has failed may have been started too often in a short time for systemd's liking.
    if (unit["ActiveState"] == "failed") {
      context.log(settings_.unit + " has failed before (" + unit["Result"] + "); so that systemd " +
                  "does not refuse, its count of starts is reset (systemctl reset-failed)");
      if (auto reset = Order(context, {"reset-failed"}); !reset) return reset;
    }
    if (unit["NeedDaemonReload"] == "yes") {
      context.log("the file of " + settings_.unit + " has changed since systemd has read it; it " +
                  "is started as it was read (`systemctl daemon-reload` reads it)");
    }
    if (auto started = Order(context, {"start"}); !started) return started;
    if (!memory["dependents"].is_list()) return {};
    for (const Value& other : memory["dependents"].as_list()) {
      auto finished = Systemctl(context, {"start"}, {other.as_string()}, false);
      if (!finished) return std::move(finished).error();
      if (finished->exit_code != 0) {
        return ManagerError(*finished).In("start " + other.as_string() + ", which ran before");
      }
    }
    return {};
  }

  Result<void> TellStop(const Context& context) const override {
    auto shown = Show(context);
    if (!shown) return std::move(shown).error();
    if (const std::string& triggers = (*shown)["TriggeredBy"]; !triggers.empty()) {
      context.log(settings_.unit + " may be started again by " + triggers +
                  " where that is active; stop that too when the service must stay stopped");
    }
    return Order(context, {"stop", "--no-block"});
  }

  Result<void> TellKill(const Context& context) const override {
    return Order(context, {"kill", "--signal=KILL"});
  }

  Result<void> TellReload(const Context& context) const override {
    auto shown = Show(context);
    if (!shown) return std::move(shown).error();
    if ((*shown)["CanReload"] == "yes") return Order(context, {"reload"});
    return FailedPrecondition(settings_.unit + " has no way to reload (no ExecReload= in its " +
                              "unit); nothing was done. Restart it instead");
  }

  const UnitSettings settings_;
};

}  // namespace

Result<std::unique_ptr<Driver>> MakeSystemdDriver(const Value& service, const Policy& policy) {
  auto managed = ManagedOf(service, "systemd", std::chrono::seconds(90));
  if (!managed) return std::move(managed).error();
  const auto wrong = [&](Error error) { return std::move(error).In("service " + managed->name); };
  UnitSettings settings;
  settings.unit = service.StringOr("unit", "");
  settings.of_user = service.StringOr("scope", "system") == "user";
  settings.log = service.StringOr("log", "");
  settings.journal = service.StringOr("journal", "");
  const std::string runtime = service.StringOr("runtime_directory", "");
  if (settings.unit.find('.') == std::string::npos) {
    return wrong(InvalidArgument("unit: expected a unit's whole name, such as app.service"));
  }
  if (settings.of_user && runtime.empty()) {
    return wrong(InvalidArgument("with scope user, runtime_directory is needed too"));
  }
  settings.systemctl.arguments = {"systemctl", settings.of_user ? "--user" : "--system",
                                  "--no-pager", "--no-ask-password"};
  settings.systemctl.environment = {{"LC_ALL", "C.UTF-8"}};
  if (settings.of_user) settings.systemctl.environment["XDG_RUNTIME_DIR"] = runtime;
  if (const std::string bus = service.StringOr("bus", ""); !bus.empty()) {
    settings.systemctl.environment["DBUS_SESSION_BUS_ADDRESS"] = bus;
  }
  if (const std::string user = service.StringOr("user", ""); !user.empty()) {
    auto credentials = CredentialsOf(user, "");
    if (!credentials) return wrong(std::move(credentials).error());
    settings.systemctl.credentials = *std::move(credentials);
  }
  for (const std::string& path : {settings.log, settings.journal, runtime}) {
    if (path.empty()) continue;
    if (auto allowed = policy.AllowPath(path); !allowed) return wrong(std::move(allowed).error());
  }
  return std::unique_ptr<Driver>(
      std::make_unique<SystemdDriver>(*std::move(managed), std::move(settings)));
}

}  // namespace recourse::service
