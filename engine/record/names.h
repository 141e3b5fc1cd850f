// The words by which programs know the choices in an event's details: private to engine/record.
#pragma once

#include <string_view>

#include "engine/machine/event.h"

namespace recourse::record {

std::string_view Name(machine::Phase phase);
std::string_view Name(machine::Source source);
std::string_view Name(LeftBehind left);
std::string_view Name(machine::Finding finding);
std::string_view Name(machine::Settlement settlement);
std::string_view Name(machine::Vote vote);
std::string_view Name(machine::Question question);
// The same for people, behind the name of what is asked about: " failed".
std::string_view Told(machine::Question question);
std::string_view Name(machine::OnExpiry on_expiry);
std::string_view Name(machine::Ending ending);

}  // namespace recourse::record
