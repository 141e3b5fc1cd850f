#include "client/report/report.h"

#include "client/report/story.h"
#include "client/report/words.h"
#include "engine/base/digest.h"
#include "engine/base/json.h"

namespace recourse::report {
namespace {

constexpr std::size_t kShownMax = 4096;  // bytes of a value; the JSON form has all

using Rows = std::vector<std::vector<std::string>>;

std::string Shown(const Value& value) {
  std::string text = ToPrettyJson(value);
  if (text.size() <= kShownMax) return text;
  const std::size_t left_out = text.size() - kShownMax;
  text.resize(kShownMax);
  while (!text.empty() && !IsUtf8(text)) text.pop_back();
  return text + "\n... and " + std::to_string(left_out) +
         " more bytes, which recourse timeline --format json has";
}

std::string Listed(const Value& list) {
  std::string text;
  if (!list.is_list()) return text;
  for (const Value& one : list.as_list()) {
    text +=
        (text.empty() ? "" : " or ") + (one.is_string() ? one.as_string() : recourse::ToJson(one));
  }
  return text.empty() ? "nobody" : text;
}

class Writer {
 public:
  Writer(const v1::Report& report, const std::vector<v1::Event>& events)
      : report_(report), run_(report.run()), events_(events), story_(StoryOf(report, events)) {}

  Document Write() && {
    Add(Heading{1, run_.id() + ": " + run_.workflow() +
                       (run_.target().empty() ? "" : " on " + run_.target())});
    WriteSummary();
    WriteValue("Inputs", story_.started["inputs"]);
    WriteValue("Outputs", story_.outputs);
    WritePeople();
    WriteApprovals();
    WriteMeasures();
    WriteWaits();
    WriteLines("Failures", story_.failures);
    WriteLines("Rollback", story_.rollback);
    WriteLines("Notes", story_.notes);
    WriteEvidence();
    WriteTimeline();
    WriteProof();
    return std::move(document_);
  }

 private:
  void Add(Block block) { document_.push_back(std::move(block)); }
  // A section, unless there is nothing to say in it.
  void AddTable(const std::string& title, std::vector<std::string> head, Rows rows) {
    if (rows.empty()) return;
    Add(Heading{2, title});
    Add(Table{std::move(head), std::move(rows)});
  }

  void WriteSummary() {
    Rows rows = {{"Status", StatusOf(run_)},
                 {"Workflow", run_.workflow()},
                 {"Definition (SHA-256)", run_.digest()}};
    const auto add = [&rows](const std::string& what, const std::string& text) {
      if (!text.empty()) rows.push_back({what, text});
    };
    add("Target", run_.target());
    add("Severity", run_.severity());
    add("Requested by", run_.requester());
    add("Request id", run_.request_id());
    add("Started", Stamp(TimeOf(run_.start_time())));
    const bool over = run_.has_end_time();
    const Time end = over ? TimeOf(run_.end_time()) : story_.last;
    add("Ended", over ? Stamp(end) : "not yet; last event " + Stamp(end));
    add("Took", HumanDuration(end - TimeOf(run_.start_time())));
    add("Deadline", Deadline(end, over));
    add("Waited for people", HumanDuration(WaitedInAll(story_)));
    add("Failed with", run_.has_error() ? run_.error().code() + ": " + run_.error().message() : "");
    add("Waits for", run_.waiting().reason());
    add("Who can answer", run_.waiting().who());
    Add(Table{{"What", ""}, std::move(rows)});
  }

  std::string Deadline(Time end, bool over) const {
    const auto deadline = ParseTimestamp(story_.started.StringOr("deadline", ""));
    if (!deadline) return "none";
    const Time due = FromTimestamp(*deadline);
    const std::string text = Stamp(due);
    if (end > due) return text + ", exceeded by " + HumanDuration(end - due);
    return text + (over ? ", kept with " + HumanDuration(due - end) + " left" : "");
  }

  void WriteValue(const std::string& title, const Value& value) {
    const bool empty = value.is_null() || (value.is_map() && value.as_map().empty());
    if (empty) return;
    Add(Heading{2, title});
    Add(Code{Shown(value)});
  }

  void WritePeople() {
    Rows rows;
    for (const auto& [who, deeds] : story_.people) {
      for (const std::string& deed : deeds) rows.push_back({who, deed});
    }
    AddTable("People", {"Who", "What"}, std::move(rows));
  }

  void WriteApprovals() {
    if (story_.approvals.empty()) return;
    Add(Heading{2, "Approvals"});
    for (const Approval& approval : story_.approvals) WriteApproval(approval);
  }

