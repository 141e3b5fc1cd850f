#include "client/report/story.h"

#include <algorithm>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/json.h"

namespace recourse::report {
namespace {

constexpr const char* kEngine = "engine";  // the principal of what nobody caused

bool IsOneOf(const std::string& type, std::initializer_list<const char*> types) {
  return std::any_of(types.begin(), types.end(), [&](const char* one) { return type == one; });
}

// "stop" of "stop[0]": the step of the definition.
std::string StepOf(const std::string& name) { return name.substr(0, name.find('[')); }

class Reader {
 public:
  explicit Reader(const v1::Report& report) {
    for (const v1::ReportStep& step : report.steps()) {
      if (!step.has_expect()) continue;
      expected_[step.id()] = std::chrono::seconds(step.expect().seconds()) +
                             std::chrono::microseconds(step.expect().nanos() / 1000);
    }
  }

  void Read(const v1::Event& event) {
    event_ = &event;
    time_ = TimeOf(event.time());
    auto details = ParseJson(event.details_json());
    details_ = details ? *std::move(details) : Value();
    if (event.sequence() == 1) story_.first = time_;
    story_.last = time_;
    ReadRun();
    ReadPeople();
    ReadApprovals();
    ReadAttempts();
    ReadWaits();
    ReadEvidence();
    ReadLines();
  }

  Story Take() && { return std::move(story_); }

 private:
  const std::string& type() const { return event_->type(); }
  Line LineOf() const { return {time_, event_->step(), event_->principal(), event_->text()}; }

  void ReadRun() {
    if (type() == "RunStarted") story_.started = details_;
    if (type() == "RunSucceeded") story_.outputs = details_["outputs"];
  }

  // What one decision comes to has its time and principal; the first is what the person did.
  void ReadPeople() {
    const std::pair decision(time_, event_->principal());
    const bool follows = std::exchange(decision_, decision) == decision && event_->sequence() > 1;
    if (follows || event_->principal() == kEngine) return;
    story_.people[event_->principal()].push_back(event_->text());
  }

  void ReadApprovals() {
    if (type() == "ApprovalRequested") {
      story_.approvals.push_back(
          {details_.StringOr("approval", ""), event_->step(), details_, time_, {}, "", {}});
    }
    // What was asked has changed: the open approvals of steps are void.
    if (IsOneOf(type(), {"InputOverridden", "DefinitionAdopted"})) {
      for (Approval& approval : story_.approvals) {
        const bool of_step = !approval.asked.BoolOr("of_no_step", false);
        if (!approval.settlement.empty() || !of_step) continue;
        approval.settlement = "void";
        approval.settled = time_;
        EndWait("approval " + approval.id);
      }
      return;
    }
    const std::string id = details_.StringOr("approval", "");
    const auto found = std::find_if(story_.approvals.begin(), story_.approvals.end(),
                                    [&](const Approval& approval) { return approval.id == id; });
    if (found == story_.approvals.end()) return;
    if (type() == "VoteCast") {
      found->votes.push_back(
          {event_->principal(), details_.StringOr("vote", ""), details_.StringOr("reason", ""),
           event_->via().empty() ? details_.StringOr("channel", "") : event_->via(), time_});
    } else if (type() == "ApprovalSettled") {
      found->settlement = details_.StringOr("settlement", "");
      found->settled = time_;
    } else if (type() == "ApprovalRevoked") {
      found->settlement = "revoked by " + event_->principal();
      found->settled = time_;
    }
  }

  void ReadAttempts() {
    const std::string& step = event_->step();
    if (IsOneOf(type(), {"AttemptStarted", "CompensationStarted"})) {
      const bool undo = type() == "CompensationStarted";
      Measure* open = Open(step);
      if (open == nullptr || open->undo != undo) {
        const auto expected = expected_.find(StepOf(step));
        const bool said = !undo && expected != expected_.end();
        open_[step] = story_.measures.size();
        story_.measures.push_back(
            {step, undo, time_, {}, 0, "", said ? std::optional(expected->second) : std::nullopt});
        open = &story_.measures.back();
      }
      ++open->attempts;
    } else if (IsOneOf(type(), {"AttemptSucceeded", "CompensationSucceeded"})) {
      Close(step, "succeeded");
    } else if (IsOneOf(type(), {"AttemptFailed", "CompensationFailed"}) &&
               details_["retry_at"].is_null()) {
      Close(step, "failed");
    } else if (type() == "StepSkipped") {
      Close(step, "skipped");
    }
  }

