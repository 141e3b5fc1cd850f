#include "tests/unit/engine/journal/journal_suite.h"

#include <catch2/catch.hpp>

#include "tests/unit/engine/journal/samples.h"
#include "tests/unit/engine/journal/scratch.h"

namespace recourse::journal {
namespace {

std::vector<std::int64_t> Numbers(const std::vector<RunRow>& rows) {
  std::vector<std::int64_t> numbers;
  for (const RunRow& row : rows) numbers.push_back(row.run.number);
  return numbers;
}

ApprovalRow ApprovalOf(std::int64_t number, RunId run) {
  ApprovalRow row;
  row.approval = ApprovalId{number};
  row.run = run;
  row.step = "confirm";
  row.prompt = "Restore health.db?";
  row.approvers = R"(["dba"])";
  row.quorum = 2;
  row.exclude_requester = true;
  row.requester = "ada";
  row.requested = At(number);
  row.expires = At(900);
  row.votes = "[]";
  row.plan = R"({"lines":[]})";
  row.digest = "abc";
  return row;
}

void CheckEvents(const JournalFactory& open) {
  auto journal = open(false);
  CHECK(journal->heads().position == 0);
  CHECK(journal->heads().run == RunId{});
  CHECK(*journal->reader().LastPosition() == 0);
  CHECK(AllEvents(journal->reader()).empty());

  // Two runs in one commit, then the first again.
  std::vector<RunChange> batch;
  batch.push_back(ChangeOf(journal->heads(), RunId{1}, 2));
  Heads after = journal->heads();
  after.position = 2;
  batch.push_back(ChangeOf(after, RunId{2}, 1));
  REQUIRE(*journal->Append(batch) == 3);
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}, 1, 2));

  const auto all = AllEvents(journal->reader());
  REQUIRE(all.size() == 4);
  CHECK(all[0].time == At(1));
  CHECK(all[0].type == 11);
  CHECK(all[0].principal == "ada");
  CHECK(all[0].payload == std::string("\x08\x00payload 1", 11));
  CHECK(all[0].hash == batch[0].events[0].hash);
  CHECK(journal->heads().hash == all[3].hash);

  const auto of_run = journal->reader().EventsOfRun(RunId{1}, 1, 100);
  REQUIRE(of_run->size() == 2);
  CHECK((*of_run)[0].sequence == 2);
  CHECK((*of_run)[1].sequence == 3);
  CHECK((*of_run)[1].position == 4);
  CHECK(journal->reader().EventsOfRun(RunId{1}, 0, 2)->size() == 2);
  CHECK(journal->reader().EventsOfRun(RunId{9}, 0, 2)->empty());
  CHECK(journal->reader().EventsAfter(3, 100)->size() == 1);
  CHECK(journal->reader().EventsAfter(0, 2)->back().position == 2);
}

void CheckHeadsSurvive(const JournalFactory& open) {
  auto journal = open(false);
  RunChange change = ChangeOf(journal->heads(), RunId{7}, 3);
  change.approvals.push_back(ApprovalOf(5, RunId{7}));
  MustAppend(*journal, change);
  const Heads before = journal->heads();
  journal.reset();

  journal = open(true);
  const Heads heads = journal->heads();
  CHECK(heads.position == 3);
  CHECK(heads.run == RunId{7});
  CHECK(heads.approval == ApprovalId{5});
  CHECK(heads.hash == before.hash);
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{7}, 1, 3));
  CHECK(AllEvents(journal->reader()).size() == 4);
}

