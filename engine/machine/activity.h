// What a run, or one lane of it, is doing, or would go on with.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/machine/event.h"

namespace recourse::machine {

// An attempt is at work.
struct Attempting {
  StepRef at;
  int number = 1;
  Phase phase = Phase::kApply;
  Value inputs;
  Value undo;
  Value checkpoint;
  Time started;
  int tries = 1;  // attempts since the step was entered, this one included
  // Why the effect is in doubt: the failure that left it unknown (none after a crash).
  std::optional<AttemptFailed> doubt;
  // It is over, and a person was asked what is true of its effect.
  bool asked = false;
  bool operator==(const Attempting&) const = default;
};
// Nothing is at work: what comes next is known and has not begun. Stands between two events of one
// decision, and longer only while the run is paused or needs attention.
struct Ready {
  enum class Point {
    kEnter,     // the step is next; workflow.steps.size() is the end
    kAgain,     // the same, on an operator's word: it counts as no new visit and asks no `when`
    kFinished,  // the step (or item) is done; what follows it is next
    kFailed,    // the step has failed for good; what its definition says of that is next
  };
  int step = 0;
  int item = -1;
  Point point = Point::kEnter;
  std::optional<Error> error{};  // of kFailed, where an attempt or the step failed
  bool operator==(const Ready&) const = default;
};
struct Planning {
  int step = 0;
  std::int64_t of = 0;  // the sequence of its PlanStarted
  bool operator==(const Planning&) const = default;
};
struct BackingOff {
  StepRef at;
  int tries = 1;
  Error error;
  Time retry_at;
  bool operator==(const BackingOff&) const = default;
};
struct AwaitingApproval {
  int step = 0;
  ApprovalRequested request;
  struct Cast {
    std::string principal;
    Vote vote = Vote::kApprove;
    std::string reason;
    std::string channel;
    Time at;
    std::vector<std::string> roles{};  // those that were asked
    std::string via{};
    bool operator==(const Cast&) const = default;
  };
  std::vector<Cast> votes;
  Time requested{};             // the time of ApprovalRequested
  std::size_t escalated = 0;    // how many of the request's escalations have come
  std::optional<StepRef> held;  // of one that overrides the window: what goes on then
  std::string asked_by{};       // a person, of one that no step asks for
  bool operator==(const AwaitingApproval&) const = default;
};
struct Sleeping {
  int step = 0;
  std::optional<Time> until;
  std::string signal;  // that it waits for; empty: for a time
  bool pause_stops_clock = false;
  bool operator==(const Sleeping&) const = default;
};
struct AwaitingWindow {
  StepRef at;
  Time opens;
  bool operator==(const AwaitingWindow&) const = default;
};
struct Answer {  // to an item of a checklist
  std::string by;
  std::string note;
  Time at;
  bool operator==(const Answer&) const = default;
};
struct Checklist {
  int step = 0;
  ManualStarted request;
  std::map<std::string, Answer> answers;  // by item
  bool operator==(const Checklist&) const = default;
};
// Of a branch: nothing is left to do in it.
struct Over {
  std::optional<Error> error;
  bool stopped = false;
  bool operator==(const Over&) const = default;
};
// The run is inside a step: on a way through each of its blocks, or in several items of a for_each.
struct Lane;
struct Inside {
  int step = 0;
  std::vector<Lane> lanes;  // of a for_each: of the items at work
  bool stops_others = true;
  std::optional<Error> failure;  // of the first lane that failed
  // Of a for_each; items is 0 otherwise.
  int items = 0;
  int next_item = 0;
  int parallel_max = 1;
  bool operator==(const Inside& other) const;
};

// What a run, or a lane of it, is at.
class Activity : public std::variant<Ready, Attempting, Planning, BackingOff, AwaitingApproval,
                                     Sleeping, AwaitingWindow, Checklist, Over, Inside> {
 public:
  Activity();
  template <AlternativeOf<Activity> T>
  Activity(T&& one) : variant(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(one)) {}
  Activity(const Activity&);
  Activity(Activity&&) noexcept;
  Activity& operator=(const Activity&);
  Activity& operator=(Activity&&) noexcept;
  ~Activity();
  bool operator==(const Activity& other) const;
};

struct Lane {
  int first = 0;  // its steps: [first, end)
  int end = 0;
  int item = -1;  // of a for_each: its item
  Activity activity;
  bool operator==(const Lane&) const = default;
};
inline bool Inside::operator==(const Inside& other) const {
  return step == other.step && lanes == other.lanes && stops_others == other.stops_others &&
         failure == other.failure && items == other.items && next_item == other.next_item &&
         parallel_max == other.parallel_max;
}

}  // namespace recourse::machine
