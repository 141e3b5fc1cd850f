#include "server/transition_log.h"

#include <catch2/catch.hpp>

#include "engine/record/record.h"

namespace recourse::server {

TEST_CASE("a transition is one line of names and numbers", "[server]") {
  journal::RunChange change;
  change.row.run = RunId{1042};
  change.row.workflow = "recovery";
  change.row.step = "restore";
  change.row.status = static_cast<int>(machine::RunStatus::kNeedsAttention);
  change.row.error_code = static_cast<int>(Code::kDataLoss);
  change.row.error_message = "secret";
  const machine::Envelope envelope{RunId{1042}, 7, 90, Time(), "engine"};
  change.events.push_back(record::Encode(envelope, machine::AttemptFailed{}));
  change.events.push_back(
      record::Encode({RunId{1042}, 8, 91, Time(), "engine"}, machine::AttentionNeeded{}));
  CHECK(TransitionLine(change, static_cast<int>(machine::RunStatus::kRunning)) ==
        "run=R-1042 workflow=recovery step=restore events=AttemptFailed,AttentionNeeded "
        "from=RUNNING to=NEEDS_ATTENTION code=DATA_LOSS by=engine position=91");
}

TEST_CASE("the first transition of a run comes from nowhere", "[server]") {
  journal::RunChange change;
  change.row.run = RunId{1};
  change.row.status = static_cast<int>(machine::RunStatus::kRunning);
  CHECK(TransitionLine(change, 0) == "run=R-1 from=NEW to=RUNNING");
}

}  // namespace recourse::server
