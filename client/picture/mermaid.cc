#include <set>

#include "client/picture/notes.h"
#include "client/picture/picture.h"

namespace recourse::picture {
namespace {

// A label between quotes: Mermaid knows no escapes but entities, and reads some Markdown and HTML.
std::string Escaped(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "#quot;";
        break;
      case '<':
        out += "#lt;";
        break;
      case '>':
        out += "#gt;";
        break;
      case '&':
        out += "#amp;";
        break;
      case '#':
        out += "#35;";
        break;
      case '`':
        out += "#96;";
        break;
      case '\n':
      case '\r':
        out += ' ';
        break;
      default:
        out += c;
    }
  }
  return out + "\"";
}

// Words such as "end" and "class" mean something to Mermaid: no step is named by its id alone.
std::string NodeOf(const std::string& step) {
  if (step.empty()) return "the_end";
  std::string node = "s_";
  for (const char c : step) node += c == '/' ? std::string("__") : std::string(1, c);
  return node;
}

std::string Shaped(std::string_view kind, const std::string& label) {
  if (kind == "approval") return "{{" + label + "}}";
  if (kind == "switch") return "{" + label + "}";
  if (kind == "checkpoint") return ">" + label + "]";
  if (kind == "succeed" || kind == "fail") return "([" + label + "])";
  return "[" + label + "]";
}

std::string Arrow(const v1::GraphTransition& transition) {
  const bool usual = transition.kind() != v1::GraphTransition::FAILED &&
                     transition.kind() != v1::GraphTransition::SKIPPED;
  const std::string text = TextOn(transition);
  return std::string(usual ? " -->" : " -.->") + (text.empty() ? " " : "|" + Escaped(text) + "| ");
}

}  // namespace

std::string ToMermaid(const v1::Graph& graph) {
  std::string out = "flowchart TB\n  %% ";
  for (const char c : TitleOf(graph)) out += c == '\n' || c == '\r' ? ' ' : c;
  out += "\n";
  bool comes_to_the_end = false;
  std::set<std::string_view> looks;
  for (const v1::GraphStep& step : graph.steps()) {
    std::string label =
        step.label() == step.id() ? step.id() : step.id() + ": " + Shortened(step.label(), 80);
    if (step.irreversible()) label += " (irreversible)";
    if (step.current()) label = "> " + label;
    const Look look = LookOf(step.state());
    looks.insert(look.name);
    out += "  " + NodeOf(step.id()) + Shaped(step.kind(), Escaped(label)) +
           ":::" + std::string(look.name) + "\n";
  }
  for (const v1::GraphTransition& transition : graph.transitions()) {
    comes_to_the_end = comes_to_the_end || transition.to().empty();
    out += "  " + NodeOf(transition.from()) + Arrow(transition) + NodeOf(transition.to()) + "\n";
  }
  if (comes_to_the_end) out += "  the_end((end))\n";
  for (int state = v1::StepState::State_MIN; state <= v1::StepState::State_MAX; ++state) {
    const Look look = LookOf(static_cast<v1::StepState::State>(state));
    if (looks.erase(look.name) == 0) continue;
    out += "  classDef " + std::string(look.name) + " fill:" + std::string(look.fill) +
           ",color:" + std::string(look.text) + "\n";
  }
  return out;
}

}  // namespace recourse::picture
