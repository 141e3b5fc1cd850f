// File names: path.basename, path.dirname, path.join. They look at text only, never at a disk.
#include "engine/expression/functions.h"

namespace recourse::expression {
namespace {

using Args = const Arguments&;

std::string_view WithoutSlashes(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// "/srv/app.db" -> "app.db", "/srv/" -> "srv", "/" -> "/"
Result<Value> Basename(Args a) {
  const std::string_view path = WithoutSlashes(a[0].as_string());
  if (path == "/") return Value(path);
  return Value(path.substr(path.rfind('/') + 1));
}

// "/srv/app.db" -> "/srv", "app.db" -> ".", "/srv" -> "/"
Result<Value> Dirname(Args a) {
  const std::string_view path = WithoutSlashes(a[0].as_string());
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return Value(".");
  return Value(WithoutSlashes(path.substr(0, slash == 0 ? 1 : slash)));
}

// Exactly one slash between the parts. A later part that begins with a slash stays below the first:
// a file name that came from elsewhere must not lead to another directory's root.
Result<Value> JoinPath(Args a) {
  std::string out;
  for (const Value& element : a[0].as_list()) {
    if (!element.is_string()) return InvalidArgument("path.join() takes strings");
    std::string_view part = element.as_string();
    RECOURSE_SPEND(a.budget, Spend(1 + part.size() / 32));
    if (part.empty()) continue;
    if (!out.empty()) {
      while (part.starts_with('/')) part.remove_prefix(1);
      if (!out.ends_with('/')) out += '/';
    }
    out += part;
  }
  return Value(std::move(out));
}

constexpr Overload kPathTable[] = {
    {"path.basename", Style::kFunction, "s", "s", Basename},
    {"path.dirname", Style::kFunction, "s", "s", Dirname},
    {"path.join", Style::kFunction, "l", "s", JoinPath},
};

}  // namespace

std::span<const Overload> PathFunctions() { return kPathTable; }

}  // namespace recourse::expression
