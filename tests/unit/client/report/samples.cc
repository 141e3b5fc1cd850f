#include "tests/unit/client/report/samples.h"

#include "engine/base/json.h"

namespace recourse::report {
namespace {

constexpr std::int64_t kBegan = 1'790'000'000;

}  // namespace

void Tell(Sample& sample, std::int64_t seconds, const std::string& principal,
          const std::string& type, const std::string& step, const std::string& text,
          const Value& details) {
  v1::Event event;
  event.set_run("R-7");
  event.set_sequence(static_cast<std::int64_t>(sample.events.size()) + 1);
  event.set_position(event.sequence() + 40);
  event.mutable_time()->set_seconds(kBegan + seconds);
  event.set_principal(principal);
  event.set_type(type);
  event.set_step(step);
  event.set_text(text);
  event.set_details_json(ToJson(details));
  sample.events.push_back(event);
}

Sample SampleRun() {
  Sample sample;
  v1::Run& run = *sample.report.mutable_run();
  run.set_id("R-7");
  run.set_workflow("recovery");
  run.set_digest(std::string(64, 'd'));
  run.set_target("orders");
  run.set_severity("critical");
  run.set_requester("kim");
  run.set_status(v1::RUN_STATUS_ROLLED_BACK);
  run.mutable_start_time()->set_seconds(kBegan);
  run.mutable_end_time()->set_seconds(kBegan + 600);
  run.mutable_error()->set_code("DATA_LOSS");
  run.mutable_error()->set_message("page 12 is damaged");
  v1::ReportStep& step = *sample.report.add_steps();
  step.set_id("restore");
  step.mutable_expect()->set_seconds(60);
  v1::ChainProof& proof = *sample.report.mutable_proof();
  proof.set_first_position(41);
  proof.set_last_position(51);
  proof.set_run_events(11);
  proof.set_first_hash(std::string(64, 'a'));
  proof.set_last_hash(std::string(64, 'b'));
  proof.set_events_checked(11);

  const auto tell = [&sample](auto... of) { Tell(sample, of...); };
  const Value::List dba = {"dba"};
  tell(0, "kim", "RunStarted", "", "started by kim: recovery on orders",
       Value::Object({{"inputs", Value::Object({{"backup", "latest"}})},
                      {"deadline", Timestamp{kBegan + 500, 0}}}));
  tell(1, "engine", "ApprovalRequested", "confirm", "confirm asks dba for approval A-1: Restore?",
       Value::Object({{"approval", "A-1"},
                      {"prompt", "Restore?"},
                      {"approvers", dba},
                      {"quorum", 1},
                      {"exclude_requester", true},
                      {"plan", Value::Object({{"steps", Value::List()}})},
                      {"digest", std::string(64, 'e')}}));
  tell(61, "ana", "VoteCast", "", "A-1 approved by ana: checked",
       Value::Object(
           {{"approval", "A-1"}, {"vote", "approve"}, {"reason", "checked"}, {"channel", "cli"}}));
  tell(61, "ana", "ApprovalSettled", "", "A-1 is approved",
       Value::Object({{"approval", "A-1"}, {"settlement", "approved"}}));
  tell(62, "engine", "AttemptStarted", "restore", "attempt 1 of restore started",
       Value::Object({{"attempt", 1}}));
  tell(70, "engine", "AttemptFailed", "restore", "attempt 1 of restore failed: DATA_LOSS: page 12",
       Value::Object({{"attempt", 1},
                      {"evidence", Value::Object({{"page", 12}})},
                      {"retry_at", Timestamp{kBegan + 80, 0}}}));
  tell(80, "engine", "AttemptStarted", "restore", "attempt 2 of restore started",
       Value::Object({{"attempt", 2}}));
  tell(182, "engine", "AttemptFailed", "restore", "attempt 2 of restore failed: DATA_LOSS: page 12",
       Value::Object({{"attempt", 2}, {"evidence", Value::Object({{"page", 12}})}}));
  tell(200, "bo", "RunAnnotated", "", "bo notes: the disk is old",
       Value::Object({{"text", "the disk is old"}}));
  tell(300, "engine", "RollbackStarted", "", "rolling back to the start: page 12 is damaged",
       Value::Object({}));
  tell(400, "engine", "CompensationSkipped", "stop", "stop is not undone: it has no way back",
       Value::Object({{"reason", "it has no way back"}}));
  tell(600, "engine", "RunRolledBack", "", "rolled back: page 12 is damaged", Value::Object({}));
  return sample;
}

}  // namespace recourse::report
