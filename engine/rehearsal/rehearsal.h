// Rehearsals: a workflow played on the real rules, with scripted outcomes in place of actions and a
// clock that jumps, so that its author sees in milliseconds which way each failure leads.
//
// The cases of recovery.yaml stand beside it in recovery.test.yaml; docs/rehearsal.md describes the
// file. Pure: nothing is read, written or waited for. Thread safety: none is needed, all is values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/definition/workflow.h"

namespace recourse::rehearsal {

// What came of one case.
struct Verdict {
  std::string name;
  definition::Place place;            // of the case in its file
  std::vector<std::string> problems;  // how it went otherwise than expected; empty: it went well
  std::vector<std::string> path;      // the steps in the order in which the run came to them
  std::vector<std::string> undone;    // the steps that were undone, in that order
  std::string status;                 // "SUCCEEDED", or what the run waits in
};

struct Report {
  std::vector<definition::Problem> problems;  // of the file of cases; then no case was played
  std::vector<Verdict> verdicts;              // in the order of the file
  std::vector<std::string> unreached;         // steps that no case came to

  bool ok() const;
};

// Reads `cases` and plays each of them on `workflow`.
Report Rehearse(const definition::Workflow& workflow, std::string_view cases);

}  // namespace recourse::rehearsal
