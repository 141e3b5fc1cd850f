#include "actions/database/restore_plan.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "actions/database/file_set.h"
#include "actions/database/sqlite_check.h"
#include "actions/users.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

namespace fs = std::filesystem;

// "metrics 50000, components 12"
std::string RowsText(const Content& content) {
  std::string text;
  for (const auto& [table, rows] : content.tables) {
    text += (text.empty() ? "" : ", ") + table + " " + std::to_string(rows);
  }
  return text.empty() ? "no tables" : text;
}

// How many rows the present database has beyond those of the backup, as far as that can be counted.
std::string LostRows(const Manifest& manifest, const Result<CheckReport>& present) {
  if (!present) return "how many rows cannot be counted: " + present.error().message;
  if (!present->good()) {
    return "how many rows cannot be counted, because the present file is damaged: " +
           Sentences(present->findings, 1);
  }
  std::int64_t lost = 0;
  std::string by_table;
  for (const auto& [table, rows] : present->content.tables) {
    const auto kept = manifest.content.tables.find(table);
    const std::int64_t more = rows - (kept == manifest.content.tables.end() ? 0 : kept->second);
    if (more <= 0) continue;
    lost += more;
    by_table += (by_table.empty() ? "" : ", ") + table + " " + std::to_string(more);
  }
  if (lost == 0) return "the present file has no rows beyond those of the backup";
  return "about " + std::to_string(lost) + " rows (" + by_table + ")";
}

// Adds the lines about the files that are moved aside; answers when the newest was written.
Result<std::optional<Time>> DescribePresent(const std::string& database, ActionPlan& plan) {
  std::optional<Time> last_change;
  std::string set;
  for (const std::string_view suffix : kSuffixes) {
    auto facts = FactsOf(database + std::string(suffix));
    if (!facts) return std::move(facts).error();
    if (!*facts) continue;
    set += (set.empty() ? "" : ", ") + NameOf(database) + std::string(suffix) + " (" +
           HumanBytes((*facts)->size) + ", written " + TimeText((*facts)->changed) + ")";
    // -shm is an index in memory; its time says nothing about data.
    if (suffix != "-shm") last_change = std::max(last_change.value_or(Time()), (*facts)->changed);
  }
  plan.lines.push_back(set.empty()
                           ? "there is no present file to keep"
                           : "move aside, as one set: " + set + " to " + QuarantineText(database));
  return Result<std::optional<Time>>(last_change);
}

Error CannotGive(const std::string& path, const std::string& to) {
  return Error{Code::kPermissionDenied,
               "the restored file " + path + " must belong to " + to +
                   ", and this server, running as user " + UserName(geteuid()) +
                   ", cannot give files away. Nothing was changed. Run it as root or as that user, "
                   "or correct the target's owner and group"};
}

// Whether a process like this one may give its files to the group.
bool MayGiveTo(gid_t group) {
  if (geteuid() == 0 || group == getegid()) return true;
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, getgroups(0, nullptr))));
  const int count = getgroups(static_cast<int>(groups.size()), groups.data());
  return count > 0 &&
         std::find(groups.begin(), groups.begin() + count, group) != groups.begin() + count;
}

}  // namespace

Result<Ownership> PlanOwnership(const Resource& resource, const std::string& backup) {
  const std::string directory = fs::path(resource.path).parent_path().string();
  if (access(directory.c_str(), W_OK | X_OK) != 0) {
    return ErrnoError(errno, "write in " + directory + ", where the restored file goes");
  }
  auto facts = FactsOf(resource.path);
  if (!facts) return std::move(facts).error();
  Ownership present{geteuid(), getegid(), 0644};
  if (*facts) {
    present = (*facts)->ownership;
  } else {
    auto of_backup = FactsOf(backup);
    if (!of_backup) return std::move(of_backup).error();
    if (*of_backup) present.mode = (*of_backup)->ownership.mode;
    if (*of_backup && geteuid() == 0) present = (*of_backup)->ownership;
  }
  auto wanted = OwnershipOf(resource, present);
  if (!wanted) return wanted;
  if (geteuid() != 0 && wanted->user != geteuid()) {
    return CannotGive(resource.path, "user " + UserName(wanted->user));
  }
  if (!MayGiveTo(wanted->group)) {
    return CannotGive(resource.path, "group " + GroupName(wanted->group));
  }
  return wanted;
}

Result<ActionPlan> PlanRestore(const Resource& resource, const std::string& backup,
                               const Manifest& manifest, const Context& context) {
  auto ownership = PlanOwnership(resource, backup);
  if (!ownership) return std::move(ownership).error();
  ActionPlan plan;
  plan.bytes_needed = manifest.size;
  plan.bytes_where = resource.path;
  plan.lines.push_back("put " + backup + " (" + HumanBytes(manifest.size) + ", taken " +
                       TimeText(manifest.taken_at) + ", " +
                       (manifest.verified_at ? "verified " + TimeText(*manifest.verified_at)
                                             : Sentences(manifest.findings)) +
                       ") in the place of " + resource.path);
  plan.lines.push_back("rows in the backup: " + RowsText(manifest.content));
  auto last_change = DescribePresent(resource.path, plan);
  if (!last_change) return std::move(last_change).error();
  plan.lines.push_back("journal mode afterwards: " + manifest.journal_mode);
  if (!*last_change) return plan;

  const auto present = CheckSqliteFile(resource.path, {}, CheckDepth::kQuick, context);
  if (present && present->good()) {
    plan.lines.push_back("rows in the present file: " + RowsText(present->content));
  }
  if (**last_change <= manifest.taken_at) {
    plan.lines.push_back("the present file was not written since the backup was taken");
    return plan;
  }
  plan.irreversible.push_back("everything written after " + TimeText(manifest.taken_at) +
                              " (backup taken) until " + TimeText(**last_change) +
                              " (last change of the file), " +
                              HumanDuration(**last_change - manifest.taken_at) +
                              ", is lost to the database: " + LostRows(manifest, present) +
                              ". The old files stay in quarantine");
  return plan;
}

Result<ActionPlan> PlanCreateEmpty(const Resource& resource, const std::string& source,
                                   const Context& context) {
  auto ownership = PlanOwnership(resource, source);
  if (!ownership) return std::move(ownership).error();
  ActionPlan plan;
  plan.bytes_where = resource.path;
  plan.lines.push_back("put an empty database, with the tables of " + source +
                       ", in the place of " + resource.path);
  auto last_change = DescribePresent(resource.path, plan);
  if (!last_change) return std::move(last_change).error();
  if (!*last_change) {
    plan.irreversible.push_back("the database begins without any rows");
    return plan;
  }
  const auto present = CheckSqliteFile(resource.path, {}, CheckDepth::kQuick, context);
  plan.irreversible.push_back("every row of the present database is lost to it: " +
                              LostRows(Manifest(), present) + ". The old files stay in quarantine");
  return plan;
}

}  // namespace recourse::database
