#include "server/reader_pool.h"

#include <catch2/catch.hpp>
#include <future>

#include "engine/journal/sqlite/sqlite_journal.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {

TEST_CASE("tasks read the journal, and those that come after the end are told so", "[server]") {
  const TemporaryDirectory directory;
  auto journal = journal::OpenSqliteJournal(directory.File("journal.db"), SystemClock().Now());
  REQUIRE(journal);
  auto pool = ReaderPool::Start(**journal, 2, 100);
  REQUIRE(pool);

  std::promise<journal::Position> position;
  (*pool)->Post([&](journal::Reader* reader) { position.set_value(*reader->LastPosition()); });
  CHECK(position.get_future().get() == 0);

  SECTION("a task that still waits at the end is called without a reader") {
    std::promise<void> begun;
    std::promise<void> go_on;
    std::promise<bool> waiting_had_reader;
    for (int i = 0; i < 2; ++i) {  // Both threads are busy until the end has begun.
      (*pool)->Post([&, i](journal::Reader*) {
        if (i == 0) begun.set_value();
        if (i == 0) go_on.get_future().wait();
      });
    }
    begun.get_future().wait();
    std::promise<void> second_busy;
    std::promise<void> second_go_on;
    (*pool)->Post([&](journal::Reader*) {
      second_busy.set_value();
      second_go_on.get_future().wait();
    });
    second_busy.get_future().wait();
    (*pool)->Post(
        [&](journal::Reader* reader) { waiting_had_reader.set_value(reader != nullptr); });
    auto stopped = std::async(std::launch::async, [&] { (*pool)->Stop(); });
    auto had_reader = waiting_had_reader.get_future();
    go_on.set_value();
    second_go_on.set_value();
    stopped.wait();
    // Whether a thread took it before it saw the end or not: it was called, once.
    CHECK(had_reader.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  }
  SECTION("a task that comes after the end is called at once without a reader") {
    (*pool)->Stop();
    bool had_reader = true;
    (*pool)->Post([&](journal::Reader* reader) { had_reader = reader != nullptr; });
    CHECK_FALSE(had_reader);
  }
}

}  // namespace recourse::server
