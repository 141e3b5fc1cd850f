// What happened in a run, gathered from its events: who, when, how long, on what grounds.
//
// Everything comes from the API's messages, and nothing from a clock: the same run gives the same
// story, from a server or from a journal's file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/value.h"
#include "recourse/v1/report.pb.h"

namespace recourse::report {

struct Vote {
  std::string principal;
  std::string vote;  // approve, reject
  std::string reason;
  std::string channel;
  Time time;
};

struct Approval {
  std::string id;
  std::string step;
  Value asked;  // the details of ApprovalRequested
  Time requested;
  std::vector<Vote> votes;
  std::string settlement;  // empty: open
  std::optional<Time> settled;
};

// A step, or an undoing of one, from its first attempt to its outcome.
struct Measure {
  std::string step;
  bool undo = false;
  Time began;
  std::optional<Time> ended;
  int attempts = 0;
  std::string outcome;  // succeeded, failed; empty: not known when the journal was read
  std::optional<std::chrono::microseconds> expected;
};

// A time in which nothing went on without a person.
struct Wait {
  std::string what;  // "approval A-1", "needs attention", "pause", "checklist"
  std::string step;
  Time since;
  std::optional<Time> until;  // none: it still waits
};

// What an action or a person gave as grounds.
struct Evidence {
  std::int64_t position = 0;
  Time time;
  std::string step;
  std::string kind;    // output, evidence, undo record, plan
  std::string json;    // canonical
  std::string sha256;  // of it, in hexadecimal
};

// A line of the sections that list events.
struct Line {
  Time time;
  std::string step;
  std::string who;
  std::string text;
};

struct Story {
  Value started;                                           // the details of RunStarted
  Value outputs;                                           // of RunSucceeded
  std::map<std::string, std::vector<std::string>> people;  // what each of them did, in order
  std::vector<Approval> approvals;
  std::vector<Measure> measures;
  std::vector<Wait> waits;
  std::vector<Evidence> evidence;
  std::vector<Line> failures;
  std::vector<Line> rollback;
  std::vector<Line> notes;
  Time first;  // of the first event and of the last
  Time last;
};

// Reads a run's events in their order. REQUIRES: there is one.
Story StoryOf(const v1::Report& report, const std::vector<v1::Event>& events);

// How long the run waited for people: times that overlap count once.
std::chrono::microseconds WaitedInAll(const Story& story);

Time TimeOf(const google::protobuf::Timestamp& stamp);

}  // namespace recourse::report
