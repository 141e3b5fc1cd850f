// A journal file read with no server: for the day when nothing else is up.
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "client/cli/verbs.h"
#include "engine/base/text.h"
#include "engine/journal/absence.h"
#include "engine/journal/sqlite/sqlite_journal.h"
#include "engine/record/archive.h"
#include "engine/record/heads.h"
#include "engine/record/record.h"
#include "server/view/convert.h"
#include "server/view/report.h"
#include "server/view/run.h"
#include "server/view/run_details.h"

namespace recourse::cli {
namespace {

constexpr std::int64_t kEventsAtOnce = 100;

using Definition = std::shared_ptr<const definition::Workflow>;

// The exit code for a file that cannot be used.
int CodeOf(const Error& error) {
  switch (error.code) {
    case Code::kDataLoss:
      return kRunNotSucceeded;  // the journal has problems
    case Code::kNotFound:
    case Code::kPermissionDenied:
      return kUsage;
    default:
      return kRefused;
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
  if (!*row) return record::NoSuchRun(reader, run);
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

Result<v1::Report> ReportOf(journal::Reader& reader, RunId run) {
  auto workflow = DefinitionOf(reader, run);
  if (!workflow) return std::move(workflow).error();
  auto row = reader.FindRun(run);
  if (!row) return std::move(row).error();
  return server::ReportOf(reader, **workflow, **row);
}

// One event as a line for people.
std::string LineOf(const v1::Event& event) {
  return std::to_string(event.position()) + "  " + When(event.time()) + "  " + event.run() + "  " +
         OneLine(event.principal()) + "  " + OneLine(event.text());
}

}  // namespace

int VerifyOffline(const Common& common, const std::string& file, const VerifyArguments& arguments) {
  auto kept = ReadKept(arguments);
  if (!kept) return Tell(kept.error(), kUsage);
  auto heads = record::ParseHeads(kept->heads);
  if (!heads) return Tell(heads.error().In("--heads " + arguments.heads), kUsage);
  std::optional<PublicKey> key;
  if (!kept->public_key.empty()) {
    auto parsed = PublicKey::Parse(kept->public_key);
    if (!parsed) return Tell(parsed.error().In("--public-key " + arguments.public_key), kUsage);
    key = *std::move(parsed);
  }
  return WithFile(file, [&](journal::Reader& reader) -> Result<int> {
    record::SignatureCheck signatures;
    if (key) {
      auto checked = record::CheckSignatures(reader, *heads, *key);
      if (!checked) return std::move(checked).error();
      signatures = *std::move(checked);
    }
    record::ArchiveCheck archive;
    if (!arguments.exported.empty()) {
      auto checked = record::CheckArchive(reader, arguments.exported);
      if (!checked) return Tell(checked.error().In("--exported"), CodeOf(checked.error()));
      archive = *std::move(checked);
    }
    auto verified = record::Verify(reader);
    if (!verified) return std::move(verified).error();
    for (std::string& problem : archive.problems) verified->problems.push_back(std::move(problem));
    const int code = PrintVerification(common, server::ToProto(*verified, signatures), file);
    if (archive.runs > 0 && !common.json) {
      std::printf("exported %lld runs of %s are those that were removed, event by event\n",
                  static_cast<long long>(archive.runs), OneLine(arguments.exported).c_str());
    }
    return code;
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
        const bool own = stored.run == journal::kJournalItself;
        Definition& definition = definitions[stored.run];
        if (definition == nullptr && !own) {
          auto found = DefinitionOf(reader, stored.run);
          if (!found) return std::move(found).error();
          definition = *std::move(found);
        }
        auto event = own ? server::OwnEventOf(stored) : server::EventOf(*definition, stored);
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

int ExportOffline(const Common& common, const std::string& file, const ExportArguments& arguments) {
  const auto age = ParseDuration(arguments.older_than);
  if (!age || age->count() == 0) {
    return Tell(
        InvalidArgument("--older-than " + arguments.older_than + ": write it as 90d or 12h"),
        kUsage);
  }
  return WithFile(file, [&](journal::Reader& reader) -> Result<int> {
    const Time now = SystemClock().Now();
    auto made = record::ExportRuns(reader, now - *age, arguments.to, now, {});
    if (!made) return std::move(made).error();
    v1::ExportRunsResponse answer;
    answer.set_path(arguments.to);
    answer.set_runs(made->runs);
    answer.set_events(made->events);
    answer.set_sha256(made->sha256);
    return PrintExport(common, answer);
  });
}

int ImportOffline(const Common& common, const std::string& archive, const std::string& to) {
  const auto fail = [&](const Error& error) {
    return Tell(error.In("nothing was imported"), CodeOf(error));
  };
  if (std::filesystem::exists(to)) {
    return fail(FailedPrecondition(to + " exists and was left as it is; name a new file"));
  }
  // What is wrong with the archive is found before a file is made.
  if (auto opened = record::ArchiveReader::Open(archive); !opened) return fail(opened.error());
  const Time now = SystemClock().Now();
  auto journal = journal::OpenSqliteJournal(to, now);
  if (!journal) return fail(journal.error());
  auto imported = record::ImportRuns(**journal, archive, now, "import");
  if (!imported) {
    journal->reset();
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(to + suffix);
    return fail(imported.error());
  }
  v1::ExportRunsResponse answer;
  answer.set_path(to);
  answer.set_runs(imported->runs);
  answer.set_events(imported->events);
  answer.set_sha256(imported->sha256);
  if (common.json) return PrintJson(answer);
  std::printf("%s: %lld runs with %lld events\ncheck it: recourse journal verify --file %s\n",
              OneLine(to).c_str(), static_cast<long long>(imported->runs),
              static_cast<long long>(imported->events), ShellWord(OneLine(to)).c_str());
  return kOk;
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

int ShowRunOffline(const Common& common, const std::string& file, const std::string& id) {
  auto run = RunId::Parse(id);
  if (!run) return Tell(run.error(), kUsage);
  return WithFile(file, [&](journal::Reader& reader) -> Result<int> {
    auto workflow = DefinitionOf(reader, *run);
    if (!workflow) return std::move(workflow).error();
    auto row = reader.FindRun(*run);
    if (!row) return std::move(row).error();
    auto shown = server::BasicView(reader, **row);
    if (!shown) return std::move(shown).error();
    auto events = server::DetailsOf(reader, *run);
    if (!events) return std::move(events).error();
    server::AddDetails(**workflow, events->state, events->events, *shown);
    if (common.json) return PrintJson(*shown);
    std::printf("%s", RunText(common, *shown).c_str());
    return kOk;
  });
}

int TimelineOffline(const Common& common, const std::string& file,
                    const TimelineArguments& arguments) {
  auto run = RunId::Parse(arguments.run);
  if (!run) return Tell(run.error(), kUsage);
  return WithFile(file, [&](journal::Reader& reader) -> Result<int> {
    auto events = EventsOf(reader, *run);
    if (!events) return std::move(events).error();
    if (arguments.format != "text") {
      auto report = ReportOf(reader, *run);
      if (!report) return std::move(report).error();
      return PrintReport(arguments, *report, *events);
    }
    if (common.json) return PrintJson(*events);
    std::printf("%s", TimelineText({events->events().begin(), events->events().end()}).c_str());
    return kOk;
  });
}

}  // namespace recourse::cli
