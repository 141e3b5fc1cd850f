// Schedules on a real engine and journal, with a clock that stands still until it is moved.
#include <catch2/catch.hpp>

#include "engine/base/text.h"
#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

using namespace std::chrono_literals;

constexpr const char* kWork = R"(
name: work
inputs: {value: {type: int, default: 1}}
steps:
  - {id: work, action: test.work}
)";
constexpr const char* kAsk = R"(
name: ask
steps:
  - {id: confirm, approval: {prompt: "Go on?", approvers: [dba]}}
)";

class ScheduledEngine : public EngineFixture {
 public:
  ScheduledEngine() {
    AddAction("test.work");
    AddWorkflow(kWork);
    AddWorkflow(kAsk);
    clock.Set(At("2026-11-25T00:30:00Z"));
  }

  static Time At(const std::string& text) { return FromTimestamp(*ParseTimestamp(text)); }

  // Moves the clock and lets the engine look at it; what ends meanwhile may let something begin.
  void MoveTo(const std::string& text) {
    clock.Set(At(text));
    Tick();
    Tick();
  }

  // The request ids of all runs, the oldest first.
  std::vector<std::string> Requests() {
    auto rows = OpenReader()->ListRuns({});
    REQUIRE(rows);
    std::vector<std::string> requests;
    for (const auto& row : *rows) requests.insert(requests.begin(), row.request_id);
    return requests;
  }
  journal::ScheduleRow Schedule() {
    auto rows = OpenReader()->ListSchedules();
    REQUIRE(rows);
    REQUIRE(rows->size() == 1);
    return rows->front();
  }
  Answer<journal::ScheduleRow> Steer(bool pause, std::string name = "hourly") {
    Answer<journal::ScheduleRow> answer;
    engine().SteerSchedule(std::move(name), pause, "as the test says", caller, answer.Callback());
    return answer;
  }
};

}  // namespace

TEST_CASE_METHOD(ScheduledEngine, "a run is started when its time comes, by the schedule",
                 "[runtime]") {
  AddSchedule("name: hourly\nworkflow: work\ncron: 0 * * * *\ninputs: {value: 7}\n");
  StartEngine();
  CHECK(Requests().empty());
  MoveTo("2026-11-25T01:00:00Z");
  REQUIRE(Requests() == std::vector<std::string>{"schedule/hourly/2026-11-25T01:00:00Z"});
  const auto row = Settle(RunId{1});
  CHECK(row.requester == "schedule:hourly");
  CHECK(StateOf(RunId{1}).inputs["value"] == Value(7));
  CHECK(Schedule().last_run == RunId{1});
  CHECK(Schedule().last_time == At("2026-11-25T01:00:00Z"));
  CHECK(Schedule().decided == At("2026-11-25T01:00:00Z"));
  // The run and the schedule's row are one commit.
  MoveTo("2026-11-25T01:59:59Z");
  CHECK(Requests().size() == 1);
  MoveTo("2026-11-25T02:00:00Z");
  CHECK(Requests().size() == 2);
}

TEST_CASE_METHOD(ScheduledEngine, "overlap: skip leaves out times while the previous run is open",
                 "[runtime]") {
  AddSchedule("name: hourly\nworkflow: ask\ncron: 0 * * * *\n");
  std::vector<std::string> reported;
  options.report = [&](const Error& error) { reported.push_back(error.message); };
  StartEngine();
  MoveTo("2026-11-25T01:00:00Z");
  CHECK(Settle(RunId{1}).status == static_cast<int>(machine::RunStatus::kWaiting));
  MoveTo("2026-11-25T02:00:00Z");
  MoveTo("2026-11-25T03:00:00Z");
  CHECK(Requests().size() == 1);
  CHECK(Schedule().not_started == 2);
  CHECK(Schedule().not_started_why == "R-1 was still open (overlap: skip)");
  CHECK(Send(RunId{1}, machine::Cancel{}).Get());
  MoveTo("2026-11-25T04:00:00Z");
  CHECK(Requests().size() == 2);
  StopEngine();
  REQUIRE(reported.size() == 2);
  CHECK(reported[0] ==
        "schedule hourly did not start a run for 2026-11-25T02:00:00Z: R-1 was still open "
        "(overlap: skip)");
}

TEST_CASE_METHOD(ScheduledEngine, "overlap: queue starts the time when the previous run ends",
                 "[runtime]") {
  AddSchedule("name: hourly\nworkflow: ask\ncron: 0 * * * *\noverlap: queue\n");
  StartEngine();
  MoveTo("2026-11-25T01:00:00Z");
  CHECK(Settle(RunId{1}).status == static_cast<int>(machine::RunStatus::kWaiting));
  MoveTo("2026-11-25T02:00:00Z");
  MoveTo("2026-11-25T03:00:00Z");
  CHECK(Requests().size() == 1);
  CHECK(Schedule().queued.size() == 2);

  // What waits outlives a crash.
  Crash();
  StartEngine();
  Tick();
  CHECK(Requests().size() == 1);
  CHECK(Send(RunId{1}, machine::Cancel{}).Get());
  Tick();
  Tick();
  CHECK(Requests() == std::vector<std::string>{"schedule/hourly/2026-11-25T01:00:00Z",
                                               "schedule/hourly/2026-11-25T02:00:00Z"});
  CHECK(Schedule().queued.size() == 1);

  // The run ends, and the server dies before it could start the next one.
  journal().RefuseWith([&](std::span<const journal::RunChange> changes) -> std::optional<Error> {
    for (const auto& change : changes) {
      if (change.schedule) return Unavailable("the disk is gone");
    }
    return std::nullopt;
  });
  CHECK(Send(RunId{2}, machine::Cancel{}).Get());
  journal().WaitForRefusals(2);
  Crash();
  journal().RefuseWith(nullptr);
  StartEngine();
  Tick();
  Tick();
  CHECK(Requests().back() == "schedule/hourly/2026-11-25T03:00:00Z");
  CHECK(Requests().size() == 3);
  CHECK(Schedule().queued.empty());
}

