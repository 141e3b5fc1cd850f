#include "engine/definition/node.h"

#include <yaml.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/expression/utf8.h"

namespace recourse::definition {
namespace {

Place PlaceOf(const yaml_mark_t& mark) {
  return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1};
}

Place PlaceAt(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte);
  const auto line_start = before.rfind('\n') + 1;  // 0 when there is none
  return {1 + static_cast<int>(std::ranges::count(before, '\n')),
          1 + static_cast<int>(expression::CountCodePoints(before.substr(line_start)))};
}

// An unquoted scalar: JSON's true, false, null and numbers, or a string.
Value PlainScalar(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  if (text.empty() || text == "null" || text == "~") return {};
  if (text.find_first_not_of("0123456789+-.eE") == std::string::npos) {
    if (auto number = ParseJson(text); number && IsNumber(*number)) return *number;
  }
  return text;
}

// Where the parser's marks stand in the text: they count characters, and only forward.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  std::size_t ByteOf(std::size_t character) {
    while (character_ < character && byte_ < text_.size()) {
      do ++byte_;
      while (byte_ < text_.size() && (static_cast<unsigned char>(text_[byte_]) & 0xC0) == 0x80);
      ++character_;
    }
    return byte_;
  }

 private:
  std::string_view text_;
  std::size_t character_ = 0;
  std::size_t byte_ = 0;
};

struct Mistake {
  Place place;
  std::string message;
};

// Builds the tree from the parser's events.
class Builder {
 public:
  Builder(std::string_view text, Problems& problems) : cursor_(text), problems_(problems) {}

  Node Take() && { return std::move(root_); }

  std::optional<Mistake> On(const yaml_event_t& event) {
    const yaml_mark_t& mark = event.start_mark;
    switch (event.type) {
      case YAML_ALIAS_EVENT:
        return Mistake{PlaceOf(mark), "aliases (*name) are not accepted; write the content out"};
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event.data.scalar;
        if (auto refused = Refuse(mark, scalar.anchor, scalar.tag)) return refused;
        AddScalar(mark, {reinterpret_cast<const char*>(scalar.value), scalar.length},
                  scalar.style == YAML_PLAIN_SCALAR_STYLE);
        return {};
      }
      case YAML_SEQUENCE_START_EVENT: {
        const auto& start = event.data.sequence_start;
        if (auto refused = Refuse(mark, start.anchor, start.tag)) return refused;
        return Open(mark, Node::Kind::kList);
      }
      case YAML_MAPPING_START_EVENT: {
        const auto& start = event.data.mapping_start;
        if (auto refused = Refuse(mark, start.anchor, start.tag)) return refused;
        return Open(mark, Node::Kind::kMap);
      }
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        Close();
        return {};
      default:
        return {};
    }
  }

 private:
  struct Level {
    Node node;
    bool has_key = false;  // the next node is the value of `key`
    std::string key;
    Place key_place;
  };

  static std::optional<Mistake> Refuse(const yaml_mark_t& mark, const yaml_char_t* anchor,
                                       const yaml_char_t* tag) {
    if (anchor != nullptr) {
      return Mistake{PlaceOf(mark), "anchors (&name) are not accepted; write the content out"};
    }
    if (tag != nullptr) {
      return Mistake{PlaceOf(mark), "tags (!name) are not accepted; quote a string instead"};
    }
    return {};
  }

  bool ExpectsKey() const {
    return !levels_.empty() && levels_.back().node.is_map() && !levels_.back().has_key;
  }

  void AddScalar(const yaml_mark_t& mark, std::string text, bool plain) {
    if (ExpectsKey()) {
      Level& level = levels_.back();
      level.has_key = true;
      level.key = std::move(text);
      level.key_place = PlaceOf(mark);
      return;
    }
    Node node;
    node.place = PlaceOf(mark);
    node.offset = cursor_.ByteOf(mark.index);
    node.scalar = plain ? PlainScalar(text) : Value(std::move(text));
    Add(std::move(node));
  }

  std::optional<Mistake> Open(const yaml_mark_t& mark, Node::Kind kind) {
    if (ExpectsKey()) return Mistake{PlaceOf(mark), "a key must be a string"};
    if (levels_.size() >= kDepthMax) {
      return Mistake{PlaceOf(mark), "nested deeper than " + std::to_string(kDepthMax) + " levels"};
    }
    Level& level = levels_.emplace_back();
    level.node.place = PlaceOf(mark);
    level.node.kind = kind;
    return {};
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
    if (std::find_if(node.members.begin(), end,
                     [&](const Member& one) { return one.key == member.key; }) != end) {
      problems_.Add(member.place, "the key " + Quoted(member.key) + " is there already");
    }
  }

  Cursor cursor_;
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

