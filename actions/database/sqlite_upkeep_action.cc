#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "actions/database/file_copy.h"
#include "actions/database/holders.h"
#include "actions/database/resource.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/sqlite_reading.h"
#include "actions/database/sqlite_statement.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

// A database that may be written: found, sound as far as its files tell, and writable.
struct Tended {
  CheckReport files;
  std::string directory;
  Expectations expected;
};

Result<Tended> ReadTended(const Context& context) {
  auto resource = ReadResource(context.inputs["database"], context.policy);
  if (!resource) return std::move(resource).error();
  auto files = LookAtSqlite(resource->path, context);
  if (!files) return std::move(files).error();
  Tended tended{*std::move(files), std::filesystem::path(resource->path).parent_path().string(),
                resource->expected};
  for (const std::string& path : {tended.files.path, tended.directory}) {
    if (access(path.c_str(), W_OK) != 0) return ErrnoError(errno, "write " + path);
  }
  return tended;
}

// Where SQLite would put the copy that a vacuum builds, which is not always beside the database.
Result<std::string> TemporaryDirectory(const std::string& path, const Context& context) {
  auto connection = SqliteConnection::Open(path, SqliteConnection::Mode::kReadOnly, context);
  if (!connection) return std::move(connection).error();
  char* name = nullptr;
  sqlite3_file_control(connection->handle(), "main", SQLITE_FCNTL_TEMPFILENAME, &name);
  const std::unique_ptr<char, decltype(&sqlite3_free)> owned(name, sqlite3_free);
  if (name == nullptr) return Unavailable("SQLite finds no directory for temporary files");
  return std::filesystem::path(name).parent_path().string();
}

struct VacuumNeeds {
  std::string temporary;    // the directory for the copy
  std::int64_t there = 0;   // bytes that it takes
  std::int64_t beside = 0;  // bytes that the journal or log takes, beside the database
  bool same_file_system = true;

  std::int64_t beside_in_all() const { return beside + (same_file_system ? there : 0); }
};

Result<VacuumNeeds> NeedsOf(const Tended& tended, const Context& context) {
  VacuumNeeds needs;
  const std::int64_t bytes = tended.files.size + tended.files.wal_bytes;
  needs.there = needs.beside = bytes;
  auto temporary = TemporaryDirectory(tended.files.path, context);
  if (!temporary) return std::move(temporary).error();
  needs.temporary = *std::move(temporary);
  struct stat a, b;
  if (stat(needs.temporary.c_str(), &a) != 0 || stat(tended.directory.c_str(), &b) != 0) {
    return ErrnoError(errno, "look at " + needs.temporary + " and " + tended.directory);
  }
  needs.same_file_system = a.st_dev == b.st_dev;
  return needs;
}

std::int64_t MillisecondsSince(Time begun, const Context& context) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(context.clock.Now() - begun).count();
}

Result<std::int64_t> CountFreePages(const std::string& path, const Context& context) {
  std::int64_t pages = 0;
  auto read = ReadSqlite(path, context, [&](const SqliteConnection& connection) -> Result<void> {
    auto number = connection.Number("PRAGMA freelist_count");
    if (!number) return std::move(number).error();
    pages = *number;
    return {};
  });
  if (!read) return std::move(read).error();
  return pages;
}

std::int64_t SizeNow(const std::string& path) {
  const auto facts = FactsOf(path);
  return facts && *facts ? (*facts)->size : 0;
}

// What could not be done changed nothing: SQLite has taken back what it had begun.
Error NotDone(Error error, const std::string& doing, const std::string& path) {
  error.message += ". The database was left as it is";
  return WithWriters(std::move(error).In(doing), path);
}

// The vacuum is committed; only the log could not be written into the file.
Error NotEmptied(Error error, const std::string& path) {
  error.message +=
      ". The vacuum itself is done, and no row is lost: the rewritten database stands in " + path +
      "-wal until SQLite writes it into the file, which has its size only then. " +
      "See to what the error names, and check the database; a vacuum can be repeated";
  return std::move(error).In("empty the write-ahead log after the vacuum");
}

// What a log holds goes into the file, and the log is emptied; answers why not, or nothing.
Result<std::string> EmptyLog(const SqliteConnection& connection) {
  bool busy = false;
  auto done = connection.Run("PRAGMA wal_checkpoint(TRUNCATE)",
                             [&](sqlite3_stmt* row) { busy = sqlite3_column_int(row, 0) != 0; });
  if (!done && done.error().code != Code::kAborted) return std::move(done).error();
  if (done && !busy) return std::string();
  return std::string(
      "the write-ahead log could not be emptied, because somebody reads the database; the file "
      "gets its size when SQLite does that by itself");
}

