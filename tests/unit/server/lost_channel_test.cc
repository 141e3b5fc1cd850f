// Runs that would tell a channel that is not, or no longer, in the file of notifications.
#include <catch2/catch.hpp>
#include <future>

#include "engine/base/json.h"
#include "server/notify/courier.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

constexpr const char* kTelling = R"(
name: telling
steps:
- id: tell
  action: notify.send
  with: {channel: ops, text: all is well}
  on_error: {"*": {goto: wail}}
- {id: done, succeed: true}
- {id: wail, action: notify.send, with: {channel: opps, text: "${error.message}"}}
)";

// A second server before the engine of a first one, with channels.
class TellingServer {
 public:
  TellingServer() {
    running.directory.Write("notifications.yaml", FileWith("ops"));
    auto opened = notify::ChannelFile::Open(running.directory.path(), "");
    REQUIRE(opened);
    file_ = *std::move(opened);
    AddNotifyActions(running.registry, file_.get());
    Load();
    courier_ = std::make_unique<notify::Courier>(*file_, *running.journal, *running.engine, nullptr,
                                                 running.clock);
    ServerOptions options;
    options.courier = courier_.get();
    auto started = Server::Start(options, *running.engine, *running.journal, running.registry,
                                 *running.principals, *running.reloader, running.clock);
    REQUIRE(started);
    server_ = *std::move(started);
    const auto channel =
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    runs = v1::RunService::NewStub(channel);
    workflows = v1::WorkflowService::NewStub(channel);
  }
  ~TellingServer() {
    courier_->Stop();
    running.StopEngine();
    server_.reset();
  }

  void Rename(const std::string& channel) {
    running.directory.Write("notifications.yaml", FileWith(channel));
    REQUIRE(courier_->Reload());
  }

  grpc::Status Start(const std::string& request_id, v1::Run& run) const {
    v1::StartRunRequest request;
    request.set_workflow("telling");
    request.set_request_id(request_id);
    request.set_wait(true);
    return runs->StartRun(running.As("operator").get(), request, &run);
  }

  RunningServer running;
  std::unique_ptr<v1::RunService::Stub> runs;
  std::unique_ptr<v1::WorkflowService::Stub> workflows;

 private:
  static std::string FileWith(const std::string& channel) {
    return "channels:\n  - {name: " + channel +
           ", kind: mail, server: \"smtp://127.0.0.1:1\", from: a@example.net, "
           "to: [b@example.net]}\n";
  }

  void Load() {
    const auto loaded = definition::LoadWorkflow(kTelling, &running.registry);
    INFO(loaded.Report("telling.yaml"));
    REQUIRE(loaded.workflow != nullptr);
    runtime::Catalogue next = *running.engine->catalogue();
    next.workflows.emplace("telling", loaded.workflow);
    std::promise<Result<void>> done;
    running.engine->Reload(std::move(next),
                           [&](Result<void> reloaded) { done.set_value(std::move(reloaded)); });
    REQUIRE(done.get_future().get());
  }

  std::unique_ptr<notify::ChannelFile> file_;
  std::unique_ptr<notify::Courier> courier_;
  std::unique_ptr<Server> server_;
};

}  // namespace

TEST_CASE("a request_id answers the run that it started also when its channel is gone",
          "[server]") {
  TellingServer telling;
  v1::Run first;
  REQUIRE(telling.Start("abc", first).ok());
  CHECK(first.status() == v1::RUN_STATUS_SUCCEEDED);
  telling.Rename("dba");

  v1::Run again;
  const grpc::Status repeated = telling.Start("abc", again);
  INFO(repeated.error_message());
  CHECK(repeated.ok());
  CHECK(again.id() == first.id());

  for (const std::string other : {"def", ""}) {
    v1::Run none;
    const grpc::Status refused = telling.Start(other, none);
    CHECK(refused.error_code() == grpc::StatusCode::NOT_FOUND);
    CHECK_THAT(refused.error_message(), Catch::Contains("the step tell could tell nobody") &&
                                            Catch::Contains("nothing was started"));
  }
}

TEST_CASE("a misspelt channel on an error path keeps no run from being started or planned",
          "[server]") {
  TellingServer telling;
  v1::Run run;
  CHECK(telling.Start("", run).ok());
  v1::PlanRunRequest request;
  request.set_workflow("telling");
  v1::RunPlan planned;
  REQUIRE(telling.workflows->PlanRun(telling.running.As("operator").get(), request, &planned).ok());
  const auto plan = ParseJson(planned.plan_json());
  REQUIRE(plan);
  const Value wail = (*plan)["steps"].as_list().back();
  CHECK(wail["step"] == Value("wail"));
  REQUIRE(wail["problems"].as_list().size() == 1);
  CHECK_THAT(wail["problems"].as_list()[0].as_string(), Catch::Contains("no channel \"opps\""));
}

}  // namespace recourse::server
