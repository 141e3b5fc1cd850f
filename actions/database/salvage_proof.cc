#include "actions/database/salvage_proof.h"

#include <algorithm>
#include <cstdio>
#include <functional>

namespace recourse::database {
namespace {

// The same for a number whether it is stored as an integer or not, as an index may have it.
std::string ComparableText(const StoredField& field) {
  char text[40];
  if (const auto* number = std::get_if<std::int64_t>(&field)) {
    std::snprintf(text, sizeof text, "n%.17g", static_cast<double>(*number));
    return text;
  }
  if (const auto* number = std::get_if<double>(&field)) {
    std::snprintf(text, sizeof text, "n%.17g", *number);
    return text;
  }
  if (const auto* value = std::get_if<EncodedText>(&field)) return "t" + value->bytes;
  if (const auto* bytes = std::get_if<Bytes>(&field)) return "b" + bytes->data;
  return "0";
}

void Extend(std::string& entry, const StoredField& field) {
  const std::string text = ComparableText(field);
  entry += std::to_string(text.size()) + ":" + text;
}

}  // namespace

Result<IndexProof> IndexProof::Read(StoredPages& pages, const SalvageTable& table,
                                    std::int64_t root, std::vector<std::size_t> columns) {
  IndexProof proof;
  proof.table_ = &table;
  proof.columns_ = std::move(columns);
  auto read = pages.PeekTree(root, TreeKind::kIndex, [&proof](const StoredRow& row) {
    const bool whole = !row.cut && row.fields.size() == proof.columns_.size() + 1 &&
                       std::holds_alternative<std::int64_t>(row.fields.back());
    if (!whole) return Result<void>();
    std::string entry = std::to_string(std::get<std::int64_t>(row.fields.back()));
    for (std::size_t i = 0; i + 1 < row.fields.size(); ++i) Extend(entry, row.fields[i]);
    proof.entries_.push_back(std::hash<std::string>()(entry));
    return Result<void>();
  });
  if (!read) return std::move(read).error();
  std::sort(proof.entries_.begin(), proof.entries_.end());
  return proof;
}

bool IndexProof::Names(const StoredRow& row) const {
  if (row.cut || !table_->Fits(row)) return false;
  std::string entry = std::to_string(row.rowid);
  for (const std::size_t column : columns_) {
    if (column >= row.fields.size()) return false;  // it would have a default that is not stored
    Extend(entry, table_->columns[column].is_rowid ? StoredField(row.rowid) : row.fields[column]);
  }
  return std::binary_search(entries_.begin(), entries_.end(), std::hash<std::string>()(entry));
}

}  // namespace recourse::database
