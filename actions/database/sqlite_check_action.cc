#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/sqlite_check.h"
#include "actions/database/verified_copy.h"

namespace recourse::database {
namespace {

// A log that was lost with its commits, and an old file that was put back, are sound in themselves:
// they show only beside what is known of a later state.
Result<void> CompareWithBackup(CheckReport& report, const std::string& kind,
                               const Context& context) {
  const std::string backup = context.inputs.StringOr("not_older_than", "");
  if (backup.empty()) return {};
  if (auto allowed = context.policy.AllowPath(backup); !allowed) return allowed;
  auto manifest = ReadVerifiedManifest(backup, kind);
  if (!manifest) return std::move(manifest).error().In("not_older_than");
  const Value& allowed_drop = context.inputs["rows_drop_percent_max"];
  const double percent =
      allowed_drop.is_double()
          ? allowed_drop.as_double()
          : static_cast<double>(context.inputs.IntOr("rows_drop_percent_max", 0));
  const std::string then =
      "the backup " + manifest->name + ", taken " + TimeText(manifest->taken_at);
  for (const auto& [table, rows] : manifest->content.tables) {
    const auto found = report.content.RowsOf(table);
    if (!found && !report.good()) continue;  // it cannot be counted
    const std::int64_t now = found.value_or(0);
    if (static_cast<double>(now) >= static_cast<double>(rows) * (1 - percent / 100)) continue;
    report.findings.push_back("the table \"" + table + "\" has " + std::to_string(now) +
                              " rows; in " + then + ", it had " + std::to_string(rows) +
                              ": the file may be an older state, or its write-ahead log was lost");
  }
  if (manifest->source == report.path && report.change_counter < manifest->source_change_counter) {
    report.notes.push_back("the file counts " + std::to_string(report.change_counter) +
                           " changes, and counted " +
                           std::to_string(manifest->source_change_counter) + " before " + then +
                           ": it is an older state, or was restored or made anew since");
  }
  if (manifest->content.schema_sha256 != report.content.schema_sha256) {
    report.notes.push_back("its tables, indexes, views or triggers differ from those in " + then);
  }
  return {};
}

class SqliteCheck final : public Action {
 public:
  const ActionSpec& Spec() const override { return CheckSpec(); }

  Outcome Apply(const Context& context) const override {
    auto resource = ReadResource(context.inputs["database"], context.policy);
    if (!resource) return std::move(resource).error();
    const std::string mode = context.inputs.StringOr("mode", "full");
    auto report =
        CheckSqliteFile(resource->path, resource->expected,
                        mode == "quick" ? CheckDepth::kQuick : CheckDepth::kFull, context);
    if (!report) return std::move(report).error();
    if (auto compared = CompareWithBackup(*report, resource->kind, context); !compared)
      return compared.error();
    if (!report->good()) return Failure{report->ToError(), report->Evidence()};
    return Value::Object({{"path", report->path},
                          {"mode", mode},
                          {"integrity", "ok"},
                          {"size", report->size},
                          {"wal_bytes", report->wal_bytes},
                          {"page_size", report->page_size},
                          {"page_count", report->page_count},
                          {"freelist_pages", report->freelist_pages},
                          {"journal_mode", report->journal_mode},
                          {"application_id", report->content.application_id},
                          {"user_version", report->content.user_version},
                          {"schema_sha256", report->content.schema_sha256},
                          {"tables", report->content.TablesValue()},
                          {"foreign_key_violations", report->foreign_key_violations},
                          {"notes", TextList(report->notes)}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteCheck() { return std::make_unique<SqliteCheck>(); }

}  // namespace recourse::database