class SqliteVacuum final : public Action {
 public:
  const ActionSpec& Spec() const override { return VacuumSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto tended = ReadTended(context);
    if (!tended) return std::move(tended).error();
    const std::string& path = tended->files.path;
    auto needs = NeedsOf(*tended, context);
    if (!needs) return std::move(needs).error();
    auto free_pages = CountFreePages(path, context);
    if (!free_pages) return std::move(free_pages).error();
    ActionPlan plan;
    plan.bytes_needed = needs->beside_in_all();
    plan.bytes_where = path;
    plan.lines.push_back("rewrite " + path + " (" + HumanBytes(tended->files.size) + ", " +
                         std::to_string(*free_pages) +
                         " free pages) without its free pages; nobody can write it meanwhile");
    plan.lines.push_back("the copy is built in " + needs->temporary + " (up to " +
                         HumanBytes(needs->there) + "), then written back");
    plan.lines.push_back(
        "rows of tables without an INTEGER PRIMARY KEY may get other rowids; their values stay");
    return plan;
  }

  Outcome Prepare(const Context& context) const override {
    auto tended = ReadTended(context);
    if (!tended) return std::move(tended).error();
    auto needs = NeedsOf(*tended, context);
    if (!needs) return std::move(needs).error();
    if (auto space = NeedSpace(tended->directory, needs->beside_in_all()); !space) {
      return space.error();
    }
    if (auto space = NeedSpace(needs->temporary, needs->there); !space) return space.error();
    auto free_pages = CountFreePages(tended->files.path, context);
    if (!free_pages) return std::move(free_pages).error();
    return Value::Object({{"bytes", tended->files.size}, {"freelist_pages", *free_pages}});
  }

  Outcome Apply(const Context& context) const override {
    const Time begun = context.clock.Now();
    auto tended = ReadTended(context);
    if (!tended) return std::move(tended).error();
    const std::string& path = tended->files.path;
    // A vacuum of a damaged database fails, or takes the damage for the truth.
    auto before = CheckSqliteFile(path, {}, CheckDepth::kQuick, context);
    if (!before) return std::move(before).error();
    if (!before->good()) return Failure{before->ToError(), before->Evidence()};
    bool committed = false;
    auto note = Rewrite(path, tended->files.journal_mode == "wal", context, committed);
    if (!note && committed) {
      return Failure{NotEmptied(std::move(note).error(), path), {}, LeftBehind::kPartial};
    }
    if (!note) return NotDone(std::move(note).error(), "vacuum the database", path);
    auto after = CheckSqliteFile(path, tended->expected, CheckDepth::kFull, context);
    if (!after) return Failure{std::move(after).error(), {}, LeftBehind::kUnknown};
    if (!after->good()) return Failure{after->ToError(), after->Evidence(), LeftBehind::kUnknown};
    const std::int64_t bytes_before = context.undo.IntOr("bytes", before->size);
    return Value::Object(
        {{"path", path},
         {"bytes_before", bytes_before},
         {"bytes_after", after->size},
         {"freed_bytes", bytes_before - after->size},
         {"wal_bytes_after", after->wal_bytes},
         {"freelist_pages_before", context.undo.IntOr("freelist_pages", before->freelist_pages)},
         {"freelist_pages_after", after->freelist_pages},
         {"integrity", "ok"},
         {"duration_ms", MillisecondsSince(begun, context)},
         {"note", *note}});
  }

 private:
  // Answers what keeps the file from being smaller. `committed`: it is rewritten, whatever failed
  // afterwards.
  static Result<std::string> Rewrite(const std::string& path, bool wal, const Context& context,
                                     bool& committed) {
    auto connection = SqliteConnection::Open(path, SqliteConnection::Mode::kReadWrite, context);
    if (!connection) return std::move(connection).error();
    context.progress(0, 0, "VACUUM");
    if (auto done = connection->Run("VACUUM"); !done) return std::move(done).error();
    committed = true;
    if (!wal) return std::string();
    context.progress(0, 0, "checkpoint");
    return EmptyLog(*connection);
  }
};

class SqliteAnalyze final : public Action {
 public:
  const ActionSpec& Spec() const override { return AnalyzeSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto tended = ReadTended(context);
    if (!tended) return std::move(tended).error();
    std::string tables;
    for (const std::string& table : TablesIn(context)) {
      tables += (tables.empty() ? "" : ", ") + table;
    }
    return ActionPlan{{"measure " + (tables.empty() ? "all tables" : tables) + " of " +
                       tended->files.path + " (" + HumanBytes(tended->files.size) + ")"},
                      0,
                      {}};
  }

  Outcome Apply(const Context& context) const override {
    const Time begun = context.clock.Now();
    auto tended = ReadTended(context);
    if (!tended) return std::move(tended).error();
    const std::string& path = tended->files.path;
    std::vector<std::string> tables;
    auto statistics = Measure(path, context, tables);
    if (!statistics) return NotDone(std::move(statistics).error(), "measure the tables", path);
    return Value::Object({{"path", path},
                          {"bytes_before", tended->files.size},
                          {"bytes_after", SizeNow(path)},
                          {"tables", TextList(tables)},
                          {"statistics", *statistics},
                          {"duration_ms", MillisecondsSince(begun, context)}});
  }

