// A journal file read with no server: for the day when nothing else is up.
#include <cstdio>
#include <functional>
#include <memory>

#include "client/cli/verbs.h"
#include "engine/base/text.h"
#include "engine/journal/sqlite/sqlite_journal.h"
#include "engine/record/record.h"

namespace recourse::cli {
namespace {

google::protobuf::Timestamp StampOf(Time time) {
  const Timestamp value = ToTimestamp(time);
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(value.seconds);
  stamp.set_nanos(value.nanos);
  return stamp;
}

int WithFile(const std::string& file, const std::function<Result<int>(journal::Reader&)>& verb) {
  auto reader = journal::OpenSqliteReader(file);
  if (!reader) return Tell(reader.error());
  auto code = verb(**reader);
  return code ? *code : Tell(code.error());
}

Result<std::vector<v1::Event>> EventsOf(journal::Reader& reader, RunId run) {
  auto row = reader.FindRun(run);
  if (!row) return std::move(row).error();
  if (!*row) return NotFound("there is no run " + run.ToString() + " in this journal");
  auto definition = reader.FindDefinition((*row)->digest);
  if (!definition) return std::move(definition).error();
  if (!*definition) return DataLoss("the definition of " + run.ToString() + " is missing");
  const auto loaded = definition::LoadWorkflow(**definition, nullptr);
  if (loaded.workflow == nullptr) return DataLoss(loaded.Report("the stored definition"));
  std::vector<v1::Event> events;
  std::int64_t after = 0;
  for (;;) {
    auto page = reader.EventsOfRun(run, after, 1000);
    if (!page) return std::move(page).error();
    if (page->empty()) return events;
    for (const journal::StoredEvent& stored : *page) {
      auto recorded = record::Decode(stored);
      if (!recorded) return std::move(recorded).error();
      const record::TimelineEntry entry = record::Describe(*loaded.workflow, *recorded);
      v1::Event& event = events.emplace_back();
      event.set_position(stored.position);
      event.set_run(run.ToString());
      event.set_sequence(stored.sequence);
      *event.mutable_time() = StampOf(stored.time);
      event.set_principal(stored.principal);
      event.set_type(entry.type);
      event.set_step(entry.step);
      event.set_text(entry.text);
      after = stored.sequence;
    }
  }
}

}  // namespace

int VerifyOffline(const Common& common, const std::string& file) {
  return WithFile(file, [&](journal::Reader& reader) -> Result<int> {
    auto verified = record::Verify(reader);
    if (!verified) return std::move(verified).error();
    const int code = verified->problems.empty() ? kOk : kRunNotSucceeded;
    v1::VerifyJournalResponse answer;
    answer.set_events(verified->events);
    answer.set_runs(verified->runs);
    answer.set_head(verified->head);
    for (const std::string& problem : verified->problems) answer.add_problems(problem);
    PrintVerification(common, answer);
    return code;
  });
}

int ListRunsOffline(const Common& common, const std::string& file, int limit) {
  return WithFile(file, [&](journal::Reader& reader) -> Result<int> {
    journal::RunFilter filter;
    filter.limit = limit;
    auto rows = reader.ListRuns(filter);
    if (!rows) return std::move(rows).error();
    v1::ListRunsResponse list;
    Table table({"RUN", "STATUS", "WORKFLOW", "TARGET", "STARTED (UTC)", "AT / WHY"});
    for (const journal::RunRow& row : *rows) {
      v1::Run& run = *list.add_runs();
      run.set_id(row.run.ToString());
      run.set_workflow(row.workflow);
      run.set_digest(row.digest);
      run.set_target(row.target);
      run.set_status(static_cast<v1::RunStatus>(row.status));
      run.set_step(row.step);
      run.set_revision(row.revision);
      run.set_requester(row.requester);
      *run.mutable_start_time() = StampOf(row.started);
      table.Add({run.id(), StatusName(run.status()), row.workflow, row.target,
                 When(run.start_time()),
                 row.step + (row.waits_for.empty() ? "" : ": " + row.waits_for)},
                ColourOf(run.status()));
    }
    std::printf("%s", common.json ? Json(list).c_str() : table.ToString().c_str());
    return kOk;
  });
}

int TimelineOffline(const Common& common, const std::string& file, const std::string& id) {
  auto run = RunId::Parse(id);
  if (!run) {
    Tell(run.error());
    return kUsage;
  }
  return WithFile(file, [&](journal::Reader& reader) -> Result<int> {
    auto events = EventsOf(reader, *run);
    if (!events) return std::move(events).error();
    if (common.json) {
      v1::GetTimelineResponse answer;
      for (const v1::Event& event : *events) *answer.add_events() = event;
      std::printf("%s", Json(answer).c_str());
    } else {
      std::printf("%s", TimelineText(*events).c_str());
    }
    return kOk;
  });
}

}  // namespace recourse::cli
