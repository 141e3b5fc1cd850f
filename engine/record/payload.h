// How the parts of an event's payload are stored and read back. Private to the module.
#pragma once

#include <chrono>
#include <string>

#include "engine/base/json.h"
#include "engine/machine/event.h"
#include "engine/record/stored_text.h"
#include "recourse/journal/events.pb.h"

namespace recourse::record {

namespace pb = recourse::journal::payload;

// The enums of the stored form have the numbers of those in the machine.
template <class Stored, class Enum>
Stored As(Enum value) {
  return static_cast<Stored>(static_cast<int>(value));
}

inline std::int64_t Micros(Time time) { return time.time_since_epoch().count(); }

inline void Write(const Error& error, pb::Error* to) {
  to->set_code(static_cast<int>(error.code));
  to->set_message(StoredText(error.message));
}

// Reads the fields of one payload and keeps the first thing that is wrong with them.
class Reading {
 public:
  const std::string& problem() const { return problem_; }

  Value Json(const std::string& text) {
    if (text.empty()) return {};
    auto value = ParseJson(text);
    if (!value) {
      Wrong("a value is " + value.error().message);
      return {};
    }
    return *std::move(value);
  }

  // `valid` is the generated check of the stored enum.
  template <class Enum>
  Enum Known(int number, bool (*valid)(int), std::string_view name) {
    if (number == 0 || !valid(number)) {
      Wrong(std::string(name) + " " + std::to_string(number) + " is not known");
      return Enum{1};
    }
    return static_cast<Enum>(number);
  }

  machine::Phase Phase(int number) {
    return Known<machine::Phase>(number, pb::Phase_IsValid, "phase");
  }
  machine::Source Source(int number) {
    return Known<machine::Source>(number, pb::Source_IsValid, "source");
  }

  Error ErrorOf(const pb::Error& stored) {
    if (stored.code() < 1 || stored.code() > 16) {
      Wrong("error code " + std::to_string(stored.code()) + " is not known");
      return {};
    }
    return {static_cast<Code>(stored.code()), stored.message()};
  }

 private:
  void Wrong(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  std::string problem_;
};

inline Time TimeOf(std::int64_t micros) { return Time(std::chrono::microseconds(micros)); }

// --- branch_events.cc: what happens to steps with steps inside, and what people are asked ---

pb::SignalReceived Stored(const machine::SignalReceived& event);
pb::ParallelStarted Stored(const machine::ParallelStarted& event);
pb::BranchEnded Stored(const machine::BranchEnded& event);
pb::SubWorkflowStarted Stored(const machine::SubWorkflowStarted& event);
pb::StepCompleted Stored(const machine::StepCompleted& event);
pb::ManualStarted Stored(const machine::ManualStarted& event);
pb::ItemAnswered Stored(const machine::ItemAnswered& event);
pb::ApprovalEscalated Stored(const machine::ApprovalEscalated& event);
pb::FinishStarted Stored(const machine::FinishStarted& event);
pb::WindowAwaited Stored(const machine::WindowAwaited& event);

machine::SignalReceived Read(const pb::SignalReceived& from, Reading& in);
machine::ParallelStarted Read(const pb::ParallelStarted& from, Reading& in);
machine::BranchEnded Read(const pb::BranchEnded& from, Reading& in);
machine::SubWorkflowStarted Read(const pb::SubWorkflowStarted& from, Reading& in);
machine::StepCompleted Read(const pb::StepCompleted& from, Reading& in);
machine::ManualStarted Read(const pb::ManualStarted& from, Reading& in);
machine::ItemAnswered Read(const pb::ItemAnswered& from, Reading& in);
machine::ApprovalEscalated Read(const pb::ApprovalEscalated& from, Reading& in);
machine::FinishStarted Read(const pb::FinishStarted& from, Reading& in);
machine::WindowAwaited Read(const pb::WindowAwaited& from, Reading& in);

// --- people_events.cc: what people say to a run, and what they are asked ---

pb::ApprovalRequested Stored(const machine::ApprovalRequested& event);
pb::VoteCast Stored(const machine::VoteCast& event);
pb::ApprovalSettled Stored(const machine::ApprovalSettled& event);
pb::RunPaused Stored(const machine::RunPaused& event);
pb::RunResumed Stored(const machine::RunResumed& event);
pb::RunAnnotated Stored(const machine::RunAnnotated& event);
pb::ApprovalRevoked Stored(const machine::ApprovalRevoked& event);
pb::InputOverridden Stored(const machine::InputOverridden& event);
pb::Escalated Stored(const machine::Escalated& event);
pb::RunAcknowledged Stored(const machine::RunAcknowledged& event);
pb::DefinitionAdopted Stored(const machine::DefinitionAdopted& event);

machine::ApprovalRequested Read(const pb::ApprovalRequested& from, Reading& in);
machine::VoteCast Read(const pb::VoteCast& from, Reading& in);
machine::ApprovalSettled Read(const pb::ApprovalSettled& from, Reading& in);
machine::RunPaused Read(const pb::RunPaused& from, Reading& in);
machine::RunResumed Read(const pb::RunResumed& from, Reading& in);
machine::RunAnnotated Read(const pb::RunAnnotated& from, Reading& in);
machine::ApprovalRevoked Read(const pb::ApprovalRevoked& from, Reading& in);
machine::InputOverridden Read(const pb::InputOverridden& from, Reading& in);
machine::Escalated Read(const pb::Escalated& from, Reading& in);
machine::RunAcknowledged Read(const pb::RunAcknowledged& from, Reading& in);
machine::DefinitionAdopted Read(const pb::DefinitionAdopted& from, Reading& in);

}  // namespace recourse::record
