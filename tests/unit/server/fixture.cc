#include "tests/unit/server/fixture.h"

#include <grpcpp/generic/generic_stub.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "actions/debug/debug.h"
#include "engine/base/file.h"
#include "engine/journal/sqlite/sqlite_journal.h"
#include "engine/record/record.h"

namespace recourse::server {
namespace {

constexpr const char* kDefinitions[] = {
    R"(
name: echo
summary: Answer the input
inputs:
  value: {type: string, default: hello}
steps:
  - id: say
    action: debug.echo
    with: {value: "${inputs.value}"}
outputs: {said: "${steps.say.output.value}"}
)",
    R"(
name: bulky
summary: Answer the input, once an item
inputs:
  value: {type: string}
  items: {type: list, default: [1]}
steps:
  - id: say
    action: debug.echo
    for_each: "${inputs.items}"
    with: {value: "${inputs.value}"}
)",
    R"(
name: ask
summary: Do nothing before somebody else agrees
steps:
  - id: prepare
    action: debug.echo
    with: {value: 1}
  - id: confirm
    approval: {prompt: "Go on?", approvers: [dba, level-1], exclude_requester: true}
  - id: act
    action: debug.echo
    with: {value: 2}
)",
    R"(
name: wipe
summary: Do what cannot be undone, when somebody agrees with a one-time code too
steps:
  - id: confirm
    approval: {prompt: "Wipe it?", approvers: [dba], second_factor: true}
  - id: act
    action: debug.echo
    with: {value: 2}
)",
    R"(
name: broken
summary: Fail, and ask an operator
on_failure: pause
steps:
  - id: try
    action: debug.fail
    with: {code: DATA_LOSS, message: page 12 is damaged}
)",
    R"(
name: fails
summary: Fail, and leave it at that
on_failure: fail
steps:
  - id: try
    action: debug.fail
    with: {code: DATA_LOSS, message: page 12 is damaged}
)",
    R"(
name: needed
summary: Fail where later steps need the output
on_failure: pause
steps:
  - id: try
    action: debug.fail
    with: {code: DATA_LOSS, message: page 12 is damaged}
  - id: then
    action: debug.echo
    with: {value: "${steps.try.output.attempt}"}
outputs: {attempt: "${steps.try.output.attempt}"}
)",
    R"(
name: slow
summary: Work for long
steps:
  - id: work
    action: debug.echo
    with: {delay: 10m}
    timeout: 20m
)",
};

runtime::Workflows LoadAll(const Registry& registry) {
  runtime::Workflows workflows;
  for (const char* text : kDefinitions) {
    const definition::Loaded loaded = definition::LoadWorkflow(text, &registry);
    INFO(loaded.Report("fixture"));
    REQUIRE(loaded.workflow != nullptr);
    workflows.emplace(loaded.workflow->name, loaded.workflow);
  }
  return workflows;
}

// Far away: no test sees it start anything.
constexpr const char* kSchedule = R"(
name: leap-day
workflow: echo
inputs: {value: again}
cron: 30 2 29 2 *
time_zone: Europe/Berlin
jitter: 5m
)";

// A value that the test cannot go on without.
template <class T>
T Need(Result<T> result) {
  if (!result) FAIL(result.error().ToString());
  return *std::move(result);
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "recourse-server-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::Write(const std::string& name, const std::string& text) const {
  std::filesystem::create_directories(std::filesystem::path(File(name)).parent_path());
  std::ofstream(File(name)) << text;
  return File(name);
}

RunningServer::RunningServer(const runtime::Options& options, std::vector<PrincipalConfig> who) {
  AddDebugActions(registry);
  journal = Need(journal::OpenSqliteJournal(directory.File("journal.db"), clock.Now()));
  if (who.empty()) who = DefaultPrincipals(directory.path());
  for (PrincipalConfig& each : who) {
    if (each.token_file.empty()) each.token_file = directory.File(each.name + ".token");
  }
  PrincipalOptions principal_options;
  principal_options.tokens_file = directory.File("tokens.json");
  principals = std::make_unique<Principals>(Need(Principals::Load(who, principal_options)));
  const runtime::Workflows definitions = LoadAll(registry);
  auto schedule = Need(definition::LoadSchedule(kSchedule, "fixture", definitions, {}));
  engine = Need(runtime::Engine::Start(options, *journal, registry, definitions, {}, policy, clock,
                                       {{schedule->name, schedule}}));
  reloader =
      std::make_unique<Reloader>(DefinitionFiles({}, registry), *engine, clock, Definitions());
  ServerOptions server_options;
  server_options.socket = directory.File("recourse.sock");
  server = Need(
      Server::Start(server_options, *engine, *journal, registry, *principals, *reloader, clock));
  channel = grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials());
  runs = v1::RunService::NewStub(channel);
  approvals = v1::ApprovalService::NewStub(channel);
  workflows = v1::WorkflowService::NewStub(channel);
  events = v1::EventService::NewStub(channel);
  admin = v1::AdminService::NewStub(channel);
  identity = v1::IdentityService::NewStub(channel);
}

RunningServer::~RunningServer() {
  StopEngine();
  server.reset();
  const auto verified = record::Verify(*Need(journal->OpenReader()));
  INFO((verified ? std::string() : verified.error().ToString()));
  if (!verified) {
    FAIL_CHECK("the journal cannot be verified");
    return;
  }
  CHECK(verified->problems == std::vector<std::string>());
}

void RunningServer::StopEngine() { engine->Stop(std::chrono::milliseconds(0)); }

std::unique_ptr<grpc::ClientContext> RunningServer::Anonymous() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  return context;
}

std::unique_ptr<grpc::ClientContext> RunningServer::As(const std::string& principal) const {
  std::string token = Need(ReadFile(directory.File(principal + ".token"), 4096));
  token.pop_back();  // the end of the line
  return With(token);
}

std::unique_ptr<grpc::ClientContext> RunningServer::With(const std::string& token) const {
  auto context = Anonymous();
  context->AddMetadata("authorization", "Bearer " + token);
  return context;
}

v1::Run RunningServer::Start(const std::string& workflow, bool wait) {
  v1::StartRunRequest request;
  request.set_workflow(workflow);
  request.set_wait(wait);
  v1::Run run;
  const grpc::Status status = runs->StartRun(As("operator").get(), request, &run);
  if (!status.ok()) FAIL(status.error_message());
  return run;
}

grpc::Status CallEmpty(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                       grpc::ClientContext& context) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  const auto step = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return ok;
  };
  auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  step();
  const grpc::Slice nothing;
  call->WriteLast(grpc::ByteBuffer(&nothing, 1), grpc::WriteOptions(), nullptr);
  step();
  grpc::ByteBuffer answer;
  do {
    call->Read(&answer, nullptr);
  } while (step());
  grpc::Status status;
  call->Finish(&status, nullptr);
  step();
  return status;
}

}  // namespace recourse::server
