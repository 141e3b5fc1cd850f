// A workflow, or what a run has done so far, as a picture.
//
// Steps are boxes, approvals hexagons, switches diamonds, checkpoints flags; a pivot has a double
// border. Ways that an error takes are dashed. With a run, a step's colour says what became of it,
// and a thick border where the run stands.
#pragma once

#include <string>

#include "engine/base/error.h"
#include "recourse/v1/workflow.pb.h"

namespace recourse::picture {

// For Graphviz: https://graphviz.org/doc/info/lang.html
std::string ToDot(const v1::Graph& graph);

// For Mermaid, as Markdown pages show it: https://mermaid.js.org/syntax/flowchart.html
std::string ToMermaid(const v1::Graph& graph);

// Laid out by Graphviz's own library, in this process: seconds for a hundred steps.
// kInternal: the library is not complete (no plugin that draws in that format).
// Thread safety: one call at a time, because the library keeps its state in globals.
Result<std::string> ToSvg(const v1::Graph& graph);
Result<std::string> ToPng(const v1::Graph& graph);

}  // namespace recourse::picture
