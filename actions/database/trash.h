// Where files go that are removed or replaced, until their time of grace is over.
//
// A trash folder is ".trash" in the directory where they were; each attempt that puts something
// there has an entry of its own, named by its idempotency key, with a note that says when.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actions/action.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace recourse::database {

// ".trash/R-7.prune.1" in `directory`.
std::string TrashEntry(const std::string& directory, std::string_view key);

// Whether a file of an entry is its note: what says when it was made.
bool IsTrashNote(std::string_view name);

// Makes the entry of the context's key, with its note, and answers its path. Safe to repeat. With a
// `grace`, the note says until when the entry is kept.
Result<std::string> MakeTrashEntry(const std::string& directory, const Context& context,
                                   std::optional<std::chrono::microseconds> grace = {});

// Removes the entry of `key` when nothing but its note is in it, and then the trash if that was
// all.
void DropEmptyTrashEntry(const std::string& directory, std::string_view key);

struct Emptied {
  std::int64_t entries = 0;
  std::int64_t bytes = 0;
};

// Deletes the entries whose time is over: the one that their note says, or else `grace` after they
// were made; without a `grace` those stay. What has no note that can be read stays.
Result<Emptied> EmptyTrash(const std::string& directory,
                           std::optional<std::chrono::microseconds> grace, Time now);

}  // namespace recourse::database
