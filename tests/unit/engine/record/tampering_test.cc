// Somebody who can write the file. What he changes shows: by the chain alone while he does not make
// it anew, by signed heads and tombstones when he does.
#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>

#include "engine/base/signing.h"
#include "engine/journal/absence.h"
#include "engine/journal/chain.h"
#include "engine/record/archive.h"
#include "engine/record/heads.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/journal/sqlite/raw.h"
#include "tests/unit/engine/record/history.h"

namespace recourse::record {
namespace {

using Catch::Contains;

// A file of SQLite that is changed and changed back, statement by statement.
class Raw {
 public:
  explicit Raw(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK);
  }
  ~Raw() { sqlite3_close(handle_); }
  void Execute(const std::string& sql) {
    CAPTURE(sql);
    REQUIRE(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }

 private:
  sqlite3* handle_ = nullptr;
};

std::string Quoted(const std::string& bytes) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return "x'" + hex + "'";
}

std::string Bytes(const Digest& digest) { return {digest.begin(), digest.end()}; }

// The chain of all events, with the reader's tombstones.
bool ChainHolds(journal::Reader& reader) {
  journal::ChainCheck chain(reader);
  for (journal::Position after = 0;;) {
    auto page = reader.EventsAfter(after, 500);
    REQUIRE(page);
    if (page->empty()) return true;
    for (const journal::StoredEvent& event : *page) {
      if (!chain.Add(event)) return false;
      after = event.position;
    }
  }
}

constexpr std::string_view kSmall = R"(
name: small
steps:
  - {id: look, action: read.it}
  - id: confirm
    approval: {prompt: "Go on?", approvers: [dba]}
  - {id: rest, action: read.it}
)";

RunId WriteSmall(History& history) {
  const RunId run = history.Start(kSmall, machine::Start{"", Value::Map(), "", {}});
  history.Succeed(run, Value::Object({{"rows", 3}}));
  history.Send(run, machine::PlanMade{1, Value::Object({{"bytes_needed", 5}})});
  history.Vote(run, "ada", machine::Vote::kApprove);
  history.Succeed(run, Value::Object({{"rows", 4}}));
  return run;
}

// A journal of small runs, one of them removed by the server, and the heads that it signed.
class Crime {
 public:
  Crime()
      : key(*SigningKey::LoadOrMake(scratch / "key")),
        public_key(*PublicKey::Parse(key.PublicPem())) {
    {
      History history(path);
      for (int i = 0; i < 2; ++i) WriteSmall(history);
      Sign(history.journal().reader(), history.now);
      Remove(history.journal(), history.now);
      Sign(history.journal().reader(), history.now);
      WriteSmall(history);
      Sign(history.journal().reader(), history.now);
    }
    events = Events();
  }

  void Sign(journal::Reader& reader, Time now) {
    auto head = SignHead(reader, key, now);
    REQUIRE(head);
    heads.push_back(*head);
  }

  void Remove(journal::Journal& journal, Time now) {
    journal::Removal removal;
    removal.run = RunId{1};
    removal.events = (*journal.reader().FindRun(removal.run))->revision;
    removal.file = "/x/runs.jsonl";
    removal.time = now;
    removal.principal = "ana";
    const std::string identity = *journal.reader().Identity();
    removal.sign = [&](const std::string& payload) {
      return key.Sign(TombstoneMessage(identity, payload));
    };
    REQUIRE(journal.RemoveRun(removal));
  }

  std::vector<journal::StoredEvent> Events() const {
    auto reader = journal::OpenSqliteReader(path);
    REQUIRE(reader);
    return *(*reader)->EventsAfter(0, 10'000);
  }

  // Everything that a full check finds, with the key and the heads.
  std::vector<std::string> Found() const {
    auto reader = journal::OpenSqliteReader(path);
    REQUIRE(reader);
    auto signatures = CheckSignatures(**reader, heads, public_key);
    if (!signatures) return {signatures.error().message};
    auto verified = Verify(**reader);
    REQUIRE(verified);
    std::vector<std::string> problems = verified->problems;
    problems.insert(problems.end(), signatures->problems.begin(), signatures->problems.end());
    return problems;
  }

  // Makes the chain anew from `events` on, as somebody does who knows how.
  void Rechain(std::vector<journal::StoredEvent> changed) {
    Raw raw(path);
    raw.Execute("DELETE FROM events");
    auto reader = journal::OpenSqliteReader(whole);
    REQUIRE(reader);
    const journal::Gaps gaps = *journal::ReadGaps(**reader);
    Digest hash{};
    journal::Position last = 0;
    for (journal::StoredEvent& event : changed) {
      const auto gap = gaps.find(last + 1);
      if (gap != gaps.end() && event.position > last + 1) hash = gap->second.after;
      event.hash = hash = journal::ChainHash(hash, event);
      last = event.position;
      raw.Execute("INSERT INTO events VALUES (" + std::to_string(event.position) + "," +
                  std::to_string(event.run.number) + "," + std::to_string(event.sequence) + "," +
                  std::to_string(event.time.time_since_epoch().count()) + "," +
                  std::to_string(event.type) + ",CAST(" + Quoted(event.principal) + " AS TEXT)," +
                  Quoted(event.payload) + "," + Quoted(Bytes(event.hash)) + ")");
    }
  }

  void KeepWhole() { std::filesystem::copy_file(path, whole); }

  journal::ScratchDirectory scratch;
  std::string path = scratch / "journal";
  std::string whole = scratch / "whole";
  SigningKey key;
  PublicKey public_key;
  std::vector<SignedHead> heads;
  std::vector<journal::StoredEvent> events;
};

}  // namespace

