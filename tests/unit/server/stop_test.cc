#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <stop_token>
#include <thread>

#include "engine/journal/sqlite/sqlite_journal.h"
#include "engine/record/record.h"
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
  CHECK_THAT(waited.error_message(), Catch::Contains("R-2 was started; its end is not known"));

  running.server->Stop();
  while (stream->Read(&response)) {
  }
  CHECK(stream->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
  while (events->Read(&event)) {
  }
  CHECK(events->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

namespace {

// Holds the core loop after its next commit until it is let go.
class Hold final : public runtime::Listener {
 public:
  void Committed(journal::Position, std::span<const journal::RunChange>) override {
    if (held_once_) return;
    held_once_ = true;
    held.set_value();
    go_on.get_future().wait();
  }
  void News(const runtime::AttemptNews&) override {}

  std::promise<void> held;
  std::promise<void> go_on;

 private:
  bool held_once_ = false;
};

}  // namespace

TEST_CASE("who started a run learns its end, however many others wait to be heard", "[server]") {
  runtime::Options options;
  options.mailbox_max = 1;
  RunningServer running(options);
  const runtime::Caller caller{"operator", {"operator"}, "grpc"};
  Hold hold;
  running.engine->AddListener(&hold);
  running.engine->StartRun({"echo", Value(Value::Map()), ""}, caller, [](const auto&) {});
  hold.held.get_future().wait();

  std::promise<Code> first;
  std::promise<Code> crowded_out;
  std::promise<Result<journal::RunRow>> settled;
  const auto note = [](std::promise<Code>& code) {
    return [&code](const Result<journal::RunRow>& row) {
      code.set_value(row ? Code{} : row.error().code);
    };
  };
  running.engine->StartRun({"echo", Value(Value::Map()), ""}, caller, note(first));
  running.engine->StartRun({"echo", Value(Value::Map()), ""}, caller, note(crowded_out));
  running.engine->WhenSettled(
      RunId{1}, [&](Result<journal::RunRow> row) { settled.set_value(std::move(row)); });
  CHECK(crowded_out.get_future().get() == Code::kResourceExhausted);
  hold.go_on.set_value();
  CHECK(first.get_future().get() == Code{});
  const auto row = settled.get_future().get();
  REQUIRE(row);
  CHECK(row->status == v1::RUN_STATUS_SUCCEEDED);
  running.engine->RemoveListener(&hold);
}

TEST_CASE("an engine that never ran answers who wrote to it", "[server]") {
  RunningServer running;
  const TemporaryDirectory other;
  auto journal = journal::OpenSqliteJournal(other.File("journal.db"), running.clock.Now());
  REQUIRE(journal);
  auto engine =
      runtime::Engine::Open({}, **journal, running.registry, {}, {}, running.policy, running.clock);
  REQUIRE(engine);
  std::promise<Code> answered;
  (*engine)->StartRun({"echo", Value(Value::Map()), ""}, {"operator", {}, "grpc"},
                      [&](const auto& row) { answered.set_value(row.error().code); });
  engine->reset();
  CHECK(answered.get_future().get() == Code::kUnavailable);
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

namespace {

// A journal whose copies last until they are given up.
class SlowToCopy final : public journal::Journal {
 public:
  explicit SlowToCopy(journal::Journal& real) : real_(real) {}

  Result<void> BackUp(const std::string&, std::stop_token stop) const override {
    copying.set_value();
    std::promise<void> stopped;
    const std::stop_callback on_stop(stop, [&] { stopped.set_value(); });
    stopped.get_future().wait();
    return Unavailable("given up");
  }
  journal::Heads heads() const override { return real_.heads(); }
  Result<journal::Position> Append(std::span<journal::RunChange> changes) override {
    return real_.Append(changes);
  }
  Result<void> NoteNotifications(std::span<const journal::OutboxRow> notes) override {
    return real_.NoteNotifications(notes);
  }
  Result<void> StoreSchedules(std::span<const journal::ScheduleRow> rows) override {
    return real_.StoreSchedules(rows);
  }
  Result<journal::Position> RemoveRun(const journal::Removal& removal) override {
    return real_.RemoveRun(removal);
  }
  Result<journal::Position> Import(const journal::ImportSource& source, const std::string& file,
                                   Time time, const std::string& principal) override {
    return real_.Import(source, file, time, principal);
  }
  journal::Reader& reader() override { return real_.reader(); }
  Result<std::unique_ptr<journal::Reader>> OpenReader() const override {
    return real_.OpenReader();
  }
  std::string path() const override { return real_.path(); }
  std::int64_t size_bytes() const override { return real_.size_bytes(); }

  mutable std::promise<void> copying;

 private:
  journal::Journal& real_;
};

}  // namespace

TEST_CASE("a server that stops gives up a copy of the journal that is under way", "[server]") {
  RunningServer running;
  SlowToCopy journal(*running.journal);
  auto server = Server::Start({}, *running.engine, journal, running.registry, *running.principals,
                              *running.reloader, running.clock);
  REQUIRE(server);
  const auto stub = v1::AdminService::NewStub(
      grpc::CreateChannel((*server)->address(), grpc::InsecureChannelCredentials()));
  auto copied = std::async(std::launch::async, [&] {
    v1::BackupJournalRequest request;
    request.set_path(running.directory.File("copy.db"));
    v1::BackupJournalResponse response;
    return stub->BackupJournal(running.As("operator").get(), request, &response);
  });
  journal.copying.get_future().wait();
  running.StopEngine();
  (*server)->Stop();
  CHECK(copied.get().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("a copy and a check that are given up say so, and leave no file", "[server]") {
  RunningServer running;
  running.Start("echo");
  std::stop_source stop;
  stop.request_stop();
  const std::string path = running.directory.File("copy.db");
  const auto copied = running.journal->BackUp(path, stop.get_token());
  REQUIRE_FALSE(copied);
  CHECK(copied.error().code == Code::kUnavailable);
  CHECK_FALSE(std::filesystem::exists(path));
  auto reader = running.journal->OpenReader();
  REQUIRE(reader);
  (*reader)->EndReads();
  const auto checked = record::Verify(**reader);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == Code::kUnavailable);
}

}  // namespace recourse::server
