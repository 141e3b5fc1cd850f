// The keys of a definition's maps, in one table: the loader takes no other, and the JSON Schema of
// the language is printed from it. Private to the module.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace recourse::definition {

enum class Shape {
  kText,
  kBool,
  kInt,       // from `least` to `most`
  kNumber,    // the same
  kDuration,  // 90s, 1h30m
  kWord,      // one of `detail`: "queue|reject"
  kOther,     // `detail` is its JSON Schema
};

struct Key {
  std::string_view name;
  Shape shape = Shape::kText;
  std::string_view what;  // one line for an author
  bool required = false;
  std::string_view detail{};
  std::int64_t least = 0;
  std::int64_t most = 0;
};

// A kind of map: "workflow", "action_step", "retry".
struct MapKind {
  std::string_view name;
  std::string_view what;
  std::span<const Key> keys;

  // Null when it has no such key.
  const Key* Find(std::string_view key) const;
};

std::span<const MapKind> MapKinds();

// REQUIRES: there is one of that name.
const MapKind& KindOfMap(std::string_view name);

// That of a step by the word that names its kind: "approval" has "approval_step".
const MapKind& KindOfStep(std::string_view word);

}  // namespace recourse::definition
