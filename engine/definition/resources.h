// The resources of a target that actions take as a whole: one schema each, by which a target's file
// is checked when it is loaded, and an action's input before it starts.
#pragma once

#include "engine/base/value.h"

namespace recourse {

// A service: a choice by `kind`, one schema for each.
const Value& ServiceSchema();

// An nginx that serves: what service.nginx_reload needs to know of it.
const Value& NginxSchema();

}  // namespace recourse
