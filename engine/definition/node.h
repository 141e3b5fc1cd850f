// A YAML document as a tree that knows where everything stands. For the modules that read such
// files.
//
// Scalars are typed as JSON types them: an unquoted true, null, 12 or 1.5 is what it looks like,
// everything else is a string, so that "no", 0664 and 2026-11-21 mean what they say. Anchors,
// aliases, tags and second documents are refused: they make a text mean something that its reader
// does not see.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/value.h"
#include "engine/definition/problems.h"

namespace recourse::definition {

struct Member;

struct Node {
  enum class Kind { kScalar, kList, kMap };

  Place place;
  std::size_t offset = 0;  // of its first byte in the text
  Kind kind = Kind::kScalar;
  Value scalar;
  std::vector<Node> items;
  std::vector<Member> members;  // in the order of the file

  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_string() const { return kind == Kind::kScalar && scalar.is_string(); }
  // Null when there is none. REQUIRES: is_map().
  const Member* Find(std::string_view key) const;
};

struct Member {
  std::string key;
  Place place;  // of the key
  Node value;
};

inline constexpr std::size_t kTextMax = 1 << 20;  // bytes of a definition
inline constexpr int kDepthMax = 90;              // below what the readers of JSON accept

// The tree of `text`. What is wrong with it goes to `problems`; the answer is usable only when
// nothing was added there.
Node ReadYaml(std::string_view text, Problems& problems);

// The same of a text that was accepted before. A canonical form is JSON and is read as such: YAML
// takes some characters in it for ends of lines. Everything in it stands at its first character.
Node ReadStored(std::string_view text, Problems& problems);

Value ToValue(const Node& node);

// Where the part of `node` stands that `path` leads to ({"tables", "[0]", "name"}), as far as it
// exists; `of_key`: where its key stands.
Place PlaceIn(const Node& node, const std::vector<std::string>& path, bool of_key);

}  // namespace recourse::definition
