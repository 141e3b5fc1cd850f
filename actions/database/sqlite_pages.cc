#include "actions/database/sqlite_pages.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <set>
#include <tuple>

#include "actions/database/sqlite_connection.h"

namespace recourse::database {
namespace {

constexpr char kTableLeaf = 0x0d;
constexpr char kTableInterior = 0x05;
constexpr char kIndexLeaf = 0x0a;
constexpr char kIndexInterior = 0x02;
constexpr int kDepthMax = 40;  // of a tree; SQLite's own limit is 20
constexpr std::size_t kFileHeader = 100;
constexpr std::int64_t kLookedAt = 4 << 20;  // bytes, to guess the size of a page

std::uint32_t BigEndian16(std::string_view bytes, std::size_t offset) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[offset])) << 8 |
         static_cast<unsigned char>(bytes[offset + 1]);
}

// A varint at `at`, which is moved behind it. False: the bytes end before it does.
bool TakeVarint(std::string_view bytes, std::size_t& at, std::int64_t& number) {
  std::uint64_t value = 0;
  for (int i = 0; i < 9; ++i) {
    if (at >= bytes.size()) return false;
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    if (i == 8) {
      value = value << 8 | byte;
      break;
    }
    value = value << 7 | (byte & 0x7f);
    if ((byte & 0x80) == 0) break;
  }
  number = static_cast<std::int64_t>(value);
  return true;
}

std::int64_t SignedBigEndian(std::string_view bytes) {
  std::int64_t number = static_cast<signed char>(bytes[0]);
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    number = static_cast<std::int64_t>(static_cast<std::uint64_t>(number) << 8 |
                                       static_cast<unsigned char>(bytes[i]));
  }
  return number;
}

// The bytes that a value of this serial type takes; -1: there is no such type.
std::int64_t SizeOf(std::int64_t type) {
  static constexpr std::int64_t kSizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, -1, -1};
  if (type < 0) return -1;
  return type < 12 ? kSizes[type] : (type - 12) / 2;
}

StoredField FieldOf(std::int64_t type, std::string_view bytes) {
  switch (type) {
    case 0:
      return {};
    case 7:
      return std::bit_cast<double>(SignedBigEndian(bytes));
    case 8:
      return std::int64_t{0};
    case 9:
      return std::int64_t{1};
    default:
      break;
  }
  if (type < 7) return SignedBigEndian(bytes);
  if (type % 2 == 0) return Bytes{std::string(bytes)};
  return EncodedText{std::string(bytes)};
}

// A b-tree page, as far as its head is sound.
struct Page {
  char type = 0;
  std::size_t cells_at = 0;  // the offsets of its cells
  std::size_t cells = 0;
  std::int64_t right = 0;  // of an interior page

  bool interior() const { return type == kTableInterior || type == kIndexInterior; }
  TreeKind kind() const {
    return type == kTableLeaf || type == kTableInterior ? TreeKind::kTable : TreeKind::kIndex;
  }
};

bool ParsePage(std::string_view bytes, std::size_t head, Page& page) {
  if (bytes.size() < head + 12) return false;
  page.type = bytes[head];
  const bool known = page.type == kTableLeaf || page.type == kTableInterior ||
                     page.type == kIndexLeaf || page.type == kIndexInterior;
  if (!known) return false;
  page.cells = BigEndian16(bytes, head + 3);
  page.cells_at = head + (page.interior() ? 12 : 8);
  if (page.interior()) page.right = BigEndian32(bytes, head + 8);
  const std::size_t content = BigEndian16(bytes, head + 5);
  const std::size_t end = page.cells_at + 2 * page.cells;
  return end <= bytes.size() && (content == 0 || content >= end);
}

}  // namespace

bool DecodeRecord(std::string_view record, std::int64_t size, std::vector<StoredField>& fields) {
  fields.clear();
  std::size_t at = 0;
  std::int64_t head = 0;
  if (!TakeVarint(record, at, head)) return false;
  if (head < static_cast<std::int64_t>(at) || head > static_cast<std::int64_t>(record.size())) {
    return false;
  }
  std::size_t body = static_cast<std::size_t>(head);
  const std::string_view types = record.substr(0, body);
  while (at < types.size()) {
    std::int64_t type = 0;
    if (!TakeVarint(types, at, type)) return false;
    const std::int64_t field = SizeOf(type);
    if (field < 0 || field > size - static_cast<std::int64_t>(body)) return false;
    const auto end = body + static_cast<std::size_t>(field);
    fields.push_back(end > record.size()
                         ? StoredField()
                         : FieldOf(type, record.substr(body, static_cast<std::size_t>(field))));
    body = end;
  }
  return static_cast<std::int64_t>(body) == size;
}

