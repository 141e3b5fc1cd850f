// Runs into an archive.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/new_file.h"
#include "engine/journal/chain.h"
#include "engine/machine/state.h"
#include "engine/record/archive_lines.h"
#include "engine/record/whole_run.h"

namespace recourse::record {
namespace {

constexpr int kRunsAtOnce = 500;
constexpr std::int64_t kEventsExported = 500;
constexpr std::size_t kBuffered = 1 << 20;  // bytes that are written together

class Exporter {
 public:
  Exporter(journal::Reader& reader, Descriptor file) : reader_(reader), file_(std::move(file)) {}

  Result<void> Begin(Time now) {
    auto identity = reader_.Identity();
    if (!identity) return std::move(identity).error();
    return Write(ToJson(Value::Object({{"kind", "archive"},
                                       {"version", kArchiveVersion},
                                       {"journal", *identity},
                                       {"made", ToTimestamp(now)}})) +
                 "\n");
  }

  Result<void> Add(RunId run) {
    auto row = reader_.FindRun(run);
    if (!row) return std::move(row).error();
    if (!*row) return {};  // removed since
    if (auto added = AddDefinitions(**row); !added) return added;
    WholeRun whole([this](const std::string& digest) -> Result<Workflow> {
      const auto found = definitions_.find(digest);
      if (found == definitions_.end()) return DataLoss("its definition " + digest + " is missing");
      return found->second;
    });
    while (whole.events() < (*row)->revision) {
      auto page = reader_.EventsOfRun(run, whole.events(),
                                      std::min(kEventsExported, (*row)->revision - whole.events()));
      if (!page) return std::move(page).error();
      if (page->empty()) return DataLoss(run.ToString() + " has not all of its events");
      for (const journal::StoredEvent& event : *page) {
        if (auto added = AddEvent(whole, event); !added) return added;
      }
    }
    ++summary_.runs;
    return {};
  }

  Result<ArchiveSummary> End() {
    if (auto flushed = Flush(); !flushed) return flushed.error();
    summary_.sha256 = ToHex(sha_.Finish());
    buffer_ = ToJson(Value::Object({{"kind", "end"},
                                    {"runs", summary_.runs},
                                    {"events", summary_.events},
                                    {"sha256", summary_.sha256}})) +
              "\n";
    if (auto written = WriteAll(file_.get(), buffer_); !written) return written.error();
    return summary_;
  }

  std::int64_t runs() const { return summary_.runs; }

 private:
  using Workflow = std::shared_ptr<const definition::Workflow>;

  // Those that the run went by: they stand before its events.
  Result<void> AddDefinitions(const journal::RunRow& row) {
    if (auto added = AddDefinition(row, row.digest); !added) return added;
    for (std::int64_t after = 0; after < row.revision;) {
      auto page = reader_.EventsOfRun(row.run, after, kEventsExported);
      if (!page) return std::move(page).error();
      if (page->empty()) break;
      for (const journal::StoredEvent& event : *page) {
        after = event.sequence;
        auto recorded = Decode(event);
        if (!recorded) return std::move(recorded).error();
        const auto* started = std::get_if<machine::RunStarted>(&recorded->event);
        // Nearly all runs go by one definition from their beginning to their end.
        if (started != nullptr && started->digest == row.digest) return {};
        const auto* adopted = std::get_if<machine::DefinitionAdopted>(&recorded->event);
        if (started == nullptr && adopted == nullptr) continue;
        const std::string& digest = started != nullptr ? started->digest : adopted->digest;
        if (auto added = AddDefinition(row, digest); !added) return added;
      }
    }
    return {};
  }

  Result<void> AddDefinition(const journal::RunRow& row, const std::string& digest) {
    if (definitions_.contains(digest)) return {};
    auto canonical = reader_.FindDefinition(digest);
    if (!canonical) return std::move(canonical).error();
    if (!*canonical) return DataLoss("the definition of " + row.run.ToString() + " is missing");
    auto workflow = LoadDefinition(digest, **canonical);
    if (!workflow) return std::move(workflow).error().In(row.run.ToString());
    definitions_[digest] = *std::move(workflow);
    return Write(ToJson(Value::Object({{"kind", "definition"},
                                       {"digest", digest},
                                       {"name", row.workflow},
                                       {"canonical", **canonical}})) +
                 "\n");
  }

