#include "actions/database/salvage.h"

#include <algorithm>

namespace recourse::database {
namespace {

constexpr std::int64_t kRowsBetweenReports = 10'000;
constexpr std::size_t kSchemaFields = 5;  // of a row of sqlite_schema
constexpr int kRowsLookedAt = 200;        // to see whether a tree is that of a table

}  // namespace

Result<void> Salvage::Run() {
  const bool knows_free_pages = pages_.ClaimFreePages();
  if (auto read = ReadOwnSchema(); !read) return read;
  if (auto made = MakeTables(); !made) return made;
  auto incomplete = ReadTables();
  if (!incomplete) return std::move(incomplete).error();
  if (auto read = ReadOwnTables(); !read) return read;
  // A page that may be a free one may hold an older state of a row than its table does.
  if (!knows_free_pages) incomplete->clear();
  if (auto read = ReadOrphans(*incomplete); !read) return read;
  auto missing = target_.End(objects_);
  if (!missing) return std::move(missing).error();
  missing_.insert(missing_.end(), missing->begin(), missing->end());
  return {};
}

std::int64_t Salvage::rows() const {
  std::int64_t rows = 0;
  for (const SalvageTable& table : tables_) rows += table.rows;
  return rows;
}

Result<void> Salvage::ReadOwnSchema() {
  const auto use = [this](const StoredRow& row) -> Result<void> {
    auto added = AddObject(row);
    if (!added) return std::move(added).error();
    return {};
  };
  if (auto read = pages_.ReadTree(1, TreeKind::kTable, use); !read) return read;
  if (objects_.empty()) {
    // The schema of many objects has leaves of its own, which may have outlived page 1.
    for (const std::int64_t leaf : pages_.UnclaimedLeaves()) {
      if (!IsOfSchema(leaf)) continue;
      if (auto read = pages_.ReadTree(leaf, TreeKind::kTable, use); !read) return read;
    }
  }
  if (!objects_.empty()) schema_source_ = "file";
  return {};
}

bool Salvage::IsOfSchema(std::int64_t leaf) {
  bool all = true;
  const auto objects = objects_;
  const auto of_sqlite = of_sqlite_;
  const auto missing = missing_;
  (void)pages_.PeekTree(leaf, TreeKind::kTable, [&](const StoredRow& row) -> Result<void> {
    auto added = AddObject(row);
    all = all && added && *added;
    return {};
  });
  const bool any = objects_.size() > objects.size();
  objects_ = objects;
  of_sqlite_ = of_sqlite;
  missing_ = missing;
  return all && any;
}

// A row of sqlite_schema. False: it is none.
Result<bool> Salvage::AddObject(const StoredRow& row) {
  if (row.fields.size() != kSchemaFields) return false;
  std::string texts[4];
  constexpr std::size_t kTextFields[] = {0, 1, 2, 4};
  for (std::size_t i = 0; i < 4; ++i) {
    auto text = target_.Decode(row.fields[kTextFields[i]]);
    if (!text) return std::move(text).error();
    texts[i] = *std::move(text);
  }
  const auto& [type, name, table, sql] = texts;
  const auto* root = std::get_if<std::int64_t>(&row.fields[3]);
  const SchemaObject object{type, name, table, sql, root == nullptr ? 0 : *root};
  const bool known = type == "table" || type == "index" || type == "view" || type == "trigger";
  if (!known || name.empty()) return false;
  if (row.cut) {
    missing_.push_back("the " + type + " " + name + ": its definition is cut");
  } else if (!IsMadeBySqlite(name, sql)) {
    objects_.push_back(object);
  } else if (type == "table") {
    of_sqlite_.push_back(object);
  }
  return true;
}

Result<void> Salvage::MakeTables() {
  const auto own = objects_;
  for (const SchemaObject& object : own) {
    if (object.type != "table") continue;
    if (auto made = MakeTable(object, false); !made) return made;
  }
  if (!backup_) return {};
  for (const SchemaObject& object : backup_->objects) {
    const bool known = std::any_of(own.begin(), own.end(),
                                   [&](const auto& one) { return one.name == object.name; });
    if (known) continue;
    if (schema_source_ == "none") schema_source_ = "backup";
    objects_.push_back(object);
    if (object.type != "table") continue;
    if (auto made = MakeTable(object, true); !made) return made;
  }
  return {};
}

Result<void> Salvage::MakeTable(const SchemaObject& object, bool from_backup) {
  auto table = target_.MakeTable(object);
  if (!table) {
    if (context_.stop.stop_requested()) return context_.StopError();
    missing_.push_back("the table " + object.name + ": " + table.error().message);
    return {};
  }
  // Where the backup has the rows, the file may have others by now.
  const bool fits = !from_backup || FitsTree(*table);
  if (from_backup) {
    notes_.push_back("the table " + object.name + " is known from the backup" +
                     (fits ? "; its rows are those of the tree that the backup has it in"
                           : "; its rows were not found where the backup has them"));
  }
  if (fits) tables_.push_back(*std::move(table));
  return {};
}

bool Salvage::FitsTree(const SalvageTable& table) {
  int seen = 0;
  bool fits = true;
  bool full = false;  // some row has all columns: else those of another would be taken for them
  (void)pages_.PeekTree(table.root, table.kind, [&](const StoredRow& row) -> Result<void> {
    fits = fits && table.Fits(row);
    full = full || row.fields.size() == table.columns.size();
    return ++seen < kRowsLookedAt ? Result<void>() : Aborted("enough was seen");
  });
  return fits && full;
}

// Answers the tables that lack pages.
Result<std::vector<SalvageTable*>> Salvage::ReadTables() {
  std::vector<SalvageTable*> incomplete;
  for (SalvageTable& table : tables_) {
    const std::int64_t lost = pages_.lost_pages();
    auto read = pages_.ReadTree(table.root, table.kind,
                                [&](const StoredRow& row) { return Take(row, &table); });
    if (!read) return std::move(read).error();
    if (pages_.lost_pages() > lost) incomplete.push_back(&table);
  }
  return incomplete;
}

// The numbers that AUTOINCREMENT goes on from are kept; statistics are not.
Result<void> Salvage::ReadOwnTables() {
  for (const SchemaObject& table : of_sqlite_) {
    auto read = pages_.ReadTree(table.root, TreeKind::kTable, [&](const StoredRow& row) {
      return table.name == "sqlite_sequence" ? target_.SetSequence(row) : Result<void>();
    });
    if (!read) return read;
  }
  return {};
}

// The pages whose parents are lost. Their rows go to a table when one of its indexes names them
// all.
Result<void> Salvage::ReadOrphans(const std::vector<SalvageTable*>& incomplete) {
  Proofs proofs;
  for (SalvageTable* table : incomplete) {
    for (const SchemaObject& index : objects_) {
      if (index.type != "index" || index.table != table->name) continue;
      auto columns = target_.ColumnsOfIndex(index, *table);
      if (!columns) continue;
      auto proof = IndexProof::Read(pages_, *table, index.root, *std::move(columns));
      if (!proof) return std::move(proof).error();
      proofs.emplace_back(table, *std::move(proof));
    }
  }
  std::int64_t found = 0;
  for (const std::int64_t leaf : pages_.UnclaimedLeaves()) {
    SalvageTable* const owner = OwnerOf(leaf, proofs);
    found += owner != nullptr;
    auto read = pages_.ReadTree(leaf, TreeKind::kTable,
                                [&](const StoredRow& row) { return Take(row, owner); });
    if (!read) return read;
  }
  if (found > 0) {
    notes_.push_back(std::to_string(found) +
                     " pages without a parent belong to the tables whose indexes name their rows");
  }
  return {};
}

SalvageTable* Salvage::OwnerOf(std::int64_t leaf, const Proofs& proofs) {
  for (const auto& [table, proof] : proofs) {
    bool all = true;
    auto read = pages_.PeekTree(leaf, TreeKind::kTable, [&, &index = proof](const StoredRow& row) {
      all = all && index.Names(row);
      return Result<void>();
    });
    if (read && all) return table;
  }
  return nullptr;
}

Result<void> Salvage::Take(const StoredRow& row, SalvageTable* table) {
  cut_ += row.cut;
  if (++taken_ % kRowsBetweenReports == 0) {
    if (context_.stop.stop_requested()) return context_.StopError();
    context_.progress(row.page, pages_.count(), "page");
  }
  if (table == nullptr) return target_.AddLost(row, "");
  return row.cut ? target_.AddLost(row, table->name) : target_.Add(*table, row);
}

}  // namespace recourse::database
