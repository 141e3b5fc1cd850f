#include <fcntl.h>

#include <charconv>

#include "actions/database/file_copy.h"
#include "actions/database/file_gate.h"
#include "actions/database/result_file.h"
#include "actions/database/row_filter.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/verified_copy.h"
#include "actions/users.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

constexpr std::size_t kWriteAt = 1 << 16;      // bytes of lines that are gathered
constexpr std::int64_t kProgressEvery = 1000;  // rows

// What is exported, as the inputs say.
struct Export {
  std::string source;  // the file that is read
  std::string table;
  std::vector<std::string> columns;
  std::string order;
  bool header = true;
  bool hex = false;
};

std::vector<std::string> TextsOf(const Value& list) {
  std::vector<std::string> texts;
  if (!list.is_list()) return texts;
  for (const Value& text : list.as_list()) texts.push_back(text.as_string());
  return texts;
}

// The bytes of a backup are those that were verified.
Result<void> CheckBackupBytes(const std::string& backup, const std::string& kind,
                              const Context& context) {
  auto manifest = ReadVerifiedManifest(backup, kind);
  if (!manifest) return std::move(manifest).error();
  auto gate = FileGate::ForRawRead(backup, context);
  if (!gate) return std::move(gate).error();
  auto sha256 = HashFile(backup, context);
  if (!sha256) return std::move(sha256).error();
  if (*sha256 == manifest->sha256) return {};
  return DataLoss("the bytes of " + backup + " are not those that were verified. Nothing was " +
                  "exported. Choose another backup");
}

Result<Export> ReadExport(const Context& context) {
  auto resource = ReadResource(context.inputs["database"], context.policy);
  if (!resource) return std::move(resource).error();
  Export what{resource->path,
              context.inputs.StringOr("table", ""),
              TextsOf(context.inputs["columns"]),
              "",
              context.inputs.BoolOr("header", true),
              context.inputs.StringOr("blobs", "refuse") == "hex"};
  const std::string backup = context.inputs.StringOr("backup", "");
  if (backup.empty()) return what;
  if (auto allowed = context.policy.AllowPath(backup); !allowed) return std::move(allowed).error();
  if (auto good = CheckBackupBytes(backup, resource->kind, context); !good) {
    return std::move(good).error();
  }
  what.source = backup;
  return what;
}

// Adds what the inputs leave to the table: which columns there are, and which they name wrongly.
Result<std::string> SelectOf(Export& what, const RowFilter& filter,
                             const std::vector<SqliteColumn>& columns, const Value& inputs) {
  if (what.columns.empty()) {
    for (const SqliteColumn& column : columns) what.columns.push_back(column.name);
  }
  std::string names;
  for (const std::string& name : what.columns) {
    if (auto has = NeedColumn(columns, what.table, name, "columns"); !has) {
      return std::move(has).error();
    }
    names += (names.empty() ? "" : ", ") + Quoted(name);
  }
  std::string order;
  for (const std::string& name : TextsOf(inputs["order_by"])) {
    if (auto has = NeedColumn(columns, what.table, name, "order_by"); !has) {
      return std::move(has).error();
    }
    order += (order.empty() ? " ORDER BY " : ", ") + Quoted(name);
  }
  return "SELECT " + names + " FROM " + Quoted(what.table) + filter.where + order;
}

// A field of RFC 4180. What is empty without quotes is NULL, as sqlite3 writes it.
std::string CsvField(std::string_view text) {
  const bool plain = !text.empty() && text.find_first_of("\",\r\n") == std::string_view::npos;
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

// The shortest text that reads back as the same number, and as no integer.
std::string RealText(double number) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, number);
  std::string real(text, end.ptr);
  if (real.find_first_not_of("-0123456789") == std::string::npos) real += ".0";
  return real;
}

