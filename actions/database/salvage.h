// The rows of a damaged database, read page by page and put where they belong.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actions/action.h"
#include "actions/database/salvage_proof.h"
#include "actions/database/salvage_target.h"
#include "actions/database/sqlite_pages.h"
#include "actions/database/sqlite_schema.h"

namespace recourse::database {

// One salvage, from the pages of a private copy to a new database. The tables are those that the
// file itself still defines, else those of `backup`, a schema of the same application, if there is
// one. All that is given must outlive it. For one thread, once.
class Salvage {
 public:
  Salvage(StoredPages& pages, SalvageTarget& target, const std::optional<SqliteSchema>& backup,
          const Context& context)
      : pages_(pages), target_(target), backup_(backup), context_(context) {}

  Result<void> Run();

  // "file", "backup" or "none".
  const std::string& schema_source() const { return schema_source_; }
  // What of the schema could not be made, and why, a sentence each.
  const std::vector<std::string>& missing() const { return missing_; }
  const std::vector<std::string>& notes() const { return notes_; }
  // Rows of which a part is lost; the rest is in lost_and_found.
  std::int64_t cut() const { return cut_; }
  // Rows that are in their tables.
  std::int64_t rows() const;

 private:
  using Proofs = std::vector<std::pair<SalvageTable*, IndexProof>>;

  Result<void> ReadOwnSchema();
  bool IsOfSchema(std::int64_t leaf);
  Result<bool> AddObject(const StoredRow& row);
  Result<void> MakeTables();
  Result<void> MakeTable(const SchemaObject& object, bool from_backup);
  bool FitsTree(const SalvageTable& table);
  Result<std::vector<SalvageTable*>> ReadTables();
  Result<void> ReadOwnTables();
  Result<void> ReadOrphans(const std::vector<SalvageTable*>& incomplete);
  SalvageTable* OwnerOf(std::int64_t leaf, const Proofs& proofs);
  Result<void> Take(const StoredRow& row, SalvageTable* table);

  StoredPages& pages_;
  SalvageTarget& target_;
  const std::optional<SqliteSchema>& backup_;
  const Context& context_;
  std::vector<SchemaObject> objects_;
  std::vector<SchemaObject> of_sqlite_;  // tables that SQLite makes by itself
  std::vector<SalvageTable> tables_;
  std::string schema_source_ = "none";
  std::vector<std::string> missing_;
  std::vector<std::string> notes_;
  std::int64_t taken_ = 0;
  std::int64_t cut_ = 0;
};

}  // namespace recourse::database
