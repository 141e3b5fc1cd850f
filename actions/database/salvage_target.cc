#include "actions/database/salvage_target.h"

#include <strings.h>

#include <algorithm>

namespace recourse::database {
namespace {

constexpr std::size_t kLostColumnsMax = 1900;  // SQLite's own limit is 2000 columns

bool IsNull(const StoredField& field) { return std::holds_alternative<std::monostate>(field); }

bool HasColumn(const SalvageTable& table, const char* name) {
  return std::any_of(table.columns.begin(), table.columns.end(), [name](const auto& column) {
    return strcasecmp(column.name.c_str(), name) == 0;
  });
}

}  // namespace

bool SalvageTable::Fits(const StoredRow& row) const {
  if (row.fields.size() > columns.size() || row.fields.empty()) return false;
  for (std::size_t i = 0; i < row.fields.size(); ++i) {
    if (columns[i].is_rowid && !IsNull(row.fields[i])) return false;
    if (columns[i].not_null && !columns[i].is_rowid && IsNull(row.fields[i])) return false;
  }
  return true;
}

Result<SalvageTarget> SalvageTarget::Begin(const std::string& path,
                                           const StoredPages::Layout& layout,
                                           const Context& context) {
  SqliteSchema numbers;
  numbers.application_id = layout.application_id;
  numbers.user_version = layout.user_version;
  numbers.page_size = layout.page_size;
  numbers.encoding = layout.encoding == 2   ? "UTF-16le"
                     : layout.encoding == 3 ? "UTF-16be"
                                            : "UTF-8";
  auto connection = BeginDatabase(path, numbers, context);
  if (!connection) return std::move(connection).error();
  for (const char* sql : {"PRAGMA ignore_check_constraints = ON", "BEGIN"}) {
    if (auto done = connection->Run(sql); !done) return std::move(done).error();
  }
  return SalvageTarget(*std::move(connection), layout.encoding);
}

Result<std::string> SalvageTarget::Decode(const StoredField& text) const {
  if (!std::holds_alternative<EncodedText>(text)) return std::string();
  auto statement = SqliteStatement::Prepare(*connection_, "SELECT ?1");
  if (!statement) return std::move(statement).error();
  if (auto bound = Bind(*statement, 1, text); !bound) return std::move(bound).error();
  if (auto stepped = statement->Step(); !stepped) return std::move(stepped).error();
  return ColumnText(statement->row(), 0);
}

Result<SalvageTable> SalvageTarget::MakeTable(const SchemaObject& object) {
  if (object.is_virtual()) {
    return FailedPrecondition("it is virtual; the tables of its module are salvaged as they are");
  }
  if (auto made = connection_->Run(object.sql); !made) return std::move(made).error();
  SalvageTable table;
  table.name = object.name;
  table.root = object.root;
  if (auto read = ReadColumns(table); !read) return std::move(read).error();
  return table;
}

Result<void> SalvageTarget::ReadColumns(SalvageTable& table) const {
  std::vector<SalvageTable::Column> columns;
  int keys = 0;
  auto statement = SqliteStatement::Prepare(
      *connection_,
      "SELECT name, hidden, pk, \"notnull\", upper(type) = 'INTEGER',"
      " (SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1)"
      " FROM pragma_table_xinfo(?1) ORDER BY cid");
  if (!statement) return std::move(statement).error();
  if (auto bound = statement->Bind(1, table.name); !bound) return bound;
  for (;;) {
    auto stepped = statement->Step();
    if (!stepped) return std::move(stepped).error();
    if (!*stepped) break;
    sqlite3_stmt* const row = statement->row();
    const int hidden = sqlite3_column_int(row, 1);
    const bool of_key = sqlite3_column_int(row, 2) > 0;
    keys += of_key;
    if (sqlite3_column_int(row, 5) != 0) table.kind = TreeKind::kIndex;
    columns.push_back({ColumnText(row, 0), hidden != 0, of_key && sqlite3_column_int(row, 4) != 0,
                       sqlite3_column_int(row, 3) != 0});
    if (hidden == 2) columns.back().name.clear();  // it is computed when it is read
  }
  const bool has_rowid = table.kind == TreeKind::kTable;
  for (auto& column : columns) column.is_rowid = column.is_rowid && has_rowid && keys == 1;
  if (!has_rowid) return OrderColumns(table, columns);
  std::erase_if(columns, [](const auto& column) { return column.name.empty(); });
  table.columns = std::move(columns);
  const bool has_alias = std::any_of(table.columns.begin(), table.columns.end(),
                                     [](const auto& column) { return column.is_rowid; });
  for (const char* name : {"rowid", "_rowid_", "oid"}) {
    if (!has_alias && table.rowid_name.empty() && !HasColumn(table, name)) table.rowid_name = name;
  }
  return {};
}

// Of a table without rowids, which is stored as the index of its primary key: first the key, then
// the rest.
Result<void> SalvageTarget::OrderColumns(SalvageTable& table,
                                         const std::vector<SalvageTable::Column>& columns) const {
  auto order = SqliteStatement::Prepare(
      *connection_,
      "SELECT cid FROM pragma_index_xinfo((SELECT name FROM pragma_index_list(?1)"
      " WHERE origin = 'pk')) ORDER BY seqno");
  if (!order) return std::move(order).error();
  if (auto bound = order->Bind(1, table.name); !bound) return bound;
  for (;;) {
    auto stepped = order->Step();
    if (!stepped) return std::move(stepped).error();
    if (!*stepped) return {};
    const auto place = static_cast<std::size_t>(sqlite3_column_int(order->row(), 0));
    if (place < columns.size()) table.columns.push_back(columns[place]);
  }
}

Result<std::vector<std::size_t>> SalvageTarget::ColumnsOfIndex(const SchemaObject& index,
                                                               const SalvageTable& table) const {
  std::vector<std::size_t> columns;
  bool of_columns = true;
  auto read = connection_->Run("SAVEPOINT look");
  if (!read) return std::move(read).error();
  read = connection_->Run(index.sql);
  if (read) {
    read =
        connection_->Run("PRAGMA index_info(" + Quoted(index.name) + ")", [&](sqlite3_stmt* row) {
          const auto found =
              std::find_if(table.columns.begin(), table.columns.end(),
                           [&](const auto& column) { return column.name == ColumnText(row, 2); });
          of_columns = of_columns && found != table.columns.end();
          columns.push_back(static_cast<std::size_t>(found - table.columns.begin()));
        });
  }
  for (const char* sql : {"ROLLBACK TO look", "RELEASE look"}) {
    if (auto done = connection_->Run(sql); !done) return std::move(done).error();
  }
  if (!read) return std::move(read).error();
  if (!of_columns) return FailedPrecondition(index.name + " is an index of expressions");
  return columns;
}

Result<void> SalvageTarget::Bind(SqliteStatement& statement, int parameter,
                                 const StoredField& field) const {
  if (const auto* text = std::get_if<EncodedText>(&field); text != nullptr) {
    const unsigned char encoding = encoding_ == 2   ? SQLITE_UTF16LE
                                   : encoding_ == 3 ? SQLITE_UTF16BE
                                                    : SQLITE_UTF8;
    const int result = sqlite3_bind_text64(statement.row(), parameter, text->bytes.data(),
                                           text->bytes.size(), SQLITE_TRANSIENT, encoding);
    return result == SQLITE_OK ? Result<void>() : connection_->ErrorOf(result);
  }
  if (const auto* number = std::get_if<std::int64_t>(&field)) {
    return statement.Bind(parameter, *number);
  }
  if (const auto* number = std::get_if<double>(&field)) return statement.Bind(parameter, *number);
  if (const auto* bytes = std::get_if<Bytes>(&field)) return statement.Bind(parameter, *bytes);
  return statement.Bind(parameter, Value());
}

// Of so many fields: a row that is older than a column lacks it, and gets its default.
Result<SqliteStatement*> SalvageTarget::InsertInto(const SalvageTable& table, std::size_t fields) {
  const auto key = std::pair(table.name, fields);
  auto found = inserts_.find(key);
  if (found == inserts_.end()) {
    std::string names = table.rowid_name;
    std::string values = table.rowid_name.empty() ? "" : "?1";
    for (std::size_t i = 0; i < fields; ++i) {
      if (table.columns[i].generated) continue;
      names += (names.empty() ? "" : ", ") + Quoted(table.columns[i].name);
      values += (values.empty() ? "?" : ", ?") + std::to_string(i + 2);
    }
    auto statement =
        SqliteStatement::Prepare(*connection_, "INSERT INTO main." + Quoted(table.name) + "(" +
                                                   names + ") VALUES (" + values + ")");
    if (!statement) return std::move(statement).error();
    found = inserts_.emplace(key, *std::move(statement)).first;
  }
  return &found->second;
}

Result<void> SalvageTarget::Add(SalvageTable& table, const StoredRow& row) {
  if (row.fields.size() > table.columns.size() || row.fields.empty()) {
    return AddLost(row, table.name);
  }
  auto insert = InsertInto(table, row.fields.size());
  if (!insert) return std::move(insert).error();
  if (!table.rowid_name.empty()) {
    if (auto bound = (*insert)->Bind(1, row.rowid); !bound) return bound;
  }
  for (std::size_t i = 0; i < row.fields.size(); ++i) {
    const auto& column = table.columns[i];
    if (column.generated) continue;
    const bool is_rowid = column.is_rowid && IsNull(row.fields[i]);
    auto bound =
        Bind(**insert, static_cast<int>(i) + 2, is_rowid ? StoredField(row.rowid) : row.fields[i]);
    if (!bound) return bound;
  }
  if (auto done = (*insert)->Execute(); !done) {
    const int result = sqlite3_errcode(connection_->handle()) & 0xff;
    if (result != SQLITE_CONSTRAINT && result != SQLITE_MISMATCH) return done;
    return AddLost(row, table.name);
  }
  ++table.rows;
  return {};
}

Result<void> SalvageTarget::SetSequence(const StoredRow& row) const {
  if (row.fields.size() != 2 || row.cut) return {};
  auto taken = connection_->Number(
      "SELECT count(*) FROM sqlite_schema WHERE name ="
      " 'sqlite_sequence'");
  if (!taken) return std::move(taken).error();
  if (*taken == 0) return {};  // its table could not be made
  for (const char* sql : {"DELETE FROM sqlite_sequence WHERE name = ?1 AND ?2 NOT NULL",
                          "INSERT INTO sqlite_sequence(name, seq) VALUES (?1, ?2)"}) {
    auto statement = SqliteStatement::Prepare(*connection_, sql);
    if (!statement) return std::move(statement).error();
    for (int i = 0; i < 2; ++i) {
      auto bound = Bind(*statement, i + 1, row.fields[static_cast<std::size_t>(i)]);
      if (!bound) return bound;
    }
    if (auto done = statement->Execute(); !done) return done;
  }
  return {};
}

Result<void> SalvageTarget::NeedLostColumns(std::size_t fields) {
  if (lost_columns_ == 0) {
    // An application may have a table of that name.
    for (;; lost_name_ += "_") {
      auto taken = connection_->Number("SELECT count(*) FROM sqlite_schema WHERE name = '" +
                                       lost_name_ + "'");
      if (!taken) return std::move(taken).error();
      if (*taken == 0) break;
    }
    auto made = connection_->Run("CREATE TABLE " + lost_name_ +
                                 "(page INTEGER, of_table TEXT, id INTEGER, fields INTEGER, c0)");
    if (!made) return made;
    lost_columns_ = 1;
  }
  for (; lost_columns_ < fields; ++lost_columns_) {
    auto added = connection_->Run("ALTER TABLE " + lost_name_ + " ADD COLUMN c" +
                                  std::to_string(lost_columns_));
    if (!added) return added;
  }
  return {};
}

Result<void> SalvageTarget::AddLost(const StoredRow& row, const std::string& table) {
  const std::size_t fields = std::min(row.fields.size(), kLostColumnsMax);
  if (auto made = NeedLostColumns(fields); !made) return made;
  const auto key = std::pair(std::string(), fields);
  auto found = inserts_.find(key);
  if (found == inserts_.end()) {
    std::string names = "page, of_table, id, fields";
    std::string values = "?1, ?2, ?3, ?4";
    for (std::size_t i = 0; i < fields; ++i) {
      names += ", c" + std::to_string(i);
      values += ", ?" + std::to_string(i + 5);
    }
    auto statement = SqliteStatement::Prepare(
        *connection_, "INSERT INTO " + lost_name_ + "(" + names + ") VALUES (" + values + ")");
    if (!statement) return std::move(statement).error();
    found = inserts_.emplace(key, *std::move(statement)).first;
  }
  SqliteStatement& insert = found->second;
  int parameter = 0;
  for (const Value& value : {Value(row.page), table.empty() ? Value() : Value(table),
                             Value(row.rowid), Value(static_cast<std::int64_t>(fields))}) {
    if (auto bound = insert.Bind(++parameter, value); !bound) return bound;
  }
  for (std::size_t i = 0; i < fields; ++i) {
    if (auto bound = Bind(insert, ++parameter, row.fields[i]); !bound) return bound;
  }
  ++lost_and_found_;
  return insert.Execute();
}

Result<std::vector<std::string>> SalvageTarget::End(const std::vector<SchemaObject>& objects) {
  inserts_.clear();
  std::vector<std::string> missing;
  for (const char* type : {"index", "view", "trigger"}) {
    for (const SchemaObject& object : objects) {
      if (object.type != type) continue;
      auto made = connection_->Run(object.sql);
      if (made) continue;
      const Code code = made.error().code;
      if (code == Code::kCancelled || code == Code::kDeadlineExceeded) return made.error();
      missing.push_back("the " + object.type + " " + object.name + ": " + made.error().message);
    }
  }
  if (auto done = connection_->Run("COMMIT"); !done) return std::move(done).error();
  return missing;
}

}  // namespace recourse::database
