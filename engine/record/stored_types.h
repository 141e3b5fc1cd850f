// The number under which each event is stored. Never reused: a number whose event is gone stays
// taken. An event without a number here does not compile.
#pragma once

#include "engine/machine/event.h"

namespace recourse::record {

template <class Event>
inline constexpr int kStoredType = 0;

// clang-format off
template <> inline constexpr int kStoredType<machine::RunStarted> = 1;
template <> inline constexpr int kStoredType<machine::LockQueued> = 2;
template <> inline constexpr int kStoredType<machine::LockAcquired> = 3;
template <> inline constexpr int kStoredType<machine::StepSkipped> = 4;
template <> inline constexpr int kStoredType<machine::ForEachStarted> = 5;
template <> inline constexpr int kStoredType<machine::AttemptStarted> = 6;
template <> inline constexpr int kStoredType<machine::AttemptPrepared> = 7;
template <> inline constexpr int kStoredType<machine::AttemptProgressed> = 8;
template <> inline constexpr int kStoredType<machine::AttemptResumed> = 9;
template <> inline constexpr int kStoredType<machine::AttemptSucceeded> = 10;
template <> inline constexpr int kStoredType<machine::AttemptFailed> = 11;
template <> inline constexpr int kStoredType<machine::StepFailed> = 12;
template <> inline constexpr int kStoredType<machine::RetryRequested> = 13;
template <> inline constexpr int kStoredType<machine::FailureHandled> = 14;
template <> inline constexpr int kStoredType<machine::SwitchTaken> = 15;
template <> inline constexpr int kStoredType<machine::CheckpointReached> = 16;
template <> inline constexpr int kStoredType<machine::WaitStarted> = 17;
template <> inline constexpr int kStoredType<machine::WaitEnded> = 18;
template <> inline constexpr int kStoredType<machine::PlanStarted> = 19;
template <> inline constexpr int kStoredType<machine::ApprovalRequested> = 20;
template <> inline constexpr int kStoredType<machine::VoteCast> = 21;
template <> inline constexpr int kStoredType<machine::ApprovalSettled> = 22;
template <> inline constexpr int kStoredType<machine::RunPaused> = 23;
template <> inline constexpr int kStoredType<machine::RunResumed> = 24;
template <> inline constexpr int kStoredType<machine::StopRequested> = 25;
template <> inline constexpr int kStoredType<machine::AttentionNeeded> = 26;
template <> inline constexpr int kStoredType<machine::EffectResolved> = 27;
template <> inline constexpr int kStoredType<machine::RollbackStarted> = 28;
template <> inline constexpr int kStoredType<machine::CompensationStarted> = 29;
template <> inline constexpr int kStoredType<machine::CompensationSucceeded> = 30;
template <> inline constexpr int kStoredType<machine::CompensationFailed> = 31;
template <> inline constexpr int kStoredType<machine::CompensationSkipped> = 32;
template <> inline constexpr int kStoredType<machine::RollbackEnded> = 33;
template <> inline constexpr int kStoredType<machine::RunSucceeded> = 34;
template <> inline constexpr int kStoredType<machine::RunFailed> = 35;
template <> inline constexpr int kStoredType<machine::RunCancelled> = 36;
template <> inline constexpr int kStoredType<machine::RunRolledBack> = 37;
template <> inline constexpr int kStoredType<machine::RunAnnotated> = 38;
template <> inline constexpr int kStoredType<machine::SignalReceived> = 39;
template <> inline constexpr int kStoredType<machine::ParallelStarted> = 40;
template <> inline constexpr int kStoredType<machine::BranchEnded> = 41;
template <> inline constexpr int kStoredType<machine::SubWorkflowStarted> = 42;
template <> inline constexpr int kStoredType<machine::StepCompleted> = 43;
template <> inline constexpr int kStoredType<machine::ManualStarted> = 44;
template <> inline constexpr int kStoredType<machine::ItemAnswered> = 45;
template <> inline constexpr int kStoredType<machine::ApprovalEscalated> = 46;
template <> inline constexpr int kStoredType<machine::FinishStarted> = 47;
template <> inline constexpr int kStoredType<machine::WindowAwaited> = 48;
template <> inline constexpr int kStoredType<machine::ApprovalRevoked> = 49;
template <> inline constexpr int kStoredType<machine::InputOverridden> = 50;
template <> inline constexpr int kStoredType<machine::Escalated> = 51;
template <> inline constexpr int kStoredType<machine::RunAcknowledged> = 52;
template <> inline constexpr int kStoredType<machine::DefinitionAdopted> = 53;
// clang-format on

}  // namespace recourse::record
