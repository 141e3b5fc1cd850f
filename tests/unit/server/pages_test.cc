#include "server/pages.h"

#include <google/protobuf/wrappers.pb.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace recourse::server {
namespace {

using Message = google::protobuf::StringValue;

struct Page {
  std::vector<int> entries;
  bool more = false;
  int read = 0;  // rows, whether they came onto the page or not
};

// The page of texts as long as `lengths` say, from `first` on.
Page PageOf(const std::vector<std::size_t>& lengths, const PageLimits& limits, int first = 0) {
  Page page;
  int next = first;
  auto more = ReadPage(
      limits,
      [&](std::int64_t limit) -> Result<std::vector<int>> {
        std::vector<int> rows;
        for (int row = next; row < static_cast<int>(lengths.size()); ++row) {
          if (static_cast<std::int64_t>(rows.size()) < limit) rows.push_back(row);
        }
        page.read += static_cast<int>(rows.size());
        return rows;
      },
      [&](int row) -> Result<Message> {
        Message message;
        message.set_value(std::string(lengths[static_cast<std::size_t>(row)], 'x'));
        return message;
      },
      [&](int row, const Message&) {
        page.entries.push_back(row);
        next = row + 1;
      });
  REQUIRE(more);
  page.more = *more;
  return page;
}

}  // namespace

TEST_CASE("a page ends at its number of entries, or where what there is ends", "[server]") {
  const std::vector<std::size_t> lengths(50, 10);
  const Page first = PageOf(lengths, {.entries_max = 40});
  CHECK(first.entries.size() == 40);
  CHECK(first.more);
  const Page last = PageOf(lengths, {.entries_max = 40}, 40);
  CHECK(last.entries.size() == 10);
  CHECK_FALSE(last.more);
}

TEST_CASE("a page ends at its bytes, and not much more than that is read for it", "[server]") {
  const std::vector<std::size_t> lengths(1000, 100);
  const Page page = PageOf(lengths, {.entries_max = 1000, .bytes_max = 1050});
  CHECK(page.entries.size() == 10);
  CHECK(page.more);
  CHECK(page.read <= 32);
}

TEST_CASE("an entry that is larger than a page is a page of its own", "[server]") {
  const std::vector<std::size_t> lengths = {10, 5000, 10};
  const PageLimits limits = {.entries_max = 10, .bytes_max = 1000};
  CHECK(PageOf(lengths, limits, 0).entries == std::vector<int>{0});
  CHECK(PageOf(lengths, limits, 1).entries == std::vector<int>{1});
  CHECK(PageOf(lengths, limits, 2).entries == std::vector<int>{2});
}

}  // namespace recourse::server
