#include <algorithm>
#include <array>
#include <cstring>

#include "actions/database/resource.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/sqlite_reading.h"
#include "actions/database/sqlite_statement.h"
#include "actions/inputs.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr int kValueBytesMax = 64 << 20;  // of one value, also of those between
constexpr std::int64_t kRowsMaxDefault = 1000;
constexpr std::int64_t kBytesMaxDefault = 65536;

// What a statement was refused for, for its message.
struct Guard {
  std::string refused;
};

// PRAGMAs that only tell; those of the second list change something when they are given a value.
constexpr std::array<std::string_view, 12> kTelling = {
    "table_info",  "table_xinfo",     "table_list",     "index_list",
    "index_info",  "index_xinfo",     "database_list",  "foreign_key_list",
    "quick_check", "integrity_check", "collation_list", "compile_options"};
constexpr std::array<std::string_view, 8> kTellingWithoutValue = {
    "page_count",     "page_size", "freelist_count", "user_version",
    "application_id", "encoding",  "journal_mode",   "schema_version"};

template <class Names>
bool IsOneOf(const char* name, const Names& names) {
  return name != nullptr && std::find(names.begin(), names.end(), name) != names.end();
}

// SQLite asks before it does any of what the statement says.
int Authorize(void* guard, int what, const char* first, const char* second, const char*,
              const char*) {
  const auto refuse = [guard](std::string text) {
    static_cast<Guard*>(guard)->refused = std::move(text);
    return SQLITE_DENY;
  };
  const std::string name = first == nullptr ? "" : first;
  switch (what) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      if (second != nullptr && std::strcmp(second, "load_extension") == 0) {
        return refuse("load_extension");
      }
      return SQLITE_OK;
    case SQLITE_PRAGMA:
      if (IsOneOf(first, kTelling)) return SQLITE_OK;
      if (second == nullptr && IsOneOf(first, kTellingWithoutValue)) return SQLITE_OK;
      return refuse("PRAGMA " + name);
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return refuse("ATTACH or DETACH");
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
      return refuse("a change of " + name);
    default:
      return refuse("what changes a database or a transaction");
  }
}

struct Limits {
  std::int64_t rows = kRowsMaxDefault;
  std::int64_t bytes = kBytesMaxDefault;
};

struct Answer {
  std::vector<std::string> columns;
  Value::List rows;
  std::string truncated_by;
  std::vector<std::string> plan;
};

// The value as JSON has it, and its size.
Value ValueOf(sqlite3_stmt* row, int column, std::int64_t& bytes) {
  bytes += 8;
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
      return {};
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(row, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(row, column);
    default:
      break;
  }
  const auto* data = static_cast<const char*>(sqlite3_column_blob(row, column));
  std::string text(data == nullptr ? "" : data,
                   static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
  if (sqlite3_column_type(row, column) == SQLITE_BLOB || !IsUtf8(text)) {
    text = SqlLiteral(row, column);
  }
  bytes += static_cast<std::int64_t>(text.size());
  return text;
}

Result<void> NameColumns(sqlite3_stmt* statement, Answer& answer) {
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const std::string name = sqlite3_column_name(statement, i);
    if (std::count(answer.columns.begin(), answer.columns.end(), name) > 0) {
      return InvalidArgument("two columns are called \"" + name +
                             "\"; give them different names with AS");
    }
    answer.columns.push_back(name);
  }
  return {};
}

Result<void> ReadRows(SqliteStatement& statement, const Limits& limits, Answer& answer) {
  std::int64_t bytes = 0;
  for (;;) {
    auto stepped = statement.Step();
    if (!stepped) return std::move(stepped).error();
    if (!*stepped) return {};
    if (static_cast<std::int64_t>(answer.rows.size()) == limits.rows) {
      answer.truncated_by = "rows";
      return {};
    }
    Value::Map row;
    for (std::size_t i = 0; i < answer.columns.size(); ++i) {
      bytes += static_cast<std::int64_t>(answer.columns[i].size());
      row.emplace(answer.columns[i], ValueOf(statement.row(), static_cast<int>(i), bytes));
    }
    if (bytes > limits.bytes) {
      answer.truncated_by = "bytes";
      return {};
    }
    answer.rows.push_back(std::move(row));
  }
}

