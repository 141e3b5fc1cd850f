#include "actions/database/sqlite_check.h"

#include <optional>
#include <utility>

#include "actions/database/file_copy.h"
#include "actions/database/sqlite_connection.h"
#include "actions/database/sqlite_wal.h"
#include "engine/base/digest.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

constexpr std::size_t kFindingsMax = 200;  // integrity_check itself ends after 100
constexpr std::int64_t kHeaderSize = 100;
constexpr std::int64_t kSmallest = 512;  // the smallest page

// Errors of SQLite that say something about the file rather than about the way to it.
bool IsFinding(const Error& error) { return error.code == Code::kDataLoss; }

// A statement that SQLite cannot even prepare says nothing about the bytes: a sound database may
// use collations and functions that only its application has.
Error NotJudged(const std::string& path, const Error& error) {
  return FailedPrecondition(path + " cannot be judged here: " + error.message +
                            ". SQLite does not know something that the database's schema uses; " +
                            "that is no damage. Nothing was changed. Check it with a SQLite that " +
                            "has what its application registers");
}

class Checker {
 public:
  Checker(const std::string& path, const Expectations& expected, CheckDepth depth,
          const Context& context)
      : expected_(expected), depth_(depth), context_(context) {
    report_.path = path;
  }

  Result<CheckReport> Run() {
    auto facts = FactsOf(report_.path);
    if (!facts) return std::move(facts).error();
    if (!*facts) {
      return NotFound("there is no file " + report_.path +
                      "; SQLite would make an empty one. Nothing was changed");
    }
    before_ = **facts;
    report_.size = before_.size;
    if (before_.size == 0) {
      Find("the file is empty (0 bytes); SQLite takes that for a database without tables");
      return report_;
    }
    if (before_.size < kSmallest) {
      Find("the file has " + std::to_string(before_.size) + " bytes, less than a page");
      return report_;
    }
    if (auto done = CheckFiles(); !done) return std::move(done).error();
    if (!header_.magic || depth_ == CheckDepth::kFile) return report_;
    if (report_.foreign_log) {
      report_.notes.push_back("the content was not read: it would have been that of the log");
      return report_;
    }
    if (auto done = CheckContent(); !done) return std::move(done).error();
    return report_;
  }

 private:
  void Find(std::string finding) {
    if (report_.findings.size() < kFindingsMax) report_.findings.push_back(std::move(finding));
  }

  // Takes a failed statement as a finding when it is one; else answers it.
  Result<void> Judge(Result<void> done) {
    if (done) return done;
    if (done.error().code == Code::kInvalidArgument) return NotJudged(report_.path, done.error());
    if (!IsFinding(done.error())) return done;
    Find(done.error().message);
    return {};
  }

  // What can be told before SQLite reads the file, and before a foreign log hides it.
  Result<void> CheckFiles() {
    auto connection =
        SqliteConnection::Open(report_.path, SqliteConnection::Mode::kReadOnly, context_);
    if (!connection) return std::move(connection).error();
    if (auto read = ReadHeader(*connection); !read) return read;
    if (header_.magic && !header_.wal && !Exists(report_.path + "-wal")) {
      // Without a log, writers change the file itself: it is measured under a lock. What SQLite
      // finds wrong here it finds again when the content is read.
      for (const char* sql : {"BEGIN", "SELECT count(*) FROM sqlite_schema"}) {
        auto locked = connection->Run(sql);
        if (locked || IsFinding(locked.error())) continue;
        return Judge(std::move(locked));
      }
      if (auto read = ReadHeader(*connection); !read) return read;
    }
    report_.journal_mode = header_.wal ? "wal" : "delete";
    report_.change_counter = header_.change_counter;
    report_.page_size = header_.page_size;
    report_.page_count = header_.page_count;
    if (!header_.magic) {
      Find("the file does not begin as a SQLite database does; its first bytes are " +
           first_bytes_);
      return {};
    }
    auto log = ReadWriteAheadLog(report_.path, context_);
    if (!log) return std::move(log).error();
    if (*log) {
      report_.wal_bytes = (*log)->size;
      committed_frames_ = (*log)->frames;
      if (auto done = CheckLog(**log, *connection); !done) return done;
      if (!report_.foreign_log && !(*log)->newest_header.empty()) {
        report_.change_counter = ParseSqliteHeader((*log)->newest_header).change_counter;
      }
    }
    const std::size_t found = report_.findings.size();
    CheckSize();
    if (report_.findings.size() == found || Unchanged()) return {};
    return Aborted(report_.path + " is written while its size is measured");
  }

