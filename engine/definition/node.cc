#include "engine/definition/node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <utility>

#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::definition {
namespace {

Place PlaceOf(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// An unquoted scalar: JSON's true, false, null and numbers, or a string.
Value PlainScalar(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  if (text.find_first_not_of("0123456789+-.eE") == std::string::npos) {
    if (auto number = ParseJson(text); number && IsNumber(*number)) return *number;
  }
  return text;
}

// Builds the tree from the parser's events. It ends the parsing by the parser's own exception,
// which is the only way out that the parser knows.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(Problems& problems) : problems_(problems) {}

  Node Take() && { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    RefuseAnchor(mark, anchor);
    AddScalar(mark, Value(), "null");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw YAML::ParserException(mark, "aliases (*name) are not accepted; write the content out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    AddScalar(mark, tag == "!" ? Value(text) : PlainScalar(text), text);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Node::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Node::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    Node node;
    bool has_key = false;  // the next node is the value of `key`
    std::string key;
    Place key_place;
  };

  static void RefuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    throw YAML::ParserException(mark, "anchors (&name) are not accepted; write the content out");
  }
  static void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw YAML::ParserException(mark, "tags (!name) are not accepted; quote a string instead");
  }

  bool ExpectsKey() const {
    return !levels_.empty() && levels_.back().node.is_map() && !levels_.back().has_key;
  }

  void AddScalar(const YAML::Mark& mark, Value value, const std::string& text) {
    if (ExpectsKey()) {
      Level& level = levels_.back();
      level.has_key = true;
      level.key = text;
      level.key_place = PlaceOf(mark);
      return;
    }
    Node node;
    node.place = PlaceOf(mark);
    node.offset = static_cast<std::size_t>(mark.pos);
    node.scalar = std::move(value);
    Add(std::move(node));
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            Node::Kind kind) {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    if (ExpectsKey()) throw YAML::ParserException(mark, "a key must be a string");
    if (levels_.size() >= kDepthMax) {
      throw YAML::ParserException(mark,
                                  "nested deeper than " + std::to_string(kDepthMax) + " levels");
    }
    Level& level = levels_.emplace_back();
    level.node.place = PlaceOf(mark);
    level.node.kind = kind;
  }

  void Close() {
    Node node = std::move(levels_.back().node);
    levels_.pop_back();
    RefuseDuplicates(node);
    Add(std::move(node));
  }

  void Add(Node node) {
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node.is_list()) {
      level.node.items.push_back(std::move(node));
      return;
    }
    level.has_key = false;
    level.node.members.push_back({std::move(level.key), level.key_place, std::move(node)});
  }

  void RefuseDuplicates(const Node& node) {
    constexpr std::size_t kFew = 16;  // nearly every map; those take no memory
    if (node.members.size() <= kFew) {
      for (std::size_t i = 1; i < node.members.size(); ++i) RefuseAgain(node, i);
      return;
    }
    std::vector<const Member*> members;
    members.reserve(node.members.size());
    for (const Member& member : node.members) members.push_back(&member);
    std::ranges::stable_sort(members, {}, &Member::key);
    for (std::size_t i = 1; i < members.size(); ++i) {
      if (members[i]->key != members[i - 1]->key) continue;
      problems_.Add(members[i]->place, "the key " + Quoted(members[i]->key) + " is there already");
    }
  }

  // When an earlier member has the key of this one.
  void RefuseAgain(const Node& node, std::size_t index) {
    const Member& member = node.members[index];
    const auto end = node.members.begin() + static_cast<std::ptrdiff_t>(index);
    if (std::find_if(node.members.begin(), end, [&](const Member& one) {
          return one.key == member.key;
        }) != end) {
      problems_.Add(member.place, "the key " + Quoted(member.key) + " is there already");
    }
  }

  Problems& problems_;
  std::vector<Level> levels_;
  Node root_;
};

// The place where brackets first stand deeper than allowed. The parser reads ahead of its own
// guard, and each open bracket costs it time and memory, so that these are counted before.
// Brackets in strings count too; there, as elsewhere, they come in pairs.
bool RefuseDeepBrackets(std::string_view text, Problems& problems) {
  int depth = 0;
  Place place{1, 0};
  for (const char c : text) {
    ++place.column;
    if (c == '\n') place = {place.line + 1, 0};
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (depth > kDepthMax) {
      problems.Add(place, "nested deeper than " + std::to_string(kDepthMax) + " levels");
      return true;
    }
  }
  return false;
}

// The mark of a document's end. The parser takes an open quote at the end of the text for closed,
// but refuses this mark in it.
constexpr std::string_view kEnd = "\n...\n";

bool RefuseText(std::string_view text, Problems& problems) {
  if (text.size() > kTextMax) {
    problems.Add({1, 1}, "the text has " + HumanBytes(static_cast<std::int64_t>(text.size())) +
                             "; at most " + HumanBytes(kTextMax) + " are accepted");
    return true;
  }
  if (!IsUtf8(text)) {
    problems.Add({1, 1}, "the text is not UTF-8");
    return true;
  }
  if (const auto at = text.find('\0'); at != text.npos) {
    const int line = 1 + static_cast<int>(std::count(text.begin(), text.begin() + at, '\n'));
    problems.Add({line, 1}, "the line holds a zero byte");
    return true;
  }
  return RefuseDeepBrackets(text, problems);
}

}  // namespace

const Member* Node::Find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

Node ReadYaml(std::string_view text, Problems& problems) {
  if (RefuseText(text, problems)) return {};
  Builder builder(problems);
  try {
    std::istringstream stream(std::string(text) + std::string(kEnd));
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    Node root = std::move(builder).Take();
    if (root.kind == Node::Kind::kScalar && root.scalar.is_null()) {
      problems.Add({1, 1}, "the text is empty");
    }
    Builder second(problems);
    if (parser.HandleNextDocument(second)) {
      problems.Add(std::move(second).Take().place, "a second document follows; one is accepted");
    }
    return root;
  } catch (const YAML::Exception& error) {
    const bool at_end = error.mark.pos >= static_cast<int>(text.size());
    problems.Add(PlaceOf(error.mark),
                 at_end ? "the text ends before a string or bracket is closed" : error.msg);
  } catch (const std::exception& error) {
    problems.Add({1, 1}, std::string("the text cannot be read as YAML: ") + error.what());
  }
  return {};
}

Value ToValue(const Node& node) {
  if (node.is_list()) {
    Value::List list;
    list.reserve(node.items.size());
    for (const Node& item : node.items) list.push_back(ToValue(item));
    return list;
  }
  if (node.is_map()) {
    Value::Map map;
    for (const Member& member : node.members) map.emplace(member.key, ToValue(member.value));
    return map;
  }
  return node.scalar;
}

Place PlaceIn(const Node& node, const std::vector<std::string>& path, bool of_key) {
  const Node* at = &node;
  Place place = node.place;
  for (const std::string& part : path) {
    if (at->is_list()) {
      at = &at->items[std::stoul(part.substr(1))];
      place = at->place;
    } else if (const Member* member = at->Find(part)) {
      at = &member->value;
      place = of_key ? member->place : at->place;
    }
  }
  return place;
}

}  // namespace recourse::definition
