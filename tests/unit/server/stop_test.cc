#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/server/fixture.h"

namespace recourse::server {

TEST_CASE("when the server stops, streams and calls that wait end with UNAVAILABLE", "[server]") {
  RunningServer running;
  const v1::Run run = running.Start("slow", false);

  v1::WatchRunRequest watch;
  watch.set_run(run.id());
  const auto watch_context = running.As("operator");
  const auto stream = running.runs->WatchRun(watch_context.get(), watch);
  v1::WatchRunResponse response;
  REQUIRE(stream->Read(&response));

  grpc::Status waited;
  std::thread waiter([&] {
    v1::StartRunRequest request;
    request.set_workflow("slow");
    request.set_wait(true);
    v1::Run unused;
    waited = running.runs->StartRun(running.As("operator").get(), request, &unused);
  });
  // The second run is durable before anything stops.
  v1::WatchEventsRequest all;
  all.set_after_position(0);
  const auto events_context = running.As("operator");
  const auto events = running.events->WatchEvents(events_context.get(), all);
  v1::WatchEventsResponse event;
  while (event.event().run() != "R-2") REQUIRE(events->Read(&event));

  running.StopEngine();
  waiter.join();
  CHECK(waited.error_code() == grpc::StatusCode::UNAVAILABLE);

  running.server->Stop();
  while (stream->Read(&response)) {
  }
  CHECK(stream->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
  while (events->Read(&event)) {
  }
  CHECK(events->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("a caller that stops waiting leaves the run at work", "[server]") {
  RunningServer running;
  v1::StartRunRequest request;
  request.set_workflow("slow");
  request.set_wait(true);
  request.set_request_id("impatient");
  for (int i = 0; i < 3; ++i) {
    const auto context = running.As("operator");
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
    v1::Run run;
    const auto status = running.runs->StartRun(context.get(), request, &run);
    CHECK(status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  }
  v1::ListRunsResponse list;
  REQUIRE(running.runs->ListRuns(running.As("operator").get(), {}, &list).ok());
  REQUIRE(list.runs_size() == 1);
  CHECK(list.runs(0).status() == v1::RUN_STATUS_RUNNING);
}

}  // namespace recourse::server
