#include <algorithm>
#include <filesystem>

#include "actions/database/file_copy.h"
#include "actions/database/file_set.h"
#include "actions/database/manifest.h"
#include "actions/database/result_file.h"
#include "actions/database/salvage.h"
#include "actions/database/salvage_copy.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/sqlite_check.h"
#include "actions/database/sqlite_schema.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

// Removes what lies there, now and with its owner.
class ScratchFile {
 public:
  explicit ScratchFile(std::string path) : path_(std::move(path)) {
    (void)RemoveSqliteFiles(path_);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() { (void)RemoveSqliteFiles(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct SalvageRequest {
  Resource resource;
  std::string scratch;                 // a directory
  std::optional<SqliteSchema> backup;  // the schema of schema_from
};

Result<SalvageRequest> ReadSalvageRequest(const std::string& to, const Context& context) {
  auto resource = ReadResource(context.inputs["database"], context.policy);
  if (!resource) return std::move(resource).error();
  SalvageRequest request{
      *std::move(resource),
      context.inputs.StringOr("scratch", std::filesystem::path(to).parent_path().string()),
      std::nullopt};
  if (auto allowed = context.policy.AllowPath(request.scratch); !allowed) {
    return std::move(allowed).error().In("scratch");
  }
  const std::string backup = context.inputs.StringOr("schema_from", "");
  if (backup.empty()) return request;
  if (auto allowed = context.policy.AllowPath(backup); !allowed) return std::move(allowed).error();
  auto schema = ReadSchemaOf(backup, context);
  if (!schema) return std::move(schema).error().In("schema_from");
  request.backup = *std::move(schema);
  return request;
}

class SqliteSalvage final : public Action {
 public:
  const ActionSpec& Spec() const override { return SalvageSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto file = ResultFile::PathFor(context);
    if (!file) return std::move(file).error();
    auto request = ReadSalvageRequest(*file, context);
    if (!request) return std::move(request).error();
    auto facts = FactsOf(request->resource.path);
    if (!facts) return std::move(facts).error();
    if (!*facts) return NotFound("there is no file " + request->resource.path);
    ActionPlan plan;
    plan.bytes_needed = 2 * (*facts)->size;
    plan.bytes_where = *file;
    plan.lines.push_back("copy " + request->resource.path + " (" + HumanBytes((*facts)->size) +
                         ") into " + request->scratch +
                         ", and read what can be read of the copy "
                         "into the new file " +
                         *file);
    plan.lines.push_back("what it holds is not complete: it never counts as a verified backup");
    return plan;
  }

  Outcome Apply(const Context& context) const override {
    auto file = ResultFile::Begin(context);
    if (!file) return std::move(file).error();
    auto request = ReadSalvageRequest(file->path(), context);
    if (!request) return std::move(request).error();
    Outcome outcome = file->done() ? Outcome(*file->done()) : Make(*request, *file, context);
    if (!outcome) return outcome;
    // Also after a crash between the two.
    if (auto marked = Mark(*request, outcome.output(), context); !marked) {
      return Failure{std::move(marked).error(), {}, LeftBehind::kPartial};
    }
    return outcome;
  }

 private:
  static Outcome Make(const SalvageRequest& request, ResultFile& file, const Context& context) {
    const std::string& database = request.resource.path;
    auto facts = FactsOf(database);
    if (!facts) return std::move(facts).error();
    if (!*facts) return NotFound("there is no file " + database);
    if (auto space = NeedSpace(request.scratch, (*facts)->size); !space) return space.error();
    if (auto space = NeedSpace(file.directory(), (*facts)->size); !space) return space.error();
    const ScratchFile copy(request.scratch + "/.salvage-" + KeyName(context.key) + ".tmp");
    auto notes = CopyDamaged(database, copy.path(), context);
    if (!notes) return std::move(notes).error().In("salvage " + database);
    auto pages = StoredPages::Open(copy.path(), request.backup ? request.backup->page_size : 0);
    if (!pages) return std::move(pages).error().In("salvage " + database);
    auto target = SalvageTarget::Begin(file.unfinished(), pages->layout(), context);
    if (!target) return std::move(target).error();
    Salvage salvage(*pages, *target, request.backup, context);
    if (auto done = salvage.Run(); !done) return std::move(done).error().In("salvage " + database);
    const std::int64_t lost_and_found = target->lost_and_found();
    { const SalvageTarget closed = *std::move(target); }
    if (salvage.rows() + lost_and_found == 0) {
      return DataLoss("no row could be read out of " + database + ". Nothing was made; the file " +
                      "was left as it is");
    }
    notes->insert(notes->end(), salvage.notes().begin(), salvage.notes().end());
    if (pages->lost_rows() > 0) {
      notes->push_back(std::to_string(pages->lost_rows()) + " rows could not be read");
    }
    if (salvage.cut() > 0) {
      notes->push_back(std::to_string(salvage.cut()) +
                       " rows are cut: what is left of them is in lost_and_found");
    }
    if (!pages->layout().header) {
      notes->push_back(
          "the head of the file is damaged: application_id and user_version may be "
          "wrong, and rows in lost_and_found may be deleted ones");
    }
    const Value output = Value::Object({{"rows", salvage.rows()},
                                        {"lost_and_found", lost_and_found},
                                        {"pages", pages->count()},
                                        {"lost_pages", pages->lost_pages()},
                                        {"schema_source", salvage.schema_source()},
                                        {"missing_objects", TextList(salvage.missing())},
                                        {"manifest", ManifestPath(file.path())}});
    return Finish(output, *std::move(notes), (*facts)->ownership.mode, file, context);
  }

  static Outcome Finish(const Value& output, std::vector<std::string> notes, mode_t mode,
                        ResultFile& file, const Context& context) {
    auto report = CheckSqliteFile(file.unfinished(), {}, CheckDepth::kFull, context);
    if (!report) return std::move(report).error();
    if (!report->good()) {
      return Failure{Internal("what was salvaged failed its check: " + Sentences(report->findings) +
                              ". Nothing was made"),
                     report->Evidence()};
    }
    // Rows whose counterparts are lost show up here.
    notes.insert(notes.end(), report->notes.begin(), report->notes.end());
    auto finished = file.Finish(output.With("tables", report->content.TablesValue())
                                    .With("foreign_key_violations", report->foreign_key_violations)
                                    .With("notes", TextList(notes)),
                                OwnWithMode(mode & 0666), context);
    if (!finished) return std::move(finished).error();
    return *std::move(finished);
  }

  // So that nobody takes it for a backup: backup.verify leaves a suspect one suspect.
  static Result<void> Mark(const SalvageRequest& request, const Value& output,
                           const Context& context) {
    const std::string path = output.StringOr("path", "");
    auto report = CheckSqliteFile(path, {}, CheckDepth::kFull, context);
    if (!report) return std::move(report).error();
    Manifest manifest;
    manifest.kind = request.resource.kind;
    manifest.name = NameOf(path);
    manifest.key = context.key;
    manifest.sha256 = output.StringOr("sha256", "");
    manifest.size = report->size;
    manifest.content = report->content;
    manifest.method = std::string(kSalvaged);
    manifest.source = request.resource.path;
    manifest.journal_mode = "delete";
    manifest.taken_at = context.clock.Now();
    manifest.suspect = true;
    manifest.findings = {"salvaged from a damaged database: " +
                         std::to_string(output.IntOr("lost_pages", 0)) + " pages are lost"};
    return WriteManifest(path, manifest);
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteSalvage() { return std::make_unique<SqliteSalvage>(); }

}  // namespace recourse::database
