#include "client/picture/picture.h"

#include <catch2/catch.hpp>

// Read by LeakSanitizer: what the libraries that draw keep to the end is not ours.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libfontconfig.so\nleak:libgvc.so\n";
}

namespace recourse::picture {
namespace {

using Catch::Matchers::Contains;

v1::GraphStep& AddStep(v1::Graph& graph, const std::string& id, const std::string& kind) {
  v1::GraphStep& step = *graph.add_steps();
  step.set_id(id);
  step.set_kind(kind);
  step.set_label(id);
  return step;
}

v1::GraphTransition& AddWay(v1::Graph& graph, const std::string& from, const std::string& to,
                            v1::GraphTransition::Kind kind, const std::string& condition = {}) {
  v1::GraphTransition& way = *graph.add_transitions();
  way.set_from(from);
  way.set_to(to);
  way.set_kind(kind);
  way.set_condition(condition);
  return way;
}

// stop -> confirm -> restore (a pivot), which goes back to stop when it is ABORTED.
v1::Graph Recovery() {
  v1::Graph graph;
  graph.set_workflow("recovery");
  AddStep(graph, "stop", "action");
  AddStep(graph, "confirm", "approval");
  AddStep(graph, "restore", "action").set_irreversible(true);
  AddWay(graph, "stop", "confirm", v1::GraphTransition::DONE);
  AddWay(graph, "confirm", "restore", v1::GraphTransition::DONE);
  AddWay(graph, "restore", "", v1::GraphTransition::DONE);
  AddWay(graph, "restore", "stop", v1::GraphTransition::FAILED, "ABORTED").set_rollback_to("stop");
  return graph;
}

}  // namespace

TEST_CASE("a picture for Graphviz has every step, every way and the pivot", "[picture]") {
  const std::string dot = ToDot(Recovery());
  CHECK_THAT(dot, Contains("\"confirm\" [label=\"confirm\", shape=hexagon"));
  CHECK_THAT(dot, Contains("\"stop\" -> \"confirm\";"));
  CHECK_THAT(dot, Contains("\"restore\" -> \"end\";"));
  CHECK_THAT(dot,
             Contains("\"restore\" -> \"stop\" [label=\"ABORTED: undo to stop\", style=dashed"));
  CHECK_THAT(dot,
             Contains("\"restore\" [label=\"restore\", shape=box") && Contains("peripheries=2"));
}

TEST_CASE("a picture of a run says what became of each step and where the run stands",
          "[picture]") {
  v1::Graph graph = Recovery();
  graph.set_run("R-3");
  graph.set_status(v1::RUN_STATUS_WAITING);
  graph.set_waits_for("waits for an approval");
  graph.mutable_steps(0)->set_state(v1::StepState::SUCCEEDED);
  graph.mutable_steps(1)->set_state(v1::StepState::WAITING);
  graph.mutable_steps(1)->set_current(true);

  const std::string dot = ToDot(graph);
  CHECK_THAT(dot, Contains("recovery, R-3 WAITING: waits for an approval"));
  CHECK_THAT(dot, Contains("\"confirm\" [label=\"confirm\", shape=hexagon, style=filled, "
                           "fillcolor=\"#fff3cd\", fontcolor=\"#664d03\", penwidth=3];"));
  const std::string mermaid = ToMermaid(graph);
  CHECK_THAT(mermaid, Contains("s_stop[\"stop\"]:::succeeded"));
  CHECK_THAT(mermaid, Contains("s_confirm{{\"#gt; confirm\"}}:::waiting"));
  CHECK_THAT(mermaid, Contains("classDef waiting fill:#fff3cd"));
}

TEST_CASE("conditions stand on the ways of a switch and of a step that may be skipped",
          "[picture]") {
  v1::Graph graph;
  graph.set_workflow("w");
  AddStep(graph, "choose", "switch");
  AddStep(graph, "done", "succeed");
  AddWay(graph, "choose", "done", v1::GraphTransition::CASE, "inputs.n > 1");
  AddWay(graph, "choose", "", v1::GraphTransition::DEFAULT);
  AddWay(graph, "done", "", v1::GraphTransition::SKIPPED, "inputs.go");
  const std::string mermaid = ToMermaid(graph);
  CHECK_THAT(mermaid, Contains("s_choose -->|\"inputs.n #gt; 1\"| s_done\n"));
  CHECK_THAT(mermaid, Contains("s_choose -->|\"else\"| the_end\n"));
  CHECK_THAT(mermaid, Contains("s_done -.->|\"unless inputs.go\"| the_end\n"));
  CHECK_THAT(mermaid, Contains("the_end((end))"));
}

TEST_CASE("a hostile summary draws nothing of its own", "[picture]") {
  v1::Graph graph;
  graph.set_workflow("w\n} digraph x {");
  AddStep(graph, "a", "action").set_label("\"]; evil -> b [x=\"\\\n<script>alert(1)</script>");
  const std::string dot = ToDot(graph);
  CHECK_THAT(dot, Contains(R"(a\n\"]; evil -> b [x=\"\\\n<script>)"));
  CHECK_THAT(ToMermaid(graph), !Contains("<script>") && !Contains("\n} digraph"));
  const auto svg = ToSvg(graph);
  REQUIRE(svg);
  CHECK_THAT(*svg, Contains("&lt;script&gt;") && !Contains("<script>"));
}

TEST_CASE("Graphviz draws the picture as SVG", "[picture]") {
  const auto svg = ToSvg(Recovery());
  REQUIRE(svg);
  CHECK_THAT(*svg, Contains("<svg") && Contains("confirm") && Contains("</svg>"));
  CHECK_THAT(*ToSvg(Recovery()), Contains("</svg>"));  // and once more in the same process
}

TEST_CASE("Graphviz draws the picture as PNG", "[picture]") {
  const auto png = ToPng(Recovery());
  REQUIRE(png);
  CHECK(png->starts_with("\x89PNG\r\n\x1a\n"));
}

}  // namespace recourse::picture
