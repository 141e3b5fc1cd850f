// What the actions of the family say of themselves.
#pragma once

#include "engine/definition/action_spec.h"

namespace recourse::backup {

const ActionSpec& ListSpec();
const ActionSpec& ChooseSpec();
const ActionSpec& VerifySpec();
const ActionSpec& PruneSpec();
const ActionSpec& FreshnessSpec();
const ActionSpec& BisectSpec();

}  // namespace recourse::backup
