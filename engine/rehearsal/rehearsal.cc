#include "engine/rehearsal/rehearsal.h"

#include <algorithm>
#include <set>

#include "engine/rehearsal/cases.h"

namespace recourse::rehearsal {

bool Report::ok() const {
  return problems.empty() && std::ranges::all_of(verdicts, [](const Verdict& verdict) {
           return verdict.problems.empty();
         });
}

Report Rehearse(const definition::Workflow& workflow, std::string_view text) {
  Report report;
  Cases cases = ReadCases(workflow, text);
  report.problems = std::move(cases.problems);
  if (!report.problems.empty()) return report;
  std::set<std::string, std::less<>> reached;
  for (const Case& each : cases.cases) {
    report.verdicts.push_back(Play(workflow, each, cases.targets));
    for (const std::string& name : report.verdicts.back().path) {
      reached.insert(name.substr(0, name.find('[')));
    }
  }
  for (const definition::Step& step : workflow.steps) {
    const bool silent = std::holds_alternative<definition::SucceedStep>(step.kind);
    if (!silent && !reached.contains(step.id)) report.unreached.push_back(step.id);
  }
  return report;
}

}  // namespace recourse::rehearsal
