#include <graphviz/cgraph.h>
#include <graphviz/gvc.h>

#include <memory>

#include "client/picture/picture.h"

namespace recourse::picture {

namespace {

Result<std::string> Drawn(const v1::Graph& graph, const char* format) {
  struct CloseContext {
    void operator()(GVC_t* context) const { gvFreeContext(context); }
  };
  struct CloseGraph {
    void operator()(Agraph_t* drawn) const { agclose(drawn); }
  };
  const std::unique_ptr<GVC_t, CloseContext> context(gvContext());
  if (context == nullptr) return Internal("Graphviz did not start");
  const std::unique_ptr<Agraph_t, CloseGraph> drawn(agmemread(ToDot(graph).c_str()));
  if (drawn == nullptr) return Internal("Graphviz did not read the graph of " + graph.workflow());
  if (gvLayout(context.get(), drawn.get(), "dot") != 0) {
    return Internal("Graphviz could not lay out " + graph.workflow() +
                    " (is its plugin for the layout dot installed?)");
  }
  char* text = nullptr;
  unsigned int size = 0;
  const int failed = gvRenderData(context.get(), drawn.get(), format, &text, &size);
  gvFreeLayout(context.get(), drawn.get());
  if (failed != 0 || text == nullptr) {
    return Internal("Graphviz could not draw " + std::string(format) +
                    " (is its plugin for it installed?)");
  }
  std::string picture(text, size);
  gvFreeRenderData(text);
  return picture;
}

}  // namespace

Result<std::string> ToSvg(const v1::Graph& graph) { return Drawn(graph, "svg"); }

Result<std::string> ToPng(const v1::Graph& graph) { return Drawn(graph, "png"); }

}  // namespace recourse::picture
