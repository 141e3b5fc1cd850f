// The actions of the family.
#pragma once

#include <memory>

#include "actions/action.h"

namespace recourse::backup {

std::unique_ptr<const Action> MakeList();
std::unique_ptr<const Action> MakeChoose();
std::unique_ptr<const Action> MakeVerify();
std::unique_ptr<const Action> MakePrune();
std::unique_ptr<const Action> MakeFreshness();
std::unique_ptr<const Action> MakeBisect();

}  // namespace recourse::backup
