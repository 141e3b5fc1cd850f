// The check of a whole journal: the chain over all events, then every index row against the fold.
#include <limits>
#include <map>
#include <set>

#include "engine/base/digest.h"
#include "engine/journal/absence.h"
#include "engine/journal/chain.h"
#include "engine/record/differences.h"
#include "engine/record/whole_run.h"

namespace recourse::record {
namespace {

constexpr std::int64_t kEventsVerified = 1000;
constexpr int kPage = 500;
constexpr int kAll = std::numeric_limits<int>::max();
constexpr std::size_t kProblemsMax = 1000;  // who has read these knows enough

class Verifier {
 public:
  explicit Verifier(journal::Reader& reader) : reader_(reader) {}

  Result<Verification> Run() {
    if (auto checked = CheckStorage(); !checked) return std::move(checked).error();
    if (auto checked = CheckChain(); !checked) return std::move(checked).error();
    for (const RunId run : runs_) {
      if (auto checked = CheckRun(run); !checked) return std::move(checked).error();
      if (found_.problems.size() >= kProblemsMax) return std::move(found_);
    }
    if (auto checked = CheckRemoved(); !checked) return std::move(checked).error();
    if (auto checked = CheckRunsHaveEvents(); !checked) return std::move(checked).error();
    if (auto checked = CheckApprovalsHaveEvents(); !checked) return std::move(checked).error();
    if (auto checked = CheckTimersHaveEvents(); !checked) return std::move(checked).error();
    return std::move(found_);
  }

 private:
  enum class Compared { kDone, kMovedOn };

  void Problem(std::string sentence) {
    found_.problems.push_back(std::move(sentence));
    if (found_.problems.size() == kProblemsMax) {
      found_.problems.push_back("The check ended here: there may be more.");
    }
  }

  // The other checks read tables; an index may be damaged that they do not touch.
  Result<void> CheckStorage() {
    auto found = reader_.CheckStorage();
    if (!found) return std::move(found).error();
    for (const std::string& one : *found) Problem("the file is damaged: " + one);
    return {};
  }

  Result<void> CheckChain() {
    journal::ChainCheck chain(reader_);
    bool broken = false;
    journal::Position last = 0;
    Digest head{};
    for (;;) {
      auto batch = reader_.EventsAfter(last, kEventsVerified);
      if (!batch) return std::move(batch).error().In("verify the chain");
      if (batch->empty()) break;
      for (const journal::StoredEvent& event : *batch) {
        if (event.run == journal::kJournalItself) {
          if (auto read = ReadOwn(event); !read) return read;
        } else {
          runs_.insert(event.run);
        }
        // Behind a break nothing can be proven: one sentence, not one for every event.
        if (broken) continue;
        if (auto added = chain.Add(event); !added) {
          if (added.error().code != Code::kDataLoss) return added;
          broken = true;
          Problem(added.error().message + "; the chain proves nothing from here on");
        }
      }
      last = last_ = batch->back().position;
      head = batch->back().hash;
      found_.events += static_cast<journal::Position>(batch->size());
    }
    if (found_.events > 0) found_.head = ToHex(head);
    found_.runs = static_cast<std::int64_t>(runs_.size());
    found_.removed_runs = static_cast<std::int64_t>(removed_.size());
    found_.absent = chain.absent();
    return {};
  }

  // What the journal says of itself: a run that was exported and removed is gone altogether.
  Result<void> ReadOwn(const journal::StoredEvent& event) {
    auto absence = journal::ReadAbsence(event);
    if (!absence) {
      Problem(absence.error().message);
      return {};
    }
    if (event.type == journal::kRunsImported) {
      // Runs are imported into an empty journal: nothing of its own stands before that.
      if (event.sequence != 1) {
        Problem(
            "the journal says at position " + std::to_string(event.position) +
            " that it was made of an archive, but it had been in use before: events were removed");
      }
      return {};
    }
    removed_[absence->run] = {absence->run, event.position, absence->approval};
    return {};
  }

  // A tombstone's run may have neither events nor rows, and is in the index of those removed.
  Result<void> CheckRemoved() {
    std::map<RunId, journal::RemovedRow> expected = removed_;
    for (RunId after;;) {
      auto page = reader_.ListRemoved(after, kPage);
      if (!page) return std::move(page).error();
      for (const journal::RemovedRow& row : *page) {
        after = row.run;
        const auto told = expected.find(row.run);
        if (told != expected.end() && told->second == row) {
          expected.erase(told);
        } else if (row.position <= last_) {
          Problem("the index of removed runs says that " + row.run.ToString() +
                  " was removed by the event at position " + std::to_string(row.position) +
                  ", which does not say so");
        }
      }
      if (page->size() < kPage) break;
    }
    for (const auto& [run, row] : expected) {
      Problem(run.ToString() + " has a tombstone at position " + std::to_string(row.position) +
              ", but is missing from the index of removed runs");
    }
    for (const RunId run : runs_) {
      if (!removed_.contains(run)) continue;
      auto events = reader_.EventsOfRun(run, 0, 1);  // It may have been removed since.
      if (!events) return std::move(events).error();
      if (!events->empty()) {
        Problem(run.ToString() + " has a tombstone, but also has events");
      }
    }
    return {};
  }

  Result<bool> IsRemoved(RunId run) {
    auto rows = reader_.ListRemoved(RunId{run.number - 1}, 1);
    if (!rows) return std::move(rows).error();
    return !rows->empty() && rows->front().run == run;
  }