TEST_CASE("an honest journal, with a run that was removed, has every head", "[tampering]") {
  const Crime crime;
  CHECK(crime.Found() == std::vector<std::string>{});
  auto reader = journal::OpenSqliteReader(crime.path);
  REQUIRE(reader);
  const auto checked = CheckSignatures(**reader, crime.heads, crime.public_key);
  REQUIRE(checked);
  CHECK(checked->heads == 3);
  CHECK(checked->tombstones == 1);
}

TEST_CASE("any single byte that is changed in any column of any event is found", "[tampering]") {
  const Crime crime;
  Raw raw(crime.path);
  raw.Execute("PRAGMA synchronous=OFF");
  int changes = 0;
  auto reader = journal::OpenSqliteReader(crime.path);
  REQUIRE(reader);
  for (const journal::StoredEvent& event : crime.events) {
    const std::string here = " WHERE position = " + std::to_string(event.position);
    const auto try_one = [&](const std::string& column, const std::string& changed,
                             const std::string& original) {
      raw.Execute("UPDATE events SET " + column + " = " + changed + here);
      const bool found = !ChainHolds(**reader);
      if (!found) FAIL(column << " = " << changed << here);
      ++changes;
      raw.Execute("UPDATE events SET " + column + " = " + original + here);
    };
    const auto each_byte = [&](const std::string& column, const std::string& bytes, bool text) {
      const auto as = [text](const std::string& of) {
        return text ? "CAST(" + Quoted(of) + " AS TEXT)" : Quoted(of);
      };
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 7)));
        if (text && changed[i] == 0) continue;
        try_one(column, as(changed), as(bytes));
      }
    };
    each_byte("payload", event.payload, false);
    each_byte("hash", Bytes(event.hash), false);
    each_byte("principal", event.principal, true);
    // The eight bytes of each number.
    for (const auto& [column, number] :
         {std::pair("run", event.run.number), std::pair("sequence", event.sequence),
          std::pair("time", std::int64_t{event.time.time_since_epoch().count()}),
          std::pair("type", std::int64_t{event.type})}) {
      for (int bit = 0; bit < 64; bit += 8) {
        const auto changed = static_cast<std::int64_t>(static_cast<std::uint64_t>(number) ^
                                                       (std::uint64_t{1} << (bit + 5)));
        try_one(column, std::to_string(changed), std::to_string(number));
      }
    }
  }
  for (const journal::StoredEvent& event : crime.events) {
    for (int bit = 5; bit < 64; bit += 8) {
      const std::string moved = std::to_string(static_cast<std::int64_t>(
          static_cast<std::uint64_t>(event.position) ^ (std::uint64_t{1} << bit)));
      const std::string original = std::to_string(event.position);
      raw.Execute("UPDATE events SET position = " + moved + " WHERE position = " + original);
      CAPTURE(moved, original);
      CHECK_FALSE(crime.Found().empty());
      raw.Execute("UPDATE events SET position = " + original + " WHERE position = " + moved);
    }
  }
  CHECK(changes > 1000);
}

TEST_CASE("a run is not removed by saying that the journal was made of an archive", "[tampering]") {
  const Crime crime;
  journal::Absence absence;
  Digest before{};
  for (const journal::StoredEvent& event : crime.events) {
    if (event.run == RunId{2}) {
      absence.gaps.push_back({event.position, event.position, before, event.hash});
      ++absence.events;
    }
    before = event.hash;
  }
  const journal::StoredEvent& last = crime.events.back();
  journal::StoredEvent lie{
      last.position + 1,           RunId{}, 2, last.time, journal::kRunsImported, "engine",
      journal::PayloadOf(absence), {}};
  lie.hash = journal::ChainHash(last.hash, lie);
  Raw raw(crime.path);
  raw.Execute(
      "DELETE FROM events WHERE run = 2; DELETE FROM approvals WHERE run = 2;"
      "DELETE FROM timers WHERE run = 2; DELETE FROM runs WHERE run = 2");
  raw.Execute("INSERT INTO events VALUES (" + std::to_string(lie.position) + ",0,2," +
              std::to_string(lie.time.time_since_epoch().count()) + "," + std::to_string(lie.type) +
              ",'engine'," + Quoted(lie.payload) + "," + Quoted(Bytes(lie.hash)) + ")");
  std::string found;
  for (const std::string& problem : crime.Found()) found += problem + "\n";
  CHECK(found.find("it had been in use before: events were removed") != found.npos);
  CHECK(found.find("the journal says that it was made of an archive: events were removed") !=
        found.npos);
}

