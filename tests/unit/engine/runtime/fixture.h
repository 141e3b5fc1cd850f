// An engine over a real journal in a folder of its own. After each test the engine is stopped and
// the whole journal is checked: chain, folds and indexes. A test whose actions may still be at work
// when it ends stops the engine itself, before what they use is gone.
#pragma once

#include <future>

#include "engine/record/record.h"
#include "engine/runtime/engine.h"
#include "tests/unit/engine/runtime/scripted.h"

namespace recourse::runtime {

// A workflow that waits for a dba at once.
inline constexpr const char* kParks = R"(
name: parks
steps:
  - {id: confirm, approval: {prompt: "Go on?", approvers: [dba]}}
)";

// An answer that is still to come.
template <class T>
class Answer {
 public:
  Answer() : result_(promise_->get_future()) {}
  auto Callback() {
    return [promise = promise_](Result<T> result) { promise->set_value(std::move(result)); };
  }
  // Waits for it. May be called once.
  Result<T> Get() { return result_.get(); }
  bool IsThere() const {
    return result_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

 private:
  std::shared_ptr<std::promise<Result<T>>> promise_ = std::make_shared<std::promise<Result<T>>>();
  std::future<Result<T>> result_;
};
using RunAnswer = Answer<journal::RunRow>;

class EngineFixture {
 public:
  EngineFixture();
  ~EngineFixture();

  // Before the engine starts. The action stays in the registry's ownership.
  Scripted& AddAction(std::string name, RepeatClass repeat = RepeatClass::kIdempotent);
  // REQUIRES: the definition has no problems.
  void AddWorkflow(const std::string& yaml);
  void AddTarget(const std::string& yaml);
  // After its workflow.
  void AddSchedule(const std::string& yaml);
  void DropSchedule(const std::string& name) { schedules_.erase(name); }

  void StartEngine();
  // The engine goes on with what has been added since it was started.
  Result<void> Reload();
  void StopEngine(std::chrono::milliseconds grace = std::chrono::milliseconds(0));
  // As after a kill: attempts at work have no outcome, nothing that was not durable is left.
  void Crash() { StopEngine(); }
  Engine& engine() { return *engine_; }

  RunAnswer Start(const std::string& workflow, Value inputs = Value(), std::string request_id = "");
  // Starts a run and waits until that is durable.
  RunId Begin(const std::string& workflow, Value inputs = Value());
  RunAnswer Send(RunId run, machine::Input input, std::optional<std::int64_t> revision = {});
  RunAnswer Settled(RunId run);
  // Waits until the run is over or waits for a person.
  journal::RunRow Settle(RunId run);
  Answer<journal::ApprovalRow> Decide(ApprovalId id, machine::Vote vote, std::string who = "ann");
  // Lets the engine look at its clock: returns after every timer that is due has been dealt with.
  void Tick();

  // What stands in the journal, by a reader of its own.
  journal::RunRow Row(RunId run);
  std::vector<std::string> EventsOf(RunId run);  // "AttemptStarted"...
  machine::RunState StateOf(RunId run);
  // The idempotency key of the first attempt of a step.
  std::string KeyOf(RunId run, const std::string& step);
  std::unique_ptr<journal::Reader> OpenReader();

  ManualClock clock;
  Options options;
  Caller caller{"ann", {"dba"}, "test"};

  WatchedJournal& journal() { return *journal_; }
  const std::string& directory() const { return directory_; }

 private:
  void OpenJournal();

  std::string directory_;
  Registry registry_;
  Policy policy_;
  Workflows workflows_;
  definition::Inventory inventory_;
  ScheduleDefinitions schedules_;
  std::unique_ptr<WatchedJournal> journal_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace recourse::runtime
