// The actions of the family.
#pragma once

#include <memory>

#include "actions/action.h"

namespace recourse::http {

std::unique_ptr<const Action> MakeExpect();
std::unique_ptr<const Action> MakeRequest();
std::unique_ptr<const Action> MakeSend();

}  // namespace recourse::http
