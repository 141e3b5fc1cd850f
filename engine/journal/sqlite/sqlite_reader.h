// What the journal answers, over one connection: the writer's, or a reader's own. Each answer comes
// from one statement, and so from one state of the journal.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>

#include "engine/journal/journal.h"
#include "engine/journal/sqlite/database.h"

namespace recourse::journal {

// The statement of ListRuns: ?1 is the run before which the list begins, ?2 the workflow, ?3 the
// target, ?4 the limit. Whatever the filter, it reads along an index and sorts nothing.
std::string ListRunsSql(const RunFilter& filter);
// The same of ListEndedBadly: ?1 is the time since when, ?2 the limit.
std::string ListEndedBadlySql(std::span<const int> statuses);

class SqliteReader final : public Reader {
 public:
  explicit SqliteReader(std::shared_ptr<Database> database);

  Result<Position> LastPosition() override;
  Result<std::vector<RunRow>> ListRuns(const RunFilter& filter) override;
  Result<std::vector<RunRow>> ListEndedBadly(std::span<const int> statuses, Time since,
                                             int limit) override;
  Result<std::optional<RunRow>> FindRun(RunId run) override;
  Result<std::optional<RunRow>> FindRequest(const std::string& request_id) override;
  Result<std::vector<RunRow>> ListRequests(const std::string& prefix, int limit) override;
  Result<std::vector<StoredEvent>> EventsOfRun(RunId run, std::int64_t after,
                                               std::int64_t limit) override;
  Result<std::vector<StoredEvent>> EventsAfter(Position after, std::int64_t limit) override;
  Result<std::vector<ApprovalRow>> ListApprovals(bool open_only, RunId run,
                                                 std::optional<ApprovalId> before,
                                                 int limit) override;
  Result<std::optional<ApprovalRow>> FindApproval(ApprovalId approval) override;
  Result<std::optional<std::string>> FindDefinition(const std::string& digest) override;
  Result<std::vector<TimerRow>> TimersDue(Time until, int limit) override;
  Result<std::vector<TimerRow>> TimersOfRun(RunId run) override;
  Result<std::optional<RunRow>> LockHolder(const std::string& lock) override;
  Result<std::vector<RunRow>> LockWaiters(const std::string& lock, int limit) override;
  Result<std::vector<OutboxRow>> UnsentNotifications(const std::string& channel,
                                                     int limit) override;
  Result<std::vector<std::string>> UnsentChannels() override;
  Result<std::vector<OutboxRow>> UndeliveredNotifications(int limit) override;
  Result<std::vector<ScheduleRow>> ListSchedules() override;
  Result<std::vector<RemovedRow>> ListRemoved(RunId after, int limit) override;
  Result<std::string> Identity() override;
  Result<std::vector<std::string>> CheckStorage() override;
  void EndReads() override { ended_ = true; }

 private:
  std::atomic<bool> ended_ = false;
  std::shared_ptr<Database> database_;  // outlives the statements
  Statement last_position_;
  Statement find_run_;
  Statement find_request_;
  Statement requests_;
  Statement events_of_run_;
  Statement events_after_;
  Statement approvals_;
  Statement approvals_open_;
  Statement approvals_of_run_;
  Statement find_approval_;
  Statement find_definition_;
  Statement timers_due_;
  Statement timers_of_run_;
  Statement lock_holder_;
  Statement lock_waiters_;
  Statement unsent_;
  Statement unsent_channels_;
  Statement undelivered_;
  Statement schedules_;
  Statement removed_;
};

}  // namespace recourse::journal
