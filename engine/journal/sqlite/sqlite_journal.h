// The journal as one SQLite file: WAL, synchronous=FULL, STRICT tables.
//
// Exactly one connection writes and checkpoints; readers have automatic checkpoints off (SQLite
// 3.7.0 to 3.51.2 can corrupt a WAL when two connections write and checkpoint at once, see
// https://sqlite.org/wal.html#walresetbug). Nothing else in the process opens the file.
#pragma once

#include <memory>
#include <string>

#include "engine/journal/journal.h"

namespace recourse::journal {

struct SqliteOptions {
  // Frames in the WAL after which a commit also checkpoints. More: fewer writes to the main file,
  // a longer WAL to read after a crash. 100 to 1,000,000.
  int checkpoint_frames = 4000;
};

// Opens the journal at `path`, makes it when there is none, and takes the lock that keeps a second
// server away (the file `path`.lock, held until the journal is destroyed).
//
// kFailedPrecondition: another process holds it (the message says who: pid, since when), the schema
// is newer than this binary, or the file lies on a network file system. kDataLoss: the file is no
// journal or is damaged. Otherwise the code of the system error, with the path.
Result<std::unique_ptr<Journal>> OpenSqliteJournal(const std::string& path, Time now,
                                                   const SqliteOptions& options = {});

// Reads a journal file without a server and without changing it; also while a server has it open.
// kNotFound: no such file. Otherwise as above.
Result<std::unique_ptr<Reader>> OpenSqliteReader(const std::string& path);

// A checked copy of a journal's file, with no server; also while a server has it open.
// As OpenSqliteReader and Journal::BackUp.
Result<void> BackUpSqliteJournal(const std::string& from, const std::string& to);

}  // namespace recourse::journal