Result<StoredPages> StoredPages::Open(const std::string& path, std::int64_t page_size) {
  auto file = OpenFile(path, O_RDONLY);
  if (!file) return std::move(file).error();
  struct stat info;
  if (fstat(file->get(), &info) != 0) return ErrnoError(errno, "look at " + path);
  StoredPages pages(*std::move(file), info.st_size);
  Layout& layout = pages.layout_;
  layout.page_size = static_cast<std::int64_t>(kFileHeader);
  const std::string head = pages.ReadPage(1);
  if (head.size() == kFileHeader) {
    const SqliteHeader header = ParseSqliteHeader(head);
    layout.header = header.magic && header.page_size != 0;
    layout.page_size = header.page_size;
    layout.reserved = static_cast<unsigned char>(head[20]);
    layout.free_head = BigEndian32(head, 32);
    layout.encoding = static_cast<int>(header.encoding);
    layout.user_version = BigEndian32(head, 60);
    layout.application_id = BigEndian32(head, 68);
  }
  if (layout.encoding < 1 || layout.encoding > 3) layout.encoding = 1;
  if (!layout.header && page_size != 0) layout.page_size = page_size;
  if (!layout.header && pages.LeavesWith(layout.page_size) == 0) pages.GuessPageSize();
  if (layout.page_size == 0) {
    return DataLoss("no page of the file is one of a SQLite database");
  }
  if (layout.reserved > layout.page_size - 480) layout.reserved = 0;
  const std::int64_t count = (info.st_size + layout.page_size - 1) / layout.page_size;
  pages.claims_.resize(static_cast<std::size_t>(count) + 1);
  return pages;
}

std::string StoredPages::ReadPage(std::int64_t page) const {
  std::string bytes(static_cast<std::size_t>(layout_.page_size), '\0');
  ssize_t size = 0;
  do {
    size = pread(file_.get(), bytes.data(), bytes.size(), (page - 1) * layout_.page_size);
  } while (size < 0 && errno == EINTR);
  // Of a page that is cut, what is left of it.
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return bytes;
}

// How many pages of the first megabytes are leaves when pages have this size.
std::int64_t StoredPages::LeavesWith(std::int64_t page_size) const {
  if (page_size == 0) return 0;
  std::int64_t leaves = 0;
  for (std::int64_t page = 1; page <= std::min(size_, kLookedAt) / page_size; ++page) {
    char head[12] = {};
    const std::int64_t at = (page - 1) * page_size + (page == 1 ? 100 : 0);
    if (pread(file_.get(), head, sizeof head, at) != sizeof head) break;
    const std::string_view bytes(head, sizeof head);
    const std::int64_t content = BigEndian16(bytes, 5);
    const std::int64_t cells = BigEndian16(bytes, 3);
    leaves += (head[0] == kTableLeaf || head[0] == kIndexLeaf) && head[7] < 61 && cells > 0 &&
              content >= 8 + 2 * cells && content < page_size;
  }
  return leaves;
}

void StoredPages::GuessPageSize() {
  std::int64_t most = 0;
  layout_.page_size = 0;
  // Half the size may see as many leaves, because they begin at the same places; twice the size
  // sees every second one.
  for (std::int64_t size = 512; size <= 65536; size *= 2) {
    const std::int64_t leaves = LeavesWith(size);
    if (leaves < most || leaves == 0) continue;
    most = leaves;
    layout_.page_size = size;
  }
}

Result<void> StoredPages::ReadTree(std::int64_t root, TreeKind kind, const UseRow& use) {
  return Walk(root, kind, 0, use);
}

Result<void> StoredPages::PeekTree(std::int64_t root, TreeKind kind, const UseRow& use) {
  const auto lost = std::pair(lost_pages_, lost_rows_);
  peeking_ = true;
  auto done = Walk(root, kind, 0, use);
  peeking_ = false;
  for (; !peeked_.empty(); peeked_.pop_back()) {
    const auto& [page, claim] = peeked_.back();
    claims_[static_cast<std::size_t>(page)] = claim;
  }
  std::tie(lost_pages_, lost_rows_) = lost;
  return done;
}

bool StoredPages::Take(std::int64_t page, Claim claim) {
  if (page < 1 || page > count()) return false;
  Claim& present = claims_[static_cast<std::size_t>(page)];
  if (present >= claim) return false;
  if (peeking_) peeked_.emplace_back(page, present);
  present = claim;
  return true;
}

Result<void> StoredPages::Walk(std::int64_t number, TreeKind kind, int depth, const UseRow& use) {
  // What is a page of another kind is left to the tree that it belongs to.
  const std::string bytes = number >= 1 && number <= count() ? ReadPage(number) : std::string();
  Page page;
  const bool fits = ParsePage(bytes, number == 1 ? kFileHeader : 0, page) && page.kind() == kind;
  if (!fits || depth >= kDepthMax || !Take(number, Claim::kTree)) {
    ++lost_pages_;
    return {};
  }
  for (std::size_t i = 0; i < page.cells; ++i) {
    const std::size_t cell = BigEndian16(bytes, page.cells_at + 2 * i);
    if (cell < page.cells_at || cell + 4 > bytes.size()) {
      ++lost_rows_;
      continue;
    }
    if (page.interior()) {
      auto done = Walk(BigEndian32(bytes, cell), kind, depth + 1, use);
      if (!done) return done;
    }
    if (page.type == kTableInterior) continue;
    // The inner pages of an index hold entries too.
    auto done = UseCell(number, bytes, cell + (page.interior() ? 4 : 0), kind, use);
    if (!done) return done;
  }
  return page.interior() ? Walk(page.right, kind, depth + 1, use) : Result<void>();
}

