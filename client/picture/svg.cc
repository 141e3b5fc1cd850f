#include <graphviz/cgraph.h>
#include <graphviz/gvc.h>

#include <memory>
#include <mutex>

#include "client/picture/picture.h"
#include "engine/base/shared_library.h"

namespace recourse::picture {
namespace {

// Graphviz, loaded when a picture is first drawn.
struct Graphviz {
  decltype(&agclose) close = nullptr;
  decltype(&agmemread) read = nullptr;
  decltype(&gvContext) context = nullptr;
  decltype(&gvFreeLayout) free_layout = nullptr;
  decltype(&gvFreeRenderData) free_data = nullptr;
  decltype(&gvLayout) layout = nullptr;
  decltype(&gvRenderData) render = nullptr;
};

Result<const Graphviz*> LibGraphviz() {
  static SharedLibrary library(RECOURSE_LIBGVC);
  static Graphviz graphviz;
  auto loaded = library.Load([] {
    Result<void> found;
    const auto find = [&](const char* symbol, auto& function) {
      if (found) found = library.Find(symbol, function);
    };
    find("agclose", graphviz.close);  // of a library that this one is linked with
    find("agmemread", graphviz.read);
    find("gvContext", graphviz.context);
    find("gvFreeLayout", graphviz.free_layout);
    find("gvFreeRenderData", graphviz.free_data);
    find("gvLayout", graphviz.layout);
    find("gvRenderData", graphviz.render);
    return found;
  });
  if (!loaded) return std::move(loaded).error();
  return &graphviz;
}

Result<std::string> Drawn(const v1::Graph& graph, const char* format) {
  // One for the whole process, and one picture at a time: Graphviz is not made for threads, and
  // what writes its texts remembers a font of the context that it saw last, also when that is gone.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const auto loaded = LibGraphviz();
  if (!loaded) return loaded.error();
  const Graphviz& graphviz = **loaded;
  static GVC_t* const context = graphviz.context();
  if (context == nullptr) return Internal("Graphviz did not start");
  const std::unique_ptr<Agraph_t, decltype(Graphviz::close)> drawn(
      graphviz.read(ToDot(graph).c_str()), graphviz.close);
  if (drawn == nullptr) return Internal("Graphviz did not read the graph of " + graph.workflow());
  if (graphviz.layout(context, drawn.get(), "dot") != 0) {
    return Internal("Graphviz could not lay out " + graph.workflow() +
                    " (is its plugin for the layout dot installed?)");
  }
  char* text = nullptr;
  unsigned int size = 0;
  const int failed = graphviz.render(context, drawn.get(), format, &text, &size);
  graphviz.free_layout(context, drawn.get());
  if (failed != 0 || text == nullptr) {
    return Internal("Graphviz could not draw " + std::string(format) +
                    " (is its plugin for it installed?)");
  }
  std::string picture(text, size);
  graphviz.free_data(text);
  return picture;
}

}  // namespace

Result<std::string> ToSvg(const v1::Graph& graph) { return Drawn(graph, "svg"); }

Result<std::string> ToPng(const v1::Graph& graph) { return Drawn(graph, "png"); }

}  // namespace recourse::picture