void CheckRefusals(const JournalFactory& open) {
  auto journal = open(false);
  RunChange first = ChangeOf(journal->heads(), RunId{1}, 2);
  first.row.request_id = "request-1";
  MustAppend(*journal, first);
  const Heads before = journal->heads();

  // The good change before it in the batch must not be stored either.
  std::vector<RunChange> batch;
  batch.push_back(ChangeOf(before, RunId{8}, 1));
  Heads next = before;
  next.position += 1;
  Code expected = Code::kInternal;
  SECTION("a gap in the positions") {
    next.position += 1;
    batch.push_back(ChangeOf(next, RunId{1}, 1, 2));
  }
  SECTION("an event of another run than the row's") {
    batch.push_back(ChangeOf(next, RunId{1}, 1, 2));
    batch.back().events[0].run = RunId{3};
  }
  SECTION("a revision that is not the last event's") {
    batch.push_back(ChangeOf(next, RunId{1}, 1, 2));
    batch.back().row.revision = 9;
  }
  SECTION("no event") {
    batch.push_back(ChangeOf(next, RunId{1}, 1, 2));
    batch.back().events.clear();
  }
  SECTION("a sequence that the run has already") {
    expected = Code::kAborted;
    batch.push_back(ChangeOf(next, RunId{1}, 1, 1));
  }
  SECTION("a gap in the run's sequence") {
    expected = Code::kAborted;
    batch.push_back(ChangeOf(next, RunId{1}, 1, 3));
  }
  SECTION("a second beginning of a run") {
    expected = Code::kAborted;
    batch.push_back(ChangeOf(next, RunId{1}, 1, 0));
  }
  SECTION("a later event of a run that never began") {
    expected = Code::kAborted;
    batch.push_back(ChangeOf(next, RunId{5}, 1, 4));
  }
  SECTION("a request_id that another run has") {
    expected = Code::kAlreadyExists;
    batch.push_back(ChangeOf(next, RunId{9}, 1));
    batch.back().row.request_id = "request-1";
  }
  REQUIRE(batch.size() == 2);
  const auto refused = journal->Append(batch);
  REQUIRE_FALSE(refused);
  INFO(refused.error().ToString());
  CHECK(refused.error().code == expected);
  CHECK_THAT(refused.error().message,
             Catch::StartsWith("append to " + batch[1].row.run.ToString()));
  CHECK(journal->heads().position == before.position);
  CHECK(journal->heads().hash == before.hash);
  CHECK(AllEvents(journal->reader()).size() == 2);
  CHECK_FALSE(*journal->reader().FindRun(RunId{8}));

  // Without the bad one the others can be stored.
  batch.pop_back();
  CHECK(journal->Append(batch));
}

void CheckRuns(const JournalFactory& open) {
  auto journal = open(false);
  for (int number = 1; number <= 6; ++number) {
    RunChange change = ChangeOf(journal->heads(), RunId{number});
    change.row.status = number % 2 == 0 ? kStatusWaiting : kStatusRunning;
    if (number > 4) change.row.workflow = "backup";
    if (number == 6) change.row.target = "other";
    MustAppend(*journal, change);
  }
  Reader& reader = journal->reader();
  const auto list = [&](const RunFilter& filter) { return Numbers(*reader.ListRuns(filter)); };
  using List = std::vector<std::int64_t>;
  CHECK(list({}) == List{6, 5, 4, 3, 2, 1});
  CHECK(list({.statuses = {kStatusWaiting}}) == List{6, 4, 2});
  CHECK(list({.statuses = {kStatusWaiting, kStatusRunning, kStatusWaiting}}) ==
        List{6, 5, 4, 3, 2, 1});
  CHECK(list({.statuses = {kStatusSucceeded}}).empty());
  CHECK(list({.workflow = "backup"}) == List{6, 5});
  CHECK(list({.statuses = {kStatusWaiting}, .workflow = "recovery"}) == List{4, 2});
  CHECK(list({.workflow = "backup", .target = "health"}) == List{5});
  CHECK(list({.limit = 2}) == List{6, 5});
  CHECK(list({.before = RunId{5}, .limit = 2}) == List{4, 3});
  CHECK(list({.statuses = {kStatusRunning, kStatusWaiting}, .before = RunId{3}, .limit = 5}) ==
        List{2, 1});

  // A later row replaces the earlier one, in what lists it too.
  RunChange done = ChangeOf(journal->heads(), RunId{2}, 1, 1);
  done.row.status = kStatusSucceeded;
  done.row.step = "";
  done.row.finished = At(50);
  done.row.waits_for = "nothing";
  done.row.waits_for_whom = "nobody";
  done.row.next = "the end";
  done.row.waits_since = At(40);
  done.row.next_at = At(41);
  done.row.error_code = 14;
  done.row.error_message = "busy";
  done.row.lock = "database/health";
  done.row.fencing_token = 12;
  MustAppend(*journal, done);
  CHECK(list({.statuses = {kStatusWaiting}}) == List{6, 4});
  CHECK(list({.statuses = {kStatusSucceeded}}) == List{2});
  CHECK(*reader.FindRun(RunId{2}) == done.row);
  CHECK_FALSE(*reader.FindRun(RunId{77}));
}

void CheckRequestIds(const JournalFactory& open) {
  auto journal = open(false);
  RunChange change = ChangeOf(journal->heads(), RunId{1});
  change.row.request_id = "request-1";
  MustAppend(*journal, change);
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{2}));  // Empty ones need not be unique.
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{3}));
  CHECK(**journal->reader().FindRequest("request-1") == change.row);
  CHECK_FALSE(*journal->reader().FindRequest("request-2"));
  CHECK_FALSE(*journal->reader().FindRequest(""));
}

