// What all kinds of pictures say alike. Private to the module.
#pragma once

#include <string>
#include <string_view>

#include "recourse/v1/workflow.pb.h"

namespace recourse::picture {

struct Look {
  std::string_view name;  // of the state, as a Mermaid class
  std::string_view fill;
  std::string_view text;  // its colour
};
Look LookOf(v1::StepState::State state);

// The text on a way: "ABORTED: undo to stopped", "inputs.n > 0"; empty for the ordinary one.
std::string TextOn(const v1::GraphTransition& transition);

// "corruption-response, R-3 NEEDS_ATTENTION: ...".
std::string TitleOf(const v1::Graph& graph);

// At most that many characters; the end cut off as "...".
std::string Shortened(std::string_view text, std::size_t characters);

}  // namespace recourse::picture
