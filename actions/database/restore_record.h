// The undo record of a restore, and the moves that it describes.
//
// The restore moves the old files, as a set, into the quarantine directory of its key, and then the
// new file into place. Every name comes from the record, so that after a crash the files themselves
// tell how far it got: a file of the old set stands either at its place or in quarantine.
#pragma once

#include <string>

#include "actions/action.h"
#include "actions/database/file_set.h"
#include "actions/database/resource.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::database {

struct RestoreRecord {
  std::string path;        // of the database
  std::string backup;      // what is restored
  std::string quarantine;  // directory for the old set
  std::string temporary;   // the new file before it has its name
  FileSet old_set;         // what stood there
  Ownership ownership;     // of the new file

  Value ToValue() const;
  // kInternal: `value` is none.
  static Result<RestoreRecord> FromValue(const Value& value);

  std::string PathOf(const SetFile& file) const { return path + file.suffix; }
  std::string QuarantinedPathOf(std::string_view suffix) const;
  // Beside the quarantined files: what the restore answers when it has succeeded.
  std::string NotePath() const { return quarantine + "/restore.json"; }
};

// How far a restore got.
enum class RestoreState { kNotBegun, kPartial, kDone };
RestoreState StateOf(const RestoreRecord& record);

// Moves the old set into quarantine. On failure part of it may be there.
Result<void> SetAside(const RestoreRecord& record);

// Gives the new file its name. kAborted: something has appeared there meanwhile.
Result<void> PutInPlace(const RestoreRecord& record);

// Removes what a restore has made that has moved nothing yet: the temporary file and the note.
Result<void> Forget(const RestoreRecord& record);

// Puts the old set back, byte for byte, from whatever state; what stands in its place by now is
// kept in quarantine below "undone". Safe to repeat. kDataLoss: a file put back is not what it was.
Result<void> PutBack(const RestoreRecord& record, const Context& context);

}  // namespace recourse::database
