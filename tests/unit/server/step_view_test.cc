#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "server/view/steps.h"

namespace recourse::server {
namespace {

using machine::ApprovalRequested;
using machine::ApprovalSettled;
using machine::AttemptFailed;
using machine::AttemptStarted;
using machine::AttemptSucceeded;
using machine::AttentionNeeded;
using machine::CompensationStarted;
using machine::CompensationSucceeded;
using machine::Done;
using machine::EffectResolved;
using machine::Envelope;
using machine::Event;
using machine::ForEachStarted;
using machine::PlanStarted;
using machine::Question;
using machine::RollbackStarted;
using machine::RunCancelled;
using machine::RunStarted;
using machine::RunState;
using machine::Settlement;
using State = v1::StepState;

definition::Workflow TwoSteps() {
  definition::Workflow workflow;
  for (const char* id : {"stop", "restore"}) {
    definition::Step step;
    step.id = id;
    step.kind = definition::ActionStep{};
    workflow.steps.push_back(std::move(step));
  }
  return workflow;
}

// The steps after these events, one second apart.
std::vector<v1::StepState> After(const std::vector<Event>& events) {
  std::vector<record::Recorded> recorded;
  for (const Event& event : events) {
    Envelope envelope;
    envelope.time = Time(std::chrono::seconds(recorded.size() + 1));
    recorded.push_back({envelope, event});
  }
  return StepViews(TwoSteps(), RunState(), recorded);
}

AttemptStarted Started(int step, int number = 1, int item = -1) {
  AttemptStarted event;
  event.at = {step, item};
  event.number = number;
  return event;
}
AttemptSucceeded Succeeded_(int step, int item = -1) {
  AttemptSucceeded event;
  event.at = {step, item};
  return event;
}
AttemptFailed Failed_(int step, bool again) {
  AttemptFailed event;
  event.at = {step, -1};
  if (again) event.retry_at = Time(std::chrono::seconds(60));
  return event;
}

}  // namespace

TEST_CASE("a step is pending, at work, then done, with the times of its events", "[server]") {
  auto steps = After({RunStarted{}});
  CHECK(steps[0].state() == State::PENDING);
  CHECK_FALSE(steps[0].has_start_time());

  steps = After({RunStarted{}, Started(0)});
  CHECK(steps[0].state() == State::RUNNING);
  CHECK(steps[0].start_time().seconds() == 2);
  CHECK_FALSE(steps[0].has_end_time());

  steps = After({RunStarted{}, Started(0), Succeeded_(0), Started(1)});
  CHECK(steps[0].state() == State::SUCCEEDED);
  CHECK(steps[0].end_time().seconds() == 3);
  CHECK(steps[1].state() == State::RUNNING);
}

TEST_CASE("a step that is tried again began with its first attempt", "[server]") {
  auto steps = After({RunStarted{}, Started(0), Failed_(0, true)});
  CHECK(steps[0].state() == State::WAITING);
  steps = After({RunStarted{}, Started(0), Failed_(0, true), Started(0, 2), Failed_(0, false)});
  CHECK(steps[0].state() == State::FAILED);
  CHECK(steps[0].start_time().seconds() == 2);
  CHECK(steps[0].end_time().seconds() == 5);
}

TEST_CASE("a for_each is done with its last item", "[server]") {
  ForEachStarted each;
  each.items = Value::List{1, 2};
  auto steps = After({RunStarted{}, each, Started(0, 1, 0), Succeeded_(0, 0)});
  CHECK(steps[0].state() == State::RUNNING);
  steps = After(
      {RunStarted{}, each, Started(0, 1, 0), Succeeded_(0, 0), Started(0, 1, 1), Succeeded_(0, 1)});
  CHECK(steps[0].state() == State::SUCCEEDED);
  CHECK(steps[0].start_time().seconds() == 2);
  each.items = Value::List{};
  CHECK(After({RunStarted{}, each})[0].state() == State::SUCCEEDED);
}

TEST_CASE("a step is being put back, then put back", "[server]") {
  CompensationStarted undo;
  undo.at = {0, -1};
  CompensationSucceeded undone;
  undone.at = {0, -1};
  auto steps = After({RunStarted{}, Started(0), Succeeded_(0), RollbackStarted{}, undo});
  CHECK(steps[0].state() == State::COMPENSATING);
  steps = After({RunStarted{}, Started(0), Succeeded_(0), RollbackStarted{}, undo, undone});
  CHECK(steps[0].state() == State::COMPENSATED);
  CHECK(steps[0].end_time().seconds() == 6);
}

TEST_CASE("nothing is shown at work in a run that is over", "[server]") {
  const auto steps = After({RunStarted{}, Started(0), RunCancelled{}});
  CHECK(steps[0].state() == State::PENDING);
}

TEST_CASE("an approval step waits, and is done or failed as it is settled", "[server]") {
  ApprovalRequested asked;
  asked.step = 1;
  asked.id = ApprovalId{4};
  CHECK(After({RunStarted{}, PlanStarted{1}, asked})[1].state() == State::WAITING);
  ApprovalSettled settled{ApprovalId{4}, Settlement::kApproved};
  CHECK(After({RunStarted{}, PlanStarted{1}, asked, settled})[1].state() == State::SUCCEEDED);
  settled.settlement = Settlement::kRejected;
  CHECK(After({RunStarted{}, PlanStarted{1}, asked, settled})[1].state() == State::FAILED);
}

TEST_CASE("what a step did is said to stand until it is put back", "[server]") {
  RunState state;
  Done done;
  done.at = {0, -1};
  state.done.push_back(done);
  done.at = {1, -1};
  done.kind = Done::Kind::kPartial;
  state.done.push_back(done);
  auto steps = StepViews(TwoSteps(), state, {});
  CHECK(steps[0].effect() == State::STANDS);
  CHECK(steps[1].effect() == State::PARTIAL);

  definition::Workflow reads = TwoSteps();
  std::get<definition::ActionStep>(reads.steps[0].kind).repeat = RepeatClass::kReadOnly;
  CHECK(StepViews(reads, state, {})[0].effect() == State::EFFECT_UNSPECIFIED);

  AttentionNeeded unknown;
  unknown.question = Question::kUnknownEffect;
  unknown.at = {1, -1};
  steps = After({RunStarted{}, Started(1), unknown, RunCancelled{}});
  CHECK(steps[1].effect() == State::UNKNOWN);
  EffectResolved resolved;
  resolved.at = {1, -1};
  steps = After({RunStarted{}, Started(1), unknown, resolved, RunCancelled{}});
  CHECK(steps[1].effect() == State::EFFECT_UNSPECIFIED);
}

TEST_CASE("a step behind the checkpoint that was rolled back to is pending again", "[server]") {
  RunState state;
  state.steps[1].stale = true;
  const auto steps = StepViews(
      TwoSteps(), state,
      {{Envelope(), RunStarted{}}, {Envelope(), Started(1)}, {Envelope(), Failed_(1, false)}});
  CHECK(steps[1].state() == State::PENDING);
  CHECK_FALSE(steps[1].has_end_time());
}

}  // namespace recourse::server
