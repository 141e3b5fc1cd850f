// An archive, read again.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/record/archive_lines.h"

namespace recourse::record {

Error ArchiveReader::Wrong(const std::string& what) const {
  return DataLoss(path_ + ":" + std::to_string(line_) + ": " + what);
}

Result<Value> ArchiveReader::NextLine() {
  std::string text;
  if (!std::getline(file_, text)) return Wrong("the file ends here, with no line that says so");
  ++line_;
  auto value = ParseJson(text);
  if (!value) return Wrong("no line of an archive: " + value.error().message);
  return value;
}

Result<ArchiveReader> ArchiveReader::Open(const std::string& path) {
  auto file = OpenFile(path, O_RDONLY);
  if (!file) return std::move(file).error();
  if (fsync(file->get()) != 0) return ErrnoError(errno, "sync " + path);
  if (auto synced = SyncParent(path); !synced) return synced.error();

  ArchiveReader whole(path);
  Sha256 sha;
  std::string text;
  Value end;
  for (std::string line; std::getline(whole.file_, line);) {
    ++whole.line_;
    if (line.starts_with("{\"events\":")) {
      auto value = ParseJson(line);
      if (value && value->StringOr("kind", "") == "end") {
        end = *std::move(value);
        break;
      }
    }
    sha.Add(line);
    sha.Add("\n");
  }
  if (end.is_null()) return whole.Wrong("the file is not complete: its last line is missing");
  whole.summary_ = {end.IntOr("runs", 0), end.IntOr("events", 0), ToHex(sha.Finish())};
  if (end.StringOr("sha256", "") != whole.summary_.sha256) {
    return whole.Wrong("the file has been changed: its digest is " + whole.summary_.sha256 +
                       ", its last line says " + end.StringOr("sha256", "none"));
  }
  if (std::getline(whole.file_, text)) return whole.Wrong("there is more behind the last line");

  ArchiveReader reader(path);
  reader.summary_ = whole.summary_;
  auto head = reader.NextLine();
  if (!head) return std::move(head).error();
  if (head->StringOr("kind", "") != "archive") return reader.Wrong("this is no archive of runs");
  if (head->IntOr("version", 0) != kArchiveVersion) {
    return reader.Wrong("version " + std::to_string(head->IntOr("version", 0)) +
                        " of archives is not known to this program");
  }
  return reader;
}

Result<std::optional<ArchivedRun>> ArchiveReader::Next() {
  ArchivedRun run;
  for (;;) {
    if (!ahead_) {
      auto line = NextLine();
      if (!line) return std::move(line).error();
      ahead_ = *std::move(line);
    }
    const std::string kind = ahead_->StringOr("kind", "");
    if (kind == "event") {
      auto archived = ReadEventLine(*ahead_);
      if (!archived) return Wrong("this is no event");
      const bool begins = archived->event.sequence == 1;
      if (begins && !run.events.empty()) return std::optional(std::move(run));
      const auto next = static_cast<std::int64_t>(run.events.size()) + 1;
      if (archived->event.sequence != next ||
          (!run.events.empty() && archived->event.run != run.events.front().run)) {
        return Wrong("the events of a run are not in order");
      }
      run.events.push_back(std::move(archived->event));
      run.previous.push_back(archived->previous);
    } else if (!run.events.empty()) {
      return std::optional(std::move(run));
    } else if (kind == "definition") {
      const std::string digest = ahead_->StringOr("digest", "");
      definitions_[digest] = {digest, ahead_->StringOr("name", ""),
                              ahead_->StringOr("canonical", "")};
    } else if (kind == "end") {
      return std::optional<ArchivedRun>();
    } else {
      return Wrong("a line of the kind \"" + kind + "\" is not known");
    }
    ahead_.reset();
  }
}

}  // namespace recourse::record
