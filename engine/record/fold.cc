#include "engine/record/fold.h"

#include <algorithm>
#include <exception>

#include "engine/base/rules.h"

namespace recourse::record {
namespace {

using namespace machine;  // NOLINT: the rules below name most of it

constexpr std::int64_t kBatch = 500;

bool IsDone(const RunState& state, StepRef at) {
  return std::any_of(state.done.begin(), state.done.end(),
                     [at](const Done& done) { return done.at == at; });
}

const Rollback* RollbackOf(const RunState& state) {
  if (const auto* rolling = std::get_if<RollingBack>(&state.status)) return &rolling->rollback;
  if (const auto* attention = std::get_if<NeedsAttention>(&state.status)) {
    return std::get_if<Rollback>(&attention->from);
  }
  return nullptr;
}

// What Apply() takes for granted and would end the process over. In a journal that our engine wrote
// it always holds; a journal is read from a disk, so here it is looked at.
bool Follows(const RunState& state, const Event& event) {
  const bool rolling = std::holds_alternative<RollingBack>(state.status);
  const bool attention = std::holds_alternative<NeedsAttention>(state.status);
  const bool active = ActivityOf(state) != nullptr;
  const Rollback* rollback = RollbackOf(state);

  if (std::holds_alternative<RunStarted>(event) != (state.revision == 0)) return false;
  if (IsFinal(StatusOf(state))) return std::holds_alternative<RunAnnotated>(event);
  return std::visit(
      Rules{
          [&](const AttemptStarted&) { return active; },
          [&](const AttemptPrepared&) { return active || attention; },
          [&](const AttemptProgressed&) { return active || attention; },
          [&](const AttemptResumed&) { return active || attention; },
          [&](const AttemptSucceeded&) { return active || attention; },
          [&](const AttemptFailed&) { return active || attention; },
          [&](const RunPaused&) { return active; },
          [&](const AttentionNeeded&) { return active || rolling; },
          [&](const RetryRequested& retry) {
            return !attention || rollback == nullptr || IsDone(state, retry.at) ||
                   std::get<NeedsAttention>(state.status).question != Question::kPastPivot;
          },
          [&](const CompensationStarted& started) { return rolling && IsDone(state, started.at); },
          [&](const CompensationSucceeded& undone) {
            return rollback != nullptr && IsDone(state, undone.at);
          },
          [&](const CompensationFailed&) { return rolling && rollback->at.has_value(); },
          [&](const CompensationSkipped& skipped) { return IsDone(state, skipped.at); },
          [&](const RollbackEnded&) {
            return rolling && rollback->checkpoint && IsDone(state, {*rollback->checkpoint, -1});
          },
          [](const auto&) { return true; },
      },
      event);
}

}  // namespace

Result<Recorded> FoldOne(RunState& state, const journal::StoredEvent& stored) {
  auto recorded = Decode(stored);
  if (!recorded) return recorded;
  const auto refuse = [&](const std::string& finding) {
    return DataLoss("event " + std::to_string(stored.position) + " (" + stored.run.ToString() +
                    ", sequence " + std::to_string(stored.sequence) + ", " +
                    NameOfType(stored.type) + ") does not follow the ones before it: " + finding);
  };
  if (stored.sequence != state.revision + 1) {
    return refuse("sequence " + std::to_string(state.revision + 1) + " is expected");
  }
  if (state.revision > 0 && stored.run != state.run) {
    return refuse("they are of " + state.run.ToString());
  }
  if (!Follows(state, recorded->event)) {
    return refuse("it cannot happen to a run that is " + std::string(ToString(StatusOf(state))) +
                  " like this");
  }
  try {
    Apply(state, recorded->envelope, recorded->event);
  } catch (const std::exception&) {  // a variant that holds something else than the event needs
    return refuse("the run is not at what it is about");
  }
  return recorded;
}

Result<RunState> Fold(const std::vector<journal::StoredEvent>& events) {
  RECOURSE_CHECK(!events.empty());
  RunState state;
  for (const journal::StoredEvent& event : events) {
    auto folded = FoldOne(state, event);
    if (!folded) return std::move(folded).error();
  }
  return state;
}

Result<RunState> ReadRun(journal::Reader& reader, RunId run) {
  RunState state;
  for (;;) {
    auto batch = reader.EventsOfRun(run, state.revision, kBatch);
    if (!batch) return std::move(batch).error().In("read " + run.ToString());
    for (const journal::StoredEvent& event : *batch) {
      auto folded = FoldOne(state, event);
      if (!folded) return std::move(folded).error();
    }
    if (static_cast<std::int64_t>(batch->size()) < kBatch) break;
  }
  if (state.revision == 0) return NotFound("there is no run " + run.ToString());
  return state;
}

}  // namespace recourse::record
