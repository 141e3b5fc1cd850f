#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "server/convert.h"
#include "server/run_inputs.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

template <class Request>
Request Of(const std::string& run) {
  Request request;
  request.set_run(run);
  return request;
}

v1::Run Get(const RunningServer& running, const std::string& id) {
  v1::Run run;
  const auto status =
      running.runs->GetRun(running.As("approver").get(), Of<v1::GetRunRequest>(id), &run);
  if (!status.ok()) FAIL(status.error_message());
  return run;
}

void CheckRefused(const grpc::Status& status, grpc::StatusCode code, const std::string& words) {
  INFO(status.error_message());
  CHECK(status.error_code() == code);
  CHECK(status.error_message().find(words) != std::string::npos);
}

}  // namespace

TEST_CASE("a run that is waited for is answered when it is over", "[server]") {
  RunningServer running;
  v1::StartRunRequest request;
  request.set_workflow("echo");
  request.set_inputs_json(R"({"value":"42 rows"})");
  request.set_wait(true);
  v1::Run run;
  REQUIRE(running.runs->StartRun(running.As("operator").get(), request, &run).ok());
  CHECK(run.id() == "R-1");
  CHECK(run.status() == v1::RUN_STATUS_SUCCEEDED);
  CHECK(run.requester() == "operator");
  CHECK(run.has_end_time());
  CHECK_FALSE(run.has_waiting());

  const v1::Run full = Get(running, "R-1");
  CHECK(full.inputs_json() == R"({"value":"42 rows"})");
  CHECK(full.outputs_json() == R"({"said":"42 rows"})");
  REQUIRE(full.steps_size() == 1);
  CHECK(full.steps(0).state() == v1::StepState::SUCCEEDED);
  CHECK(full.steps(0).attempts() == 1);
  CHECK(full.steps(0).has_start_time());
  CHECK(full.steps(0).has_end_time());
}

TEST_CASE("the same request_id answers the run that it started", "[server]") {
  RunningServer running;
  v1::StartRunRequest request;
  request.set_workflow("echo");
  request.set_request_id("page-7");
  v1::Run first;
  REQUIRE(running.runs->StartRun(running.As("operator").get(), request, &first).ok());
  v1::Run second;
  REQUIRE(running.runs->StartRun(running.As("operator").get(), request, &second).ok());
  CHECK(second.id() == first.id());
  CHECK(second.request_id() == "page-7");

  request.set_inputs_json(R"({"value":"other"})");
  CheckRefused(running.runs->StartRun(running.As("operator").get(), request, &second),
               grpc::StatusCode::ALREADY_EXISTS, "page-7");
}

TEST_CASE("a wrong start is refused with the field, and nothing is stored", "[server]") {
  RunningServer running;
  v1::Run run;
  const auto start = [&](const v1::StartRunRequest& request) {
    return running.runs->StartRun(running.As("operator").get(), request, &run);
  };
  v1::StartRunRequest request;
  CheckRefused(start(request), grpc::StatusCode::INVALID_ARGUMENT, "workflow: must be set");
  request.set_workflow("ehco");
  CheckRefused(start(request), grpc::StatusCode::NOT_FOUND, "ehco");
  request.set_workflow("echo");
  request.set_inputs_json("[1]");
  CheckRefused(start(request), grpc::StatusCode::INVALID_ARGUMENT, "inputs_json");
  request.set_inputs_json("{\"value\": ");
  CheckRefused(start(request), grpc::StatusCode::INVALID_ARGUMENT, "inputs_json");
  request.set_inputs_json(R"({"vlaue":"x"})");
  CheckRefused(start(request), grpc::StatusCode::INVALID_ARGUMENT, "vlaue");
  request.set_inputs_json("{}");
  request.set_request_id(std::string(129, 'x'));
  CheckRefused(start(request), grpc::StatusCode::INVALID_ARGUMENT, "request_id");

  v1::ListRunsResponse list;
  REQUIRE(running.runs->ListRuns(running.As("operator").get(), {}, &list).ok());
  CHECK(list.runs_size() == 0);
}

