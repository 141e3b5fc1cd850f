#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/sqlite_check.h"

namespace recourse::database {
namespace {

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
