#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "engine/journal/sqlite/sqlite_journal.h"
#include "engine/record/record.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/journal/sqlite/raw.h"
#include "tests/unit/engine/record/history.h"

namespace recourse::record {
namespace {

Verification Verified(const std::string& path) {
  auto reader = journal::OpenSqliteReader(path);
  REQUIRE(reader);
  auto verified = Verify(**reader);
  INFO((verified ? std::string() : verified.error().ToString()));
  REQUIRE(verified);
  return *std::move(verified);
}

// A journal with runs of every kind, closed, of which each case spoils a copy.
class Spoiler {
 public:
  Spoiler() {
    History history(whole_);
    WriteRunsOfEveryKind(history);
  }

  const std::string& whole() const { return whole_; }

  // What is found in a copy after `sql`.
  std::vector<std::string> Found(const std::string& sql) {
    const std::string copy = scratch_ / "copy";
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(copy + suffix);
    std::filesystem::copy_file(whole_, copy);
    journal::RawExecute(copy, "PRAGMA synchronous=OFF;" + sql);
    return Verified(copy).problems;
  }

  std::int64_t Number(const std::string& sql) { return std::stoll(journal::RawText(whole_, sql)); }

 private:
  journal::ScratchDirectory scratch_;
  std::string whole_ = scratch_ / "journal";
};

struct Column {
  std::string name;
  std::string spoiled;  // an expression
};

Column Text(const std::string& name) { return {name, name + " || 'x'"}; }
Column Number(const std::string& name) { return {name, "coalesce(" + name + ", 0) + 1000"}; }

// Every column of every row of `table` is spoiled in turn, and every row removed. With a stride,
// each row has only every stride-th of its columns spoiled, other ones than the row before.
void SpoilAll(Spoiler& spoiler, const std::string& table, const std::string& key,
              const std::vector<Column>& columns, std::size_t stride = 1) {
  const std::int64_t rows = spoiler.Number("SELECT count(*) FROM " + table);
  REQUIRE(rows > 0);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::string here = " WHERE (" + key + ") = (SELECT " + key + " FROM " + table +
                             " ORDER BY " + key + " LIMIT 1 OFFSET " + std::to_string(row) + ")";
    for (std::size_t i = static_cast<std::size_t>(row) % stride; i < columns.size(); i += stride) {
      const Column& column = columns[i];
      const std::string sql = "UPDATE " + table + " SET " + column.name + " = " + column.spoiled;
      CAPTURE(sql + here);
      CHECK_FALSE(spoiler.Found(sql + here).empty());
    }
    CAPTURE("DELETE FROM " + table + here);
    CHECK_FALSE(spoiler.Found("DELETE FROM " + table + here).empty());
  }
}

TEST_CASE("nothing is found in a journal that is as it must be", "[record]") {
  Spoiler spoiler;
  const Verification found = Verified(spoiler.whole());
  CHECK(found.problems == std::vector<std::string>{});
  CHECK(found.runs == 10);
  CHECK(found.events == spoiler.Number("SELECT count(*) FROM events"));
  CHECK(found.head == journal::RawText(spoiler.whole(),
                                       "SELECT lower(hex(hash)) FROM events "
                                       "ORDER BY position DESC LIMIT 1"));
}

TEST_CASE("an empty journal is as it must be", "[record]") {
  journal::ScratchDirectory scratch;
  const std::string path = scratch / "journal";
  journal::MustOpen(path);
  const Verification found = Verified(path);
  CHECK(found.problems.empty());
  CHECK(found.events == 0);
  CHECK(found.head.empty());
}

TEST_CASE("every changed event is found, whichever column, and every removed one", "[record]") {
  Spoiler spoiler;
  SpoilAll(spoiler, "events", "position",
           {Number("position"),
            Number("run"),
            Number("sequence"),
            {"time", "time + 1"},
            {"type", "type % 48 + 1"},
            Text("principal"),
            {"payload", "CAST(payload || x'00' AS BLOB)"},
            {"hash", "zeroblob(32)"}},
           4);
}

TEST_CASE("every changed column of the index of runs is found", "[record]") {
  Spoiler spoiler;
  SpoilAll(spoiler, "runs", "run",
           {Number("run"),         Text("workflow"),       Text("digest"),
            Text("target"),        Text("severity"),       Text("requester"),
            Text("request_id"),    Number("started"),      {"status", "status % 10 + 1"},
            Text("step"),          Number("changed"),      Number("finished"),
            Number("revision"),    Text("lock"),           Number("fencing_token"),
            Text("waits_for"),     Text("waits_for_whom"), Text("next"),
            Number("waits_since"), Number("next_at"),      {"error_code", "(error_code + 1) % 16"},
            Text("error_message")});
}

TEST_CASE("every changed column of the index of approvals is found", "[record]") {
  Spoiler spoiler;
  SpoilAll(spoiler, "approvals", "approval",
           {Number("approval"),
            Number("run"),
            Text("step"),
            Text("prompt"),
            Text("approvers"),
            Number("quorum"),
            {"exclude_requester", "1 - exclude_requester"},
            Text("requester"),
            Number("requested"),
            Number("expires"),
            Number("settled"),
            {"settlement", "(settlement + 1) % 5"},
            Text("votes"),
            Text("plan"),
            Text("digest")});
}

TEST_CASE("every changed timer is found", "[record]") {
  Spoiler spoiler;
  SpoilAll(spoiler, "timers", "run, kind", {Number("run"), {"kind", "kind + 5"}, Number("due")});
}

TEST_CASE("rows that no event accounts for are found", "[record]") {
  Spoiler spoiler;
  CHECK(spoiler.Found("CREATE TEMP TABLE r AS SELECT * FROM runs WHERE run = 1;"
                      "UPDATE r SET run = 99, request_id = 'other';"
                      "INSERT INTO runs SELECT * FROM r") ==
        std::vector<std::string>{"R-99 is in the index of runs but has no events"});
  CHECK(spoiler.Found("INSERT INTO timers VALUES (99, 1, 5)") ==
        std::vector<std::string>{"a timer of kind 1 is set for R-99, which has no events"});
  CHECK(spoiler.Found("CREATE TEMP TABLE a AS SELECT * FROM approvals WHERE approval = 1;"
                      "UPDATE a SET approval = 99, run = 99;"
                      "INSERT INTO approvals SELECT * FROM a") ==
        std::vector<std::string>{
            "A-99 is in the index of approvals, but its run R-99 has no events"});
}

TEST_CASE("a changed definition is found once for each run of it, by its digest", "[record]") {
  Spoiler spoiler;
  const auto changed = spoiler.Found(
      "UPDATE definitions SET canonical = canonical || ' ' "
      "WHERE name = 'short'");
  REQUIRE(changed.size() == 1);
  CHECK(changed[0].find("R-10 cannot be folded: its definition ") == 0);
  CHECK(changed[0].find("has been changed") != std::string::npos);
  CHECK(spoiler.Found("DELETE FROM definitions WHERE name = 'long'").size() == 9);
}

TEST_CASE("a problem says which run, what the index says and what the events say", "[record]") {
  Spoiler spoiler;
  CHECK(spoiler.Found("UPDATE runs SET status = 2 WHERE run = 1") ==
        std::vector<std::string>{"R-1: the index says status 2, the events say 7"});
  CHECK(spoiler.Found("UPDATE approvals SET settlement = 0 WHERE approval = 1") ==
        std::vector<std::string>{"A-1 of R-1: the index says settlement 0, the events say 1"});
  const auto broken = spoiler.Found("UPDATE events SET principal = 'eve' WHERE position = 12");
  REQUIRE_FALSE(broken.empty());
  CHECK(broken[0].find("the event at position 12 of run R-1 does not follow") == 0);
}

TEST_CASE("a damaged page of an index that no table's check reads is found", "[record]") {
  Spoiler spoiler;
  const std::int64_t page =
      spoiler.Number("SELECT rootpage FROM sqlite_schema WHERE name = 'runs_by_lock'");
  const std::int64_t size = spoiler.Number("PRAGMA page_size");
  std::fstream file(spoiler.whole(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp((page - 1) * size);
  file << std::string(static_cast<std::size_t>(size), '\xff');
  file.close();
  const auto problems = Verified(spoiler.whole()).problems;
  REQUIRE_FALSE(problems.empty());
  CHECK(problems[0].find("the file is damaged: ") == 0);
}

// Answers as the journal does, and appends one more event at the first look at an index.
class Racing final : public journal::Reader {
 public:
  explicit Racing(History& history) : history_(history), real_(history.journal().reader()) {}

  Result<std::optional<journal::RunRow>> FindRun(RunId run) override {
    if (!raced_) history_.Send(RunId{5}, machine::Annotate{"meanwhile"}, "kim");
    raced_ = true;
    return real_.FindRun(run);
  }
  Result<journal::Position> LastPosition() override { return real_.LastPosition(); }
  Result<std::vector<journal::RunRow>> ListRuns(const journal::RunFilter& filter) override {
    return real_.ListRuns(filter);
  }
  Result<std::vector<journal::RunRow>> ListEndedBadly(std::span<const int> statuses, Time since,
                                                      int limit) override {
    return real_.ListEndedBadly(statuses, since, limit);
  }
  Result<std::optional<journal::RunRow>> FindRequest(const std::string& request) override {
    return real_.FindRequest(request);
  }
  Result<std::vector<journal::RunRow>> ListRequests(const std::string& prefix, int limit) override {
    return real_.ListRequests(prefix, limit);
  }
  Result<std::vector<journal::StoredEvent>> EventsOfRun(RunId run, std::int64_t after,
                                                        std::int64_t limit) override {
    return real_.EventsOfRun(run, after, limit);
  }
  Result<std::vector<journal::StoredEvent>> EventsAfter(journal::Position after,
                                                        std::int64_t limit) override {
    return real_.EventsAfter(after, limit);
  }
  Result<std::vector<journal::ApprovalRow>> ListApprovals(bool open_only, RunId run,
                                                          std::optional<ApprovalId> before,
                                                          int limit) override {
    return real_.ListApprovals(open_only, run, before, limit);
  }
  Result<std::optional<journal::ApprovalRow>> FindApproval(ApprovalId approval) override {
    return real_.FindApproval(approval);
  }
  Result<std::optional<std::string>> FindDefinition(const std::string& digest) override {
    return real_.FindDefinition(digest);
  }
  Result<std::vector<journal::TimerRow>> TimersDue(Time until, int limit) override {
    return real_.TimersDue(until, limit);
  }
  Result<std::vector<journal::TimerRow>> TimersOfRun(RunId run) override {
    return real_.TimersOfRun(run);
  }
  Result<std::optional<journal::RunRow>> LockHolder(const std::string& lock) override {
    return real_.LockHolder(lock);
  }
  Result<std::vector<journal::RunRow>> LockWaiters(const std::string& lock, int limit) override {
    return real_.LockWaiters(lock, limit);
  }
  Result<std::vector<journal::OutboxRow>> UnsentNotifications(const std::string& channel,
                                                              int limit) override {
    return real_.UnsentNotifications(channel, limit);
  }
  Result<std::vector<std::string>> UnsentChannels() override { return real_.UnsentChannels(); }
  Result<std::vector<journal::OutboxRow>> UndeliveredNotifications(int limit) override {
    return real_.UndeliveredNotifications(limit);
  }
  Result<std::vector<journal::ScheduleRow>> ListSchedules() override {
    return real_.ListSchedules();
  }
  Result<std::vector<journal::RemovedRow>> ListRemoved(RunId after, int limit) override {
    return real_.ListRemoved(after, limit);
  }
  Result<std::string> Identity() override { return real_.Identity(); }
  Result<std::vector<std::string>> CheckStorage() override { return real_.CheckStorage(); }
  void EndReads() override { real_.EndReads(); }

 private:
  History& history_;
  journal::Reader& real_;
  bool raced_ = false;
};

TEST_CASE("a journal that is appended to while it is verified is as it must be", "[record]") {
  journal::ScratchDirectory scratch;
  History history(scratch / "journal");
  WriteRunsOfEveryKind(history);
  Racing racing(history);
  const auto found = Verify(racing);
  REQUIRE(found);
  CHECK(found->problems == std::vector<std::string>{});
}

}  // namespace
namespace {

constexpr std::string_view kAsking = R"(
name: asking
steps:
  - {id: look, action: read.it}
  - id: confirm
    approval: {prompt: "Go on?", approvers: [dba]}
  - {id: rest, action: read.it}
)";

}  // namespace

TEST_CASE("an approval whose prompt, plan or inputs are not what was agreed to is named",
          "[record]") {
  journal::ScratchDirectory scratch;
  History history(scratch / "journal");
  const RunId run = history.Start(kAsking, machine::Start{"", Value::Map(), "", {}});
  history.Succeed(run, Value::Map());
  // As a server would write it that shows one plan and stores the digest of another.
  const auto& state = history.state(run);
  machine::ApprovalRequested request;
  request.step = 1;
  request.id = ApprovalId{1};
  request.prompt = "Go on?";
  request.approvers = {"dba"};
  request.plan = Value::Object({{"bytes_needed", 7}});
  request.digest = std::string(64, 'a');
  const machine::Envelope envelope{run, state.revision + 1, history.journal().heads().position + 1,
                                   history.now, "engine"};
  machine::RunState after = state;
  machine::Apply(after, envelope, request);
  journal::RunChange change;
  change.events.push_back(Encode(envelope, request));
  change.row = RowOf(history.workflow(run), after);
  change.approvals = ApprovalRowsOf(history.workflow(run), state, {{envelope, request}});
  change.timers = TimerRowsOf(after);
  REQUIRE(history.journal().Append({&change, 1}));
  const auto found = Verify(history.journal().reader());
  REQUIRE(found);
  REQUIRE(found->problems.size() == 1);
  CHECK_THAT(found->problems[0], Contains("A-1 of R-1 was given for the digest aaaa"));
}

}  // namespace recourse::record