TEST_CASE("a run that asks is approved by another person than the one who started it", "[server]") {
  RunningServer running;
  const v1::Run asked = running.Start("ask");
  CHECK(asked.status() == v1::RUN_STATUS_WAITING);
  CHECK(asked.waiting().for_person());
  CHECK(asked.waiting().reason().find("Go on?") != std::string::npos);
  REQUIRE(asked.open_approvals_size() == 1);

  v1::GetApprovalRequest get;
  get.set_approval(asked.open_approvals(0));
  v1::Approval approval;
  REQUIRE(running.approvals->GetApproval(running.As("approver").get(), get, &approval).ok());
  CHECK(approval.state() == v1::Approval::OPEN);
  CHECK(approval.run() == asked.id());
  CHECK(approval.prompt() == "Go on?");
  CHECK(std::vector<std::string>(approval.approvers().begin(), approval.approvers().end()) ==
        std::vector<std::string>{"dba", "level-1"});
  CHECK(approval.plan_json().find("debug.echo") != std::string::npos);

  v1::DecideRequest decide;
  decide.set_approval(approval.id());
  CheckRefused(running.approvals->Decide(running.As("approver").get(), decide, &approval),
               grpc::StatusCode::INVALID_ARGUMENT, "decision");
  decide.set_decision(v1::DECISION_REJECT);
  CheckRefused(running.approvals->Decide(running.As("approver").get(), decide, &approval),
               grpc::StatusCode::INVALID_ARGUMENT, "reason");
  decide.set_decision(v1::DECISION_APPROVE);
  CheckRefused(running.approvals->Decide(running.As("operator").get(), decide, &approval),
               grpc::StatusCode::PERMISSION_DENIED, "operator");
  decide.set_digest(std::string(64, '0'));
  CheckRefused(running.approvals->Decide(running.As("approver").get(), decide, &approval),
               grpc::StatusCode::ABORTED, "");

  decide.set_digest(approval.digest());
  decide.set_channel("cli");
  REQUIRE(running.approvals->Decide(running.As("approver").get(), decide, &approval).ok());
  CHECK(approval.state() == v1::Approval::APPROVED);
  REQUIRE(approval.votes_size() == 1);
  CHECK(approval.votes(0).principal() == "approver");
  CHECK(approval.votes(0).decision() == v1::DECISION_APPROVE);
  CHECK(approval.votes(0).channel() == "cli");
  CHECK(approval.votes(0).has_time());

  v1::ListApprovalsResponse open;
  REQUIRE(running.approvals->ListApprovals(running.As("approver").get(), {}, &open).ok());
  CHECK(open.approvals_size() == 0);
  v1::ListApprovalsRequest all;
  all.set_include_settled(true);
  all.set_run(asked.id());
  REQUIRE(running.approvals->ListApprovals(running.As("approver").get(), all, &open).ok());
  CHECK(open.approvals_size() == 1);
}

TEST_CASE("a failed step is skipped with a reason, by the revision that was looked at",
          "[server]") {
  RunningServer running;
  const v1::Run failed = running.Start("broken");
  CHECK(failed.status() == v1::RUN_STATUS_NEEDS_ATTENTION);
  CHECK(failed.waiting().for_person());
  CHECK(failed.error().code() == "DATA_LOSS");
  CHECK(failed.error().message().find("page 12 is damaged") != std::string::npos);

  auto skip = Of<v1::SkipStepRequest>(failed.id());
  v1::Run run;
  const auto call = [&] {
    return running.runs->SkipStep(running.As("operator").get(), skip, &run);
  };
  CheckRefused(call(), grpc::StatusCode::INVALID_ARGUMENT, "reason");
  // What stands for a reason in the advice that people paste is none.
  for (const char* nothing : {"...", "…", "- ?", "WHY"}) {
    skip.set_reason(nothing);
    CheckRefused(call(), grpc::StatusCode::INVALID_ARGUMENT, "reason: \"");
  }
  skip.set_reason("restored by hand");
  skip.set_output_json("{");
  CheckRefused(call(), grpc::StatusCode::INVALID_ARGUMENT, "output_json");
  skip.set_output_json("{\"rows\":1}");
  skip.set_revision(failed.revision() - 1);
  CheckRefused(call(), grpc::StatusCode::ABORTED, "");
  skip.set_revision(failed.revision());
  REQUIRE(call().ok());
  CHECK(run.status() == v1::RUN_STATUS_SUCCEEDED);
  CheckRefused(call(), grpc::StatusCode::ABORTED, "");
  skip.clear_revision();
  CheckRefused(call(), grpc::StatusCode::FAILED_PRECONDITION, "SUCCEEDED");

  auto note = Of<v1::AnnotateRunRequest>(failed.id());
  CheckRefused(running.runs->AnnotateRun(running.As("operator").get(), note, &run),
               grpc::StatusCode::INVALID_ARGUMENT, "text");
  note.set_text("told the customers");
  REQUIRE(running.runs->AnnotateRun(running.As("operator").get(), note, &run).ok());

  auto timeline = Of<v1::GetTimelineRequest>(failed.id());
  timeline.set_page_size(2);
  std::vector<std::string> types;
  do {
    v1::GetTimelineResponse page;
    REQUIRE(running.runs->GetTimeline(running.As("approver").get(), timeline, &page).ok());
    for (const v1::Event& event : page.events()) {
      CHECK(event.sequence() == static_cast<std::int64_t>(types.size()) + 1);
      CHECK_FALSE(event.text().empty());
      types.push_back(event.type());
    }
    timeline.set_page_token(page.next_page_token());
  } while (!timeline.page_token().empty());
  REQUIRE_FALSE(types.empty());
  CHECK(types.front() == "RunStarted");
  CHECK(types.back() == "RunAnnotated");
  CHECK(static_cast<std::int64_t>(types.size()) == run.revision());
}

