// The definitions in a SQLite database, and a new database made of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actions/action.h"
#include "actions/database/sqlite_connection.h"
#include "engine/base/error.h"

namespace recourse::database {

struct SchemaObject {
  std::string type;  // "table", "index", "view" or "trigger"
  std::string name;
  std::string table;  // that it belongs to
  std::string sql;
  std::int64_t root = 0;  // page of its b-tree; 0: it has none

  bool is_virtual() const;  // a table whose rows a module keeps elsewhere
};

struct SqliteSchema {
  // In the order in which they were made. Without what SQLite makes by itself: the indexes of
  // constraints, sqlite_sequence, statistics.
  std::vector<SchemaObject> objects;
  std::int64_t application_id = 0;
  std::int64_t user_version = 0;
  std::int64_t page_size = 4096;
  std::string encoding = "UTF-8";

  std::vector<SchemaObject> OfType(std::string_view type) const;
};

// Whether an object of this name and SQL is one that SQLite makes by itself.
bool IsMadeBySqlite(const std::string& name, const std::string& sql);

Result<SqliteSchema> ReadSchema(const SqliteConnection& connection);
// Of a file. Errors: as ReadSqlite.
Result<SqliteSchema> ReadSchemaOf(const std::string& path, const Context& context);

// A new database in the empty place `path`, with the numbers of the schema, in one file, and ready
// to be filled: nothing of it is synced, and constraints that compare tables are not enforced.
// kAlreadyExists: there is something.
Result<SqliteConnection> BeginDatabase(const std::string& path, const SqliteSchema& schema,
                                       const Context& context);

// Makes the objects of one type. Errors name the object.
Result<void> MakeObjects(const SqliteConnection& connection, const SqliteSchema& schema,
                         std::string_view type);

}  // namespace recourse::database
