// A journal file read with no server: for the day when nothing else is up.
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include "client/cli/verbs.h"
#include "engine/journal/sqlite/sqlite_journal.h"
#include "engine/record/record.h"
#include "server/view/convert.h"
#include "server/view/run.h"

namespace recourse::cli {
namespace {

constexpr std::int64_t kEventsAtOnce = 100;

using Definition = std::shared_ptr<const definition::Workflow>;

// The exit code for a file that cannot be used.
int CodeOf(const Error& error) {
  switch (error.code) {
    case Code::kDataLoss: return kRunNotSucceeded;  // the journal has problems
    case Code::kNotFound:
    case Code::kPermissionDenied: return kUsage;
    default: return kRefused;
  }
}

// A journal that is damaged is told with what to do.
int TellOf(const std::string& file, Error error, int code) {
  if (error.message.find("no journal") != std::string::npos) {
    error.message += "\nname the journal's file: journal.db in a server's data directory";
  } else if (error.code == Code::kDataLoss) {
    std::string advice = DamageAdvice(file);
    advice.pop_back();
    error.message += "\n" + advice;
  }
  return Tell(error, code);
}

int WithFile(const std::string& file, const std::function<Result<int>(journal::Reader&)>& verb) {
  auto reader = journal::OpenSqliteReader(file);
  if (!reader) return TellOf(file, reader.error(), CodeOf(reader.error()));
  auto code = verb(**reader);
  if (code) return *code;
  const bool damaged = code.error().code == Code::kDataLoss;
  return TellOf(file, code.error(), damaged ? kRunNotSucceeded : kRefused);
}

Result<Definition> DefinitionOf(journal::Reader& reader, RunId run) {
  auto row = reader.FindRun(run);
  if (!row) return std::move(row).error();
  if (!*row) return NotFound("there is no run " + run.ToString() + " in this journal");
  auto definition = reader.FindDefinition((*row)->digest);
  if (!definition) return std::move(definition).error();
  if (!*definition) return DataLoss("the definition of " + run.ToString() + " is missing");
  const auto loaded = definition::LoadWorkflow(**definition, nullptr);
  if (loaded.workflow == nullptr) return DataLoss(loaded.Report("the stored definition"));
  return loaded.workflow;
}

Result<v1::GetTimelineResponse> EventsOf(journal::Reader& reader, RunId run) {
  auto workflow = DefinitionOf(reader, run);
  if (!workflow) return std::move(workflow).error();
  v1::GetTimelineResponse all;
  std::int64_t after = 0;
  for (;;) {
    auto page = reader.EventsOfRun(run, after, kEventsAtOnce);
    if (!page) return std::move(page).error();
    if (page->empty()) return all;
    for (const journal::StoredEvent& stored : *page) {
      auto event = server::EventOf(**workflow, stored);
      if (!event) return std::move(event).error();
      *all.add_events() = *std::move(event);
      after = stored.sequence;
    }
  }
}

// One event as a line for people.
std::string LineOf(const v1::Event& event) {
  return std::to_string(event.position()) + "  " + When(event.time()) + "  " + event.run() + "  " +
         OneLine(event.principal()) + "  " + OneLine(event.text());
}

}  // namespace

int VerifyOffline(const Common& common, const std::string& file) {
  return WithFile(file, [&](journal::Reader& reader) -> Result<int> {
    auto verified = record::Verify(reader);
    if (!verified) return std::move(verified).error();
    v1::VerifyJournalResponse answer;
    answer.set_events(verified->events);
    answer.set_runs(verified->runs);
    answer.set_head(verified->head);
    for (const std::string& problem : verified->problems) {
      answer.add_problems(server::Utf8(problem));
    }
    return PrintVerification(common, answer, file);
  });
}

int BackUpOffline(const Common& common, const std::string& file, const std::string& path) {
  if (auto copied = journal::BackUpSqliteJournal(file, path); !copied) {
    return Tell(copied.error(), CodeOf(copied.error()));
  }
  v1::BackupJournalResponse backup;
  backup.set_path(std::filesystem::absolute(path).lexically_normal().string());
  std::error_code unknown;
  backup.set_size_bytes(static_cast<std::int64_t>(std::filesystem::file_size(path, unknown)));
  return PrintBackup(common, backup);
}

int ShowOffline(const Common& common, const std::string& file, std::int64_t after) {
  return WithFile(file, [&](journal::Reader& reader) -> Result<int> {
    std::map<RunId, Definition> definitions;
    for (;;) {
      auto page = reader.EventsAfter(after, kEventsAtOnce);
      if (!page) return std::move(page).error();
      if (page->empty()) return kOk;
      for (const journal::StoredEvent& stored : *page) {
        Definition& definition = definitions[stored.run];
        if (definition == nullptr) {
          auto found = DefinitionOf(reader, stored.run);
          if (!found) return std::move(found).error();
          definition = *std::move(found);
        }
        auto event = server::EventOf(*definition, stored);
        if (!event) return std::move(event).error();
        if (!common.json) {
          std::printf("%s\n", LineOf(*event).c_str());
        } else if (const int printed = PrintJsonLine(*event); printed != kOk) {
          return printed;
        }
        after = stored.position;
      }
    }
  });
}

int ListRunsOffline(const Common& common, const std::string& file, const RunsArguments& arguments) {
  auto statuses = StatusesOf(arguments);
  if (!statuses) return Tell(statuses.error(), kUsage);
  journal::RunFilter filter;
  filter.statuses.assign(statuses->begin(), statuses->end());
  filter.workflow = arguments.workflow;
  filter.target = arguments.target;
  filter.limit = arguments.limit;
  return WithFile(file, [&](journal::Reader& reader) -> Result<int> {
    auto rows = reader.ListRuns(filter);
    if (!rows) return std::move(rows).error();
    v1::ListRunsResponse list;
    for (const journal::RunRow& row : *rows) {
      auto run = server::BasicView(reader, row);
      if (!run) return std::move(run).error();
      *list.add_runs() = *std::move(run);
    }
    if (list.runs_size() == arguments.limit) {
      list.set_next_page_token(list.runs().rbegin()->id());
    }
    return PrintRuns(common, list);
  });
}

int TimelineOffline(const Common& common, const std::string& file, const std::string& id) {
  auto run = RunId::Parse(id);
  if (!run) return Tell(run.error(), kUsage);
  return WithFile(file, [&](journal::Reader& reader) -> Result<int> {
    auto events = EventsOf(reader, *run);
    if (!events) return std::move(events).error();
    if (common.json) return PrintJson(*events);
    std::printf("%s",
                TimelineText({events->events().begin(), events->events().end()}).c_str());
    return kOk;
  });
}

}  // namespace recourse::cli
