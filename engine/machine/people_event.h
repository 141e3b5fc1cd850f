// What people say to a run, and what they are asked: events, as in event.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ids.h"
#include "engine/base/value.h"
#include "engine/definition/workflow.h"
#include "engine/machine/terms.h"

namespace recourse::machine {

// One input of a step, which is to be another than the definition says.
struct InputOverride {
  int step = 0;
  std::string input;
  Value value;
  std::string reason;
  std::string by;  // who asked for it
  bool operator==(const InputOverride&) const = default;
};

struct ManualStarted {  // a checklist: people are asked to work it off
  struct Item {
    std::string id;
    std::string text;
    bool operator==(const Item&) const = default;
  };
  int step = 0;
  std::string prompt;
  std::vector<Item> items;
  std::vector<std::string> by;  // roles
  std::optional<Time> expires;
  bool pause_stops_clock = false;
  bool operator==(const ManualStarted&) const = default;
};
struct ItemAnswered {
  int step = 0;
  std::string item;
  bool done = true;      // false: it cannot be done, which fails the step
  bool checked = false;  // by the item's check, not by a person
  std::string note;
  bool operator==(const ItemAnswered&) const = default;
};
struct PlanStarted {  // the plan of what follows an approval is being made
  int step = 0;
  bool operator==(const PlanStarted&) const = default;
};
// A role is told of an approval that nobody has decided yet, and may decide it from then on.
struct ApprovalEscalated {
  ApprovalId id;
  std::string to;        // empty: those who were asked are reminded
  bool expired = false;  // its time is over; it stays open for the role
  bool operator==(const ApprovalEscalated&) const = default;
};
struct ApprovalRequested {
  struct Escalation {
    Time due;
    std::string to;
    bool operator==(const Escalation&) const = default;
  };
  int step = 0;
  ApprovalId id;
  std::string prompt;
  std::vector<std::string> approvers;
  int quorum = 1;
  bool exclude_requester = false;
  std::optional<Time> expires;
  OnExpiry on_expiry = OnExpiry::kHold;
  Value plan;          // see PlanMade
  std::string digest;  // SHA-256 of prompt, inputs and plan, in hexadecimal
  std::vector<Escalation> escalations{};
  bool overrides_window = false;  // what is asked: may the run go on outside its window?
  bool pause_stops_clock = false;
  // How many it takes of each role; a person counts in one of them only. Empty: `quorum` of any
  // role.
  using Group = definition::ApprovalStep::Group;
  std::vector<Group> groups{};
  bool second_factor = false;  // an approval needs the voter's one-time code
  // What is asked: may this input be another? It stands beside what the run is at.
  std::optional<InputOverride> overrides{};
  bool operator==(const ApprovalRequested&) const = default;
};
struct VoteCast {
  ApprovalId id;
  Vote vote = Vote::kApprove;
  std::string reason;
  std::string channel;
  std::vector<std::string> roles{};  // of the voter: those that were asked
  bool second_factor = false;        // the voter gave a one-time code that was right
  bool operator==(const VoteCast&) const = default;
};
struct ApprovalSettled {
  ApprovalId id;
  Settlement settlement = Settlement::kApproved;
  bool operator==(const ApprovalSettled&) const = default;
};
// An approval that was given is taken back before anything came of it: the step asks anew.
struct ApprovalRevoked {
  ApprovalId id;
  int step = 0;
  std::string reason;
  bool operator==(const ApprovalRevoked&) const = default;
};
struct InputOverridden {
  InputOverride change;
  ApprovalId approval{};  // that allowed it; 0: none was needed
  bool operator==(const InputOverridden&) const = default;
};
// The run needs a person, nobody has acknowledged it, and the next of its policy's levels is told.
struct Escalated {
  int level = 0;  // counts from 0
  std::string to;
  bool may_decide = false;  // they may decide open approvals from now on, not those with groups
  bool operator==(const Escalated&) const = default;
};
struct RunAcknowledged {  // a person takes care of it: nobody else is told
  std::string reason;
  bool operator==(const RunAcknowledged&) const = default;
};
// The run goes on by another definition, which is the same as far as the run has come.
struct DefinitionAdopted {
  std::string digest;
  std::string reason;
  bool operator==(const DefinitionAdopted&) const = default;
};
struct RunPaused {
  std::string reason;
  bool quarantined = false;
  bool operator==(const RunPaused&) const = default;
};
struct RunResumed {
  std::string reason;
  bool operator==(const RunResumed&) const = default;
};

}  // namespace recourse::machine
