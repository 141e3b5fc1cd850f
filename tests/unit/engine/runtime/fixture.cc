#include "tests/unit/engine/runtime/fixture.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "engine/journal/sqlite/sqlite_journal.h"

namespace recourse::runtime {

EngineFixture::EngineFixture() {
  std::string pattern = (std::filesystem::temp_directory_path() / "recourse-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  options.workers = 4;
  options.append_retry = std::chrono::milliseconds(1);
  OpenJournal();
}

EngineFixture::~EngineFixture() {
  journal_->RefuseWith(nullptr);
  StopEngine();
  auto verified = record::Verify(journal_->reader());
  CHECK(verified);
  if (verified) CHECK(verified->problems == std::vector<std::string>{});
  journal_.reset();
  std::filesystem::remove_all(directory_);
}

void EngineFixture::OpenJournal() {
  auto opened = journal::OpenSqliteJournal(directory_ + "/journal.db", clock.Now());
  if (!opened) FAIL(opened.error().ToString());
  journal_ = std::make_unique<WatchedJournal>(*std::move(opened));
}

Scripted& EngineFixture::AddAction(std::string name, RepeatClass repeat) {
  auto action = std::make_unique<Scripted>(std::move(name), repeat);
  Scripted& added = *action;
  registry_.Add(std::move(action));
  return added;
}

void EngineFixture::AddWorkflow(const std::string& yaml) {
  auto loaded = definition::LoadWorkflow(yaml, &registry_);
  if (loaded.workflow == nullptr) FAIL(loaded.Report("test.yaml"));
  workflows_[loaded.workflow->name] = loaded.workflow;
}

void EngineFixture::AddTarget(const std::string& yaml) {
  auto added = inventory_.AddFile(yaml, "target.yaml");
  if (!added) FAIL(added.error().ToString());
}

void EngineFixture::AddSchedule(const std::string& yaml) {
  auto loaded = definition::LoadSchedule(yaml, "schedule.yaml", workflows_, inventory_);
  if (!loaded) FAIL(loaded.error().ToString());
  schedules_[(*loaded)->name] = *loaded;
}

void EngineFixture::StartEngine() {
  auto started = Engine::Start(options, *journal_, registry_, workflows_, inventory_, policy_,
                               clock, schedules_);
  if (!started) FAIL(started.error().ToString());
  engine_ = *std::move(started);
}

Result<void> EngineFixture::Reload() {
  Answer<void> answer;
  engine_->Reload({workflows_, inventory_, schedules_}, answer.Callback());
  return answer.Get();
}

void EngineFixture::StopEngine(std::chrono::milliseconds grace) {
  if (engine_ == nullptr) return;
  engine_->Stop(grace);
  engine_.reset();
}

RunAnswer EngineFixture::Start(const std::string& workflow, Value inputs, std::string request_id) {
  RunAnswer answer;
  engine_->StartRun({workflow, std::move(inputs), std::move(request_id)}, caller,
                    answer.Callback());
  return answer;
}

RunId EngineFixture::Begin(const std::string& workflow, Value inputs) {
  auto row = Start(workflow, std::move(inputs)).Get();
  if (!row) FAIL(row.error().ToString());
  return row->run;
}

RunAnswer EngineFixture::Send(RunId run, machine::Input input,
                              std::optional<std::int64_t> revision) {
  RunAnswer answer;
  engine_->Submit(run, std::move(input), revision, caller, answer.Callback());
  return answer;
}

RunAnswer EngineFixture::Settled(RunId run) {
  RunAnswer answer;
  engine_->WhenSettled(run, answer.Callback());
  return answer;
}

journal::RunRow EngineFixture::Settle(RunId run) {
  auto row = Settled(run).Get();
  if (!row) FAIL(row.error().ToString());
  return *std::move(row);
}

Answer<journal::ApprovalRow> EngineFixture::Decide(ApprovalId id, machine::Vote vote,
                                                   std::string who) {
  Answer<journal::ApprovalRow> answer;
  machine::CastVote cast;
  cast.id = id;
  cast.vote = vote;
  cast.reason = "as the test says";
  engine_->Vote(std::move(cast), {std::move(who), {"dba"}, "test"}, answer.Callback());
  return answer;
}

void EngineFixture::Tick() {
  // Any request wakes the loop, which deals with what is due before it answers this one.
  CHECK_FALSE(Settled(RunId{INT32_MAX}).Get());
}

std::unique_ptr<journal::Reader> EngineFixture::OpenReader() {
  auto reader = journal_->OpenReader();
  if (!reader) FAIL(reader.error().ToString());
  return *std::move(reader);
}

journal::RunRow EngineFixture::Row(RunId run) {
  auto row = OpenReader()->FindRun(run);
  if (!row) FAIL(row.error().ToString());
  REQUIRE(row->has_value());
  return **std::move(row);
}

std::vector<std::string> EngineFixture::EventsOf(RunId run) {
  auto events = OpenReader()->EventsOfRun(run, 0, 10'000);
  if (!events) FAIL(events.error().ToString());
  std::vector<std::string> names;
  for (const auto& event : *events) names.push_back(record::NameOfType(event.type));
  return names;
}

std::string EngineFixture::KeyOf(RunId run, const std::string& step) {
  return run.ToString() + "@" + std::to_string(StateOf(run).started.time_since_epoch().count()) +
         "/" + step + "/1";
}

machine::RunState EngineFixture::StateOf(RunId run) {
  auto state = record::ReadRun(*OpenReader(), run);
  if (!state) FAIL(state.error().ToString());
  return *std::move(state);
}

}  // namespace recourse::runtime
