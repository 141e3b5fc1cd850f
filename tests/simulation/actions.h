// The actions that simulated runs use: one of each class, and one that can be undone without more.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/definition/workflow.h"

namespace recourse::simulation {

// read.it (read-only), do.it (idempotent), keep.it (idempotent, can be undone), probe.it (probed),
// undo.it (probed, prepares, can be undone) and once.it.
const ActionCatalogue& Actions();

// Other workflows by their name, for the steps that run one.
using Library = std::map<std::string, std::string, std::less<>>;

// The workflow of this text, or every problem that the loader found.
definition::Loaded LoadFrom(std::string_view yaml, const Library& others = {});

}  // namespace recourse::simulation
