#include <catch2/catch.hpp>

#include "recourse/v1/schedule.grpc.pb.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

struct Scheduled : RunningServer {
  std::unique_ptr<v1::ScheduleService::Stub> schedules = v1::ScheduleService::NewStub(channel);
};

}  // namespace

TEST_CASE_METHOD(Scheduled, "schedules are listed and shown with their next times", "[server]") {
  v1::ListSchedulesResponse list;
  REQUIRE(schedules->ListSchedules(As("approver").get(), {}, &list).ok());
  REQUIRE(list.schedules_size() == 1);
  CHECK(list.schedules(0).name() == "leap-day");
  CHECK(list.schedules(0).next_size() == 1);

  v1::GetScheduleRequest request;
  request.set_schedule("leap-day");
  v1::Schedule schedule;
  REQUIRE(schedules->GetSchedule(As("approver").get(), request, &schedule).ok());
  CHECK(schedule.workflow() == "echo");
  CHECK(schedule.inputs_json() == R"({"value":"again"})");
  CHECK(schedule.cron() == "30 2 29 2 *");
  CHECK(schedule.time_zone() == "Europe/Berlin");
  CHECK(schedule.overlap() == "skip");
  CHECK(schedule.catch_up() == "none");
  CHECK_FALSE(schedule.paused());
  CHECK(schedule.last_run().empty());
  REQUIRE(schedule.next_size() == 5);
  for (int i = 0; i < 5; ++i) {
    CHECK_THAT(schedule.next(i).local(), Catch::Contains("-02-29T02:30:00+01:00 CET"));
    CHECK(schedule.next(i).start_time().seconds() >= schedule.next(i).time().seconds());
    CHECK(schedule.next(i).start_time().seconds() <= schedule.next(i).time().seconds() + 300);
  }
  CHECK(schedule.jitter().seconds() == 300);
}

TEST_CASE_METHOD(Scheduled, "an operator pauses and resumes a schedule, a viewer does not",
                 "[server]") {
  v1::PauseScheduleRequest pause;
  pause.set_schedule("leap-day");
  pause.set_reason("the disk is being replaced");
  v1::Schedule schedule;
  const grpc::Status refused = schedules->PauseSchedule(As("approver").get(), pause, &schedule);
  CHECK(refused.error_code() == grpc::PERMISSION_DENIED);

  REQUIRE(schedules->PauseSchedule(As("operator").get(), pause, &schedule).ok());
  CHECK(schedule.paused());
  CHECK(schedule.changed_by() == "operator");
  CHECK(schedule.change_reason() == "the disk is being replaced");
  CHECK(schedule.next_size() == 0);
  v1::GetScheduleRequest get;
  get.set_schedule("leap-day");
  REQUIRE(schedules->GetSchedule(As("approver").get(), get, &schedule).ok());
  CHECK(schedule.paused());

  v1::ResumeScheduleRequest resume;
  resume.set_schedule("leap-day");
  REQUIRE(schedules->ResumeSchedule(As("operator").get(), resume, &schedule).ok());
  CHECK_FALSE(schedule.paused());
  CHECK(schedule.next_size() == 5);
}

TEST_CASE_METHOD(Scheduled, "a schedule that is not there is told with the nearest name",
                 "[server]") {
  v1::Schedule schedule;
  v1::GetScheduleRequest get;
  get.set_schedule("leap-dya");
  const grpc::Status none = schedules->GetSchedule(As("operator").get(), get, &schedule);
  CHECK(none.error_code() == grpc::NOT_FOUND);
  CHECK(none.error_message() == "there is no schedule \"leap-dya\"; did you mean \"leap-day\"?");
  v1::PauseScheduleRequest pause;
  CHECK(schedules->PauseSchedule(As("operator").get(), pause, &schedule).error_code() ==
        grpc::INVALID_ARGUMENT);
  pause.set_schedule("leap-day");
  pause.set_reason(std::string(5000, 'x'));
  CHECK(schedules->PauseSchedule(As("operator").get(), pause, &schedule).error_code() ==
        grpc::INVALID_ARGUMENT);
}

}  // namespace recourse::server
