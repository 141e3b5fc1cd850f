// A SQLite database of a few hundred pages, and every way to damage it that a check must find.
//
// Each recipe says what SQLite itself makes of it: some pass PRAGMA integrity_check.
#pragma once

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

namespace recourse::testing {

// A plain connection, as an application has one.
class Sql {
 public:
  explicit Sql(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK);
  }
  ~Sql() { Close(); }
  Sql(const Sql&) = delete;
  Sql& operator=(const Sql&) = delete;

  void Run(const std::string& sql) const {
    char* message = nullptr;
    const int result = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message);
    INFO(sql << ": " << (message == nullptr ? "" : message));
    REQUIRE(result == SQLITE_OK);
  }
  // The first column of the first row; the error's text when there is an error.
  std::string Text(const std::string& sql) const {
    std::string text;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
      const auto* column = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
      text = column == nullptr ? "" : column;
    } else {
      text = sqlite3_errmsg(handle_);
    }
    sqlite3_finalize(statement);
    return text;
  }
  // Registers a collation, as applications do that sort by the rules of a language.
  void Collate(const char* name) const {
    const auto compare = [](void*, int a_size, const void* a, int b_size, const void* b) {
      const std::string_view first(static_cast<const char*>(a), static_cast<std::size_t>(a_size));
      const std::string_view second(static_cast<const char*>(b), static_cast<std::size_t>(b_size));
      return first.compare(second);
    };
    REQUIRE(sqlite3_create_collation(handle_, name, SQLITE_UTF8, nullptr, compare) == SQLITE_OK);
  }
  std::int64_t Number(const std::string& sql) const { return std::atoll(Text(sql).c_str()); }
  void Close() {
    sqlite3_close_v2(handle_);
    handle_ = nullptr;
  }

 private:
  sqlite3* handle_ = nullptr;
};

inline std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void WriteAll(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline void Overwrite(const std::string& path, std::int64_t offset, const std::string& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(offset);
  file << bytes;
}

inline constexpr std::int64_t kPage = 4096;
inline constexpr std::int64_t kRows = 20'000;

// As the table has them, whatever an index says.
inline std::int64_t RowsIn(const std::string& path) {
  return Sql(path).Number("SELECT count(*) FROM metrics NOT INDEXED");
}

inline void AddRows(const Sql& sql, std::int64_t count) {
  sql.Run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
      std::to_string(count) +
      ") INSERT INTO metrics(component, value) SELECT 'component ' || (i % 50), i * 0.5 FROM n");
}

inline void FillDatabase(const Sql& sql, std::int64_t rows, const std::string& journal_mode) {
  sql.Run("PRAGMA page_size = 4096; PRAGMA journal_mode = " + journal_mode);
  sql.Run("PRAGMA user_version = 3; PRAGMA application_id = 77");
  sql.Run("CREATE TABLE metrics(id INTEGER PRIMARY KEY, component TEXT NOT NULL, value REAL)");
  sql.Run("CREATE INDEX metrics_component ON metrics(component)");
  sql.Run("CREATE TABLE files(name TEXT, data BLOB)");
  AddRows(sql, rows);
  sql.Run("INSERT INTO files VALUES('large', randomblob(60000))");
}

// A closed database of `rows` rows with an index, and a large value in the last pages of the file.
inline void MakeDatabase(const std::string& path, std::int64_t rows = kRows,
                         const std::string& journal_mode = "delete") {
  FillDatabase(Sql(path), rows, journal_mode);
}

// The offset in the file of a page of the table or index.
inline std::int64_t PageOffset(const std::string& path, const std::string& name,
                               const std::string& page_type, int which = 0) {
  const Sql sql(path);
  const std::int64_t page =
      sql.Number("SELECT pageno FROM dbstat WHERE name = '" + name + "' AND pagetype = '" +
                 page_type + "' ORDER BY path LIMIT 1 OFFSET " + std::to_string(which));
  REQUIRE(page > 1);
  return (page - 1) * kPage;
}

struct Damage {
  std::string name;
  bool passes_integrity_check;  // SQLite itself says "ok"
  std::function<void(const std::string& path)> inflict;
};

