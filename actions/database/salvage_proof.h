// Whether rows that stand on a page without a parent belong to a table: an index of it names them.
#pragma once

#include <cstdint>
#include <vector>

#include "actions/database/salvage_target.h"
#include "actions/database/sqlite_pages.h"

namespace recourse::database {

class IndexProof {
 public:
  // Of the index of `table` with this root, over these columns (positions in table.columns).
  static Result<IndexProof> Read(StoredPages& pages, const SalvageTable& table, std::int64_t root,
                                 std::vector<std::size_t> columns);

  // The index has an entry with the row's rowid and its values.
  bool Names(const StoredRow& row) const;

 private:
  const SalvageTable* table_ = nullptr;
  std::vector<std::size_t> columns_;
  std::vector<std::uint64_t> entries_;  // hashes, sorted
};

}  // namespace recourse::database