  Measure* Open(const std::string& step) {
    const auto open = open_.find(step);
    return open == open_.end() ? nullptr : &story_.measures[open->second];
  }
  void Close(const std::string& step, const std::string& outcome) {
    Measure* measure = Open(step);
    if (measure == nullptr) return;
    measure->ended = time_;
    measure->outcome = outcome;
    open_.erase(step);
  }

  void ReadWaits() {
    if (type() == "ApprovalRequested") {
      BeginWait("approval " + details_.StringOr("approval", ""));
    } else if (type() == "ApprovalSettled") {
      EndWait("approval " + details_.StringOr("approval", ""));
    } else if (type() == "ManualStarted") {
      BeginWait("checklist of " + event_->step());
    } else if (IsOneOf(type(), {"StepCompleted", "StepFailed"})) {
      EndWait("checklist of " + event_->step());
    } else if (type() == "RunPaused") {
      BeginWait("pause");
    } else if (type() == "AttentionNeeded") {
      BeginWait("needs attention");
    }
    const bool goes_on = IsOneOf(type(), {"RunResumed", "StopRequested"});
    if (goes_on) EndWait("pause");
    // What a person says of the failure ends the question; a note or a vote does not.
    const bool answers = event_->principal() != kEngine &&
                         !IsOneOf(type(), {"RunAnnotated", "RunPaused", "RunResumed", "VoteCast",
                                           "SignalReceived", "ItemAnswered"});
    if (answers) EndWait("needs attention");
    if (type().starts_with("Run") &&
        IsOneOf(type(), {"RunSucceeded", "RunFailed", "RunCancelled", "RunRolledBack"})) {
      for (Wait& wait : story_.waits) {
        if (!wait.until) wait.until = time_;
      }
    }
  }

  void BeginWait(const std::string& what) {
    story_.waits.push_back({what, event_->step(), time_, {}});
  }
  void EndWait(const std::string& what) {
    for (Wait& wait : story_.waits) {
      if (wait.what == what && !wait.until) wait.until = time_;
    }
  }

  void ReadEvidence() {
    for (const auto& [member, kind] :
         {std::pair("evidence", "evidence"), std::pair("output", "output"),
          std::pair("undo", "undo record"), std::pair("plan", "plan")}) {
      const Value* value = details_.Find(member);
      const bool says_nothing =
          value == nullptr || value->is_null() || (value->is_map() && value->as_map().empty());
      if (says_nothing) continue;
      std::string json = recourse::ToJson(*value);
      std::string digest = ToHex(Sha256Of(json));
      story_.evidence.push_back(
          {event_->position(), time_, event_->step(), kind, std::move(json), std::move(digest)});
    }
  }

  void ReadLines() {
    if (IsOneOf(type(), {"AttemptFailed", "StepFailed", "CompensationFailed", "AttentionNeeded",
                         "RunFailed"})) {
      story_.failures.push_back(LineOf());
    }
    if (type().starts_with("Compensation") || type().starts_with("Rollback") ||
        type() == "RunRolledBack") {
      story_.rollback.push_back(LineOf());
    }
    if (type() == "RunAnnotated" && details_.Find("reference") == nullptr) {
      story_.notes.push_back(
          {time_, "", event_->principal(), details_.StringOr("text", event_->text())});
    }
  }

  std::map<std::string, std::chrono::microseconds> expected_;
  std::map<std::string, std::size_t> open_;  // the measure of each step that is at work
  Story story_;
  const v1::Event* event_ = nullptr;
  Time time_;
  Value details_;
  std::pair<Time, std::string> decision_;
};

}  // namespace

Time TimeOf(const google::protobuf::Timestamp& stamp) {
  return FromTimestamp({stamp.seconds(), stamp.nanos()});
}

Story StoryOf(const v1::Report& report, const std::vector<v1::Event>& events) {
  Reader reader(report);
  for (const v1::Event& event : events) reader.Read(event);
  return std::move(reader).Take();
}

std::chrono::microseconds WaitedInAll(const Story& story) {
  std::vector<std::pair<Time, Time>> spans;
  for (const Wait& wait : story.waits)
    spans.emplace_back(wait.since, wait.until.value_or(story.last));
  std::sort(spans.begin(), spans.end());
  std::chrono::microseconds waited(0);
  Time counted = Time::min();
  for (const auto& [since, until] : spans) {
    const Time from = std::max(since, counted);
    if (until > from) waited += until - from;
    counted = std::max(counted, until);
  }
  return waited;
}

}  // namespace recourse::report
