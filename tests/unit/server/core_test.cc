#include "server/core.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>
#include <vector>

#include "server/settled_waits.h"
#include "server/watch_hub.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

// Its one read at a time lasts until the test lets it go on.
class SlowReads final : public v1::AdminService::CallbackService {
 public:
  SlowReads(Core& core, std::size_t calls) : core_(core), arrived(calls) {}

  grpc::ServerUnaryReactor* GetInfo(grpc::CallbackServerContext* context, const v1::GetInfoRequest*,
                                    v1::GetInfoResponse* response) override {
    auto* call = AnswerFrom(core_, core_.readers, context, "AdminService.GetInfo", response,
                            [this](journal::Reader&) -> Result<v1::GetInfoResponse> {
                              if (reads++ == 0) {
                                reading.set_value();
                                go_on.get_future().wait();
                              }
                              return v1::GetInfoResponse();
                            });
    arrived[next_++].set_value(context);
    return call;
  }

 private:
  Core& core_;
  std::atomic<std::size_t> next_ = 0;

 public:
  std::vector<std::promise<grpc::CallbackServerContext*>> arrived;
  std::atomic<int> reads = 0;
  std::promise<void> reading;
  std::promise<void> go_on;
};

}  // namespace

TEST_CASE(
    "of the calls that wait to read, those whose callers left are not read for, and too many "
    "are refused",
    "[server]") {
  RunningServer running;
  auto readers = ReaderPool::Start(*running.journal, 1, 2);
  REQUIRE(readers);
  WatchHub hub;
  SettledWaits waits(*running.engine, **readers);
  Core core{*running.engine,
            *running.journal,
            running.registry,
            *running.principals,
            **readers,
            **readers,
            **readers,
            hub,
            waits,
            *running.reloader,
            {},
            running.clock.Now(),
            running.clock};
  SlowReads service(core, 4);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  const auto stub = v1::AdminService::NewStub(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
  const auto ask = [&](grpc::ClientContext& context) {
    v1::GetInfoResponse response;
    return stub->GetInfo(&context, {}, &response);
  };

  const auto first = running.As("operator");
  auto first_answer = std::async(std::launch::async, [&] { return ask(*first); });
  service.reading.get_future().wait();
  service.arrived[0].get_future().wait();
  const auto leaver = running.As("operator");
  auto leaver_answer = std::async(std::launch::async, [&] { return ask(*leaver); });
  const grpc::CallbackServerContext* const left = service.arrived[1].get_future().get();
  const auto stayer = running.As("operator");
  auto stayer_answer = std::async(std::launch::async, [&] { return ask(*stayer); });
  service.arrived[2].get_future().wait();
  CHECK(ask(*running.As("operator")).error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);

  leaver->TryCancel();
  CHECK(leaver_answer.get().error_code() == grpc::StatusCode::CANCELLED);
  while (!left->IsCancelled()) std::this_thread::yield();
  service.go_on.set_value();
  CHECK(first_answer.get().ok());
  CHECK(stayer_answer.get().ok());
  CHECK(service.reads == 2);
  server->Shutdown();
}

}  // namespace recourse::server
