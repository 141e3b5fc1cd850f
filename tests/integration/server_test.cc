// The server as a process: who may use its journal, how it ends, and what it goes on with.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "client/connection.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
using Catch::Equals;

std::shared_ptr<grpc::Channel> ChannelTo(const Scene& scene) {
  return grpc::CreateChannel("unix:" + scene.data + "/recourse.sock",
                             grpc::InsecureChannelCredentials());
}

// The first answer of a method whose messages are known as bytes only.
std::string Ask(const Scene& scene, const std::string& method, const std::string& request) {
  grpc::GenericStub stub(ChannelTo(scene));
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  const auto next = [&] { REQUIRE((queue.Next(&tag, &ok) && ok)); };
  auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  next();
  const grpc::Slice slice(request);
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  next();
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  next();
  grpc::Slice whole;
  REQUIRE(answer.DumpToSingleSlice(&whole).ok());
  grpc::Status status;
  context.TryCancel();
  call->Finish(&status, nullptr);
  next();
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return {reinterpret_cast<const char*>(whole.begin()), whole.size()};
}

client::Connection Connect(const Scene& scene) {
  auto server = client::Connection::Open({.data = scene.data, .address = "", .token_file = ""});
  REQUIRE(server);
  return *std::move(server);
}

TEST_CASE("a second server on a journal is refused and told who has it", "[integration]") {
  const Scene scene;
  const Finished second = scene.StartSecondServer();
  CHECK(second.code == 3);
  CHECK_THAT(second.err, Contains("journal.db"));
  CHECK_THAT(second.err, Contains("pid " + scene.Json({"info"}).StringOr("process_id", "none")));
  CHECK(scene.Recourse({"start", "echo", "--wait"}).code == 0);
}

TEST_CASE("a server that cannot start says why, with the code of its kind", "[integration]") {
  Scene scene;
  const std::string address = *ReadFile(scene.data + "/address", 100);
  const auto start = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {RECOURSED};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return Run(command, scene.folder / "other");
  };
  const std::string other = scene.folder / "other-data";
  const Finished taken =
      start({"--data", other, "--listen", address.substr(0, address.find('\n'))});
  CHECK(taken.code == 1);
  CHECK_THAT(taken.err, Contains("recoursed did not start: cannot listen on"));
  CHECK_THAT(taken.err,
             Contains("recoursed (pid " + scene.Json({"info"}).StringOr("process_id", "")));
  CHECK_THAT(taken.err, Contains(scene.data + "/journal.db"));
  CHECK_THAT(taken.err, Contains("recourse --data " + scene.data + " info\n"));
  CHECK_THAT(taken.err, Contains("--listen 127.0.0.1:7374"));
  CHECK_THAT(taken.err, !Contains(".cc:"));  // no line of gRPC's own log
  CHECK(start({"--data", other, "--listen", "0.0.0.0:7373"}).code == 2);
  const Finished unknown =
      start({"--config", scene.folder.Write("config.yaml", "data: " + other + "\ngrase: 1s\n")});
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.err, Contains("config.yaml:2"));
  CHECK_THAT(unknown.err, Contains("grace"));
  CHECK(start({"--dta", other}).code == 2);

  scene.folder.Write("damaged/journal.db", std::string(8192, 'x'));
  const Finished damaged = start({"--data", scene.folder / "damaged", "--listen", "127.0.0.1:0"});
  CHECK(damaged.code == 4);
}

TEST_CASE("a server that is stopped lets the attempt at work finish, and the next goes on",
          "[integration]") {
  Scene scene;
  const std::string run = scene.Start("gate");
  scene.server().Signal(SIGTERM);
  Eventually("the server refuses changes", [&] {
    return scene.Recourse({"start", "echo"}).code != 0;
  });
  scene.OpenGate();
  CHECK(scene.server().WaitForEnd(30s) == 0);
  scene.StopServer();
  scene.StartServer();
  CHECK(scene.Recourse({"watch", run}).code == 0);
  CHECK_THAT(scene.Effects(), Equals(run + "/mark/1\n"));
  CHECK_THAT(scene.Recourse({"timeline", run}).out, Contains("wait succeeded"));
}

TEST_CASE("an attempt that does not finish in time is parked, and the next server goes on with it",
          "[integration]") {
  Scene scene(false);
  scene.server_arguments = {"--config", scene.folder.Write("config.yaml", "grace: 0s\n")};
  scene.StartServer();
  const std::string run = scene.Start("slow");
  scene.StopServer();
  scene.StartServer();
  CHECK(scene.Recourse({"watch", run}).code == 0);
  CHECK_THAT(scene.Recourse({"show", run}).out, Contains("SUCCEEDED"));
}