TEST_CASE("runs are listed newest first, by page and by filter", "[server]") {
  RunningServer running;
  for (const char* workflow : {"echo", "broken", "echo"}) running.Start(workflow);

  v1::ListRunsRequest request;
  request.set_page_size(2);
  v1::ListRunsResponse page;
  const auto list = [&] {
    return running.runs->ListRuns(running.As("operator").get(), request, &page);
  };
  REQUIRE(list().ok());
  REQUIRE(page.runs_size() == 2);
  CHECK(page.runs(0).id() == "R-3");
  request.set_page_token(page.next_page_token());
  REQUIRE(list().ok());
  REQUIRE(page.runs_size() == 1);
  CHECK(page.runs(0).id() == "R-1");

  request.Clear();
  request.add_statuses(v1::RUN_STATUS_NEEDS_ATTENTION);
  REQUIRE(list().ok());
  REQUIRE(page.runs_size() == 1);
  CHECK(page.runs(0).workflow() == "broken");
  CHECK(page.runs(0).waiting().for_person());

  request.set_workflow("echo");
  REQUIRE(list().ok());
  CHECK(page.runs_size() == 0);

  request.Clear();
  request.add_statuses(v1::RUN_STATUS_UNSPECIFIED);
  CheckRefused(list(), grpc::StatusCode::INVALID_ARGUMENT, "statuses");
  request.Clear();
  request.set_page_size(-1);
  CheckRefused(list(), grpc::StatusCode::INVALID_ARGUMENT, "page_size");
  request.Clear();
  request.set_page_token("next");
  CheckRefused(list(), grpc::StatusCode::INVALID_ARGUMENT, "page_token");
}

TEST_CASE("ids that are none, or that nothing has, are refused by every call", "[server]") {
  RunningServer running;
  v1::Run run;
  CheckRefused(
      running.runs->GetRun(running.As("operator").get(), Of<v1::GetRunRequest>("A-1"), &run),
      grpc::StatusCode::INVALID_ARGUMENT, "run: \"A-1\"");
  CheckRefused(
      running.runs->GetRun(running.As("operator").get(), Of<v1::GetRunRequest>("R-9"), &run),
      grpc::StatusCode::NOT_FOUND, "R-9");
  CheckRefused(
      running.runs->CancelRun(running.As("operator").get(), Of<v1::CancelRunRequest>("R-9"), &run),
      grpc::StatusCode::NOT_FOUND, "R-9");
  CheckRefused(
      running.runs->PauseRun(running.As("operator").get(), Of<v1::PauseRunRequest>(""), &run),
      grpc::StatusCode::INVALID_ARGUMENT, "run:");
  v1::GetApprovalRequest approval;
  approval.set_approval("A-7");
  v1::Approval found;
  CheckRefused(running.approvals->GetApproval(running.As("operator").get(), approval, &found),
               grpc::StatusCode::NOT_FOUND, "A-7");
}

TEST_CASE("a run is paused, resumed and cancelled while an attempt is at work", "[server]") {
  RunningServer running;
  const v1::Run started = running.Start("slow", false);
  v1::Run run;
  auto pause = Of<v1::PauseRunRequest>(started.id());
  pause.set_reason("look first");
  REQUIRE(running.runs->PauseRun(running.As("operator").get(), pause, &run).ok());
  CHECK(run.status() == v1::RUN_STATUS_PAUSED);
  REQUIRE(
      running.runs
          ->ResumeRun(running.As("operator").get(), Of<v1::ResumeRunRequest>(started.id()), &run)
          .ok());
  CheckRefused(running.runs->ResumeRun(running.As("operator").get(),
                                       Of<v1::ResumeRunRequest>(started.id()), &run),
               grpc::StatusCode::FAILED_PRECONDITION, "");
  REQUIRE(
      running.runs
          ->CancelRun(running.As("operator").get(), Of<v1::CancelRunRequest>(started.id()), &run)
          .ok());
}

