// What the tests of definitions share: a few actions, and loading with a report.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/definition/workflow.h"

namespace recourse::definition {

// The actions "read.it", "backup.choose", "do.it", "undo.it", "once.it" and "list.it".
const ActionCatalogue& TestActions();

// The workflow of `yaml`; the test fails with the report when there is none.
std::shared_ptr<const Workflow> Load(std::string_view yaml);

// The problems of `yaml`, a line each: "w.yaml:3:5: ...". The test fails when there is none.
std::string Refusal(std::string_view yaml);

// A workflow with these steps (a YAML list, indented by two) and an input `target`.
std::string WithSteps(std::string_view steps);

}  // namespace recourse::definition