// SQLite's plan is a tree: each step names its parent.
Result<void> ReadPlan(SqliteStatement& statement, Answer& answer) {
  std::map<int, std::size_t> depths;
  for (;;) {
    auto stepped = statement.Step();
    if (!stepped) return std::move(stepped).error();
    if (!*stepped) return {};
    const auto parent = depths.find(sqlite3_column_int(statement.row(), 1));
    const std::size_t depth = parent == depths.end() ? 0 : parent->second + 1;
    depths[sqlite3_column_int(statement.row(), 0)] = depth;
    answer.plan.push_back(std::string(2 * depth, ' ') + ColumnText(statement.row(), 3));
  }
}

Result<void> Ask(const SqliteConnection& connection, const Value& inputs, Answer& answer) {
  answer = {};
  Guard guard;
  sqlite3_limit(connection.handle(), SQLITE_LIMIT_LENGTH, kValueBytesMax);
  sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_set_authorizer(connection.handle(), Authorize, &guard);
  const bool plan = inputs.BoolOr("plan", false);
  const std::string sql = inputs.StringOr("sql", "");
  auto statement = SqliteStatement::Prepare(connection, plan ? "EXPLAIN QUERY PLAN " + sql : sql);
  if (!statement && !guard.refused.empty()) {
    return Error{Code::kPermissionDenied, "the statement was refused: it contains " +
                                              guard.refused + ", and only what reads may be " +
                                              "asked here. Nothing was changed"};
  }
  if (!statement) return std::move(statement).error();
  int parameter = 0;
  const Value& parameters = inputs["parameters"];
  for (const Value& value : parameters.is_list() ? parameters.as_list() : Value::List()) {
    if (auto bound = statement->Bind(++parameter, value); !bound) return bound;
  }
  if (plan) return ReadPlan(*statement, answer);
  if (auto named = NameColumns(statement->row(), answer); !named) return named;
  const Limits limits{inputs.IntOr("rows_max", kRowsMaxDefault),
                      inputs.IntOr("bytes_max", kBytesMaxDefault)};
  return ReadRows(*statement, limits, answer);
}

class SqliteQuery final : public Action {
 public:
  const ActionSpec& Spec() const override { return QuerySpec(); }

  Outcome Apply(const Context& context) const override {
    auto resource = ReadResource(context.inputs["database"], context.policy);
    if (!resource) return std::move(resource).error();
    auto limit = DurationInput(context.inputs, "time_limit", seconds(10));
    if (!limit) return std::move(limit).error();
    Context limited = context;
    limited.deadline = std::min(context.deadline, std::chrono::steady_clock::now() + *limit);
    const Time begun = context.clock.Now();
    Answer answer;
    auto asked = ReadSqlite(resource->path, limited, [&](const SqliteConnection& connection) {
      return Ask(connection, context.inputs, answer);
    });
    if (!asked) return std::move(asked).error().In("ask " + resource->path);
    const auto taken =
        std::chrono::duration_cast<std::chrono::milliseconds>(context.clock.Now() - begun);
    const auto count = static_cast<std::int64_t>(answer.rows.size());
    return Value::Object({{"columns", TextList(answer.columns)},
                          {"rows", std::move(answer.rows)},
                          {"row_count", count},
                          {"truncated", !answer.truncated_by.empty()},
                          {"truncated_by", answer.truncated_by},
                          {"plan", TextList(answer.plan)},
                          {"duration_ms", std::int64_t{taken.count()}}});
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteQuery() { return std::make_unique<SqliteQuery>(); }

}  // namespace recourse::database
