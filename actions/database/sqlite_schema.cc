#include "actions/database/sqlite_schema.h"

#include <algorithm>
#include <cctype>

#include "actions/database/file_copy.h"
#include "actions/database/sqlite_reading.h"

namespace recourse::database {

bool SchemaObject::is_virtual() const {
  constexpr std::string_view kBeginning = "CREATE VIRTUAL TABLE";
  return sql.size() >= kBeginning.size() &&
         std::equal(kBeginning.begin(), kBeginning.end(), sql.begin(), [](char a, char b) {
           return a == std::toupper(static_cast<unsigned char>(b));
         });
}

std::vector<SchemaObject> SqliteSchema::OfType(std::string_view type) const {
  std::vector<SchemaObject> found;
  for (const SchemaObject& object : objects) {
    if (object.type == type) found.push_back(object);
  }
  return found;
}

bool IsMadeBySqlite(const std::string& name, const std::string& sql) {
  return sql.empty() || name.starts_with("sqlite_");
}

Result<SqliteSchema> ReadSchema(const SqliteConnection& connection) {
  SqliteSchema schema;
  auto read = connection.Run(
      "SELECT type, name, tbl_name, sql, rootpage FROM sqlite_schema ORDER BY rowid",
      [&schema](sqlite3_stmt* row) {
        SchemaObject object{ColumnText(row, 0), ColumnText(row, 1), ColumnText(row, 2),
                            ColumnText(row, 3), sqlite3_column_int64(row, 4)};
        if (!IsMadeBySqlite(object.name, object.sql)) schema.objects.push_back(std::move(object));
      });
  if (!read) return std::move(read).error();
  const std::pair<const char*, std::int64_t*> numbers[] = {
      {"PRAGMA application_id", &schema.application_id},
      {"PRAGMA user_version", &schema.user_version},
      {"PRAGMA page_size", &schema.page_size}};
  for (const auto& [sql, number] : numbers) {
    auto answered = connection.Number(sql);
    if (!answered) return std::move(answered).error();
    *number = *answered;
  }
  auto encoding = connection.Text("PRAGMA encoding");
  if (!encoding) return std::move(encoding).error();
  schema.encoding = *std::move(encoding);
  return schema;
}

Result<SqliteSchema> ReadSchemaOf(const std::string& path, const Context& context) {
  SqliteSchema schema;
  auto read = ReadSqlite(path, context, [&](const SqliteConnection& connection) -> Result<void> {
    auto found = ReadSchema(connection);
    if (!found) return std::move(found).error();
    schema = *std::move(found);
    return {};
  });
  if (!read) return std::move(read).error().In("read the schema of " + path);
  return schema;
}

Result<SqliteConnection> BeginDatabase(const std::string& path, const SqliteSchema& schema,
                                       const Context& context) {
  if (Exists(path)) return Error{Code::kAlreadyExists, path + " is there already"};
  auto connection = SqliteConnection::Open(path, SqliteConnection::Mode::kCreate, context);
  if (!connection) return connection;
  // What is made of given SQL stays in this one file.
  sqlite3_limit(connection->handle(), SQLITE_LIMIT_ATTACHED, 0);
  const std::string encoding = schema.encoding == "UTF-16le"   ? "'UTF-16le'"
                               : schema.encoding == "UTF-16be" ? "'UTF-16be'"
                                                               : "'UTF-8'";
  for (const std::string& sql :
       {"PRAGMA page_size = " + std::to_string(schema.page_size), "PRAGMA encoding = " + encoding,
        std::string("PRAGMA journal_mode = MEMORY"), std::string("PRAGMA synchronous = OFF"),
        std::string("PRAGMA foreign_keys = OFF"),
        "PRAGMA application_id = " + std::to_string(schema.application_id),
        "PRAGMA user_version = " + std::to_string(schema.user_version)}) {
    if (auto set = connection->Run(sql); !set) return std::move(set).error();
  }
  return connection;
}

Result<void> MakeObjects(const SqliteConnection& connection, const SqliteSchema& schema,
                         std::string_view type) {
  for (const SchemaObject& object : schema.OfType(type)) {
    if (auto made = connection.Run(object.sql); !made) {
      return std::move(made).error().In("make the " + object.type + " " + Quoted(object.name));
    }
  }
  return {};
}

}  // namespace recourse::database