void CheckTimers(const JournalFactory& open) {
  auto journal = open(false);
  Reader& reader = journal->reader();
  RunChange first = ChangeOf(journal->heads(), RunId{1});
  first.timers = {{RunId{1}, 1, At(30)}, {RunId{1}, 2, At(10)}};
  MustAppend(*journal, first);
  RunChange second = ChangeOf(journal->heads(), RunId{2});
  second.timers = {{RunId{2}, 1, At(20)}};
  MustAppend(*journal, second);

  using Timers = std::vector<TimerRow>;
  CHECK(*reader.TimersDue(At(25), 10) == Timers{{RunId{1}, 2, At(10)}, {RunId{2}, 1, At(20)}});
  CHECK(*reader.TimersDue(At(10), 10) == Timers{{RunId{1}, 2, At(10)}});
  CHECK(*reader.TimersDue(At(99), 1) == Timers{{RunId{1}, 2, At(10)}});
  CHECK(reader.TimersDue(At(9), 10)->empty());

  // No timers in the change: they stay. Others: they replace all of the run's, and no other run's.
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}, 1, 1));
  CHECK(*reader.TimersOfRun(RunId{1}) == Timers{{RunId{1}, 1, At(30)}, {RunId{1}, 2, At(10)}});
  RunChange moved = ChangeOf(journal->heads(), RunId{1}, 1, 2);
  moved.timers = {{RunId{1}, 1, At(40)}};
  MustAppend(*journal, moved);
  CHECK(*reader.TimersOfRun(RunId{1}) == Timers{{RunId{1}, 1, At(40)}});
  CHECK(*reader.TimersOfRun(RunId{2}) == Timers{{RunId{2}, 1, At(20)}});
  RunChange none = ChangeOf(journal->heads(), RunId{2}, 1, 1);
  none.timers.emplace();
  MustAppend(*journal, none);
  CHECK(*reader.TimersDue(At(99), 10) == Timers{{RunId{1}, 1, At(40)}});
}

void CheckLocks(const JournalFactory& open) {
  auto journal = open(false);
  const auto append = [&](int run, const std::string& lock, std::int64_t token,
                          std::int64_t before = 0) {
    RunChange change = ChangeOf(journal->heads(), RunId{run}, 1, before);
    change.row.lock = lock;
    change.row.fencing_token = token;
    MustAppend(*journal, change);
  };
  append(1, "database/health", 1);
  append(2, "database/other", 3);
  append(3, "database/health", 0);
  append(4, "database/health", 0);
  append(5, "", 0);
  Reader& reader = journal->reader();
  CHECK((*reader.LockHolder("database/health"))->run == RunId{1});
  CHECK(Numbers(*reader.LockWaiters("database/health", 10)) == std::vector<std::int64_t>{3, 4});
  CHECK(Numbers(*reader.LockWaiters("database/health", 1)) == std::vector<std::int64_t>{3});
  CHECK(reader.LockWaiters("database/other", 10)->empty());
  CHECK_FALSE(*reader.LockHolder("database/none"));
  CHECK_FALSE(*reader.LockHolder(""));
  CHECK(reader.LockWaiters("", 10)->empty());

  append(1, "", 0, 1);  // released
  CHECK_FALSE(*reader.LockHolder("database/health"));
  append(3, "database/health", 9, 1);
  CHECK((*reader.LockHolder("database/health"))->run == RunId{3});
  CHECK(Numbers(*reader.LockWaiters("database/health", 10)) == std::vector<std::int64_t>{4});
}

void CheckApprovals(const JournalFactory& open) {
  auto journal = open(false);
  for (int number = 1; number <= 3; ++number) {
    RunChange change = ChangeOf(journal->heads(), RunId{number});
    change.approvals = {ApprovalOf(number, RunId{number})};
    if (number == 3) change.approvals.push_back(ApprovalOf(4, RunId{3}));
    MustAppend(*journal, change);
  }
  ApprovalRow settled = ApprovalOf(3, RunId{3});
  settled.settlement = 1;
  settled.settled = At(60);
  settled.votes = R"([{"principal":"bob","vote":"approve"}])";
  RunChange decision = ChangeOf(journal->heads(), RunId{3}, 1, 1);
  decision.approvals = {settled};
  MustAppend(*journal, decision);

  Reader& reader = journal->reader();
  CHECK(**reader.FindApproval(ApprovalId{3}) == settled);
  CHECK(**reader.FindApproval(ApprovalId{4}) == ApprovalOf(4, RunId{3}));
  CHECK_FALSE(*reader.FindApproval(ApprovalId{9}));
  const auto list = [&](bool open_only, std::int64_t run, std::optional<ApprovalId> before,
                        int limit) {
    const auto rows = reader.ListApprovals(open_only, RunId{run}, before, limit);
    std::vector<std::int64_t> numbers;
    for (const ApprovalRow& row : *rows) numbers.push_back(row.approval.number);
    return numbers;
  };
  using List = std::vector<std::int64_t>;
  CHECK(list(false, 0, {}, 10) == List{4, 3, 2, 1});
  CHECK(list(true, 0, {}, 10) == List{4, 2, 1});
  CHECK(list(true, 0, ApprovalId{4}, 1) == List{2});
  CHECK(list(false, 3, {}, 10) == List{4, 3});
  CHECK(list(true, 3, {}, 10) == List{4});
  CHECK(list(false, 3, ApprovalId{4}, 10) == List{3});
}