TEST_CASE("a step is not skipped into a dead end without being told so", "[server]") {
  RunningServer running;
  const v1::Run failed = running.Start("needed");
  REQUIRE(failed.status() == v1::RUN_STATUS_NEEDS_ATTENTION);
  auto skip = Of<v1::SkipStepRequest>(failed.id());
  skip.set_reason("done by hand");
  v1::Run run;
  const auto call = [&] {
    return running.runs->SkipStep(running.As("operator").get(), skip, &run);
  };
  CheckRefused(call(), grpc::StatusCode::FAILED_PRECONDITION,
               "steps.try.output.attempt (then, the run's outputs)");
  skip.set_output_json("{\"rows\":1}");
  CheckRefused(call(), grpc::StatusCode::FAILED_PRECONDITION, "steps.try.output.attempt");
  SECTION("with the output it goes on") {
    skip.set_output_json("{\"attempt\":1}");
    CHECK(call().ok());
    CHECK(run.status() != v1::RUN_STATUS_NEEDS_ATTENTION);
  }
  SECTION("and without it when that is what is meant") {
    skip.set_without_output(true);
    CHECK(call().ok());
  }
}

TEST_CASE("a refusal lists what is possible, and nothing that is refused as well", "[server]") {
  RunningServer running;
  const v1::Run asked = running.Start("ask");
  v1::Run run;
  CheckRefused(running.runs->RetryStep(running.As("operator").get(),
                                       Of<v1::RetryStepRequest>(asked.id()), &run),
               grpc::StatusCode::FAILED_PRECONDITION,
               "possible now: approve, reject, rollback, cancel, pause");
  const v1::Run shown = Get(running, asked.id());
  CHECK(std::vector<std::string>(shown.possible().begin(), shown.possible().end()) ==
        std::vector<std::string>{"approve", "reject", "rollback", "cancel", "pause"});
}

TEST_CASE("a vote on a settled approval is told who settled it; the same vote again is taken",
          "[server]") {
  RunningServer running;
  const v1::Run asked = running.Start("ask");
  v1::DecideRequest decide;
  decide.set_approval(asked.open_approvals(0));
  decide.set_decision(v1::DECISION_APPROVE);
  v1::Approval approval;
  const auto call = [&] {
    return running.approvals->Decide(running.As("approver").get(), decide, &approval);
  };
  REQUIRE(call().ok());
  REQUIRE(call().ok());
  CHECK(approval.state() == v1::Approval::APPROVED);
  decide.set_decision(v1::DECISION_REJECT);
  decide.set_reason("no");
  CheckRefused(call(), grpc::StatusCode::ABORTED, "is settled: it was approved by approver at ");
}

TEST_CASE("a reason that says nothing is refused by whatever takes one", "[server]") {
  for (const char* said : {"", "7", "é", "да", "停", "see INC-12...", "WHY not"}) {
    CHECK(CheckReason("reason", said));
  }
  for (const char* nothing : {".", "...", "…", "—", "«»", "  ", "?!", "WHY"}) {
    const auto checked = CheckReason("reason", nothing);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Code::kInvalidArgument);
  }
  const auto refused = [](auto request) {
    request.set_reason("...");
    const auto input = FromProto(request);
    return !input && input.error().message.starts_with("reason: ");
  };
  CHECK(refused(v1::CancelRunRequest()));
  CHECK(refused(v1::PauseRunRequest()));
  CHECK(refused(v1::ResumeRunRequest()));
  CHECK(refused(v1::RetryStepRequest()));
  CHECK(refused(v1::RollBackRunRequest()));
  CHECK(refused(v1::OverrideWindowRequest()));
  CHECK(refused(v1::QuarantineRunRequest()));
  CHECK(refused(v1::ResolveEffectRequest()));
  CHECK(refused(v1::OverrideInputRequest()));
  CHECK(refused(v1::AcknowledgeRunRequest()));
  CHECK(refused(v1::AdoptDefinitionRequest()));
}

}  // namespace recourse::server
