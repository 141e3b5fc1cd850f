#include "actions/database/trash.h"

#include <filesystem>

#include "actions/database/file_copy.h"
#include "actions/database/manifest.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNote = "/trash.json";  // below an entry

// When the entry's time is over; nothing when its note does not say.
std::optional<Time> EndOfEntry(const std::string& entry,
                               std::optional<std::chrono::microseconds> grace) {
  auto text = ReadFile(entry + kNote, 65536);
  if (!text) return std::nullopt;
  auto note = ParseJson(*text);
  if (!note) return std::nullopt;
  if (auto end = ParseTimestamp(note->StringOr("keep_until", "")); end) return FromTimestamp(*end);
  auto time = ParseTimestamp(note->StringOr("at", ""));
  if (!time || !grace) return std::nullopt;
  return FromTimestamp(*time) + *grace;
}

}  // namespace

bool IsTrashNote(std::string_view name) { return name == kNote + 1; }

std::string TrashEntry(const std::string& directory, std::string_view key) {
  return directory + "/.trash/" + KeyName(key);
}

Result<std::string> MakeTrashEntry(const std::string& directory, const Context& context,
                                   std::optional<std::chrono::microseconds> grace) {
  const std::string entry = TrashEntry(directory, context.key);
  for (const std::string& path : {directory + "/.trash", entry}) {
    if (auto made = MakeOwnDirectory(path, 0750); !made) return std::move(made).error();
    if (auto synced = SyncParent(path); !synced) return std::move(synced).error();
  }
  if (Exists(entry + kNote)) return entry;
  const Time now = context.clock.Now();
  Value note = Value::Object({{"at", TimeText(now)}, {"key", context.key}});
  if (grace) note = note.With("keep_until", TimeText(now + *grace));
  auto written = WriteFileAtomically(entry + kNote, ToPrettyJson(note) + "\n", 0640);
  if (!written) return std::move(written).error();
  return entry;
}

void DropEmptyTrashEntry(const std::string& directory, std::string_view key) {
  const std::string entry = TrashEntry(directory, key);
  std::error_code failed;
  std::size_t inside = 0;
  for (auto file = fs::directory_iterator(entry, failed);
       !failed && file != fs::directory_iterator(); file.increment(failed)) {
    ++inside;
  }
  if (failed || inside != 1) return;
  fs::remove(entry + kNote, failed);
  fs::remove(entry, failed);
  fs::remove(directory + "/.trash", failed);  // refused unless it is empty
}

Result<Emptied> EmptyTrash(const std::string& directory,
                           std::optional<std::chrono::microseconds> grace, Time now) {
  Emptied emptied;
  const std::string trash = directory + "/.trash";
  if (!Exists(trash)) return emptied;
  if (auto real = MakeOwnDirectory(trash, 0750); !real) return std::move(real).error();
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(trash, failed)) {
    const auto end = EndOfEntry(entry.path().string(), grace);
    if (!end || now < *end) continue;
    emptied.bytes += SizeBelow(entry.path().string());
    emptied.entries += 1;
    fs::remove_all(entry.path(), failed);
    if (failed) return ErrnoError(failed.value(), "remove " + entry.path().string());
  }
  return emptied;
}

}  // namespace recourse::database