TEST_CASE_METHOD(ScheduledEngine, "after downtime catch_up says which times are made up for",
                 "[runtime]") {
  struct Case {
    const char* rules;
    std::vector<std::string> started;
    int not_started;
  };
  const std::string prefix = "schedule/hourly/2026-11-25T0";
  const Case of =
      GENERATE_REF(values<Case>({{"catch_up: none\n", {}, 4},
                                 {"catch_up: last\n", {prefix + "4:00:00Z"}, 3},
                                 {"catch_up: all\ncatch_up_limit: 3\noverlap: queue\n",
                                  {prefix + "2:00:00Z", prefix + "3:00:00Z", prefix + "4:00:00Z"},
                                  1}}));
  AddSchedule(std::string("name: hourly\nworkflow: work\ncron: 0 * * * *\n") + of.rules);
  StartEngine();
  Tick();
  Crash();
  clock.Set(At("2026-11-25T04:30:00Z"));
  StartEngine();
  for (std::size_t i = 0; i < of.started.size(); ++i) {
    // Each begins when the one before it is over.
    const RunId run{static_cast<std::int64_t>(i) + 1};
    while (Requests().size() < i + 1) Tick();
    Settle(run);
  }
  Tick();
  CHECK(Requests() == of.started);
  CHECK(Schedule().not_started == of.not_started);
  Crash();
  StartEngine();
  Tick();
  CHECK(Requests() == of.started);
}

TEST_CASE_METHOD(ScheduledEngine, "a disk that refuses for a while puts a start off, and once only",
                 "[runtime]") {
  AddSchedule("name: hourly\nworkflow: work\ncron: 0 * * * *\n");
  StartEngine();
  journal().RefuseWith([](auto) -> std::optional<Error> {
    return Error{Code::kResourceExhausted, "the disk is full"};
  });
  clock.Set(At("2026-11-25T01:00:00Z"));
  CHECK_FALSE(Start("work").Get());
  journal().WaitForRefusals(3);
  CHECK(Requests().empty());
  CHECK(Schedule().decided < At("2026-11-25T01:00:00Z"));
  journal().RefuseWith(nullptr);
  while (Requests().empty()) Tick();
  Settle(RunId{1});
  CHECK(Requests() == std::vector<std::string>{"schedule/hourly/2026-11-25T01:00:00Z"});
}

TEST_CASE_METHOD(ScheduledEngine, "a run that was asked for with the schedule's id is taken for it",
                 "[runtime]") {
  AddSchedule("name: hourly\nworkflow: work\ncron: 0 * * * *\n");
  StartEngine();
  CHECK(Start("work", Value(), "schedule/hourly/2026-11-25T01:00:00Z").Get());
  MoveTo("2026-11-25T01:00:00Z");
  CHECK(Requests().size() == 1);
  CHECK(Schedule().last_run == RunId{1});
}

TEST_CASE_METHOD(ScheduledEngine, "a start that is refused is told, and the next time is tried",
                 "[runtime]") {
  options.open_runs_max = 1;
  AddSchedule("name: hourly\nworkflow: work\ncron: 0 * * * *\n");
  StartEngine();
  const RunId other = Begin("ask");
  MoveTo("2026-11-25T01:00:00Z");
  CHECK(Schedule().not_started == 1);
  CHECK(Schedule().not_started_why ==
        "start work: 1 runs are open, which is the limit; nothing was started");
  CHECK(Send(other, machine::Cancel{}).Get());
  MoveTo("2026-11-25T02:00:00Z");
  CHECK(Schedule().last_run == RunId{2});
}

TEST_CASE_METHOD(ScheduledEngine, "a paused schedule starts nothing, also after a restart",
                 "[runtime]") {
  AddSchedule("name: hourly\nworkflow: work\ncron: 0 * * * *\ncatch_up: last\n");
  StartEngine();
  const auto paused = Steer(true).Get();
  REQUIRE(paused);
  CHECK(paused->paused);
  CHECK(paused->changed_by == "ann");
  MoveTo("2026-11-25T01:00:00Z");
  Crash();
  StartEngine();
  MoveTo("2026-11-25T02:30:00Z");
  CHECK(Requests().empty());
  CHECK(Schedule().paused);
  REQUIRE(Steer(false).Get());
  MoveTo("2026-11-25T02:59:00Z");
  CHECK(Requests().empty());  // What came meanwhile is not made up for.
  MoveTo("2026-11-25T03:00:00Z");
  CHECK(Requests() == std::vector<std::string>{"schedule/hourly/2026-11-25T03:00:00Z"});
}

TEST_CASE_METHOD(ScheduledEngine, "steering fails as it should", "[runtime]") {
  AddSchedule("name: hourly\nworkflow: work\ncron: 0 * * * *\n");
  StartEngine();
  const auto unknown = Steer(true, "hourli").Get();
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Code::kNotFound);
  CHECK(unknown.error().message == "there is no schedule \"hourli\"; did you mean \"hourly\"?");
  journal().RefuseWith(
      [](auto) -> std::optional<Error> { return Unavailable("the disk is gone"); });
  CHECK_FALSE(Steer(true).Get());
  journal().RefuseWith(nullptr);
  CHECK_FALSE(Schedule().paused);
  CHECK(Steer(true).Get());
}

}  // namespace recourse::runtime