Result<std::string> CsvValue(sqlite3_stmt* row, int column, bool hex) {
  const int type = sqlite3_column_type(row, column);
  if (type == SQLITE_NULL) return std::string();
  if (type == SQLITE_INTEGER) return std::to_string(sqlite3_column_int64(row, column));
  if (type == SQLITE_FLOAT) return RealText(sqlite3_column_double(row, column));
  const auto* data = static_cast<const char*>(sqlite3_column_blob(row, column));
  const std::string_view bytes(data == nullptr ? "" : data,
                               static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
  const bool is_text =
      type == SQLITE_TEXT && IsUtf8(bytes) && bytes.find('\0') == std::string_view::npos;
  if (is_text) return CsvField(bytes);
  if (hex) return Hex(bytes);
  return FailedPrecondition("the column " + std::string(sqlite3_column_name(row, column)) +
                            " holds a value that is no text, which CSV cannot carry. Nothing was "
                            "written. Leave the column out, or have such values written as hex "
                            "digits (blobs: hex)");
}

// Writes all rows into the open file; answers how many.
Result<std::int64_t> WriteRows(SqliteStatement& statement, const Export& what, int file,
                               const Context& context) {
  std::string lines;
  const auto flush = [&]() -> Result<void> {
    auto written = WriteAll(file, lines);
    lines.clear();
    return written;
  };
  if (what.header) {
    for (std::size_t i = 0; i < what.columns.size(); ++i) {
      lines += (i == 0 ? "" : ",") + CsvField(what.columns[i]);
    }
    lines += "\r\n";
  }
  for (std::int64_t rows = 0;; ++rows) {
    auto stepped = statement.Step();
    if (!stepped) return std::move(stepped).error();
    if (!*stepped) {
      if (auto written = flush(); !written) return std::move(written).error();
      return rows;
    }
    for (std::size_t i = 0; i < what.columns.size(); ++i) {
      auto value = CsvValue(statement.row(), static_cast<int>(i), what.hex);
      if (!value) return std::move(value).error().In("row " + std::to_string(rows + 1));
      lines += (i == 0 ? "" : ",") + *value;
    }
    lines += "\r\n";
    if (rows % kProgressEvery == 0) context.progress(rows, 0, "rows written");
    if (lines.size() < kWriteAt) continue;
    if (auto written = flush(); !written) return std::move(written).error();
  }
}

Result<std::int64_t> WriteCsv(const SqliteConnection& connection, Export& what,
                              const std::string& path, const Context& context) {
  auto columns = ColumnsOf(connection, what.table);
  if (!columns) return std::move(columns).error();
  auto filter = ReadRowFilter(context.inputs["filter"], what.table, *columns);
  if (!filter) return std::move(filter).error();
  auto sql = SelectOf(what, *filter, *columns, context.inputs);
  if (!sql) return std::move(sql).error();
  auto statement = SqliteStatement::Prepare(connection, *sql);
  if (!statement) return std::move(statement).error();
  if (auto bound = filter->BindTo(*statement); !bound) return std::move(bound).error();
  if (auto removed = RemoveFile(path); !removed) return std::move(removed).error();
  auto file = OpenFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file) return std::move(file).error();
  return WriteRows(*statement, what, file->get(), context);
}

class SqliteExportRows final : public Action {
 public:
  const ActionSpec& Spec() const override { return ExportRowsSpec(); }

  Result<ActionPlan> Plan(const Context& context) const override {
    auto what = ReadExport(context);
    if (!what) return std::move(what).error();
    auto file = ResultFile::PathFor(context);
    if (!file) return std::move(file).error();
    auto rows = CountSqliteRows(what->source, what->table, context.inputs["filter"], context);
    if (!rows) return std::move(rows).error();
    ActionPlan plan;
    plan.lines.push_back("write " + std::to_string(*rows) + " rows of \"" + what->table + "\" of " +
                         what->source + " into the new file " + *file);
    plan.bytes_where = *file;
    return plan;
  }

  Outcome Apply(const Context& context) const override {
    auto file = ResultFile::Begin(context);
    if (!file) return std::move(file).error();
    if (file->done()) return *file->done();
    auto mode = ParseMode(context.inputs.StringOr("mode", "0640"));
    if (!mode) return std::move(mode).error().In("mode");
    auto what = ReadExport(context);
    if (!what) return std::move(what).error();
    std::int64_t rows = 0;
    auto read = ReadSqlite(what->source, context, [&](const SqliteConnection& connection) {
      auto written = WriteCsv(connection, *what, file->unfinished(), context);
      if (!written) return Result<void>(std::move(written).error());
      rows = *written;
      return Result<void>();
    });
    const std::string doing = "export rows of " + what->source;
    if (!read) return std::move(read).error().In(doing);
    auto finished = file->Finish(Value::Object({{"source", what->source},
                                                {"table", what->table},
                                                {"columns", TextList(what->columns)},
                                                {"rows", rows}}),
                                 OwnWithMode(*mode), context);
    if (!finished) return std::move(finished).error().In(doing);
    return *std::move(finished);
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteExportRows() {
  return std::make_unique<SqliteExportRows>();
}

}  // namespace recourse::database
