// The post-incident report of a run, from its journal alone.
//
// What is written holds nothing of the time or place where it is made: a server and a journal's
// file give the same bytes.
#pragma once

#include <string>
#include <vector>

#include "client/report/document.h"
#include "recourse/v1/report.pb.h"

namespace recourse::report {

// For people; see ToMarkdown and ToHtml. REQUIRES: `events` are all of the run's, in order, and
// there is one.
Document DocumentOf(const v1::Report& report, const std::vector<v1::Event>& events);

// For programs: the same facts, and every event in full, as indented JSON. REQUIRES: as above.
std::string ToJson(const v1::Report& report, const std::vector<v1::Event>& events);

}  // namespace recourse::report
