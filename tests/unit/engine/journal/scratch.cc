#include "tests/unit/engine/journal/scratch.h"

#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/journal/chain.h"

namespace recourse::journal {

void MustAppend(Journal& journal, RunChange change) {
  const auto appended = journal.Append({&change, 1});
  INFO((appended ? "" : appended.error().ToString()));
  REQUIRE(appended);
  REQUIRE(*appended == change.events.back().position);
}

std::vector<StoredEvent> AllEvents(Reader& reader) {
  ChainCheck chain;
  std::vector<StoredEvent> all;
  for (;;) {
    const auto page = reader.EventsAfter(chain.last(), 100);
    INFO((page ? "" : page.error().ToString()));
    REQUIRE(page);
    if (page->empty()) return all;
    for (const StoredEvent& event : *page) {
      const auto added = chain.Add(event);
      INFO((added ? "" : added.error().ToString()));
      REQUIRE(added);
      all.push_back(event);
    }
  }
}

ScratchDirectory::ScratchDirectory() {
  // In memory where there is such a place: the tests kill processes, not machines, and so need no
  // disk to wait for.
  std::filesystem::path where = "/dev/shm";
  if (access(where.c_str(), W_OK) != 0) where = std::filesystem::temp_directory_path();
  std::string name = (where / "journal.XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace recourse::journal
