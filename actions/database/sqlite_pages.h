// Pages of a SQLite file read without SQLite, so that rows can be had of a file that it refuses.
//
// https://www.sqlite.org/fileformat2.html; every number that is read may be nonsense, and whatever
// is not sound is passed over and counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "actions/action.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/value.h"

namespace recourse::database {

struct EncodedText {
  std::string bytes;  // in the encoding of the database
  bool operator==(const EncodedText&) const = default;
};
using StoredField = std::variant<std::monostate, std::int64_t, double, EncodedText, Bytes>;

struct StoredRow {
  std::int64_t page = 0;   // where it stands
  std::int64_t rowid = 0;  // 0 in a tree without rowids
  bool cut = false;        // a part of it is lost: fields that are not whole are NULL
  std::vector<StoredField> fields;
};

enum class TreeKind { kTable, kIndex };

// For one thread.
class StoredPages {
 public:
  struct Layout {
    std::int64_t page_size = 0;
    std::int64_t reserved = 0;   // bytes at the end of each page that SQLite leaves to others
    std::int64_t free_head = 0;  // first page of the list of free ones; 0: none, or not known
    bool header = false;         // page 1 begins as it should
    int encoding = 1;            // 1: UTF-8, 2: UTF-16le, 3: UTF-16be
    std::int64_t application_id = 0;
    std::int64_t user_version = 0;
  };

  // Finds out how the pages of the file are laid out; what the header does not tell is taken from
  // `page_size`, or guessed when that is 0. kDataLoss: it has no page that is one of SQLite's.
  static Result<StoredPages> Open(const std::string& path, std::int64_t page_size);

  const Layout& layout() const { return layout_; }
  std::int64_t count() const { return static_cast<std::int64_t>(claims_.size()) - 1; }

  // Calls use(row) for each row of the tree, in its order. Its pages are claimed: no other tree
  // gets them, and no row that spills over. Errors are those of `use`.
  using UseRow = std::function<Result<void>(const StoredRow&)>;
  Result<void> ReadTree(std::int64_t root, TreeKind kind, const UseRow& use);

  // The same without claiming or counting anything, for a look at what a page may be.
  Result<void> PeekTree(std::int64_t root, TreeKind kind, const UseRow& use);

  // Claims the pages that SQLite has marked as free: what stands there was deleted. False: which
  // they are cannot be told, at least not of all.
  bool ClaimFreePages();

  // The pages that nobody has claimed and that look like leaves of a table.
  std::vector<std::int64_t> UnclaimedLeaves();

  // Pages that a tree needs and that are not there, or are not what they should be.
  std::int64_t lost_pages() const { return lost_pages_; }
  // Rows whose page is there, and that are not sound themselves.
  std::int64_t lost_rows() const { return lost_rows_; }

 private:
  // Who has a page. The pointer of a row that spills over may be damaged and name any page: a tree
  // takes its pages back from a row, and never the other way round.
  enum class Claim : char { kNobody, kRow, kTree };  // kTree: or the list of free pages

  // What of a page's payload stands in the page itself.
  struct Payload {
    std::size_t begin = 0;  // in the page
    std::int64_t size = 0;  // in all
    std::size_t local = 0;  // here
  };

  StoredPages(Descriptor file, std::int64_t size) : file_(std::move(file)), size_(size) {}

  void GuessPageSize();
  std::int64_t LeavesWith(std::int64_t page_size) const;
  std::string ReadPage(std::int64_t page) const;  // empty: it is not there, or cannot be read
  Result<void> Walk(std::int64_t page, TreeKind kind, int depth, const UseRow& use);
  Result<void> UseCell(std::int64_t page, std::string_view bytes, std::size_t at, TreeKind kind,
                       const UseRow& use);
  // A page onto which a row spills over, claimed for it. Empty: it is not there, or another's.
  std::string TakeOverflow(std::int64_t page);
  // As much of it as there is.
  std::string ReadPayload(std::string_view page, const Payload& payload);

  Descriptor file_;
  std::int64_t size_;
  Layout layout_;
  std::vector<Claim> claims_;
  // False: it is not there, or somebody has it who may keep it.
  bool Take(std::int64_t page, Claim claim);
  bool peeking_ = false;
  std::vector<std::pair<std::int64_t, Claim>> peeked_;  // who had what was taken only meanwhile
  std::int64_t lost_pages_ = 0;
  std::int64_t lost_rows_ = 0;
};

// The fields of a record of `size` bytes, of which `record` are there. False: it is not sound.
bool DecodeRecord(std::string_view record, std::int64_t size, std::vector<StoredField>& fields);

}  // namespace recourse::database
