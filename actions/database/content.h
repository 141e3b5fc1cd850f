// What a database holds, in numbers that can be compared: between a source and its backup, a backup
// and its manifest, a restored file and the backup.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actions/database/resource.h"
#include "engine/base/value.h"

namespace recourse::database {

struct Content {
  std::map<std::string, std::int64_t> tables;  // rows by table
  std::int64_t application_id = 0;
  std::int64_t user_version = 0;
  std::string schema_sha256;  // of the definitions of all tables, indexes, views and triggers

  Value TablesValue() const;
  // Of one table. Nothing: there is none of that name, whose ASCII letters count in either case, as
  // SQLite has it.
  std::optional<std::int64_t> RowsOf(const std::string& table) const;
};

// Why `content` is not what is expected, a sentence each; empty when it is.
std::vector<std::string> Unmet(const Expectations& expected, const Content& content);

// In what `found` differs from `wanted`, a sentence each; empty when in nothing.
std::vector<std::string> Differences(const Content& wanted, const Content& found);

// "a; b; c", with "and 5 more" when there are more than `count_max`.
std::string Sentences(const std::vector<std::string>& sentences, std::size_t count_max = 5);
// The findings of a check in such a text. SQLite says of every statement that meets a damaged page
// that the database is malformed: that is told once.
std::string FindingsText(const std::vector<std::string>& findings);

Value TextList(const std::vector<std::string>& texts);

}  // namespace recourse::database
