#include "server/view/report.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "engine/journal/chain.h"
#include "server/view/convert.h"
#include "server/view/run.h"

namespace recourse::server {
namespace {

constexpr std::int64_t kAtOnce = 500;

v1::ReportStep StepOf(const definition::Step& step) {
  v1::ReportStep message;
  message.set_id(step.id);
  message.set_kind(std::string(definition::NameOf(step.kind)));
  message.set_summary(step.summary);
  if (const auto* action = std::get_if<definition::ActionStep>(&step.kind)) {
    message.set_action(action->action);
  }
  if (step.expect) *message.mutable_expect() = ToProto(*step.expect);
  message.set_irreversible(step.irreversible);
  return message;
}

// Makes `chain` begin with the event at `first`.
Result<void> BeginAt(journal::Reader& reader, journal::Position first, journal::ChainCheck& chain) {
  if (first <= 1) return {};
  auto before = reader.EventsAfter(first - 2, 1);
  if (!before) return std::move(before).error();
  if (!before->empty() && before->front().position == first - 1) {
    chain.BeginAfter(first - 1, before->front().hash);
    return {};
  }
  auto gaps = journal::ReadGaps(reader);
  if (!gaps) return std::move(gaps).error();
  for (const auto& [from, gap] : *gaps) {
    if (gap.last == first - 1) chain.BeginAfter(gap.last, gap.after);
  }
  return {};  // Without a gap the chain begins with the journal, and does not fit.
}

Result<void> Check(journal::Reader& reader, journal::Position last, journal::ChainCheck& chain,
                   v1::ChainProof& proof) {
  for (journal::Position after = proof.first_position() - 1; after < last;) {
    auto events = reader.EventsAfter(after, kAtOnce);
    if (!events) return std::move(events).error();
    if (events->empty()) return {};
    for (const journal::StoredEvent& event : *events) {
      if (event.position > last) return {};
      auto added = chain.Add(event);
      if (!added && added.error().code != Code::kDataLoss) return added;
      if (!added) {
        proof.set_problem(Utf8(added.error().message));
        return {};
      }
      proof.set_events_checked(proof.events_checked() + 1);
      after = event.position;
    }
  }
  return {};
}

Result<v1::ChainProof> ProofOf(journal::Reader& reader, const journal::RunRow& row) {
  v1::ChainProof proof;
  auto first = reader.EventsOfRun(row.run, 0, 1);
  if (!first) return std::move(first).error();
  auto last = reader.EventsOfRun(row.run, row.revision - 1, 1);
  if (!last) return std::move(last).error();
  if (first->empty() || last->empty()) {
    proof.set_problem("the index of runs says that " + row.run.ToString() + " has " +
                      std::to_string(row.revision) + " events; they are not all there");
    return proof;
  }
  proof.set_first_position(first->front().position);
  proof.set_first_hash(ToHex(first->front().hash));
  proof.set_last_position(last->front().position);
  proof.set_last_hash(ToHex(last->front().hash));
  proof.set_run_events(row.revision);
  journal::ChainCheck chain(reader);
  if (auto begun = BeginAt(reader, proof.first_position(), chain); !begun) {
    return begun.error();
  }
  if (auto checked = Check(reader, proof.last_position(), chain, proof); !checked) {
    return checked.error();
  }
  return proof;
}

}  // namespace

Result<v1::Report> ReportOf(journal::Reader& reader, const definition::Workflow& workflow,
                            const journal::RunRow& row) {
  v1::Report report;
  auto run = BasicView(reader, row);
  if (!run) return std::move(run).error();
  *report.mutable_run() = *std::move(run);
  for (const definition::Step& step : workflow.steps) *report.add_steps() = StepOf(step);
  auto proof = ProofOf(reader, row);
  if (!proof) return std::move(proof).error();
  *report.mutable_proof() = *std::move(proof);
  return report;
}

}  // namespace recourse::server
