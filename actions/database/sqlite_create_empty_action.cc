#include <algorithm>

#include "actions/database/manifest.h"
#include "actions/database/restore_plan.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/sqlite_check.h"
#include "actions/database/sqlite_replacement.h"
#include "actions/database/sqlite_schema.h"
#include "actions/database/sqlite_statement.h"

namespace recourse::database {
namespace {

// What a new database is made of.
struct Beginning {
  Resource resource;
  std::string source;                  // a backup, or "statements"
  std::optional<SqliteSchema> schema;  // of the backup
  std::vector<std::string> statements;
  std::string journal_mode;

  SqliteSchema numbers() const {
    SqliteSchema begun = schema.value_or(SqliteSchema());
    begun.application_id = resource.expected.application_id.value_or(begun.application_id);
    begun.user_version = resource.expected.user_version.value_or(begun.user_version);
    return begun;
  }
};

Result<Beginning> ReadBeginning(const Context& context) {
  auto resource = ReadResource(context.inputs["database"], context.policy);
  if (!resource) return std::move(resource).error();
  Beginning beginning;
  beginning.resource = *std::move(resource);
  const std::string backup = context.inputs.StringOr("schema_from", "");
  const Value& statements = context.inputs["statements"];
  if (backup.empty() == !statements.is_list()) {
    return InvalidArgument(
        "give either schema_from, a backup, or statements, the SQL that makes "
        "the tables");
  }
  std::string journal_mode = "delete";
  if (backup.empty()) {
    beginning.source = "statements";
    for (const Value& sql : statements.as_list()) beginning.statements.push_back(sql.as_string());
  } else {
    if (auto allowed = context.policy.AllowPath(backup); !allowed) {
      return std::move(allowed).error().In("schema_from");
    }
    auto schema = ReadSchemaOf(backup, context);
    if (!schema) return std::move(schema).error().In("schema_from");
    beginning.schema = *std::move(schema);
    beginning.source = backup;
    if (const auto manifest = ReadManifest(backup)) journal_mode = manifest->journal_mode;
  }
  beginning.journal_mode = context.inputs.StringOr("journal_mode", journal_mode);
  return beginning;
}

// The tables of a module are made with it.
Result<void> MakeAll(const SqliteConnection& connection, const SqliteSchema& schema) {
  SqliteSchema rest = schema;
  for (const SchemaObject& object : schema.objects) {
    if (!object.is_virtual()) continue;
    if (auto made = connection.Run(object.sql); !made) return made;
  }
  auto there = connection.Texts("SELECT name FROM sqlite_schema");
  if (!there) return std::move(there).error();
  std::erase_if(rest.objects, [&](const SchemaObject& object) {
    return std::count(there->begin(), there->end(), object.name) > 0;
  });
  for (const char* type : {"table", "index", "view", "trigger"}) {
    if (auto made = MakeObjects(connection, rest, type); !made) return made;
  }
  return {};
}

Result<void> MakeEmpty(const Beginning& beginning, const std::string& path,
                       const Context& context) {
  auto connection = BeginDatabase(path, beginning.numbers(), context);
  if (!connection) return std::move(connection).error();
  if (beginning.schema) return MakeAll(*connection, *beginning.schema);
  for (const std::string& sql : beginning.statements) {
    auto statement = SqliteStatement::Prepare(*connection, sql);
    if (!statement) return std::move(statement).error().In("statements");
    if (auto done = statement->Execute(); !done) return std::move(done).error().In("statements");
  }
  return {};
}

class SqliteCreateEmpty final : public DatabaseReplacement {
 public:
  const ActionSpec& Spec() const override { return CreateEmptySpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto beginning = ReadBeginning(context);
    if (!beginning) return std::move(beginning).error();
    return PlanCreateEmpty(beginning->resource, beginning->source, context);
  }

 private:
  Result<Replacement> ReadReplacement(const Context& context) const override {
    auto beginning = ReadBeginning(context);
    if (!beginning) return std::move(beginning).error();
    return Replacement{beginning->resource, beginning->source, 0};
  }

  Outcome MakeContent(const RestoreRecord& record, const Context& context) const override {
    auto beginning = ReadBeginning(context);
    if (!beginning) return std::move(beginning).error();
    if (auto made = MakeEmpty(*beginning, record.temporary, context); !made) {
      return std::move(made).error().In("make an empty database");
    }
    // The tables that are expected, and yet no rows.
    Expectations expected = beginning->resource.expected;
    for (auto& table : expected.tables) table.rows_min = 0;
    auto report = CheckSqliteFile(record.temporary, expected, CheckDepth::kFull, context);
    if (!report) return std::move(report).error();
    if (!report->good()) {
      return Failure{FailedPrecondition("the empty database would not be the one expected: " +
                                        Sentences(report->findings) +
                                        ". Nothing was changed. Give another schema"),
                     report->Evidence()};
    }
    return Value::Object({{"schema_from", beginning->source},
                          {"journal_mode", beginning->journal_mode},
                          {"user_version", report->content.user_version},
                          {"application_id", report->content.application_id},
                          {"tables", report->content.TablesValue()}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteCreateEmpty() {
  return std::make_unique<SqliteCreateEmpty>();
}

}  // namespace recourse::database