  Result<void> AddEvent(WholeRun& whole, const journal::StoredEvent& event) {
    auto previous = HashBefore(event.position);
    if (!previous) return std::move(previous).error();
    if (journal::ChainHash(*previous, event) != event.hash) {
      return DataLoss("the event at position " + std::to_string(event.position) + " of " +
                      event.run.ToString() + " is damaged: it does not follow the one before it");
    }
    last_ = {event.position, event.hash};
    auto recorded = whole.Add(event);
    if (!recorded) return std::move(recorded).error();
    ++summary_.events;
    return Write(EventLine(event, *previous, Describe(whole.workflow(), *recorded)));
  }

  Result<Digest> HashBefore(journal::Position position) {
    if (position == 1) return Digest{};
    if (last_.first == position - 1) return last_.second;
    auto before = reader_.EventsAfter(position - 2, 1);
    if (!before) return std::move(before).error();
    if (!before->empty() && before->front().position == position - 1) return before->front().hash;
    if (ends_.empty()) {
      auto gaps = journal::ReadGaps(reader_);
      if (!gaps) return std::move(gaps).error();
      for (const auto& [first, gap] : *gaps) ends_[gap.last] = gap.after;
    }
    const auto end = ends_.find(position - 1);
    if (end != ends_.end()) return end->second;
    return DataLoss("the event at position " + std::to_string(position - 1) + " is missing");
  }

  Result<void> Write(const std::string& line) {
    buffer_ += line;
    return buffer_.size() < kBuffered ? Result<void>() : Flush();
  }
  Result<void> Flush() {
    sha_.Add(buffer_);
    auto written = WriteAll(file_.get(), buffer_);
    buffer_.clear();
    return written;
  }

  journal::Reader& reader_;
  Descriptor file_;
  std::string buffer_;
  Sha256 sha_;
  ArchiveSummary summary_;
  std::map<std::string, Workflow> definitions_;
  std::pair<journal::Position, Digest> last_;
  std::map<journal::Position, Digest> ends_;  // of gaps: the hash behind
};

// Oldest first.
Result<std::vector<RunId>> RunsOverBefore(journal::Reader& reader, Time before) {
  journal::RunFilter filter;
  filter.limit = kRunsAtOnce;
  std::vector<RunId> runs;
  for (;;) {
    auto page = reader.ListRuns(filter);
    if (!page) return std::move(page).error();
    for (const journal::RunRow& row : *page) {
      if (row.finished && *row.finished < before) runs.push_back(row.run);
      filter.before = row.run;
    }
    if (page->size() < kRunsAtOnce) break;
  }
  std::reverse(runs.begin(), runs.end());
  return runs;
}

}  // namespace

Result<ArchiveSummary> ExportRuns(journal::Reader& reader, Time before, const std::string& path,
                                  Time now, const std::stop_token& stop) {
  if (access(path.c_str(), F_OK) == 0) {
    return Error{Code::kAlreadyExists, path + " exists and was left as it is; name another file"};
  }
  auto runs = RunsOverBefore(reader, before);
  if (!runs) return std::move(runs).error();
  if (runs->empty()) return NotFound("no run was over so long ago; no file was made");
  auto made = NewFile::Beside(path);
  if (!made) return std::move(made).error();
  auto file = OpenFile(made->path(), O_WRONLY);
  if (!file) return std::move(file).error();
  Exporter exporter(reader, *std::move(file));
  if (auto begun = exporter.Begin(now); !begun) return begun.error();
  for (const RunId run : *runs) {
    if (stop.stop_requested()) return Unavailable("the export was given up; no file is left");
    if (auto added = exporter.Add(run); !added) return added.error().In("export " + run.ToString());
  }
  auto summary = exporter.End();
  if (!summary) return summary;
  if (auto moved = made->MoveTo(path); !moved) return moved.error();
  return summary;
}

}  // namespace recourse::record