  Result<void> ReadHeader(const SqliteConnection& connection) {
    auto bytes = connection.ReadBytes(0, kHeaderSize);
    if (!bytes) return std::move(bytes).error();
    auto facts = FactsOf(report_.path);
    if (!facts) return std::move(facts).error();
    if (!*facts || static_cast<std::int64_t>(bytes->size()) < kHeaderSize) {
      return Aborted(report_.path + " is taken away while it is read");
    }
    before_ = **facts;
    report_.size = before_.size;
    header_ = ParseSqliteHeader(*bytes);
    first_bytes_ = Hex(bytes->substr(0, 16));
    return {};
  }

  Result<void> CheckLog(const WriteAheadLog& log, const SqliteConnection& connection) {
    if (header_.page_size == 0) return {};
    auto log_before = FactsOf(report_.path + "-wal");
    auto judgement = JudgeLog(log, header_, report_.path, connection);
    if (!judgement) return std::move(judgement).error();
    if (judgement->foreign.empty() && judgement->note.empty()) return {};
    auto log_after = FactsOf(report_.path + "-wal");
    const bool quiet = Unchanged() && log_before && *log_before && log_after && *log_after &&
                       (*log_before)->SameAs(**log_after);
    if (!quiet) {
      report_.notes.push_back(
          "whether the write-ahead log belongs to the file cannot be told while it is written");
      return {};
    }
    for (const std::string& reason : judgement->foreign) {
      Find("the write-ahead log " + report_.path + "-wal does not belong to this file: " + reason +
           "; SQLite would replay it all the same");
    }
    if (!judgement->note.empty()) report_.notes.push_back(judgement->note);
    report_.foreign_log = !judgement->foreign.empty();
    return {};
  }

  void CheckSize() {
    if (header_.page_size == 0) {
      Find("the page size in the header is not valid");
      return;
    }
    const std::int64_t named = header_.page_count * header_.page_size;
    if (before_.size % header_.page_size != 0) {
      Find("the file ends inside a page: " + std::to_string(before_.size) +
           " bytes are not a multiple of " + std::to_string(header_.page_size) +
           "; SQLite reads the rest as zeros");
    } else if (committed_frames_ == 0 && named > before_.size) {
      // With a log to replay, a checkpoint that was cut off may have written page 1 already.
      Find("the file is cut short: it has " + std::to_string(before_.size) +
           " bytes, its header names " + std::to_string(header_.page_count) + " pages, " +
           std::to_string(named) + " bytes");
    } else if (committed_frames_ == 0 && named != 0 && named < before_.size) {
      report_.notes.push_back("the file is " + std::to_string(before_.size - named) +
                              " bytes longer than its pages");
    }
  }

  Result<void> CheckContent() {
    QuietFile quiet(report_.path, header_.wal);
    const CheckReport before = report_;
    auto done = ReadContent(quiet.mode());
    if (quiet.StillQuiet()) return done;
    report_ = before;
    return ReadContent(quiet.mode());
  }

  bool Unchanged() const {
    auto facts = FactsOf(report_.path);
    return facts && *facts && before_.SameAs(**facts);
  }

  Result<void> ReadContent(SqliteConnection::Mode mode) {
    auto connection = SqliteConnection::Open(report_.path, mode, context_);
    if (!connection) return std::move(connection).error();
    // All of it is read in one transaction, so that the numbers fit together.
    for (const char* sql : {"PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0", "BEGIN",
                            "SELECT count(*) FROM sqlite_schema"}) {
      if (auto done = connection->Run(sql); !done) return Judge(std::move(done));
    }
    if (auto done = Judge(CheckIntegrity(*connection)); !done) return done;
    decidable_ = expected_;
    auto measured = Measure(*connection);
    if (!measured) decidable_.application_id = decidable_.user_version = std::nullopt;
    if (auto done = Judge(std::move(measured)); !done) return done;
    if (auto done = CountRows(*connection); !done) return done;
    if (auto done = Judge(CheckForeignKeys(*connection)); !done) return done;
    for (std::string& unmet : Unmet(decidable_, report_.content)) Find(std::move(unmet));
    return {};
  }

  Result<void> CheckIntegrity(const SqliteConnection& connection) {
    const bool full = depth_ == CheckDepth::kFull;
    context_.log(full ? "PRAGMA integrity_check" : "PRAGMA quick_check");
    // The verdict is in the rows: exactly one that says "ok". The pragma itself succeeds either
    // way.
    bool ok = false;
    std::vector<std::string> rows;
    auto done = connection.Run(full ? "PRAGMA integrity_check" : "PRAGMA quick_check",
                               [&](sqlite3_stmt* row) { rows.push_back(ColumnText(row, 0)); });
    ok = done && rows.size() == 1 && rows[0] == "ok";
    if (!ok) {
      for (const std::string& row : rows) {
        if (row != "ok") Find(row);
      }
      if (rows.empty() && done) Find("the integrity check answered nothing");
    }
    return done;
  }

