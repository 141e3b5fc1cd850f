// The actions of the family, and what their specs share.
#pragma once

#include <memory>
#include <string_view>

#include "actions/action.h"

namespace recourse::cache {

// `inputs`, a JSON Schema, with the members that every action of the family has: `cache`,
// `password`.
Value WithCache(const Value& inputs);

std::unique_ptr<const Action> MakeFlush();
std::unique_ptr<const Action> MakeHitRate();
std::unique_ptr<const Action> MakeInfo();
std::unique_ptr<const Action> MakePing();

}  // namespace recourse::cache
