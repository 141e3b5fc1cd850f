#include "server/run_reads.h"

#include <charconv>
#include <utility>

#include "engine/base/clock.h"
#include "engine/record/record.h"
#include "server/attention.h"
#include "server/convert.h"
#include "server/pages.h"
#include "server/view/run_details.h"

namespace recourse::server {
namespace {

Result<journal::RunRow> FindRun(const std::string& run, journal::Reader& reader) {
  auto id = ParseRun("run", run);
  if (!id) return std::move(id).error();
  auto row = reader.FindRun(*id);
  if (!row) return std::move(row).error();
  if (!row->has_value()) return record::NoSuchRun(reader, *id);
  return **std::move(row);
}

// The run may have moved on since its row was read: the answer's status is the row's, its steps may
// already know more.
Result<void> AddSteps(const journal::RunRow& row, runtime::Engine& engine, journal::Reader& reader,
                      v1::Run& run) {
  const auto details = DetailsOf(reader, row.run);
  if (!details) return details.error();
  auto workflow = engine.DefinitionOf(details->state.digest);
  if (!workflow) return std::move(workflow).error();
  AddDetails(**workflow, details->state, details->events, run);
  AddPossible(**workflow, details->state, SystemClock().Now(), run);
  AddEscalation(details->state, run);
  return {};
}

}  // namespace

std::vector<int> OpenStatuses() {
  std::vector<int> statuses;
  for (int status = v1::RUN_STATUS_QUEUED; status <= v1::RUN_STATUS_ROLLED_BACK; ++status) {
    if (!machine::IsFinal(static_cast<machine::RunStatus>(status))) statuses.push_back(status);
  }
  return statuses;
}

Result<v1::Run> ReadRun(const v1::GetRunRequest& request, runtime::Engine& engine,
                        journal::Reader& reader) {
  auto row = FindRun(request.run(), reader);
  if (!row) return std::move(row).error();
  auto run = BasicView(reader, *row);
  if (!run || request.view() == v1::RUN_VIEW_BASIC) return run;
  if (auto added = AddSteps(*row, engine, reader, *run); !added) return std::move(added).error();
  return run;
}

Result<v1::ListRunsResponse> ReadRuns(const v1::ListRunsRequest& request, journal::Reader& reader) {
  const auto size = PageSize(request.page_size());
  if (!size) return size.error();
  journal::RunFilter filter;
  for (const int status : request.statuses()) {
    if (!v1::RunStatus_IsValid(status) || status == v1::RUN_STATUS_UNSPECIFIED) {
      return InvalidArgument("statuses: " + std::to_string(status) + " is no status of a run");
    }
    filter.statuses.push_back(status);
  }
  filter.workflow = request.workflow();
  filter.target = request.target();
  if (!request.page_token().empty()) {
    auto before = ParseRun("page_token", request.page_token());
    if (!before) return std::move(before).error();
    filter.before = *before;
  }

  v1::ListRunsResponse response;
  auto more = ReadPage(
      {.entries_max = *size, .at_once = 100},
      [&](std::int64_t limit) {
        filter.limit = static_cast<int>(limit);
        return reader.ListRuns(filter);
      },
      [&](const journal::RunRow& row) { return BasicView(reader, row); },
      [&](const journal::RunRow& row, v1::Run run) {
        *response.add_runs() = std::move(run);
        filter.before = row.run;
      });
  if (!more) return std::move(more).error();
  if (*more) response.set_next_page_token(filter.before->ToString());
  return response;
}

Result<v1::GetTimelineResponse> ReadTimeline(const v1::GetTimelineRequest& request,
                                             runtime::Engine& engine, journal::Reader& reader) {
  const auto size = PageSize(request.page_size());
  if (!size) return size.error();
  std::int64_t after = 0;
  const std::string& token = request.page_token();
  const auto [end, problem] = std::from_chars(token.data(), token.data() + token.size(), after);
  if (!token.empty() &&
      (problem != std::errc() || end != token.data() + token.size() || after < 0)) {
    return InvalidArgument("page_token: \"" + token + "\" was not given by this server");
  }
  auto row = FindRun(request.run(), reader);
  if (!row) return std::move(row).error();
  auto workflow = engine.DefinitionOf(row->digest);
  if (!workflow) return std::move(workflow).error();

  v1::GetTimelineResponse response;
  auto more = ReadPage(
      {*size}, [&](std::int64_t limit) { return reader.EventsOfRun(row->run, after, limit); },
      [&](const journal::StoredEvent& stored) { return EventOf(**workflow, stored); },
      [&](const journal::StoredEvent& stored, v1::Event event) {
        *response.add_events() = std::move(event);
        after = stored.sequence;
      });
  if (!more) return std::move(more).error();
  if (*more) response.set_next_page_token(std::to_string(after));
  return response;
}

}  // namespace recourse::server
