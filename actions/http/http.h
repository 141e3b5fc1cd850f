// http.expect: an endpoint answers as it should.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddHttpActions(Registry& registry);

}  // namespace recourse
