// What is read of runs that have much to show.
#include <catch2/catch.hpp>
#include <string>

#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

constexpr std::size_t kAnswerMax = 4 * 1024 * 1024;  // what a client takes that sets no limit

// A run with 3 MiB of outputs in the events of one step.
v1::Run StartBulky(const RunningServer& running) {
  v1::StartRunRequest request;
  request.set_workflow("bulky");
  request.set_inputs_json(R"({"value": ")" + std::string(60'000, 'x') +
                          R"(", "items": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,)"
                          R"(22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,)"
                          R"(45,46,47,48,49,50]})");
  request.set_wait(true);
  v1::Run run;
  const grpc::Status status = running.runs->StartRun(running.As("operator").get(), request, &run);
  INFO(status.error_message() << run.error().message());
  REQUIRE(run.status() == v1::RUN_STATUS_SUCCEEDED);
  return run;
}

}  // namespace

TEST_CASE("the timeline of a run with megabytes of events comes in pages that can be received",
          "[server]") {
  RunningServer running;
  const v1::Run run = StartBulky(running);
  v1::GetTimelineRequest request;
  request.set_run(run.id());
  request.set_page_size(1000);
  std::int64_t sequence = 0;
  int pages = 0;
  do {
    v1::GetTimelineResponse page;
    REQUIRE(running.runs->GetTimeline(running.As("operator").get(), request, &page).ok());
    CHECK(page.ByteSizeLong() < kAnswerMax / 2);
    for (const v1::Event& event : page.events()) CHECK(event.sequence() == ++sequence);
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  CHECK(sequence == run.revision());
  CHECK(pages >= 3);
}

TEST_CASE("a run with megabytes of outputs is shown, and says where what was left out stands",
          "[server]") {
  RunningServer running;
  const v1::Run started = StartBulky(running);
  v1::GetRunRequest request;
  request.set_run(started.id());
  v1::Run run;
  REQUIRE(running.runs->GetRun(running.As("operator").get(), request, &run).ok());
  REQUIRE(run.steps_size() == 1);
  CHECK(run.steps(0).output_json().empty());
  CHECK_THAT(run.steps(0).output_left_out(), Catch::Contains("timeline"));
  CHECK(run.steps(0).items() == 50);
  CHECK(run.outputs_left_out().empty());
}

TEST_CASE("an output that an operator gives is no larger than one of an action", "[server]") {
  RunningServer running;
  const v1::Run run = running.Start("broken");
  v1::SkipStepRequest request;
  request.set_run(run.id());
  request.set_reason("done by hand");
  request.set_output_json("\"" + std::string(64 * 1024, 'x') + "\"");
  v1::Run after;
  const grpc::Status refused =
      running.runs->SkipStep(running.As("operator").get(), request, &after);
  CHECK(refused.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK_THAT(refused.error_message(), Catch::StartsWith("output_json: "));
  request.set_output_json("\"done\"");
  CHECK(running.runs->SkipStep(running.As("operator").get(), request, &after).ok());
}

}  // namespace recourse::server
