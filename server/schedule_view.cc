#include "server/schedule_view.h"

#include <algorithm>

#include "engine/base/json.h"
#include "server/convert.h"

namespace recourse::server {
namespace {

void AddNext(const definition::Schedule& schedule, const journal::ScheduleRow& row, Time now,
             int count, v1::Schedule& message) {
  // A time that has come, but whose start its jitter still puts off, is one of those to come.
  Time after = std::max(row.decided, now - schedule.jitter);
  while (message.next_size() < count) {
    const auto time = schedule.cron.Next(after);
    if (!time) return;
    after = *time;
    const Time start = schedule.StartOf(*time);
    if (start <= now) continue;
    v1::ScheduledTime& next = *message.add_next();
    *next.mutable_time() = ToProto(*time);
    next.set_local(schedule.cron.zone().Format(*time));
    *next.mutable_start_time() = ToProto(start);
  }
}

}  // namespace

v1::Schedule ToProto(const definition::Schedule& schedule, const journal::ScheduleRow& row,
                     Time now, int next) {
  v1::Schedule message;
  message.set_name(schedule.name);
  message.set_summary(schedule.summary);
  message.set_workflow(schedule.workflow);
  message.set_inputs_json(ToJson(schedule.inputs));
  message.set_cron(schedule.cron.text());
  message.set_time_zone(schedule.cron.zone().name());
  if (schedule.jitter.count() > 0) *message.mutable_jitter() = ToProto(schedule.jitter);
  message.set_overlap(std::string(ToString(schedule.overlap)));
  message.set_catch_up(std::string(ToString(schedule.catch_up)));
  if (schedule.catch_up == definition::CatchUp::kAll) {
    message.set_catch_up_limit(schedule.catch_up_limit);
  }
  message.set_paused(row.paused);
  message.set_changed_by(row.changed_by);
  if (row.changed) *message.mutable_change_time() = ToProto(*row.changed);
  message.set_change_reason(Utf8(row.changed_why));
  if (!row.paused) AddNext(schedule, row, now, next, message);
  for (const Time time : row.queued) *message.add_queued() = ToProto(time);
  if (row.last_run.number > 0) message.set_last_run(row.last_run.ToString());
  if (row.last_time) *message.mutable_last_time() = ToProto(*row.last_time);
  message.set_not_started(row.not_started);
  if (row.not_started_time) *message.mutable_not_started_time() = ToProto(*row.not_started_time);
  message.set_not_started_reason(Utf8(row.not_started_why));
  return message;
}

}  // namespace recourse::server
