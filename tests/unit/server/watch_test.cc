#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

struct Watched {
  std::vector<v1::Event> events;
  std::vector<v1::Run> runs;
  grpc::Status status;
};

Watched WatchToTheEnd(const RunningServer& running, const std::string& run,
                      std::int64_t after_sequence = 0) {
  v1::WatchRunRequest request;
  request.set_run(run);
  request.set_after_sequence(after_sequence);
  const auto context = running.As("approver");
  const auto stream = running.runs->WatchRun(context.get(), request);
  Watched watched;
  v1::WatchRunResponse response;
  while (stream->Read(&response)) {
    if (response.has_event()) watched.events.push_back(response.event());
    if (response.has_run()) watched.runs.push_back(response.run());
  }
  watched.status = stream->Finish();
  return watched;
}

}  // namespace

TEST_CASE("a watcher of a run that is over gets the run and all its events, then the end",
          "[server]") {
  RunningServer running;
  const v1::Run run = running.Start("echo");
  const Watched all = WatchToTheEnd(running, run.id());
  CHECK(all.status.ok());
  REQUIRE(all.runs.size() == 1);
  CHECK(all.runs[0].status() == v1::RUN_STATUS_SUCCEEDED);
  REQUIRE(static_cast<std::int64_t>(all.events.size()) == run.revision());
  for (std::size_t i = 0; i < all.events.size(); ++i) {
    CHECK(all.events[i].sequence() == static_cast<std::int64_t>(i) + 1);
  }
  CHECK(all.events.back().type() == "RunSucceeded");

  const Watched rest = WatchToTheEnd(running, run.id(), run.revision() - 1);
  REQUIRE(rest.events.size() == 1);
  CHECK(rest.events[0].sequence() == run.revision());
}

TEST_CASE("a watcher sees a run wait, then go on, then end", "[server]") {
  RunningServer running;
  const v1::Run asked = running.Start("ask");
  v1::WatchRunRequest request;
  request.set_run(asked.id());
  const auto context = running.As("operator");
  const auto stream = running.runs->WatchRun(context.get(), request);

  bool decided = false;
  std::int64_t sequence = 0;
  v1::Run last;
  v1::WatchRunResponse response;
  while (stream->Read(&response)) {
    if (response.has_event()) CHECK(response.event().sequence() == ++sequence);
    if (!response.has_run()) continue;
    last = response.run();
    if (decided || !last.waiting().for_person()) continue;
    REQUIRE(last.open_approvals_size() == 1);
    v1::DecideRequest decide;
    decide.set_approval(last.open_approvals(0));
    decide.set_decision(v1::DECISION_APPROVE);
    v1::Approval approval;
    REQUIRE(running.approvals->Decide(running.As("approver").get(), decide, &approval).ok());
    decided = true;
  }
  CHECK(stream->Finish().ok());
  CHECK(last.status() == v1::RUN_STATUS_SUCCEEDED);
  CHECK(last.revision() == sequence);
}

TEST_CASE("a watch of nothing is refused", "[server]") {
  RunningServer running;
  CHECK(WatchToTheEnd(running, "R-5").status.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(WatchToTheEnd(running, "five").status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(WatchToTheEnd(running, "R-5", -1).status.error_code() ==
        grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE("a watch from beyond the run's last event is refused", "[server]") {
  RunningServer running;
  const v1::Run run = running.Start("echo");
  CHECK(WatchToTheEnd(running, run.id(), run.revision()).status.ok());
  const grpc::Status refused = WatchToTheEnd(running, run.id(), run.revision() + 1).status;
  CHECK(refused.error_code() == grpc::StatusCode::OUT_OF_RANGE);
  CHECK_THAT(refused.error_message(), Catch::StartsWith("after_sequence: "));
}

TEST_CASE("a watcher of all events gets the old ones, then the new ones, without a gap",
          "[server]") {
  RunningServer running;
  const std::int64_t before = running.Start("echo").revision();
  v1::WatchEventsRequest request;
  request.set_after_position(0);
  const auto context = running.As("approver");
  const auto stream = running.events->WatchEvents(context.get(), request);
  v1::WatchEventsResponse response;
  for (std::int64_t position = 1; position <= before; ++position) {
    REQUIRE(stream->Read(&response));
    CHECK(response.event().position() == position);
    CHECK(response.event().run() == "R-1");
  }
  const std::int64_t more = running.Start("echo").revision();
  for (std::int64_t position = before + 1; position <= before + more; ++position) {
    REQUIRE(stream->Read(&response));
    CHECK(response.event().position() == position);
    CHECK(response.event().run() == "R-2");
  }
  context->TryCancel();
  while (stream->Read(&response)) {
  }
  CHECK(stream->Finish().error_code() == grpc::StatusCode::CANCELLED);
}

TEST_CASE("a position of another journal is refused", "[server]") {
  RunningServer running;
  v1::WatchEventsRequest request;
  request.set_after_position(1);
  const auto context = running.As("approver");
  const auto stream = running.events->WatchEvents(context.get(), request);
  v1::WatchEventsResponse response;
  CHECK_FALSE(stream->Read(&response));
  CHECK(stream->Finish().error_code() == grpc::StatusCode::OUT_OF_RANGE);
}

}  // namespace recourse::server
