#include "tests/unit/engine/journal/sqlite/raw.h"

#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "tests/unit/engine/journal/samples.h"
#include "tests/unit/engine/journal/scratch.h"

namespace recourse::journal {

std::unique_ptr<Journal> MustOpen(const std::string& path, const SqliteOptions& options) {
  auto opened = OpenSqliteJournal(path, At(0), options);
  INFO((opened ? "" : opened.error().ToString()));
  REQUIRE(opened);
  return *std::move(opened);
}

std::string RawText(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  std::string text;
  const int result = sqlite3_exec(
      database, sql.c_str(),
      [](void* first, int columns, char** values, char**) {
        if (columns > 0 && values[0] != nullptr) *static_cast<std::string*>(first) = values[0];
        return 0;
      },
      &text, nullptr);
  INFO(sqlite3_errmsg(database));
  CHECK(result == SQLITE_OK);
  REQUIRE(sqlite3_close(database) == SQLITE_OK);
  return text;
}

void RawExecute(const std::string& path, const std::string& sql) { RawText(path, sql); }

}  // namespace recourse::journal