  Result<void> Measure(const SqliteConnection& connection) {
    const std::pair<const char*, std::int64_t*> numbers[] = {
        {"PRAGMA page_size", &report_.page_size},
        {"PRAGMA page_count", &report_.page_count},
        {"PRAGMA freelist_count", &report_.freelist_pages},
        {"PRAGMA application_id", &report_.content.application_id},
        {"PRAGMA user_version", &report_.content.user_version}};
    for (const auto& [sql, number] : numbers) {
      auto measured = connection.Number(sql);
      if (!measured) return std::move(measured).error();
      *number = *measured;
    }
    // SQLite never writes such rows, reads over some of them, and calls the file ok.
    auto nameless = connection.Number(
        "SELECT count(*) FROM sqlite_schema"
        " WHERE type IS NULL OR name IS NULL OR tbl_name IS NULL OR rootpage IS NULL");
    if (!nameless) return std::move(nameless).error();
    if (*nameless > 0) {
      Find(std::to_string(*nameless) +
           " rows of the schema lack their type, name, table or root page");
    }
    Sha256 schema;
    auto done = connection.Run(
        "SELECT ifnull(type, '') || char(10) || ifnull(name, '') || char(10) ||"
        " ifnull(tbl_name, '') || char(10) || ifnull(sql, '')"
        " FROM sqlite_schema WHERE ifnull(name, '') NOT LIKE 'sqlite_stat%' ORDER BY type, name",
        [&schema](sqlite3_stmt* row) {
          schema.Add(ColumnText(row, 0));
          schema.Add("\n");
        });
    report_.content.schema_sha256 = ToHex(schema.Finish());
    return done;
  }

  Result<void> CountRows(const SqliteConnection& connection) {
    auto tables = connection.Texts(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name");
    if (!tables) {
      if (!expected_.tables.empty()) {
        Find("whether the expected tables are there cannot be told, because the schema is damaged");
      }
      decidable_.tables.clear();
      return Judge(std::move(tables).error());
    }
    for (const std::string& table : *tables) {
      // NOT INDEXED: else an index would be counted, which may differ from its damaged table.
      auto rows = connection.Number("SELECT count(*) FROM " + Quoted(table) + " NOT INDEXED");
      if (rows) {
        report_.content.tables.emplace(table, *rows);
        continue;
      }
      // It is there, and yet nothing more can be said of it.
      std::erase_if(decidable_.tables, [&](const auto& one) { return one.name == table; });
      auto judged =
          Judge(std::move(rows).error().In("count the rows of the table " + Quoted(table)));
      if (!judged) return judged;
    }
    return {};
  }

  // No damage: SQLite does not enforce foreign keys unless asked to, so that a sound application
  // may have such rows. They are measured, because rows that vanished show up here.
  Result<void> CheckForeignKeys(const SqliteConnection& connection) {
    auto done = connection.Run("PRAGMA foreign_key_check",
                               [this](sqlite3_stmt*) { ++report_.foreign_key_violations; });
    // A reference to a table or column that does not exist is an error of the schema, not of the
    // file.
    if (!done && done.error().code == Code::kInvalidArgument) {
      report_.notes.push_back("the foreign keys could not be checked: " + done.error().message);
      return {};
    }
    if (report_.foreign_key_violations > 0) {
      report_.notes.push_back(std::to_string(report_.foreign_key_violations) +
                              " rows refer to rows that do not exist (foreign_key_check)");
    }
    return done;
  }

  const Expectations& expected_;
  Expectations decidable_;  // of expected_: without what damage keeps from being told
  const CheckDepth depth_;
  const Context& context_;
  CheckReport report_;
  FileFacts before_;
  SqliteHeader header_;
  std::int64_t committed_frames_ = 0;
  std::string first_bytes_;
};

}  // namespace

Value CheckReport::Evidence() const {
  return Value::Object({{"path", path},
                        {"findings", TextList(findings)},
                        {"size", size},
                        {"wal_bytes", wal_bytes},
                        {"page_size", page_size},
                        {"page_count", page_count},
                        {"journal_mode", journal_mode},
                        {"application_id", content.application_id},
                        {"user_version", content.user_version},
                        {"tables", content.TablesValue()},
                        {"notes", TextList(notes)}});
}

Error CheckReport::ToError() const {
  return DataLoss(path + " failed its check: " + FindingsText(findings) +
                  ". The file was left as it is");
}

Result<CheckReport> CheckSqliteFile(const std::string& path, const Expectations& expected,
                                    CheckDepth depth, const Context& context) {
  return Checker(path, expected, depth, context).Run();
}

}  // namespace recourse::database
