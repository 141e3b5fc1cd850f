// Runs that are over, as a file that outlives the journal: JSON Lines that a person can read, and
// from which a journal is made again, byte for byte.
//
// Lines, each an object with the member "kind":
//   archive      the first: "version", the journal's identity, when it was made
//   definition   before the first run that has it: "digest", "name", "canonical"
//   event        every event of a run, run by run: all that the journal stores ("payload" in
//                hexadecimal), the hash before it ("previous"), and what it says as "text" and
//                "details" for people
//   end          the last: how many runs and events, and the SHA-256 of all lines before it
#pragma once

#include <fstream>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/journal/journal.h"
#include "engine/record/record.h"

namespace recourse::record {

struct ArchiveSummary {
  std::int64_t runs = 0;
  std::int64_t events = 0;
  std::string sha256;  // of all lines but the last
};

// Writes the runs that were over before `before` to a new file; durable when this answers. The
// journal may be appended to meanwhile.
// kAlreadyExists: `path` exists. kNotFound: there is no such run; no file is made. kDataLoss: a run
// is damaged; what is damaged is not exported, so that it is not removed either. Otherwise the
// reader's and the disk's errors, and kUnavailable soon after `stop`; no file is left.
Result<ArchiveSummary> ExportRuns(journal::Reader& reader, Time before, const std::string& path,
                                  Time now, const std::stop_token& stop);

struct ArchivedRun {
  std::vector<journal::StoredEvent> events;
  std::vector<Digest> previous;  // the hash before each of them
};

// Reads an archive run by run.
class ArchiveReader {
 public:
  // Reads the whole file once: kDataLoss unless it is complete and its digest is right. The file is
  // synced to the disk.
  static Result<ArchiveReader> Open(const std::string& path);

  // The next run, with the definition that it has among definitions(); nothing at the end.
  // kDataLoss: a line is none of an archive's; the message says which.
  Result<std::optional<ArchivedRun>> Next();

  const std::map<std::string, journal::RunChange::Definition>& definitions() const {
    return definitions_;
  }
  const ArchiveSummary& summary() const { return summary_; }

 private:
  explicit ArchiveReader(const std::string& path) : path_(path), file_(path, std::ios::binary) {}
  Result<Value> NextLine();
  Error Wrong(const std::string& what) const;

  std::string path_;
  std::ifstream file_;
  std::int64_t line_ = 0;
  std::optional<Value> ahead_;  // a line of the next run
  std::map<std::string, journal::RunChange::Definition> definitions_;
  ArchiveSummary summary_;
};

struct Pruned {
  std::int64_t runs = 0;
  std::int64_t events = 0;
  std::vector<std::string> left;  // runs that were left as they are, and why: a sentence each
};
// Removes a run from the journal: on the thread that may, see Journal::RemoveRun.
using RemoveRun = std::function<Result<journal::Position>(journal::Removal removal)>;

// Removes each run of the archive that stands in the journal exactly as it stands in the file.
// What was removed before, by a call that did not come to its end, is passed over. `how` has all
// but run and events. Errors are those of ArchiveReader, the reader and `remove`, but for what
// keeps a single run; what was removed until then is.
Result<Pruned> PruneRuns(journal::Reader& reader, const std::string& path,
                         const journal::Removal& how, const RemoveRun& remove,
                         const std::stop_token& stop);

struct ArchiveCheck {
  std::int64_t runs = 0;              // that lead between the hashes of their tombstones
  std::vector<std::string> problems;  // a sentence for each of the others
};
// Whether the runs of an archive are those that were removed from the journal, event by event.
// Errors are those of ArchiveReader and the reader.
Result<ArchiveCheck> CheckArchive(journal::Reader& reader, const std::string& path);

// Stores the runs of an archive in an empty journal, with the indexes that follow from them.
Result<ArchiveSummary> ImportRuns(journal::Journal& journal, const std::string& path, Time now,
                                  const std::string& principal);

}  // namespace recourse::record
