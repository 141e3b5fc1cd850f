#include "actions/database/table_merge.h"

#include <algorithm>

#include "actions/database/sqlite_reading.h"
#include "engine/base/digest.h"

namespace recourse::database {
namespace {

constexpr std::size_t kConflictsShown = 20;
constexpr std::size_t kRowTextMax = 200;

// ", " between what `text_of` makes of each.
template <class Items, class TextOf>
std::string JoinEach(const Items& items, const char* between, TextOf text_of) {
  std::string joined;
  for (const auto& item : items) joined += (joined.empty() ? "" : between) + text_of(item);
  return joined;
}

// Two rows have the same only when all their values are the same, in type too.
Bytes DigestOfRow(sqlite3_stmt* row) {
  Sha256 sha;
  for (int i = 0; i < sqlite3_column_count(row); ++i) {
    const std::string literal = SqlLiteral(row, i);
    sha.Add(std::to_string(literal.size()) + ":");
    sha.Add(literal);
  }
  const Digest digest = sha.Finish();
  return {std::string(reinterpret_cast<const char*>(digest.data()), digest.size())};
}

}  // namespace

Result<TableMerge> TableMerge::Begin(const SqliteConnection& to, MergeRule rule, int number) {
  TableMerge merge(to, std::move(rule));
  auto columns = ColumnsOf(to, merge.rule_.table);
  if (!columns) return std::move(columns).error();
  for (const SqliteColumn& column : *columns) {
    if (!column.generated) merge.columns_.push_back(column.name);
  }
  for (const std::string& name : merge.rule_.key) {
    const auto found = std::find(merge.columns_.begin(), merge.columns_.end(), name);
    if (found == merge.columns_.end()) {
      return NeedColumn({}, merge.rule_.table, name, "tables: key").error();
    }
    merge.key_.push_back(static_cast<int>(found - merge.columns_.begin()));
  }
  if (!merge.rule_.timestamp.empty()) {
    auto has = NeedColumn(*columns, merge.rule_.table, merge.rule_.timestamp, "tables: timestamp");
    if (!has) return std::move(has).error();
  }
  if (auto made = merge.MakeStatements(number); !made) return std::move(made).error();
  return merge;
}

Result<void> TableMerge::MakeStatements(int number) {
  const std::string table = Quoted(rule_.table);
  const auto parameter = [this](const std::string& name) {
    const auto found = std::find(columns_.begin(), columns_.end(), name);
    return "?" + std::to_string(found - columns_.begin() + 1);
  };
  std::string all = JoinEach(columns_, ", ", Quoted);
  std::map<std::string, std::string> sql;
  sql["insert"] =
      "INSERT INTO " + table + "(" + all + ") VALUES (" + JoinEach(columns_, ", ", parameter) + ")";
  seen_ = "temp.recourse_seen_" + std::to_string(number);
  auto made = to_->Run("CREATE TABLE " + seen_ +
                       "(row BLOB PRIMARY KEY, source INT, times INT, written INT) WITHOUT ROWID");
  if (!made) return made;
  sql["seen"] = "SELECT source, times, written FROM " + seen_ + " WHERE row = ?1";
  sql["note"] = "INSERT OR REPLACE INTO " + seen_ + " VALUES (?1, ?2, ?3, ?4)";
  if (!key_.empty()) {
    index_ = Quoted("recourse_merge_" + std::to_string(number));
    made = to_->Run("CREATE INDEX main." + index_ + " ON " + table + "(" +
                    JoinEach(rule_.key, ", ", Quoted) + ")");
    if (!made) return made;
    const auto equals = [&](const char* op) {
      return [&, op](const std::string& name) { return Quoted(name) + op + parameter(name); };
    };
    const std::string where = " WHERE " + JoinEach(rule_.key, " AND ", equals(" = "));
    const std::string time = rule_.timestamp.empty() ? "NULL" : Quoted(rule_.timestamp);
    const std::string given = rule_.timestamp.empty() ? "NULL" : parameter(rule_.timestamp);
    sql["look"] = "SELECT " + JoinEach(columns_, " AND ", equals(" IS ")) + ", " + given + " > " +
                  time + " OR (" + time + " IS NULL AND " + given + " IS NOT NULL), " + given +
                  " IS " + time + " FROM " + table + where;
    sql["update"] = "UPDATE " + table + " SET " + JoinEach(columns_, ", ", equals(" = ")) + where;
  }
  for (const auto& [name, text] : sql) {
    auto statement = SqliteStatement::Prepare(*to_, text);
    if (!statement) return std::move(statement).error();
    statements_.emplace(name, *std::move(statement));
  }
  return {};
}

// Rows that one source has for one key would be lost to each other: then it is no key.
Result<void> TableMerge::CheckKey(const SqliteConnection& source, const std::string& path) const {
  if (key_.empty()) return {};
  const std::string key = JoinEach(rule_.key, ", ", Quoted);
  const auto is_given = [](const std::string& name) { return Quoted(name) + " IS NOT NULL"; };
  auto repeated = source.Number("SELECT count(*) FROM (SELECT 1 FROM " + Quoted(rule_.table) +
                                " WHERE " + JoinEach(rule_.key, " AND ", is_given) + " GROUP BY " +
                                key + " HAVING count(*) > 1)");
  if (!repeated) return std::move(repeated).error();
  if (*repeated == 0) return {};
  return InvalidArgument("(" + key + ") is no key of the table " + Quoted(rule_.table) + ": in " +
                         path + " " + std::to_string(*repeated) +
                         " of its values belong to several rows, which would be lost to each "
                         "other. Nothing was merged. Name the columns that tell rows apart, or no "
                         "key, so that every distinct row is taken");
}

Result<void> TableMerge::TakeFrom(const SqliteConnection& source, const std::string& path,
                                  MergeCounts& counts, std::vector<std::string>& conflicts) {
  ++source_;
  if (auto checked = CheckKey(source, path); !checked) return checked;
  auto rows = SqliteStatement::Prepare(
      source, "SELECT " + JoinEach(columns_, ", ", Quoted) + " FROM " + Quoted(rule_.table));
  if (!rows) return std::move(rows).error();
  for (;;) {
    auto stepped = rows->Step();
    if (!stepped) return std::move(stepped).error();
    if (!*stepped) return {};
    ++counts.read;
    if (auto taken = Take(rows->row(), counts, conflicts); !taken) return taken;
  }
}

Result<void> TableMerge::Take(sqlite3_stmt* row, MergeCounts& counts,
                              std::vector<std::string>& conflicts) {
  const bool keyed = !key_.empty() && std::none_of(key_.begin(), key_.end(), [row](int column) {
    return sqlite3_column_type(row, column) == SQLITE_NULL;
  });
  return keyed ? TakeByKey(row, counts, conflicts) : TakeWhole(row, counts, conflicts);
}

Result<void> TableMerge::TakeByKey(sqlite3_stmt* row, MergeCounts& counts,
                                   std::vector<std::string>& conflicts) {
  SqliteStatement& look = statements_.at("look");
  if (auto bound = BindRow(look, row); !bound) return bound;
  auto found = look.Step();
  if (!found) return std::move(found).error();
  if (!*found) {
    look.Reset();
    auto written = Write(statements_.at("insert"), row, counts, conflicts);
    if (!written) return std::move(written).error();
    counts.added += *written ? 1 : 0;
    return {};
  }
  const bool same = sqlite3_column_int(look.row(), 0) != 0;
  const bool newer = sqlite3_column_int(look.row(), 1) != 0;
  const bool tie = sqlite3_column_int(look.row(), 2) != 0;
  look.Reset();
  if (same) {
    ++counts.duplicates;
  } else if (newer) {
    auto written = Write(statements_.at("update"), row, counts, conflicts);
    if (!written) return std::move(written).error();
    counts.replaced += *written ? 1 : 0;
  } else if (tie && !rule_.timestamp.empty()) {
    NoteConflict(row, "an earlier source has another row of this key and time", counts, conflicts);
  } else {
    ++counts.superseded;
  }
  return {};
}

Result<void> TableMerge::TakeWhole(sqlite3_stmt* row, MergeCounts& counts,
                                   std::vector<std::string>& conflicts) {
  const Bytes digest = DigestOfRow(row);
  SqliteStatement& seen = statements_.at("seen");
  if (auto bound = seen.Bind(1, digest); !bound) return bound;
  auto found = seen.Step();
  if (!found) return std::move(found).error();
  const bool of_this_source = *found && sqlite3_column_int(seen.row(), 0) == source_;
  const std::int64_t times = (of_this_source ? sqlite3_column_int64(seen.row(), 1) : 0) + 1;
  std::int64_t written = *found ? sqlite3_column_int64(seen.row(), 2) : 0;
  seen.Reset();
  if (times > written) {
    auto done = Write(statements_.at("insert"), row, counts, conflicts);
    if (!done) return std::move(done).error();
    if (!*done) return {};
    ++counts.added;
    ++written;
  } else {
    ++counts.duplicates;
  }
  SqliteStatement& note = statements_.at("note");
  int parameter = 0;
  for (const Value& value : {Value(digest), Value(source_), Value(times), Value(written)}) {
    if (auto bound = note.Bind(++parameter, value); !bound) return bound;
  }
  return note.Execute();
}

Result<bool> TableMerge::Write(SqliteStatement& statement, sqlite3_stmt* row, MergeCounts& counts,
                               std::vector<std::string>& conflicts) {
  if (auto bound = BindRow(statement, row); !bound) return std::move(bound).error();
  auto done = statement.Execute();
  if (done) return true;
  const std::string why = sqlite3_errmsg(to_->handle());
  if ((sqlite3_errcode(to_->handle()) & 0xff) != SQLITE_CONSTRAINT) return std::move(done).error();
  NoteConflict(row, why + ", because of a row of this or an earlier source", counts, conflicts);
  return false;
}

Result<void> TableMerge::BindRow(SqliteStatement& statement, sqlite3_stmt* row) const {
  for (int i = 0; i < sqlite3_bind_parameter_count(statement.row()); ++i) {
    if (auto bound = statement.BindColumn(i + 1, row, i); !bound) return bound;
  }
  return {};
}

void TableMerge::NoteConflict(sqlite3_stmt* row, const std::string& why, MergeCounts& counts,
                              std::vector<std::string>& conflicts) const {
  ++counts.conflicts;
  if (conflicts.size() >= kConflictsShown) return;
  std::string text;
  for (std::size_t i = 0; i < columns_.size() && text.size() < kRowTextMax; ++i) {
    text += (text.empty() ? "" : ", ") + columns_[i] + " = " +
            SqlLiteral(row, static_cast<int>(i)).substr(0, kRowTextMax);
  }
  conflicts.push_back(rule_.table + " (" + text + "): " + why);
}

Result<void> TableMerge::End() {
  statements_.clear();
  if (!index_.empty()) {
    if (auto dropped = to_->Run("DROP INDEX main." + index_); !dropped) return dropped;
  }
  return to_->Run("DROP TABLE " + seen_);
}

}  // namespace recourse::database