  // A server may append to the journal while it is verified. A run that differs and has got more
  // events since it was folded is folded again.
  Result<void> CheckRun(RunId run) {
    for (int turn = 0; turn < 20; ++turn) {
      auto expected = Fold(run);
      if (!expected) {
        if (expected.error().code != Code::kDataLoss) return std::move(expected).error();
        auto removed = IsRemoved(run);
        if (!removed) return std::move(removed).error();
        if (*removed) return {};  // since the chain was read
        Problem(run.ToString() + " cannot be folded: " + expected.error().message);
        return {};
      }
      auto compared = Compare(run, *expected);
      if (!compared) return std::move(compared).error();
      if (*compared == Compared::kMovedOn) continue;
      for (const std::string& sentence : expected->wrong_digests()) Problem(sentence);
      return {};
    }
    Problem(run.ToString() + " changes too fast to be compared with its index");
    return {};
  }

  // kDataLoss: the run cannot be folded. Otherwise the reader's.
  Result<WholeRun> Fold(RunId run) {
    WholeRun whole([this](const std::string& digest) { return Definition(digest); });
    for (;;) {
      auto batch = reader_.EventsOfRun(run, whole.events(), kEventsVerified);
      if (!batch) return std::move(batch).error();
      for (const journal::StoredEvent& event : *batch) {
        if (auto added = whole.Add(event); !added) return std::move(added).error();
      }
      if (static_cast<std::int64_t>(batch->size()) < kEventsVerified) break;
    }
    if (whole.events() == 0) return DataLoss("its first event is missing");
    return whole;
  }

  Result<std::shared_ptr<const definition::Workflow>> Definition(const std::string& digest) {
    if (const auto known = definitions_.find(digest); known != definitions_.end()) {
      return known->second;
    }
    auto text = reader_.FindDefinition(digest);
    if (!text) return std::move(text).error();
    if (!*text) return DataLoss("its definition " + digest + " is not in the journal");
    auto loaded = LoadDefinition(digest, **text);
    if (!loaded) return loaded;
    return definitions_[digest] = *std::move(loaded);
  }

  Result<Compared> Compare(RunId run, const WholeRun& whole) {
    const journal::RunRow expected = whole.Row();
    auto row = reader_.FindRun(run);
    if (!row) return std::move(row).error();
    auto approvals = reader_.ListApprovals(false, run, std::nullopt, kAll);
    if (!approvals) return std::move(approvals).error();
    auto timers = reader_.TimersOfRun(run);
    if (!timers) return std::move(timers).error();

    std::vector<std::string> sentences;
    if (*row) {
      sentences = Differences(**row, expected);
    } else {
      sentences.push_back(run.ToString() + " is missing from the index of runs");
    }
    const auto add = [&sentences](std::vector<std::string> more) {
      for (std::string& sentence : more) sentences.push_back(std::move(sentence));
    };
    add(Differences(*approvals, whole.ApprovalRows()));
    add(Differences(run, *timers, whole.TimerRows()));
    if (sentences.empty()) return Compared::kDone;

    auto since = reader_.EventsOfRun(run, expected.revision, 1);
    if (!since) return std::move(since).error();
    if (!since->empty()) return Compared::kMovedOn;
    auto removed = IsRemoved(run);
    if (!removed) return std::move(removed).error();
    if (*removed) return Compared::kDone;
    for (std::string& sentence : sentences) Problem(std::move(sentence));
    return Compared::kDone;
  }

  // Whether the run has events. Those that began after the chain was read are looked for anew.
  Result<bool> HasEvents(RunId run) {
    if (runs_.contains(run)) return true;
    auto events = reader_.EventsOfRun(run, 0, 1);
    if (!events) return std::move(events).error();
    return !events->empty();
  }

  Result<void> CheckRunsHaveEvents() {
    journal::RunFilter filter;
    filter.limit = kPage;
    for (;;) {
      auto page = reader_.ListRuns(filter);
      if (!page) return std::move(page).error();
      for (const journal::RunRow& row : *page) {
        auto has = HasEvents(row.run);
        if (!has) return std::move(has).error();
        if (!*has) Problem(row.run.ToString() + " is in the index of runs but has no events");
      }
      if (page->size() < kPage) return {};
      filter.before = page->back().run;
    }
  }

  Result<void> CheckApprovalsHaveEvents() {
    std::optional<ApprovalId> before;
    for (;;) {
      auto page = reader_.ListApprovals(false, RunId{}, before, kPage);
      if (!page) return std::move(page).error();
      for (const journal::ApprovalRow& row : *page) {
        auto has = HasEvents(row.run);
        if (!has) return std::move(has).error();
        if (!*has) {
          Problem(row.approval.ToString() + " is in the index of approvals, but its run " +
                  row.run.ToString() + " has no events");
        }
      }
      if (page->size() < kPage) return {};
      before = page->back().approval;
    }
  }

  Result<void> CheckTimersHaveEvents() {
    auto timers = reader_.TimersDue(Time::max(), kAll);
    if (!timers) return std::move(timers).error();
    for (const journal::TimerRow& timer : *timers) {
      auto has = HasEvents(timer.run);
      if (!has) return std::move(has).error();
      if (!*has) {
        Problem("a timer of kind " + std::to_string(timer.kind) + " is set for " +
                timer.run.ToString() + ", which has no events");
      }
    }
    return {};
  }

  journal::Reader& reader_;
  Verification found_;
  std::set<RunId> runs_;
  std::map<RunId, journal::RemovedRow> removed_;
  journal::Position last_ = 0;  // that the chain was read to
  std::map<std::string, std::shared_ptr<const definition::Workflow>> definitions_;
};

}  // namespace

Result<Verification> Verify(journal::Reader& reader) { return Verifier(reader).Run(); }

}  // namespace recourse::record
