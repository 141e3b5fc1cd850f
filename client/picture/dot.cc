#include "client/picture/notes.h"
#include "client/picture/picture.h"

namespace recourse::picture {
namespace {

constexpr std::string_view kEnd = "end";  // no step may have this id

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n' || c == '\r') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string_view ShapeOf(std::string_view kind) {
  if (kind == "approval") return "hexagon";
  if (kind == "switch") return "diamond";
  if (kind == "checkpoint") return "cds";
  if (kind == "wait") return "octagon";
  if (kind == "manual") return "note";
  if (kind == "parallel") return "parallelogram";
  if (kind == "workflow") return "component";
  if (kind == "succeed" || kind == "fail") return "oval";
  return "box";
}

std::string StepLine(const v1::GraphStep& step) {
  const Look look = LookOf(step.state());
  const std::string label =
      step.label() == step.id() ? step.id() : step.id() + "\n" + Shortened(step.label(), 80);
  std::string line = "  " + Quoted(step.id()) + " [label=" + Quoted(label) +
                     ", shape=" + std::string(ShapeOf(step.kind())) +
                     ", style=filled, fillcolor=\"" + std::string(look.fill) + "\", fontcolor=\"" +
                     std::string(look.text) + "\"";
  if (step.irreversible()) line += ", peripheries=2, color=\"#b02a37\"";
  if (step.current()) line += ", penwidth=3";
  return line + "];\n";
}

std::string TransitionLine(const v1::GraphTransition& transition) {
  const std::string to = transition.to().empty() ? std::string(kEnd) : transition.to();
  std::string line = "  " + Quoted(transition.from()) + " -> " + Quoted(to);
  std::string style;
  if (const std::string text = TextOn(transition); !text.empty()) style = "label=" + Quoted(text);
  if (transition.kind() == v1::GraphTransition::FAILED) {
    style += (style.empty() ? "" : ", ") +
             std::string("style=dashed, color=\"#b02a37\", fontcolor=\"#b02a37\"");
  } else if (transition.kind() == v1::GraphTransition::SKIPPED) {
    style += (style.empty() ? "" : ", ") + std::string("style=dotted");
  }
  return line + (style.empty() ? "" : " [" + style + "]") + ";\n";
}

bool ComesToTheEnd(const v1::Graph& graph) {
  for (const v1::GraphTransition& transition : graph.transitions()) {
    if (transition.to().empty()) return true;
  }
  return false;
}

}  // namespace

std::string ToDot(const v1::Graph& graph) {
  std::string dot = "digraph " + Quoted(graph.workflow()) +
                    " {\n  label=" + Quoted(TitleOf(graph)) +
                    "; labelloc=t; fontname=\"sans-serif\"; rankdir=TB;\n"
                    "  node [fontname=\"sans-serif\", fontsize=11];\n"
                    "  edge [fontname=\"sans-serif\", fontsize=9];\n";
  for (const v1::GraphStep& step : graph.steps()) dot += StepLine(step);
  if (ComesToTheEnd(graph)) {
    dot += "  " + Quoted(kEnd) + " [label=\"\", shape=doublecircle, width=0.2];\n";
  }
  for (const v1::GraphTransition& transition : graph.transitions()) {
    dot += TransitionLine(transition);
  }
  return dot + "}\n";
}

}  // namespace recourse::picture