void CheckDefinitions(const JournalFactory& open) {
  auto journal = open(false);
  for (int number = 1; number <= 2; ++number) {  // The second time it is stored already.
    RunChange change = ChangeOf(journal->heads(), RunId{number});
    change.definition = {"digest-1", "recovery", "name: recovery\n"};
    MustAppend(*journal, change);
  }
  CHECK(**journal->reader().FindDefinition("digest-1") == "name: recovery\n");
  CHECK_FALSE(*journal->reader().FindDefinition("digest-2"));
}

void CheckOutbox(const JournalFactory& open) {
  auto journal = open(false);
  RunChange change = ChangeOf(journal->heads(), RunId{1}, 2);
  const auto note = [](Position position, int number, const std::string& channel,
                       const std::string& text) {
    return OutboxRow{position, number, channel, "needs_attention", RunId{1}, text, At(position), 0,
                     "",       {},     {}};
  };
  change.notifications = {note(2, 0, "slack", "It waits for you"), note(1, 0, "slack", "It began"),
                          note(2, 1, "mail", "It waits for you")};
  MustAppend(*journal, change);
  Reader& reader = journal->reader();
  auto unsent = reader.UnsentNotifications("slack", 10);
  REQUIRE(unsent);
  CHECK(*unsent == std::vector<OutboxRow>{change.notifications[1], change.notifications[0]});
  CHECK(reader.UnsentNotifications("slack", 1)->size() == 1);
  CHECK(reader.UnsentNotifications("mail", 10)->size() == 1);
  CHECK(*reader.UnsentChannels() == std::vector<std::string>{"mail", "slack"});
  CHECK(reader.UndeliveredNotifications(10)->empty());

  // One is sent, one fails and is then given up.
  std::vector<OutboxRow> notes = *unsent;
  notes[0].sent = At(3);
  notes[1].tries = 1;
  notes[1].error = "no network";
  REQUIRE(journal->NoteNotifications(notes));
  CHECK(*reader.UnsentNotifications("slack", 10) == std::vector<OutboxRow>{notes[1]});
  CHECK(*reader.UndeliveredNotifications(10) == std::vector<OutboxRow>{notes[1]});
  notes[1].given_up = At(4);
  REQUIRE(journal->NoteNotifications(notes));
  CHECK(reader.UnsentNotifications("slack", 10)->empty());
  CHECK(*reader.UndeliveredNotifications(10) == std::vector<OutboxRow>{notes[1]});
  CHECK(reader.UnsentNotifications("mail", 10)->size() == 1);
}

void CheckReaders(const JournalFactory& open) {
  auto journal = open(false);
  auto reader = journal->OpenReader();
  REQUIRE(reader);
  CHECK(*(*reader)->LastPosition() == 0);
  MustAppend(*journal, ChangeOf(journal->heads(), RunId{1}, 2));
  CHECK(*(*reader)->LastPosition() == 2);

  // What is refused is never seen by a reader.
  RunChange bad = ChangeOf(journal->heads(), RunId{1}, 1, 7);
  REQUIRE_FALSE(journal->Append({&bad, 1}));
  CHECK(*(*reader)->LastPosition() == 2);
  CHECK(AllEvents(**reader).size() == 2);
  CHECK((*reader)->ListRuns({})->size() == 1);
}

}  // namespace

void CheckJournal(const JournalFactory& open) {
  SECTION("events come back in both orders, hashed") { CheckEvents(open); }
  SECTION("the heads survive, and appends go on behind them") { CheckHeadsSurvive(open); }
  SECTION("a batch with a bad change stores nothing") { CheckRefusals(open); }
  SECTION("runs are filtered and paged, newest first") { CheckRuns(open); }
  SECTION("a run is found by its request_id") { CheckRequestIds(open); }
  SECTION("timers come in the order in which they are due") { CheckTimers(open); }
  SECTION("a lock has one holder and waiters, the longest first") { CheckLocks(open); }
  SECTION("approvals are listed, open ones apart") { CheckApprovals(open); }
  SECTION("a definition is stored once") { CheckDefinitions(open); }
  SECTION("notifications stay until they are sent") { CheckOutbox(open); }
  SECTION("a reader sees what is committed, and nothing else") { CheckReaders(open); }
}

}  // namespace recourse::journal
