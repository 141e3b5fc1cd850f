#include "tests/unit/engine/record/samples.h"

namespace recourse::record {

using namespace machine;  // NOLINT: every name below is an event

std::vector<Event> SampleEvents() {
  const Time time = At(1'795'230'245'123'456);  // 2026-11-21T03:04:05.123456Z
  const Value value = Value::Object({{"rows", 50'000},
                                     {"ratio", 0.5},
                                     {"path", "/data/\"x\".db"},
                                     {"none", nullptr},
                                     {"list", Value::List{true, "u"}}});
  const StepRef at{3, 2};
  const Error error{Code::kAborted, "locked by 4711"};
  return {
      RunStarted{"recovery", "d1", value, "req-1", "critical", "database/health", time, value},
      LockQueued{RunId{7}},
      LockAcquired{},
      StepSkipped{at, Source::kOperator, value, "not needed"},
      ForEachStarted{4, Value::List{"a", "b"}, 3},
      AttemptStarted{at, 2, Phase::kPrepare, value, time, time},
      AttemptPrepared{at, 2, value},
      AttemptProgressed{at, 2, value},
      AttemptResumed{at, 2, Phase::kProbe},
      AttemptSucceeded{at, 2, value, Source::kProbe, "50,000 rows"},
      AttemptFailed{at, 2, error, value, LeftBehind::kUnknown, time},
      StepFailed{at, error},
      RetryRequested{at, "disk is free again"},
      FailureHandled{at, 9},
      SwitchTaken{4, 6},
      CheckpointReached{4},
      WaitStarted{4, time, "go"},
      WaitEnded{4, value},
      PlanStarted{4},
      ApprovalRequested{4,
                        ApprovalId{381},
                        "Restore?",
                        {"dba", "lead"},
                        2,
                        true,
                        time,
                        OnExpiry::kReject,
                        value,
                        "d2",
                        {{time, "level-2"}},
                        true},
      VoteCast{ApprovalId{381}, Vote::kReject, "too old", "cli"},
      ApprovalSettled{ApprovalId{381}, Settlement::kExpired},
      RunPaused{"lunch"},
      RunResumed{"back"},
      StopRequested{StopKind::kRollback, true, 5, "wrong target"},
      AttentionNeeded{Question::kPastPivot, at, error},
      EffectResolved{at, Finding::kPartial, "half of the files"},
      RollbackStarted{5, Afterwards::kGoTo, 8, error},
      CompensationStarted{at, 2},
      CompensationSucceeded{at, value, Source::kOperator, "by hand"},
      CompensationFailed{at, 2, error, value, time},
      CompensationSkipped{at, "no way back"},
      RollbackEnded{},
      RunSucceeded{value},
      RunFailed{error},
      RunCancelled{"wrong one"},
      RunRolledBack{error},
      RunAnnotated{"called the vendor"},
      SignalReceived{"go", value},
      ParallelStarted{4, {{"web", 5, 7}, {"db", 7, 9}}, false},
      BranchEnded{4, 1, error, true},
      SubWorkflowStarted{4, 5, 9, value},
      StepCompleted{4, value},
      ManualStarted{4, "Call them", {{"phone", "Call the customer"}}, {"dba"}, time},
      ItemAnswered{4, "phone", false, true, "nobody answers"},
      ApprovalEscalated{ApprovalId{381}, "level-2", true},
      FinishStarted{7, Ending::kRolledBack, error, "too late", value},
      WindowAwaited{at, time},
  };
}

}  // namespace recourse::record
