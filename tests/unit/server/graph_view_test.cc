#include <catch2/catch.hpp>

#include "fixture.h"

namespace recourse::server {

TEST_CASE("the graph of a workflow has its steps and the ways between them", "[server]") {
  RunningServer running;
  v1::GetGraphRequest request;
  request.set_workflow("ask");
  v1::Graph graph;
  REQUIRE(running.workflows->GetGraph(running.As("approver").get(), request, &graph).ok());
  REQUIRE(graph.steps_size() == 3);
  CHECK(graph.steps(1).id() == "confirm");
  CHECK(graph.steps(1).kind() == "approval");
  CHECK(graph.steps(1).state() == v1::StepState::STATE_UNSPECIFIED);
  CHECK(graph.transitions(0).from() == graph.steps(0).id());
  CHECK(graph.transitions(0).to() == "confirm");

  request.set_workflow("aks");
  CHECK(running.workflows->GetGraph(running.As("approver").get(), request, &graph).error_code() ==
        grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("the graph of a run says where it stands and why it waits", "[server]") {
  RunningServer running;
  const v1::Run run = running.Start("ask");
  v1::GetGraphRequest request;
  request.set_run(run.id());
  v1::Graph graph;
  REQUIRE(running.workflows->GetGraph(running.As("operator").get(), request, &graph).ok());
  CHECK(graph.workflow() == "ask");
  CHECK(graph.status() == v1::RUN_STATUS_WAITING);
  CHECK_FALSE(graph.waits_for().empty());
  CHECK(graph.steps(1).state() == v1::StepState::WAITING);
  CHECK(graph.steps(1).current());

  request.set_workflow("echo");
  const grpc::Status other =
      running.workflows->GetGraph(running.As("operator").get(), request, &graph);
  CHECK(other.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(other.error_message() == "run: " + run.id() + " is a run of ask, not of echo");
}

}  // namespace recourse::server