  void WriteApproval(const Approval& approval) {
    Add(Heading{3, approval.id + " of " + approval.step});
    const Value& asked = approval.asked;
    Add(Table{{"What", ""},
              {{"Question", asked.StringOr("prompt", "")},
               {"Asked", asked.StringOr("who", Listed(asked["approvers"]))},
               {"Approvals needed", std::to_string(asked.IntOr("quorum", 1))},
               {"Requester may approve", asked.BoolOr("exclude_requester", false) ? "no" : "yes"},
               {"Requested", Stamp(approval.requested)},
               {"Expires", asked.StringOr("expires", "never")},
               {"Settled", approval.settlement.empty()
                               ? "not yet"
                               : approval.settlement + " " + Stamp(approval.settled, "")},
               {"Digest of what was shown", asked.StringOr("digest", "")}}});
    Rows votes;
    for (const Vote& vote : approval.votes) {
      votes.push_back({Stamp(vote.time), vote.principal, vote.vote, vote.channel, vote.reason});
    }
    if (votes.empty()) {
      Add(Paragraph{"Nobody voted."});
    } else {
      Add(Table{{"When", "Who", "Vote", "Channel", "Reason"}, std::move(votes)});
    }
    if (asked["plan"].is_null()) return;
    Add(Paragraph{"The plan that was shown, SHA-256 " +
                  ToHex(Sha256Of(recourse::ToJson(asked["plan"]))) + ":"});
    Add(Code{Shown(asked["plan"])});
  }

  void WriteMeasures() {
    Rows rows;
    for (const Measure& measure : story_.measures) {
      const auto took = measure.ended.value_or(story_.last) - measure.began;
      std::string verdict;
      if (measure.expected && measure.ended) {
        verdict = took <= *measure.expected
                      ? "as expected"
                      : "longer by " + HumanDuration(took - *measure.expected);
      }
      rows.push_back({(measure.undo ? "undo of " : "") + measure.step, Stamp(measure.began),
                      std::to_string(measure.attempts),
                      measure.outcome.empty() ? "at work" : measure.outcome, HumanDuration(took),
                      measure.expected ? HumanDuration(*measure.expected) : "not said", verdict});
    }
    AddTable("Durations", {"Step", "Began", "Attempts", "Outcome", "Took", "Expected", "Compared"},
             std::move(rows));
  }

  void WriteWaits() {
    Rows rows;
    for (const Wait& wait : story_.waits) {
      rows.push_back({wait.what, wait.step, Stamp(wait.since), Stamp(wait.until, "still waits"),
                      HumanDuration(wait.until.value_or(story_.last) - wait.since)});
    }
    AddTable("Waiting for people", {"For", "Step", "Since", "Until", "Took"}, std::move(rows));
  }

  void WriteLines(const std::string& title, const std::vector<Line>& lines) {
    Rows rows;
    for (const Line& line : lines) {
      rows.push_back({Stamp(line.time), line.step, line.who, line.text});
    }
    AddTable(title, {"When", "Step", "Who", "What"}, std::move(rows));
  }

  void WriteEvidence() {
    Rows rows;
    for (const Evidence& one : story_.evidence) {
      rows.push_back({std::to_string(one.position), Stamp(one.time), one.step, one.kind,
                      std::to_string(one.json.size()), one.sha256});
    }
    if (rows.empty()) return;
    AddTable("Evidence",
             {"Event", "When", "Step", "Kind", "Bytes", "SHA-256 of its canonical JSON"},
             std::move(rows));
    for (const Evidence& one : story_.evidence) {
      if (one.kind == "plan") continue;  // shown with its approval
      Add(Heading{3, "Event " + std::to_string(one.position) + ", " + one.step + ": " + one.kind});
      auto value = ParseJson(one.json);
      Add(Code{value ? Shown(*value) : one.json});
    }
  }

  void WriteTimeline() {
    Rows rows;
    for (const v1::Event& event : events_) {
      rows.push_back({Stamp(TimeOf(event.time())),
                      "+" + HumanDuration(TimeOf(event.time()) - story_.first), event.principal(),
                      event.text()});
    }
    AddTable("Timeline", {"When", "After", "Who", "What"}, std::move(rows));
  }

  void WriteProof() {
    const v1::ChainProof& proof = report_.proof();
    Add(Heading{2, "Proof"});
    Add(Paragraph{ProofOf(proof)});
    Add(Table{{"What", ""},
              {{"Events of the run", std::to_string(proof.run_events())},
               {"First position", std::to_string(proof.first_position())},
               {"First hash", proof.first_hash()},
               {"Last position", std::to_string(proof.last_position())},
               {"Last hash", proof.last_hash()},
               {"Events checked", std::to_string(proof.events_checked())}}});
  }

  const v1::Report& report_;
  const v1::Run& run_;
  const std::vector<v1::Event>& events_;
  const Story story_;
  Document document_;
};

}  // namespace

std::string ProofOf(const v1::ChainProof& proof) {
  if (!proof.problem().empty()) {
    return "THE HASH CHAIN IS BROKEN, so this report is not proven: " + proof.problem();
  }
  return "The hash chain holds from the run's first event to its last: none of them was changed, "
         "removed or added since, unless every hash behind it was made anew. Compare the last "
         "hash, "
         "or a later head of the journal, with one that was kept elsewhere.";
}

Document DocumentOf(const v1::Report& report, const std::vector<v1::Event>& events) {
  return Writer(report, events).Write();
}

}  // namespace recourse::report
