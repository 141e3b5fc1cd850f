// The journal's file as a stranger with SQLite sees it. Only for files that no journal has open.
#pragma once

#include <memory>
#include <string>

#include "engine/journal/sqlite/sqlite_journal.h"

namespace recourse::journal {

std::unique_ptr<Journal> MustOpen(const std::string& path, const SqliteOptions& options = {});

void RawExecute(const std::string& path, const std::string& sql);
// The first column of the first row.
std::string RawText(const std::string& path, const std::string& sql);

}  // namespace recourse::journal