Result<void> StoredPages::UseCell(std::int64_t page, std::string_view bytes, std::size_t at,
                                  TreeKind kind, const UseRow& use) {
  const std::int64_t usable = layout_.page_size - layout_.reserved;
  StoredRow row;
  row.page = page;
  Payload payload;
  const bool read = TakeVarint(bytes, at, payload.size) &&
                    (kind == TreeKind::kIndex || TakeVarint(bytes, at, row.rowid));
  if (!read || payload.size < 1 || payload.size > size_) {
    ++lost_rows_;
    return {};
  }
  const std::int64_t most = kind == TreeKind::kTable ? usable - 35 : (usable - 12) * 64 / 255 - 23;
  const std::int64_t least = (usable - 12) * 32 / 255 - 23;
  const std::int64_t fitting = least + (payload.size - least) % (usable - 4);
  payload.begin = at;
  payload.local = static_cast<std::size_t>(payload.size <= most ? payload.size
                                           : fitting <= most    ? fitting
                                                                : least);
  const std::string there = ReadPayload(bytes, payload);
  row.cut = static_cast<std::int64_t>(there.size()) < payload.size;
  if (!DecodeRecord(there, payload.size, row.fields)) {
    ++lost_rows_;
    return {};
  }
  return use(row);
}

std::string StoredPages::TakeOverflow(std::int64_t number) {
  const std::string bytes = number >= 2 && number <= count() ? ReadPage(number) : std::string();
  if (bytes.size() < 4) return {};
  // It begins with the number of the next page. What a page of a tree begins with would be, as such
  // a number, one far behind the end: it holds other rows, which it is left to.
  Page page;
  if (BigEndian32(bytes, 0) > count() && ParsePage(bytes, 0, page)) return {};
  return Take(number, Claim::kRow) ? bytes : std::string();
}

std::string StoredPages::ReadPayload(std::string_view page, const Payload& payload) {
  const bool spills = static_cast<std::int64_t>(payload.local) < payload.size;
  const std::size_t end = payload.begin + payload.local;
  if (end + (spills ? 4 : 0) > page.size()) return {};
  std::string whole(page.substr(payload.begin, payload.local));
  if (!spills) return whole;
  const auto room = static_cast<std::size_t>(layout_.page_size - layout_.reserved - 4);
  std::int64_t next = BigEndian32(page, end);
  while (static_cast<std::int64_t>(whole.size()) < payload.size) {
    const std::string bytes = TakeOverflow(next);
    if (bytes.empty()) break;
    const std::size_t wanted =
        std::min(room, static_cast<std::size_t>(payload.size) - whole.size());
    whole += bytes.substr(4, wanted);
    if (bytes.size() < 4 + wanted) break;
    next = BigEndian32(bytes, 0);
  }
  return whole;
}

bool StoredPages::ClaimFreePages() {
  std::set<std::int64_t> trunks;
  for (std::int64_t trunk = layout_.free_head; trunk != 0;) {
    const bool is_there = trunk >= 2 && trunk <= count() && trunks.insert(trunk).second;
    const std::string bytes = is_there ? ReadPage(trunk) : std::string();
    if (bytes.size() < 8) return false;
    const std::size_t leaves = BigEndian32(bytes, 4);
    if (leaves > bytes.size() / 4 - 2) return false;
    claims_[static_cast<std::size_t>(trunk)] = Claim::kTree;
    for (std::size_t i = 0; i < leaves; ++i) {
      const std::int64_t leaf = BigEndian32(bytes, 8 + 4 * i);
      if (leaf < 2 || leaf > count()) return false;
      claims_[static_cast<std::size_t>(leaf)] = Claim::kTree;
    }
    trunk = BigEndian32(bytes, 0);
  }
  return layout_.header;
}

std::vector<std::int64_t> StoredPages::UnclaimedLeaves() {
  std::vector<std::int64_t> leaves;
  for (std::int64_t number = 1; number <= count(); ++number) {
    if (claims_[static_cast<std::size_t>(number)] != Claim::kNobody) continue;
    Page page;
    const bool sound = ParsePage(ReadPage(number), number == 1 ? kFileHeader : 0, page);
    if (sound && page.type == kTableLeaf && page.cells > 0) leaves.push_back(number);
  }
  return leaves;
}

}  // namespace recourse::database
