#include "engine/record/differences.h"

#include <algorithm>
#include <map>
#include <optional>

#include "engine/base/text.h"

namespace recourse::record {
namespace {

std::string Shown(const std::string& text) { return '"' + text + '"'; }
std::string Shown(std::int64_t number) { return std::to_string(number); }
std::string Shown(int number) { return std::to_string(number); }
std::string Shown(bool value) { return value ? "true" : "false"; }
std::string Shown(RunId run) { return run.ToString(); }
std::string Shown(Time time) { return FormatTimestamp(ToTimestamp(time)); }
std::string Shown(const std::optional<Time>& time) { return time ? Shown(*time) : "none"; }

// Collects the sentences about one row.
class Comparison {
 public:
  explicit Comparison(std::string row) : row_(std::move(row)) {}

  template <class Member>
  void Compare(const char* name, const Member& stored, const Member& expected) {
    if (stored == expected) return;
    sentences_.push_back(row_ + ": the index says " + name + " " + Shown(stored) +
                         ", the events say " + Shown(expected));
  }

  std::vector<std::string> Take() && { return std::move(sentences_); }

 private:
  std::string row_;
  std::vector<std::string> sentences_;
};

std::vector<std::string> Differences(const journal::ApprovalRow& stored,
                                     const journal::ApprovalRow& expected) {
  Comparison rows(expected.approval.ToString() + " of " + expected.run.ToString());
  rows.Compare("run", stored.run, expected.run);
  rows.Compare("step", stored.step, expected.step);
  rows.Compare("prompt", stored.prompt, expected.prompt);
  rows.Compare("approvers", stored.approvers, expected.approvers);
  rows.Compare("quorum", stored.quorum, expected.quorum);
  rows.Compare("exclude_requester", stored.exclude_requester, expected.exclude_requester);
  rows.Compare("requester", stored.requester, expected.requester);
  rows.Compare("requested", stored.requested, expected.requested);
  rows.Compare("expires", stored.expires, expected.expires);
  rows.Compare("settled", stored.settled, expected.settled);
  rows.Compare("settlement", stored.settlement, expected.settlement);
  rows.Compare("votes", stored.votes, expected.votes);
  rows.Compare("plan", stored.plan, expected.plan);
  rows.Compare("digest", stored.digest, expected.digest);
  return std::move(rows).Take();
}

std::string Shown(const std::vector<journal::TimerRow>& timers) {
  std::string text;
  for (const journal::TimerRow& timer : timers) {
    text += (text.empty() ? "" : ", ") + std::string("kind ") + std::to_string(timer.kind) +
            " due " + Shown(timer.due);
  }
  return text.empty() ? "none" : text;
}

}  // namespace

std::vector<std::string> Differences(const journal::RunRow& stored,
                                     const journal::RunRow& expected) {
  Comparison rows(expected.run.ToString());
  rows.Compare("run", stored.run, expected.run);
  rows.Compare("workflow", stored.workflow, expected.workflow);
  rows.Compare("digest", stored.digest, expected.digest);
  rows.Compare("target", stored.target, expected.target);
  rows.Compare("status", stored.status, expected.status);
  rows.Compare("step", stored.step, expected.step);
  rows.Compare("severity", stored.severity, expected.severity);
  rows.Compare("requester", stored.requester, expected.requester);
  rows.Compare("request_id", stored.request_id, expected.request_id);
  rows.Compare("started", stored.started, expected.started);
  rows.Compare("changed", stored.changed, expected.changed);
  rows.Compare("finished", stored.finished, expected.finished);
  rows.Compare("revision", stored.revision, expected.revision);
  rows.Compare("lock", stored.lock, expected.lock);
  rows.Compare("fencing_token", stored.fencing_token, expected.fencing_token);
  rows.Compare("waits_for", stored.waits_for, expected.waits_for);
  rows.Compare("waits_for_whom", stored.waits_for_whom, expected.waits_for_whom);
  rows.Compare("next", stored.next, expected.next);
  rows.Compare("waits_since", stored.waits_since, expected.waits_since);
  rows.Compare("next_at", stored.next_at, expected.next_at);
  rows.Compare("error_code", stored.error_code, expected.error_code);
  rows.Compare("error_message", stored.error_message, expected.error_message);
  return std::move(rows).Take();
}

std::vector<std::string> Differences(const std::vector<journal::ApprovalRow>& stored,
                                     const std::vector<journal::ApprovalRow>& expected) {
  std::vector<std::string> sentences;
  std::map<ApprovalId, const journal::ApprovalRow*> unmatched;
  for (const journal::ApprovalRow& row : stored) unmatched[row.approval] = &row;
  for (const journal::ApprovalRow& row : expected) {
    const auto found = unmatched.find(row.approval);
    if (found == unmatched.end()) {
      sentences.push_back(row.run.ToString() + ": its approval " + row.approval.ToString() +
                          " is missing from the index");
      continue;
    }
    for (std::string& sentence : Differences(*found->second, row)) {
      sentences.push_back(std::move(sentence));
    }
    unmatched.erase(found);
  }
  for (const auto& [approval, row] : unmatched) {
    sentences.push_back(row->run.ToString() + ": the index has an approval " + approval.ToString() +
                        " that its events do not have");
  }
  return sentences;
}

std::vector<std::string> Differences(RunId run, std::vector<journal::TimerRow> stored,
                                     std::vector<journal::TimerRow> expected) {
  std::sort(stored.begin(), stored.end());
  std::sort(expected.begin(), expected.end());
  if (stored == expected) return {};
  return {run.ToString() + ": the index says timers " + Shown(stored) + ", the events say " +
          Shown(expected)};
}

}  // namespace recourse::record
