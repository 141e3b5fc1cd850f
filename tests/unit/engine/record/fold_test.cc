#include <catch2/catch.hpp>

#include "engine/record/record.h"
#include "tests/unit/engine/journal/scratch.h"
#include "tests/unit/engine/record/history.h"
#include "tests/unit/engine/record/samples.h"

namespace recourse::record {
namespace {

std::vector<journal::StoredEvent> EventsOf(journal::Journal& journal, RunId run) {
  auto events = journal.reader().EventsOfRun(run, 0, 10'000);
  REQUIRE(events);
  return *std::move(events);
}

TEST_CASE("the fold of a run's stored events is its live state", "[record]") {
  journal::ScratchDirectory scratch;
  History history(scratch / "journal");
  WriteRunsOfEveryKind(history);
  const std::int64_t runs = history.journal().heads().run.number;
  REQUIRE(runs == 10);
  for (RunId run{1}; run.number <= runs; ++run.number) {
    CAPTURE(run.number);
    const auto read = ReadRun(history.journal().reader(), run);
    REQUIRE(read);
    CHECK((*read == history.state(run)));
    const auto folded = Fold(EventsOf(history.journal(), run));
    REQUIRE(folded);
    CHECK((*folded == *read));
  }
}

TEST_CASE("a run longer than a batch is read whole, one that is not there is NOT_FOUND",
          "[record]") {
  journal::ScratchDirectory scratch;
  History history(scratch / "journal");
  const RunId run = history.Start("name: t\nsteps:\n  - {id: a, action: do.it}\n",
                                  machine::Start{"", Value::Map(), "", {}});
  while (history.state(run).revision < 1003) history.Send(run, machine::Annotate{"so far"}, "kim");

  const auto read = ReadRun(history.journal().reader(), run);
  REQUIRE(read);
  CHECK((*read == history.state(run)));

  const auto other = ReadRun(history.journal().reader(), RunId{99});
  REQUIRE_FALSE(other);
  CHECK(other.error().code == Code::kNotFound);
  CHECK(other.error().message == "there is no run R-99");
}

TEST_CASE("an event that does not follow is DATA_LOSS", "[record]") {
  journal::ScratchDirectory scratch;
  History history(scratch / "journal");
  WriteRunsOfEveryKind(history);
  auto events = EventsOf(history.journal(), RunId{1});

  SECTION("a gap in the sequence") {
    events.erase(events.begin() + 4);
    const auto folded = Fold(events);
    REQUIRE_FALSE(folded);
    CHECK(folded.error().code == Code::kDataLoss);
    CHECK(folded.error().message.find("sequence 5 is expected") != std::string::npos);
  }
  SECTION("an event of another run") {
    events[4].run = RunId{2};
    const auto folded = Fold(events);
    REQUIRE_FALSE(folded);
    CHECK(folded.error().message.find("they are of R-1") != std::string::npos);
  }
  SECTION("no beginning") {
    events.erase(events.begin());
    events[0].sequence = 1;
    CHECK_FALSE(Fold(events));
  }
  SECTION("more after the end") {
    const auto& last = events.back();
    events.push_back(Encode({RunId{1}, last.sequence + 1, last.position + 1, last.time, "engine"},
                            machine::WaitEnded{5}));
    const auto folded = Fold(events);
    REQUIRE_FALSE(folded);
    CHECK(folded.error().message.find("SUCCEEDED") != std::string::npos);
  }
}

// A forged journal may hold any event anywhere. The fold may accept it or refuse it, but the
// process goes on.
TEST_CASE("no event in no place ends the process", "[record]") {
  journal::ScratchDirectory scratch;
  History history(scratch / "journal");
  WriteRunsOfEveryKind(history);
  int refused = 0;
  for (RunId run{1}; run.number <= history.journal().heads().run.number; ++run.number) {
    const auto events = EventsOf(history.journal(), run);
    for (std::size_t at = 0; at < events.size(); ++at) {
      for (const machine::Event& sample : SampleEvents()) {
        auto forged = events;
        const auto& replaced = events[at];
        forged[at] =
            Encode({run, replaced.sequence, replaced.position, replaced.time, "x"}, sample);
        const auto folded = Fold(forged);
        if (folded) {
          RowOf(history.workflow(run), *folded);
          TimerRowsOf(*folded);
        } else {
          CHECK(folded.error().code == Code::kDataLoss);
          ++refused;
        }
      }
    }
  }
  CHECK(refused > 1000);
}

}  // namespace
}  // namespace recourse::record
