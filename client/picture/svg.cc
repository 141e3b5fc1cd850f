#include <graphviz/cgraph.h>
#include <graphviz/gvc.h>

#include <memory>
#include <mutex>

#include "client/picture/picture.h"

namespace recourse::picture {

namespace {

Result<std::string> Drawn(const v1::Graph& graph, const char* format) {
  struct CloseGraph {
    void operator()(Agraph_t* drawn) const { agclose(drawn); }
  };
  // One for the whole process, and one picture at a time: Graphviz is not made for threads, and what
  // writes its texts remembers a font of the context that it saw last, also when that is gone.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  static GVC_t* const context = gvContext();
  if (context == nullptr) return Internal("Graphviz did not start");
  const std::unique_ptr<Agraph_t, CloseGraph> drawn(agmemread(ToDot(graph).c_str()));
  if (drawn == nullptr) return Internal("Graphviz did not read the graph of " + graph.workflow());
  if (gvLayout(context, drawn.get(), "dot") != 0) {
    return Internal("Graphviz could not lay out " + graph.workflow() +
                    " (is its plugin for the layout dot installed?)");
  }
  char* text = nullptr;
  unsigned int size = 0;
  const int failed = gvRenderData(context, drawn.get(), format, &text, &size);
  gvFreeLayout(context, drawn.get());
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