// Characters that the parser takes for the end of a line, as YAML 1.1 has it, and nobody sees.
bool RefuseRareBreaks(std::string_view text, Problems& problems) {
  constexpr std::pair<std::string_view, std::string_view> kBreaks[] = {
      {"\xc2\x85", "\\x85"}, {"\xe2\x80\xa8", "\\u2028"}, {"\xe2\x80\xa9", "\\u2029"}};
  for (const auto& [bytes, escape] : kBreaks) {
    const auto at = text.find(bytes);
    if (at == text.npos) continue;
    problems.Add(PlaceAt(text, at), "this character ends a line unseen; write it as " +
                                        std::string(escape) + " in double quotes");
    return true;
  }
  return false;
}

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
  return RefuseRareBreaks(text, problems) || RefuseDeepBrackets(text, problems);
}

struct Parser : yaml_parser_t {
  explicit Parser(std::string_view text) {
    RECOURSE_CHECK(yaml_parser_initialize(this) != 0);  // fails without memory only
    yaml_parser_set_encoding(this, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(this, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~Parser() { yaml_parser_delete(this); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
};

struct Event : yaml_event_t {
  Event() : yaml_event_t() {}
  ~Event() { yaml_event_delete(this); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
};

Mistake MistakeOf(const Parser& parser, std::string_view text) {
  if (parser.error == YAML_READER_ERROR) {  // it has no mark, but an offset in bytes
    return {PlaceAt(text, parser.problem_offset), parser.problem};
  }
  std::string message = parser.problem;
  if (parser.problem_mark.index >= expression::CountCodePoints(text)) {
    message = "the text ends before a string or bracket is closed";
  }
  if (parser.context != nullptr) {
    message += ", " + std::string(parser.context) + " that begins at line " +
               std::to_string(parser.context_mark.line + 1) + ", column " +
               std::to_string(parser.context_mark.column + 1);
  }
  return {PlaceOf(parser.problem_mark), std::move(message)};
}

std::optional<Mistake> Parse(std::string_view text, Builder& builder) {
  Parser parser(text);
  int documents = 0;
  for (;;) {
    Event event;
    if (yaml_parser_parse(&parser, &event) == 0) return MistakeOf(parser, text);
    if (event.type == YAML_STREAM_END_EVENT) return {};
    if (event.type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
      return Mistake{PlaceOf(event.start_mark), "a second document follows; one is accepted"};
    }
    if (auto mistake = builder.On(event)) return mistake;
  }
}

// Everything in it stands at its first character.
Node ToNode(const Value& value) {
  Node node;
  node.place = {1, 1};
  if (value.is_list()) {
    node.kind = Node::Kind::kList;
    for (const Value& item : value.as_list()) node.items.push_back(ToNode(item));
  } else if (value.is_map()) {
    node.kind = Node::Kind::kMap;
    for (const auto& [key, member] : value.as_map()) {
      node.members.push_back({key.as_string(), node.place, ToNode(member)});
    }
  } else {
    node.scalar = value;
  }
  return node;
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
  Builder builder(text, problems);
  if (auto mistake = Parse(text, builder)) {
    problems.Add(mistake->place, std::move(mistake->message));
    return {};
  }
  Node root = std::move(builder).Take();
  if (root.kind == Node::Kind::kScalar && root.scalar.is_null()) {
    problems.Add({1, 1}, "the text is empty");
  }
  return root;
}

Node ReadStored(std::string_view text, Problems& problems) {
  auto value = ParseJson(text);
  return value ? ToNode(*value) : ReadYaml(text, problems);
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
