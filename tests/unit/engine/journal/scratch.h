// What tests of journals share.
#pragma once

#include <string>
#include <vector>

#include "engine/journal/journal.h"

namespace recourse::journal {

// Appends one change, which must succeed.
void MustAppend(Journal& journal, RunChange change);

// All events from the first; their chain is checked.
std::vector<StoredEvent> AllEvents(Reader& reader);

// A directory of its own, removed with what is in it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace recourse::journal
