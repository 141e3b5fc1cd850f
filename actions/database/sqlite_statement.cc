#include "actions/database/sqlite_statement.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "engine/base/text.h"

namespace recourse::database {

Result<SqliteStatement> SqliteStatement::Prepare(const SqliteConnection& connection,
                                                 const std::string& sql) {
  sqlite3_stmt* prepared = nullptr;
  const char* rest = nullptr;
  const int result = sqlite3_prepare_v2(connection.handle(), sql.c_str(),
                                        static_cast<int>(sql.size() + 1), &prepared, &rest);
  SqliteStatement statement(connection, prepared);
  if (result != SQLITE_OK) return connection.ErrorOf(result).In(sql);
  if (prepared == nullptr) return InvalidArgument("there is no statement in \"" + sql + "\"");
  const auto is_filling = [](char c) {
    return c == ';' || c == ' ' || c == '\n' || c == '\t' || c == '\r';
  };
  if (!std::all_of(rest, sql.c_str() + sql.size(), is_filling)) {
    return InvalidArgument("more than one statement: \"" + std::string(rest) +
                           "\" comes after the first. Nothing was run");
  }
  return statement;
}

Result<void> SqliteStatement::Bind(int parameter, const Value& value) {
  sqlite3_stmt* const statement = statement_.get();
  int result = SQLITE_MISMATCH;
  switch (value.kind()) {
    case Value::Kind::kNull:
      result = sqlite3_bind_null(statement, parameter);
      break;
    case Value::Kind::kBool:
      result = sqlite3_bind_int(statement, parameter, value.as_bool() ? 1 : 0);
      break;
    case Value::Kind::kInt:
      result = sqlite3_bind_int64(statement, parameter, value.as_int());
      break;
    case Value::Kind::kUint:
      if (value.as_uint() > std::numeric_limits<std::int64_t>::max()) break;
      result = sqlite3_bind_int64(statement, parameter, static_cast<std::int64_t>(value.as_uint()));
      break;
    case Value::Kind::kDouble:
      result = sqlite3_bind_double(statement, parameter, value.as_double());
      break;
    case Value::Kind::kString:
      result = sqlite3_bind_text64(statement, parameter, value.as_string().data(),
                                   value.as_string().size(), SQLITE_TRANSIENT, SQLITE_UTF8);
      break;
    case Value::Kind::kBytes:
      result = sqlite3_bind_blob64(statement, parameter, value.as_bytes().data.data(),
                                   value.as_bytes().data.size(), SQLITE_TRANSIENT);
      break;
    default:
      break;
  }
  const std::string which = "parameter " + std::to_string(parameter);
  if (result == SQLITE_MISMATCH) {
    return InvalidArgument(which + ": SQL has no " + std::string(value.TypeOf()) +
                           " like that; give a number, a text, true, false or null");
  }
  if (result == SQLITE_RANGE) {
    return InvalidArgument(which + ": the statement has " +
                           std::to_string(sqlite3_bind_parameter_count(statement)) + " parameters");
  }
  if (result != SQLITE_OK) return connection_->ErrorOf(result).In(which);
  return {};
}

Result<void> SqliteStatement::BindColumn(int parameter, sqlite3_stmt* row, int column) {
  const int result =
      sqlite3_bind_value(statement_.get(), parameter, sqlite3_column_value(row, column));
  if (result != SQLITE_OK) return connection_->ErrorOf(result);
  return {};
}

Result<bool> SqliteStatement::Step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  Error error = connection_->ErrorOf(result);
  Reset();
  return error;
}

Result<void> SqliteStatement::Execute() {
  for (;;) {
    auto stepped = Step();
    if (!stepped) return std::move(stepped).error();
    if (*stepped) continue;
    Reset();
    return {};
  }
}

std::string SqlLiteral(sqlite3_stmt* row, int column) {
  const int type = sqlite3_column_type(row, column);
  if (type == SQLITE_NULL) return "NULL";
  if (type == SQLITE_INTEGER) return std::to_string(sqlite3_column_int64(row, column));
  if (type == SQLITE_FLOAT) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, sqlite3_column_double(row, column));
    return std::string(text, end.ptr);
  }
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
  const std::string data(bytes == nullptr ? "" : bytes,
                         static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
  if (type == SQLITE_BLOB || !IsUtf8(data)) return "X'" + Hex(data) + "'";
  std::string quoted = "'";
  for (const char c : data) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace recourse::database
