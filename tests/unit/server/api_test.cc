// The API as a whole, seen from outside.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "tests/unit/server/fixture.h"

namespace recourse::server {

TEST_CASE("health and reflection need no token", "[server]") {
  const RunningServer running;
  const auto health = running.Anonymous();
  CHECK(CallEmpty(running.channel, "/grpc.health.v1.Health/Check", *health).ok());
  const auto reflection = running.Anonymous();
  const grpc::Status status =
      CallEmpty(running.channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                *reflection);
  CHECK(status.error_code() == grpc::StatusCode::OK);
}

TEST_CASE("the local socket answers like the port, and only its owner can open it", "[server]") {
  const RunningServer running;
  const auto status = std::filesystem::status(running.directory.File("recourse.sock"));
  CHECK((status.permissions() & std::filesystem::perms::mask) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));

  const auto stub = v1::AdminService::NewStub(grpc::CreateChannel(
      "unix:" + running.directory.File("recourse.sock"), grpc::InsecureChannelCredentials()));
  v1::GetInfoResponse info;
  REQUIRE(stub->GetInfo(running.As("operator").get(), {}, &info).ok());
  CHECK(info.journal_path() == running.directory.File("journal.db"));
  CHECK(info.journal_writable());
  CHECK(info.workflows() == 8);
  CHECK(info.open_runs() == 0);
  CHECK(info.left_out().empty());
  CHECK_FALSE(info.last_check().whole());
  CHECK(info.actions() > 0);
  CHECK_FALSE(stub->GetInfo(running.Anonymous().get(), {}, &info).ok());
}

TEST_CASE("a call larger than the limit is refused", "[server]") {
  const RunningServer running;
  v1::ValidateWorkflowRequest request;
  request.set_definition(std::string(5 * 1024 * 1024, 'x'));
  v1::ValidateWorkflowResponse response;
  const grpc::Status status =
      running.workflows->ValidateWorkflow(running.As("operator").get(), request, &response);
  CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_CASE("a second server on the same port or socket is refused", "[server]") {
  RunningServer running;
  ServerOptions options;
  options.listen = running.server->address();
  const auto second = Server::Start(options, *running.engine, *running.journal, running.registry,
                                    *running.principals, *running.reloader, running.clock);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Code::kUnavailable);
  CHECK(second.error().message.find(options.listen) != std::string::npos);
  CHECK(second.error().message.find("pid " + std::to_string(getpid())) != std::string::npos);
  CHECK(second.error().message.find(running.directory.File("journal.db")) != std::string::npos);

  options.listen = "127.0.0.1:0";
  options.socket = running.directory.File(std::string(120, 's'));
  const auto third = Server::Start(options, *running.engine, *running.journal, running.registry,
                                   *running.principals, *running.reloader, running.clock);
  REQUIRE_FALSE(third);
  CHECK(third.error().code == Code::kInvalidArgument);
}

TEST_CASE("workflows and actions are shown, and definitions checked", "[server]") {
  const RunningServer running;

  v1::ListWorkflowsRequest list;
  list.set_page_size(4);
  v1::ListWorkflowsResponse page;
  REQUIRE(running.workflows->ListWorkflows(running.As("operator").get(), list, &page).ok());
  REQUIRE(page.workflows_size() == 4);
  CHECK(page.workflows(0).name() == "ask");
  CHECK(page.workflows(0).definition_json().empty());
  list.set_page_token(page.next_page_token());
  v1::ListWorkflowsResponse last;
  REQUIRE(running.workflows->ListWorkflows(running.As("operator").get(), list, &last).ok());
  REQUIRE(last.workflows_size() == 4);
  CHECK(last.workflows(3).name() == "wipe");
  CHECK(last.next_page_token().empty());
  list.set_page_token("zzz");
  CHECK(running.workflows->ListWorkflows(running.As("operator").get(), list, &last).error_code() ==
        grpc::StatusCode::INVALID_ARGUMENT);

  v1::GetWorkflowRequest get;
  get.set_workflow("echo");
  v1::Workflow workflow;
  REQUIRE(running.workflows->GetWorkflow(running.As("operator").get(), get, &workflow).ok());
  REQUIRE(workflow.steps_size() == 1);
  CHECK(workflow.steps(0).action() == "debug.echo");
  REQUIRE(workflow.inputs_size() == 1);
  CHECK(workflow.inputs(0).default_json() == "\"hello\"");
  CHECK(workflow.definition_json().find("debug.echo") != std::string::npos);

  get.set_workflow("ehco");
  const grpc::Status missing =
      running.workflows->GetWorkflow(running.As("operator").get(), get, &workflow);
  CHECK(missing.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(missing.error_message() == "there is no workflow \"ehco\"; did you mean \"echo\"?");

  v1::GetActionRequest get_action;
  get_action.set_action("debug.echo");
  v1::Action action;
  REQUIRE(running.workflows->GetAction(running.As("operator").get(), get_action, &action).ok());
  CHECK(action.repeat() == v1::Action::IDEMPOTENT);
  CHECK(action.inputs_schema_json().find("delay") != std::string::npos);

  v1::ValidateWorkflowRequest validate;
  validate.set_definition("name: x\nsteps:\n  - id: a\n    action: debug.ehco\n    tiemout: 3s\n");
  v1::ValidateWorkflowResponse found;
  REQUIRE(running.workflows->ValidateWorkflow(running.As("approver").get(), validate, &found).ok());
  CHECK(found.problems_size() == 2);
  CHECK_FALSE(found.has_workflow());
  for (const v1::Problem& problem : found.problems()) {
    INFO(problem.message());
    CHECK(problem.line() >= 4);
    CHECK(problem.column() >= 5);
  }
  validate.set_definition(workflow.definition_json());
  REQUIRE(running.workflows->ValidateWorkflow(running.As("approver").get(), validate, &found).ok());
  CHECK(found.problems_size() == 0);
  CHECK(found.workflow().digest() == workflow.digest());
}

TEST_CASE("the journal is checked and copied while the server works", "[server]") {
  RunningServer running;
  running.Start("echo");

  v1::VerifyJournalResponse verified;
  REQUIRE(running.admin->VerifyJournal(running.As("operator").get(), {}, &verified).ok());
  CHECK(verified.runs() == 1);
  CHECK(verified.events() >= 3);
  CHECK(verified.head().size() == 64);
  CHECK(verified.problems_size() == 0);
  running.Start("ask");
  running.Start("broken");
  v1::GetInfoResponse info;
  REQUIRE(running.admin->GetInfo(running.As("operator").get(), {}, &info).ok());
  CHECK(info.last_check().whole());
  CHECK(info.last_check().events() == verified.events());
  CHECK(info.open_runs() == 2);
  CHECK(info.runs_need_attention() == 1);
  CHECK(info.open_approvals() == 1);

  v1::BackupJournalRequest request;
  request.set_path(running.directory.File("copy.db"));
  v1::BackupJournalResponse copy;
  REQUIRE(running.admin->BackupJournal(running.As("operator").get(), request, &copy).ok());
  CHECK(copy.size_bytes() > 0);
  CHECK(std::filesystem::exists(request.path()));

  const grpc::Status again =
      running.admin->BackupJournal(running.As("operator").get(), request, &copy);
  CHECK(again.error_code() == grpc::StatusCode::ALREADY_EXISTS);
  request.set_path("copy.db");
  const grpc::Status relative =
      running.admin->BackupJournal(running.As("operator").get(), request, &copy);
  CHECK(relative.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(relative.error_message() == "path: \"copy.db\" is not an absolute path");
}

}  // namespace recourse::server
