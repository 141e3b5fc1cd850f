#include "server/transition_log.h"

#include <spdlog/spdlog.h>

#include "engine/record/record.h"
#include "server/log_fields.h"

namespace recourse::server {
namespace {

std::string_view StatusName(int status) {
  return status == 0 ? "NEW" : machine::ToString(static_cast<machine::RunStatus>(status));
}

void AddField(std::string& line, const char* name, std::string_view value) {
  if (value.empty()) return;
  if (!line.empty()) line += ' ';
  line.append(name).append("=").append(value);
}

}  // namespace

std::string TransitionLine(const journal::RunChange& change, int before) {
  const journal::RunRow& row = change.row;
  std::string events;
  for (const journal::StoredEvent& event : change.events) {
    if (!events.empty()) events += ',';
    events += record::NameOfType(event.type);
  }
  std::string line;
  AddField(line, log_field::kRun, row.run.ToString());
  AddField(line, log_field::kWorkflow, row.workflow);
  AddField(line, log_field::kStep, row.step);
  AddField(line, log_field::kEvents, events);
  AddField(line, log_field::kFrom, StatusName(before));
  AddField(line, log_field::kTo, StatusName(row.status));
  if (row.error_code != 0) {
    AddField(line, log_field::kCode, ToString(static_cast<Code>(row.error_code)));
  }
  if (!change.events.empty()) {
    AddField(line, log_field::kBy, change.events.front().principal);
    AddField(line, log_field::kPosition, std::to_string(change.events.back().position));
  }
  return line;
}

void TransitionLog::Committed(journal::Position, std::span<const journal::RunChange> changes) {
  if (!spdlog::should_log(spdlog::level::info)) return;
  for (const journal::RunChange& change : changes) {
    const auto known = statuses_.try_emplace(change.row.run, 0).first;
    spdlog::info("{}", TransitionLine(change, known->second));
    known->second = change.row.status;
    if (machine::IsFinal(static_cast<machine::RunStatus>(change.row.status))) {
      statuses_.erase(known);
    }
  }
}

}  // namespace recourse::server
