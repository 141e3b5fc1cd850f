#include "engine/expression/references.h"

#include <algorithm>

namespace recourse::expression {
namespace {

std::vector<std::string> Components(const Node& name) {
  std::vector<std::string> components;
  components.reserve(name.component_ends.size());
  std::size_t begin = 0;
  for (const std::size_t end : name.component_ends) {
    components.push_back(name.name.substr(begin, end - begin));
    begin = end + 1;
  }
  return components;
}

class Collector {
 public:
  void Visit(const Node& node, bool guarded) {
    if (Path(node, guarded)) return;
    // has() asks for the one path that it is given; whatever else stands in it is simply used.
    const bool inner_guarded = node.kind == NodeKind::kHas;
    for (const auto& child : node.children) Visit(*child, inner_guarded);
  }

  std::vector<Reference> Take() && {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Reference& a, const Reference& b) { return a.offset < b.offset; });
    return std::move(found_);
  }

 private:
  // Adds the path that `node` is, a name and the constant members selected from it. False when it
  // is none; then nothing was added.
  bool Path(const Node& node, bool guarded) {
    std::vector<std::string> members;  // the last one first
    const Node* at = &node;
    while (const std::string* member = MemberOf(*at)) {
      members.push_back(*member);
      at = at->children[0].get();
    }
    if (at->kind != NodeKind::kName) return false;
    Reference reference{Components(*at), at->begin, guarded};
    reference.path.insert(reference.path.end(), members.rbegin(), members.rend());
    found_.push_back(std::move(reference));
    return true;
  }

  // The member that a node selects, when it is written down; else null.
  static const std::string* MemberOf(const Node& node) {
    if (node.kind == NodeKind::kSelect) return &node.value.as_string();
    if (node.kind != NodeKind::kIndex) return nullptr;
    const Node& index = *node.children[1];
    const bool constant = index.kind == NodeKind::kConstant && index.value.is_string();
    return constant ? &index.value.as_string() : nullptr;
  }

  std::vector<Reference> found_;
};

}  // namespace

std::vector<Reference> ReferencesIn(const Node& root) {
  Collector collector;
  collector.Visit(root, false);
  return std::move(collector).Take();
}

}  // namespace recourse::expression