TEST_CASE("any event that is removed, moved or repeated is found", "[tampering]") {
  const Crime crime;
  Raw raw(crime.path);
  const auto found_after = [&](const std::string& sql) {
    raw.Execute("BEGIN; " + sql + "; COMMIT");
    const bool found = !crime.Found().empty();
    return found;
  };
  for (const journal::StoredEvent& event : crime.events) {
    const std::string position = std::to_string(event.position);
    CAPTURE(position);
    raw.Execute("CREATE TABLE kept AS SELECT * FROM events");
    CHECK(found_after("DELETE FROM events WHERE position = " + position));
    raw.Execute("DELETE FROM events; INSERT INTO events SELECT * FROM kept");
    // Exchanged with the next one, sequences and positions made to fit.
    if (event.position < crime.events.back().position) {
      const std::string next = std::to_string(event.position + 1);
      CHECK(found_after("UPDATE events SET position = -1 WHERE position = " + position +
                        "; UPDATE events SET position = " + position + " WHERE position = " + next +
                        "; UPDATE events SET position = " + next + " WHERE position = -1"));
      raw.Execute("DELETE FROM events; INSERT INTO events SELECT * FROM kept");
    }
    raw.Execute("DROP TABLE kept");
  }
  const std::string last = std::to_string(crime.events.back().position);
  CHECK(found_after(
      "INSERT INTO events SELECT position + 1, run, sequence + 1, time, type, principal, "
      "payload, hash FROM events WHERE position = " +
      last));
}

TEST_CASE("a tail that is cut off shows by the heads, though the chain holds", "[tampering]") {
  const Crime crime;
  Raw raw(crime.path);
  // The last run with all its rows, and so no trace of it in the file.
  raw.Execute(
      "DELETE FROM events WHERE run = 3; DELETE FROM runs WHERE run = 3;"
      "DELETE FROM approvals WHERE run = 3; DELETE FROM timers WHERE run = 3");
  auto reader = journal::OpenSqliteReader(crime.path);
  REQUIRE(reader);
  CHECK(Verify(**reader)->problems == std::vector<std::string>{});
  const auto problems = crime.Found();
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Contains("events were cut off its end"));
}

TEST_CASE("a chain that was made anew shows by the heads", "[tampering]") {
  Crime crime;
  crime.KeepWhole();
  auto changed = crime.events;
  auto& event = changed.back();
  event.time += std::chrono::microseconds(1);
  crime.Rechain(changed);
  Raw(crime.path)
      .Execute("UPDATE runs SET changed = changed + 1, finished = finished + 1 WHERE run = 3");
  auto reader = journal::OpenSqliteReader(crime.path);
  REQUIRE(reader);
  CHECK(Verify(**reader)->problems == std::vector<std::string>{});
  const auto problems = crime.Found();
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Contains("an event up to there was changed, added or removed"));
}

TEST_CASE("a tombstone that the server did not sign shows, though the chain holds", "[tampering]") {
  const Crime crime;
  {
    auto journal = journal::MustOpen(crime.path);
    journal::Removal removal;
    removal.run = RunId{2};
    removal.events = (*journal->reader().FindRun(removal.run))->revision;
    REQUIRE(journal->RemoveRun(removal));
  }
  auto reader = journal::OpenSqliteReader(crime.path);
  REQUIRE(reader);
  CHECK(Verify(**reader)->problems == std::vector<std::string>{});
  const auto problems = crime.Found();
  REQUIRE_FALSE(problems.empty());
  CHECK_THAT(problems[0], Contains("the tombstone of R-2") && Contains("not signed with this key"));
}

TEST_CASE(
    "heads of another journal, or signed with another key, are told from those that do not fit",
    "[tampering]") {
  Crime crime;
  crime.heads.resize(1);
  SECTION("changed") {
    crime.heads[0].position += 1;
    CHECK_THAT(crime.Found().at(0), Contains("not signed with this key"));
  }
  SECTION("another journal") {
    History other(crime.scratch / "other");
    WriteSmall(other);
    crime.heads.clear();
    crime.Sign(other.journal().reader(), other.now);
    CHECK_THAT(crime.Found().at(0), Contains("is of the journal"));
  }
}

TEST_CASE("a head is kept as a line, and read again", "[tampering]") {
  const Crime crime;
  std::string text = "\n{\"cut off by a cra\n";
  for (const SignedHead& head : crime.heads) text += LineOf(head) + "\n";
  const auto read = ParseHeads(text);
  REQUIRE(read);
  CHECK(*read == crime.heads);
  CHECK_FALSE(ParseHeads("{\"position\":1}\n"));
}

}  // namespace recourse::record