 private:
  static std::vector<std::string> TablesIn(const Context& context) {
    std::vector<std::string> tables;
    const Value& named = context.inputs["tables"];
    if (!named.is_list()) return tables;
    for (const Value& table : named.as_list()) tables.push_back(table.as_string());
    return tables;
  }

  // Answers how many statistics there are, and adds the tables that have some.
  static Result<std::int64_t> Measure(const std::string& path, const Context& context,
                                      std::vector<std::string>& tables) {
    auto connection = SqliteConnection::Open(path, SqliteConnection::Mode::kReadWrite, context);
    if (!connection) return std::move(connection).error();
    std::vector<std::string> statements;
    for (const std::string& table : TablesIn(context)) {
      if (auto columns = ColumnsOf(*connection, table); !columns) {
        return std::move(columns).error();
      }
      statements.push_back("ANALYZE main." + Quoted(table));
    }
    if (statements.empty()) statements.push_back("ANALYZE");
    // All of them or none.
    if (auto begun = connection->Run("BEGIN IMMEDIATE"); !begun) return std::move(begun).error();
    for (std::size_t i = 0; i < statements.size(); ++i) {
      context.progress(static_cast<std::int64_t>(i), static_cast<std::int64_t>(statements.size()),
                       statements[i]);
      if (auto done = connection->Run(statements[i]); !done) return std::move(done).error();
    }
    auto measured = connection->Texts("SELECT DISTINCT tbl FROM sqlite_stat1 ORDER BY tbl");
    if (!measured) return std::move(measured).error();
    tables = *std::move(measured);
    auto count = connection->Number("SELECT count(*) FROM sqlite_stat1");
    if (!count) return count;
    if (auto done = connection->Run("COMMIT"); !done) return std::move(done).error();
    return count;
  }
};

class SqliteOptimize final : public Action {
 public:
  const ActionSpec& Spec() const override { return OptimizeSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto tended = ReadTended(context);
    if (!tended) return std::move(tended).error();
    return ActionPlan{
        {"measure the tables of " + tended->files.path + " whose statistics are missing or old"},
        0,
        {}};
  }

  Outcome Apply(const Context& context) const override {
    const Time begun = context.clock.Now();
    auto tended = ReadTended(context);
    if (!tended) return std::move(tended).error();
    const std::string& path = tended->files.path;
    auto statements = Optimize(path, context);
    if (!statements) return NotDone(std::move(statements).error(), "optimize the database", path);
    return Value::Object({{"path", path},
                          {"bytes_before", tended->files.size},
                          {"bytes_after", SizeNow(path)},
                          {"statements", TextList(*statements)},
                          {"duration_ms", MillisecondsSince(begun, context)}});
  }

 private:
  // SQLite looks only at tables whose statistics this connection could have used: it is asked for
  // each index how it would be searched, and answers nothing.
  static Result<void> UseIndexes(const SqliteConnection& connection) {
    std::vector<std::string> searches;
    auto read = connection.Run(
        "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_index_list(t.name) AS i,"
        " pragma_index_info(i.name) AS c"
        " WHERE t.type = 'table' AND c.seqno = 0 AND c.name IS NOT NULL",
        [&](sqlite3_stmt* row) {
          searches.push_back("SELECT 1 FROM " + Quoted(ColumnText(row, 0)) + " WHERE " +
                             Quoted(ColumnText(row, 1)) + " = ?1");
        });
    if (!read) return read;
    for (const std::string& search : searches) {
      if (auto used = SqliteStatement::Prepare(connection, search); !used) {
        return std::move(used).error();
      }
    }
    return {};
  }

  static Result<std::vector<std::string>> Optimize(const std::string& path,
                                                   const Context& context) {
    auto connection = SqliteConnection::Open(path, SqliteConnection::Mode::kReadWrite, context);
    if (!connection) return std::move(connection).error();
    if (auto used = UseIndexes(*connection); !used) return std::move(used).error();
    auto statements = connection->Texts("PRAGMA optimize(-1)");  // what it would do
    if (!statements) return std::move(statements).error();
    // It measures several tables: all of them or none.
    for (const char* sql : {"BEGIN IMMEDIATE", "PRAGMA optimize", "COMMIT"}) {
      if (auto done = connection->Run(sql); !done) return std::move(done).error();
    }
    return statements;
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteVacuum() { return std::make_unique<SqliteVacuum>(); }
std::unique_ptr<const Action> MakeSqliteAnalyze() { return std::make_unique<SqliteAnalyze>(); }
std::unique_ptr<const Action> MakeSqliteOptimize() { return std::make_unique<SqliteOptimize>(); }

}  // namespace recourse::database
