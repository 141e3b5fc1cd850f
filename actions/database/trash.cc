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

// When the entry was made; nothing when its note does not say.
std::optional<Time> TimeOfEntry(const std::string& entry) {
  auto text = ReadFile(entry + kNote, 65536);
  if (!text) return std::nullopt;
  auto note = ParseJson(*text);
  if (!note) return std::nullopt;
  auto time = ParseTimestamp(note->StringOr("at", ""));
  if (!time) return std::nullopt;
  return FromTimestamp(*time);
}

}  // namespace

bool IsTrashNote(std::string_view name) { return name == kNote + 1; }

std::string TrashEntry(const std::string& directory, std::string_view key) {
  return directory + "/.trash/" + KeyName(key);
}

Result<std::string> MakeTrashEntry(const std::string& directory, const Context& context) {
  const std::string entry = TrashEntry(directory, context.key);
  for (const std::string& path : {directory + "/.trash", entry}) {
    if (auto made = MakeOwnDirectory(path, 0750); !made) return std::move(made).error();
    if (auto synced = SyncParent(path); !synced) return std::move(synced).error();
  }
  if (Exists(entry + kNote)) return entry;
  const Value note = Value::Object({{"at", TimeText(context.clock.Now())}, {"key", context.key}});
  auto written = WriteFileAtomically(entry + kNote, ToPrettyJson(note) + "\n", 0640);
  if (!written) return std::move(written).error();
  return entry;
}

Result<Emptied> EmptyTrash(const std::string& directory, std::chrono::microseconds grace,
                           Time now) {
  Emptied emptied;
  const std::string trash = directory + "/.trash";
  if (!Exists(trash)) return emptied;
  if (auto real = MakeOwnDirectory(trash, 0750); !real) return std::move(real).error();
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(trash, failed)) {
    const auto time = TimeOfEntry(entry.path().string());
    if (!time || now - *time < grace) continue;
    emptied.bytes += SizeBelow(entry.path().string());
    emptied.entries += 1;
    fs::remove_all(entry.path(), failed);
    if (failed) return ErrnoError(failed.value(), "remove " + entry.path().string());
  }
  return emptied;
}

}  // namespace recourse::database