TEST_CASE("a server that is killed goes on where it was, and nothing happens twice",
          "[integration]") {
  Scene scene;
  const std::string slow = scene.Start("slow");
  CHECK(scene.Recourse({"start", "ask", "--wait"}).code == 5);
  const auto watcher = scene.Background({"watch", slow});
  Eventually("the watcher sees the run",
             [&] { return watcher->out().find("attempt 1 of work started") != std::string::npos; });
  scene.KillServer();
  Eventually("the watcher misses the server",
             [&] { return watcher->out().find("the server is gone") != std::string::npos; });
  scene.StartServer();
  CHECK_THAT(scene.server().out(), Contains("1 resumed, 1 waiting"));
  CHECK(watcher->WaitForEnd(30s) == 0);
  CHECK_THAT(watcher->out(), Contains("the server is back"));
  CHECK_THAT(watcher->out(), Contains(slow + " SUCCEEDED"));
  const std::string& seen = watcher->out();
  CHECK(seen.find("work succeeded") == seen.rfind("work succeeded"));
  CHECK(scene.Recourse({"approve", "A-1", "--as", "approver", "--wait"}).code == 0);
}

TEST_CASE("a program that was at work when the server was killed is a question, not a second start",
          "[integration]") {
  Scene scene;
  const std::string run = scene.Start("gate");
  scene.KillServer();
  scene.StartServer();
  scene.WaitForStatus(run, "RUN_STATUS_NEEDS_ATTENTION");
  CHECK(
      scene.Recourse({"skip", run, "--reason", "it had ended", "--step", "wait", "--wait"}).code ==
      0);
  CHECK_THAT(scene.Effects(), Equals(run + "/mark/1\n"));
}

TEST_CASE("a start repeated after a lost answer gives the same run, also after a crash",
          "[integration]") {
  Scene scene;
  const std::vector<std::string> start = {"start", "echo", "--request-id", "incident-7"};
  CHECK(scene.Json(start).StringOr("id", "") == "R-1");
  CHECK(scene.Json(start).StringOr("id", "") == "R-1");
  CHECK_THAT(scene.Recourse(start).out,
             Catch::Contains("R-1 was started before, with this --request-id, and is SUCCEEDED"));
  scene.KillServer();
  scene.StartServer();
  CHECK(scene.Json(start).StringOr("id", "") == "R-1");
  CHECK(scene.Json({"runs"})["runs"].as_list().size() == 1);
  CHECK(scene.Recourse({"start", "ask", "--request-id", "incident-7"}).code == 4);
}

TEST_CASE("without a token of this server nothing is answered", "[integration]") {
  Scene scene;
  const auto stub = v1::RunService::NewStub(ChannelTo(scene));
  for (const char* authorization : {"", "Bearer", "Bearer nonsense", "Basic b3BlcmF0b3I6eA=="}) {
    grpc::ClientContext context;
    if (*authorization != '\0') context.AddMetadata("authorization", authorization);
    v1::ListRunsResponse response;
    const grpc::Status refused = stub->ListRuns(&context, {}, &response);
    CHECK(refused.error_code() == grpc::StatusCode::UNAUTHENTICATED);
    CHECK_THAT(refused.error_message(), Contains(scene.data + "/operator.token"));
  }
  const std::string wrong = scene.folder.Write("wrong.token", std::string(64, 'a') + "\n");
  const Finished refused = scene.Recourse({"runs", "--token-file", wrong});
  CHECK(refused.code == 4);
  CHECK_THAT(refused.err, Contains("token"));
  const Finished denied = scene.Recourse({"start", "echo", "--as", "approver"});
  CHECK(denied.code == 4);
  CHECK_THAT(denied.err, Contains("needs the role operator"));
}

TEST_CASE("the server answers on its address as on its socket", "[integration]") {
  const Scene scene;
  std::string address = *ReadFile(scene.data + "/address", 100);
  address.resize(address.find('\n'));
  CHECK(scene.Recourse({"start", "echo", "--wait", "--address", address}).code == 0);
  CHECK_THAT(scene.Recourse({"start", "echo", "--address", address}).out,
             Contains("recourse --address " + address + " watch R-2"));
}

TEST_CASE("health and reflection answer without a token", "[integration]") {
  const Scene scene;
  // HealthCheckResponse{status: SERVING} and ServerReflectionRequest{list_services: ""}.
  CHECK(Ask(scene, "/grpc.health.v1.Health/Check", "") == std::string("\x08\x01"));
  const std::string services =
      Ask(scene, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
          std::string("\x3a\x00", 2));
  for (const char* service :
       {"RunService", "ApprovalService", "WorkflowService", "EventService", "AdminService"}) {
    CHECK_THAT(services, Contains(std::string("recourse.v1.") + service));
  }
  CHECK_THAT(services, Contains("grpc.health.v1.Health"));
}

TEST_CASE("events of all runs are streamed from a position on, each once", "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "echo", "--wait"});
  const client::Connection server = Connect(scene);
  const auto context = server.NewContext();
  context->set_deadline(std::chrono::system_clock::now() + 20s);
  v1::WatchEventsRequest request;
  request.set_after_position(1);
  auto reader = server.events().WatchEvents(context.get(), request);
  v1::WatchEventsResponse response;
  std::int64_t position = 1;
  for (std::string type; type != "RunSucceeded"; type = response.event().type()) {
    REQUIRE(reader->Read(&response));
    CHECK(response.event().position() == ++position);
    REQUIRE(position < 20);
  }
  CHECK(std::to_string(position) == scene.Position());
  context->TryCancel();
}

}  // namespace
}  // namespace recourse::integration
