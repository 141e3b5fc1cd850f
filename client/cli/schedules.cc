// schedules: when runs are started by themselves.
#include <cstdio>
#include <memory>

#include "client/cli/tools.h"
#include "client/cli/verbs.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

std::string Span(const google::protobuf::Duration& duration) {
  return HumanDuration(std::chrono::seconds(duration.seconds()) +
                       std::chrono::microseconds(duration.nanos() / 1000));
}

std::string Because(const std::string& reason) { return reason.empty() ? "" : ": " + reason; }

std::string StateText(const v1::Schedule& schedule) {
  const bool paused = schedule.paused();
  if (schedule.changed_by().empty()) return paused ? "paused by its file" : "active";
  return std::string(paused ? "paused" : "active, resumed") + " by " + schedule.changed_by() +
         " on " + When(schedule.change_time()) + " UTC" + Because(schedule.change_reason());
}

std::string RulesText(const v1::Schedule& schedule) {
  std::string text = "overlap " + schedule.overlap() + ", catch_up " + schedule.catch_up();
  if (schedule.catch_up_limit() > 0) {
    text += " (at most " + std::to_string(schedule.catch_up_limit()) + ")";
  }
  if (schedule.has_jitter()) text += ", up to " + Span(schedule.jitter()) + " later";
  return text;
}

std::string ScheduleText(const v1::Schedule& schedule) {
  std::string text =
      schedule.name() + (schedule.summary().empty() ? "" : " - " + schedule.summary()) + "\n";
  const auto line = [&](std::string label, const std::string& content) {
    label.resize(13, ' ');
    text += label + content + "\n";
  };
  const std::string& inputs = schedule.inputs_json();
  line("workflow", schedule.workflow() + (inputs == "{}" ? "" : " " + inputs));
  line("cron", schedule.cron() + "  (" + schedule.time_zone() + ")");
  line("rules", RulesText(schedule));
  line("state", StateText(schedule));
  line("last run", schedule.last_run().empty()
                       ? "none"
                       : schedule.last_run() + " for " + When(schedule.last_time()) + " UTC");
  for (const auto& time : schedule.queued()) line("waits", When(time) + " UTC");
  if (schedule.not_started() > 0) {
    line("not started", std::to_string(schedule.not_started()) + ", the last for " +
                            When(schedule.not_started_time()) + " UTC" +
                            Because(schedule.not_started_reason()));
  }
  return Clean(text);
}

std::string NextText(const v1::Schedule& schedule) {
  Table table({"NEXT (" + schedule.time_zone() + ")", "UTC", "STARTS"});
  for (const v1::ScheduledTime& next : schedule.next()) {
    table.Add({next.local(), When(next.time()), FromNow(next.start_time())});
  }
  return table.empty() ? "" : "\n" + table.ToString();
}

int Print(const Common& common, const v1::Schedule& schedule) {
  if (common.json) return PrintJson(schedule);
  std::printf("%s", (ScheduleText(schedule) + NextText(schedule)).c_str());
  return kOk;
}

int ListSchedules(const Common& common) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto list = AllPages(server, &v1::ScheduleService::Stub::ListSchedules, server.schedules(),
                         v1::ListSchedulesRequest(),
                         [](auto& answer) { return answer.mutable_schedules(); });
    if (!list) return std::move(list).error();
    if (common.json) return PrintJson(*list);
    Table table({"SCHEDULE", "STATE", "WORKFLOW", "CRON", "ZONE", "NEXT (UTC)", "LAST"});
    for (const v1::Schedule& schedule : list->schedules()) {
      table.Add({schedule.name(), schedule.paused() ? "paused" : "active", schedule.workflow(),
                 schedule.cron(), schedule.time_zone(),
                 schedule.next().empty() ? "" : When(schedule.next(0).time()), schedule.last_run()},
                schedule.paused() ? Colour::kFaint : Colour::kNone);
    }
    std::printf("%s",
                table.empty() ? "the server has loaded no schedule\n" : table.ToString().c_str());
    return kOk;
  });
}

int ShowSchedule(const Common& common, const std::string& name) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::GetScheduleRequest request;
    request.set_schedule(name);
    auto schedule =
        Unary(server, &v1::ScheduleService::Stub::GetSchedule, server.schedules(), request);
    if (!schedule) return std::move(schedule).error();
    return Print(common, *schedule);
  });
}

// What to say where the schedule is as it is asked to be: it stays so by the word of who said so
// first. Empty: it is not, or the server does not say.
std::string Unchanged(const client::Connection& server, const std::string& name, bool pause) {
  v1::GetScheduleRequest request;
  request.set_schedule(name);
  const auto now =
      Unary(server, &v1::ScheduleService::Stub::GetSchedule, server.schedules(), request);
  if (!now || now->paused() != pause) return "";
  return "nothing is changed, and no reason kept: it is " + StateText(*now);
}

void TellUnchanged(const std::string& unchanged) {
  if (!unchanged.empty()) std::fprintf(stderr, "recourse: %s\n", Clean(unchanged).c_str());
}

int PauseSchedule(const Common& common, const std::string& name, const std::string& reason) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    const std::string unchanged = Unchanged(server, name, true);
    v1::PauseScheduleRequest request;
    request.set_schedule(name);
    request.set_reason(reason);
    auto schedule =
        Unary(server, &v1::ScheduleService::Stub::PauseSchedule, server.schedules(), request);
    if (!schedule) return std::move(schedule).error();
    TellUnchanged(unchanged);
    return Print(common, *schedule);
  });
}

int ResumeSchedule(const Common& common, const std::string& name, const std::string& reason) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    const std::string unchanged = Unchanged(server, name, false);
    v1::ResumeScheduleRequest request;
    request.set_schedule(name);
    request.set_reason(reason);
    auto schedule =
        Unary(server, &v1::ScheduleService::Stub::ResumeSchedule, server.schedules(), request);
    if (!schedule) return std::move(schedule).error();
    TellUnchanged(unchanged);
    return Print(common, *schedule);
  });
}

struct ScheduleArguments {
  std::string name;
  std::string reason;
};

}  // namespace

void AddScheduleVerbs(CLI::App& app, const Common& common, const AddVerb& add) {
  const auto arguments = std::make_shared<ScheduleArguments>();
  CLI::App* group = app.add_subcommand("schedules", "when runs are started by themselves");
  group->require_subcommand(1);
  group->fallthrough();
  add(*group, "list", "all of them", [&common] { return ListSchedules(common); });
  add(*group, "show", "one: its rules, what it did, its next five times",
      [&common, arguments] { return ShowSchedule(common, arguments->name); })
      ->add_option("name", arguments->name, "its name")
      ->required();
  const auto add_change = [&](const char* verb, const char* what, auto change) {
    CLI::App* one = add(*group, verb, what, [&common, arguments, change] {
      return change(common, arguments->name, arguments->reason);
    });
    one->add_option("name", arguments->name, "its name")->required();
    one->add_option("--reason", arguments->reason, "why; shown with the schedule");
  };
  add_change("pause", "start no more runs until resumed", PauseSchedule);
  add_change("resume", "go on, from now", ResumeSchedule);
}

}  // namespace recourse::cli
