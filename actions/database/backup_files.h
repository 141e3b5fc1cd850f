// A backup getting its name, and losing it again.
//
// The manifest gets its name first: it carries the key, so that after a crash the directory tells
// whether the attempt of that key is done, half done or not begun.
#pragma once

#include <optional>
#include <string>

#include "actions/action.h"
#include "actions/database/manifest.h"
#include "actions/database/resource.h"

namespace recourse::database {

// The name under which a suspect backup is kept: "health_20261121.suspect.db".
std::string SuspectName(const std::string& name);

// An unfinished backup's file: of no pattern, and derived from the key.
std::string UnfinishedBackup(const std::string& directory, std::string_view key);

// Gives the finished file its name, with its manifest. A backup that has the name goes to the trash
// entry of the context's key, but stays in place until the new one takes it. Answers whether there
// was one. On failure the two may not fit together; TakeBack puts that right.
Result<bool> GiveName(const std::string& unfinished, const std::string& path,
                      const Manifest& manifest, const Context& context);

// Keeps the backup of that name, with its manifest, in the trash entry of the context's key, and
// where it stands, if that can be. Answers whether there was one.
Result<bool> KeepReplaced(const std::string& path, const Context& context);

// Whether a backup that the attempt of `key` was about to replace is in the trash only.
bool HasTakenOut(const std::string& directory, std::string_view key);

// The manifest of the backup that the attempt of `key` made in `directory`; nothing when there is
// none.
Result<std::optional<Manifest>> FindByKey(const std::string& directory, const std::string& key);

// The backup of the context's key goes to the trash, and the one that it replaced gets its name
// back, whether the new one has got it or not. Safe to repeat.
Result<void> TakeBack(const std::string& directory, const Context& context);

}  // namespace recourse::database