inline void ZeroPage(const std::string& path, std::int64_t offset) {
  Overwrite(path, offset, std::string(kPage, '\0'));
}

// What lies on the disk in the middle of a transaction, without its journal.
inline void TearTransaction(const std::string& path) {
  const Sql sql(path);
  sql.Run("PRAGMA cache_size = 4; PRAGMA cache_spill = 1; BEGIN");
  sql.Run("DELETE FROM metrics WHERE id % 3 = 0");
  AddRows(sql, 4000);
  sql.Run(
      "UPDATE metrics SET component = component || ' much longer than it was' WHERE id % 7 = 0");
  const std::string torn = ReadAll(path);
  sql.Run("ROLLBACK");
  WriteAll(path, torn);
}

// An index that lacks rows of its table.
inline void UnlinkIndexRows(const std::string& path) {
  const Sql sql(path);
  sql.Run("PRAGMA writable_schema = ON");
  sql.Run("CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'metrics_component'");
  sql.Run("DELETE FROM sqlite_schema WHERE name = 'metrics_component'");
  {
    const Sql without_index(path);
    without_index.Run("DELETE FROM metrics WHERE id BETWEEN 401 AND 450");
  }
  sql.Run("INSERT INTO sqlite_schema SELECT * FROM kept");
  sql.Run("DROP TABLE kept");
}

// A row of the schema that says not what it describes.
inline void ForgetSchemaType(const std::string& path) {
  const Sql sql(path);
  sql.Run("CREATE TABLE named(name TEXT UNIQUE)");
  sql.Run("PRAGMA writable_schema = ON");
  sql.Run("UPDATE sqlite_schema SET type = NULL WHERE name LIKE 'sqlite_autoindex%'");
}

// Leaves at `path` the -wal of another database, whose rows SQLite then shows.
inline void PutForeignLog(const std::string& path) {
  const std::string other = path + ".other";
  const Sql sql(other);
  sql.Run("PRAGMA wal_autocheckpoint = 0");
  FillDatabase(sql, 15'000, "wal");
  std::filesystem::copy_file(other + "-wal", path + "-wal");
}

inline const std::vector<Damage>& Damages() {
  static const std::vector<Damage> damages = {
      {"the header's magic", false,
       [](const std::string& path) { Overwrite(path, 0, std::string(16, '#')); }},
      {"the page size in the header", false,
       [](const std::string& path) { Overwrite(path, 16, "\x03\x03"); }},
      {"page 1 zeroed", false, [](const std::string& path) { ZeroPage(path, 0); }},
      {"a leaf of the table zeroed", false,
       [](const std::string& path) { ZeroPage(path, PageOffset(path, "metrics", "leaf", 20)); }},
      {"a leaf of the table overwritten", false,
       [](const std::string& path) {
         Overwrite(path, PageOffset(path, "metrics", "leaf", 20), std::string(kPage, '\xa5'));
       }},
      {"the root of the table zeroed", false,
       [](const std::string& path) { ZeroPage(path, PageOffset(path, "metrics", "internal")); }},
      {"a leaf of the index zeroed", false,
       [](const std::string& path) {
         ZeroPage(path, PageOffset(path, "metrics_component", "leaf", 5));
       }},
      {"half of the file gone", false,
       [](const std::string& path) {
         std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
       }},
      {"the end of the last page gone", true,
       [](const std::string& path) {
         std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1500);
       }},
      {"nothing in the file", true, [](const std::string& path) { WriteAll(path, ""); }},
      {"an index without some rows of its table", false, UnlinkIndexRows},
      {"the list of free pages", false,
       [](const std::string& path) {
         Overwrite(path, 32, std::string("\x00\x0f\xff\xff\x00\x00\x00\x02", 8));
       }},
      {"a transaction cut off, its journal lost", false, TearTransaction},
      {"a row of the schema without its type", true, ForgetSchemaType},
      {"another database's write-ahead log beside it", true, PutForeignLog},
      {"a text file", false,
       [](const std::string& path) { WriteAll(path, std::string(2000, 'x') + "\n"); }},
  };
  return damages;
}

}  // namespace recourse::testing
