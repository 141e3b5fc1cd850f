#include "actions/database/row_filter.h"

#include "engine/base/json.h"

namespace recourse::database {
namespace {

// "?3" for a value that is added to the parameters.
std::string Bound(const Value& value, RowFilter& filter) {
  filter.parameters.push_back(value);
  return "?" + std::to_string(filter.parameters.size());
}

// One condition in SQL's words.
Result<std::string> ConditionOf(const Value& one, RowFilter& filter) {
  const std::string column = Quoted(one.StringOr("column", ""));
  const std::string op = one.StringOr("op", "");
  const Value* value = one.Find("value");
  if (op == "is_null") return column + " IS NULL";
  if (op == "is_not_null") return column + " IS NOT NULL";
  if (value == nullptr) return InvalidArgument("the op " + op + " needs a value");
  if (op == "in") {
    if (!value->is_list()) return InvalidArgument("the op in needs a list as its value");
    std::string list;
    for (const Value& item : value->as_list()) {
      list += (list.empty() ? "" : ", ") + Bound(item, filter);
    }
    return column + " IN (" + list + ")";
  }
  // SQL's = is never true of NULL, which nobody means who asks for it.
  if (value->is_null())
    return InvalidArgument("for null there are the ops is_null and is_not_null");
  return column + " " + (op == "like" ? "LIKE" : op) + " " + Bound(*value, filter);
}

}  // namespace

Result<void> RowFilter::BindTo(SqliteStatement& statement) const {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    auto bound = statement.Bind(static_cast<int>(i) + 1, parameters[i]);
    if (!bound) return std::move(bound).error().In("filter");
  }
  return {};
}

Result<RowFilter> ReadRowFilter(const Value& filter, const std::string& table,
                                const std::vector<SqliteColumn>& columns) {
  RowFilter read;
  if (!filter.is_list()) return read;
  for (const Value& one : filter.as_list()) {
    const std::string column = one.StringOr("column", "");
    if (auto has = NeedColumn(columns, table, column, "filter"); !has) {
      return std::move(has).error();
    }
    auto condition = ConditionOf(one, read);
    if (!condition) return std::move(condition).error().In("filter: " + column);
    read.where += (read.where.empty() ? " WHERE " : " AND ") + *condition;
    const Value* value = one.Find("value");
    read.text += (read.text.empty() ? "" : " and ") + column + " " + one.StringOr("op", "") +
                 (value == nullptr ? "" : " " + ToJson(*value));
  }
  return read;
}

Result<std::int64_t> CountSqliteRows(const std::string& path, const std::string& table,
                                     const Value& filter, const Context& context) {
  std::int64_t rows = 0;
  auto counted = ReadSqlite(path, context, [&](const SqliteConnection& connection) -> Result<void> {
    auto columns = ColumnsOf(connection, table);
    if (!columns) return std::move(columns).error();
    auto conditions = ReadRowFilter(filter, table, *columns);
    if (!conditions) return std::move(conditions).error();
    auto statement = SqliteStatement::Prepare(
        connection, "SELECT count(*) FROM " + Quoted(table) + conditions->where);
    if (!statement) return std::move(statement).error();
    if (auto bound = conditions->BindTo(*statement); !bound) return bound;
    auto stepped = statement->Step();
    if (!stepped) return std::move(stepped).error();
    rows = sqlite3_column_int64(statement->row(), 0);
    return {};
  });
  if (!counted) return std::move(counted).error().In("count rows of \"" + table + "\" in " + path);
  return rows;
}

}  // namespace recourse::database
